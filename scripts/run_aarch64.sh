#!/usr/bin/env bash
# Runs a program of the aarch64 preset under qemu-user, with the libraries it was built against.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../build/aarch64-root" && pwd)
exec qemu-aarch64-static -L /usr/aarch64-linux-gnu \
  -E LD_LIBRARY_PATH="$root/usr/lib/aarch64-linux-gnu:$root/lib/aarch64-linux-gnu" "$@"
