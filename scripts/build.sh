#!/usr/bin/env bash
# Builds a preset of CMakePresets.json, installing first what is missing.
#
#   scripts/build.sh [PRESET] [TARGET...]     release (default), dev, lean, asan, ubsan, tsan, fuzz
#
# release: build/release/bin/fastformer and fastformer-train. lean needs no libtorch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

preset=${1:-release}
targets=("${@:2}")
settings=(-U 'TORCH_*') # looked up anew, so that a moved libtorch is found
started=$SECONDS

case $preset in
  release | dev)
    setup_main # not before "&&", where bash goes on after an error
    settings+=("-DFASTFORMER_TORCH=$FASTFORMER_TORCH")
    ;;
  lean | asan | ubsan | tsan) setup_main --lean ;;
  fuzz)
    setup_main --lean
    need_packages clang
    ;;
  *)
    echo "usage: scripts/build.sh [release|dev|lean|asan|ubsan|tsan|fuzz] [TARGET...]" >&2
    exit 2
    ;;
esac

log=build/$preset.configure.log
mkdir -p build
say "configuring $preset"
if ! cmake --preset "$preset" "${settings[@]}" >"$log" 2>&1; then
  cat "$log" >&2
  fail "cmake could not configure $preset (above, and in $log)"
fi

say "building $preset"
cmake --build "build/$preset" --parallel "$(nproc)" ${targets[0]+--target "${targets[@]}"}
say "build/$preset is up to date ($((SECONDS - started)) s)"
