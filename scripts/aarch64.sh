#!/usr/bin/env bash
# Builds the lean programs for aarch64 with Debian's cross compiler and runs their tests under
# qemu-user.
#
#   scripts/aarch64.sh [CTEST-OPTION...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

# What the programs and their tests are linked to. Unpacked into a folder, since Debian does not
# install all of them beside those of the machine.
LIBRARIES=(
  zlib1g zlib1g-dev libzstd1 libzstd-dev libutf8proc2 libutf8proc-dev
  libsentencepiece0 libsentencepiece-dev libprotobuf-lite32 libgtest-dev libgmock-dev
  nlohmann-json3-dev
)
root=build/aarch64-root

# In a list of its own, so that the machine's apt knows nothing of the other architecture.
unpack_libraries() {
  local lists=build/aarch64-apt
  mkdir -p "$root" "$lists"/{state/lists/partial,cache/archives/partial}
  : >"$lists/status"
  local options=(-o APT::Architecture=arm64 -o APT::Architectures=arm64
    -o Dir::State="$PWD/$lists/state" -o Dir::State::status="$PWD/$lists/status"
    -o Dir::Cache="$PWD/$lists/cache")
  say "downloading ${#LIBRARIES[@]} packages for arm64"
  apt-get "${options[@]}" update -q >build/aarch64-apt/log 2>&1 ||
    fail "apt-get could not read the lists of arm64; its output is in build/aarch64-apt/log"
  (cd "$lists" && apt-get "${options[@]}" download -q "${LIBRARIES[@]}" >>log 2>&1) ||
    fail "apt-get could not download packages for arm64; its output is in build/aarch64-apt/log"
  local package
  for package in "$lists"/*.deb; do dpkg-deb -x "$package" "$root"; done
  echo "${LIBRARIES[*]}" >"$root/complete"
}

setup_main --lean
need_packages g++-12-aarch64-linux-gnu qemu-user-static
[[ $(cat "$root/complete" 2>/dev/null) == "${LIBRARIES[*]}" ]] || unpack_libraries
say "configuring aarch64"
if ! cmake --preset aarch64 >build/aarch64.configure.log 2>&1; then
  cat build/aarch64.configure.log >&2
  fail "cmake could not configure aarch64 (above, and in build/aarch64.configure.log)"
fi
say "building aarch64"
cmake --build build/aarch64 --parallel "$(nproc)"
say "running the tests under qemu-user"
ctest --test-dir build/aarch64 --output-on-failure --no-tests=error --parallel "$(nproc)" "$@"
