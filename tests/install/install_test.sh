#!/usr/bin/env bash
# Installs the build into an empty folder and builds examples/embed against it, once found by
# find_package and once by pkg-config.   install_test.sh SOURCE BUILD TEST_DATA
set -euo pipefail
source_folder=$1 build_folder=$2 test_data=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build_folder" --prefix "$work/prefix" >"$work/install.log"
if [[ -e $build_folder/bin/fastformer-train ]]; then
  "$work/prefix/bin/fastformer-train" --version
fi
"$work/prefix/bin/fastformer" import \
  --weights "$test_data/golden/official_small_f32.safetensors" --output "$work/model"

# Shows a model and labels a text.
try_example() {
  "$1" "$work/model"
  "$1" "$test_data/models/format1" "the cat and a horse" | tee "$work/labels"
  grep -q '^0.99.*animals$' "$work/labels"
}

cmake -G Ninja -S "$source_folder/examples/embed" -B "$work/embed" \
  -DCMAKE_PREFIX_PATH="$work/prefix" \
  >"$work/configure.log"
cmake --build "$work/embed"
try_example "$work/embed/embed"

library_folder=$(dirname "$(find "$work/prefix" -name libfastformer.a)")
# shellcheck disable=SC2046  # several flags
g++ -std=c++20 -o "$work/embed_by_pkg_config" \
  "$source_folder/examples/embed/main.cc" \
  $(PKG_CONFIG_PATH=$library_folder/pkgconfig pkg-config --cflags --libs fastformer)
try_example "$work/embed_by_pkg_config"
