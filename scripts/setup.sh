#!/usr/bin/env bash
# Installs what the build needs: Debian packages by apt-get, libtorch by pip into a cache folder.
#
#   scripts/setup.sh          packages and libtorch
#   scripts/setup.sh --lean   packages only, for builds without training
#
# Other scripts source this file for its functions. FASTFORMER_TORCH (the folder that holds
# include/ and lib/) or CMAKE_PREFIX_PATH names a libtorch of your own; then pip is not used.
set -euo pipefail

TORCH_VERSION=2.11.0
# What torch_cpu loads beside itself: it is built for CUDA 13.0 and links these even without a GPU.
TORCH_COMPANIONS=("nvidia-cuda-runtime==13.0.*" "nvidia-cuda-cupti==13.0.*")
FASTFORMER_CACHE=${FASTFORMER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fastformer}

BUILD_PACKAGES=(
  g++ cmake ninja-build ccache pkg-config ca-certificates python3
  zlib1g-dev libzstd-dev libutf8proc-dev libsentencepiece-dev nlohmann-json3-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)

say() { printf '==> %s\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  [[ $# -eq 0 ]] || printf '       %s\n' "$@" >&2
  exit 1
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      echo "$package"
  done
}

# need_packages PACKAGE...: installs those that are missing.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: taking for granted what Debian calls $*"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0

  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing, and installing them needs root:" \
        "apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${#missing[@]} packages with ${as_root[*]:+sudo }apt-get: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" apt-get update -q >"$log" 2>&1 ||
    ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
      --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    fail "apt-get could not install the packages; its whole output is in $log" \
      "Is the network up, and does /etc/apt name a Debian mirror? By hand:" \
      "apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  fi
  rm -f "$log"
}

# Prints the folder of a libtorch that the user has named, if any.
own_torch() {
  local folder
  if [[ -n ${FASTFORMER_TORCH:-} ]]; then
    [[ -e $FASTFORMER_TORCH/lib/libtorch_cpu.so ]] ||
      fail "FASTFORMER_TORCH=$FASTFORMER_TORCH has no lib/libtorch_cpu.so" \
        "Name the folder that holds libtorch's include/ and lib/, or unset the variable."
    echo "$FASTFORMER_TORCH"
    return
  fi
  while IFS= read -r -d : folder; do
    if [[ -n $folder && -e $folder/lib/libtorch_cpu.so ]]; then
      echo "$folder"
      return
    fi
  done <<<"${CMAKE_PREFIX_PATH:-}:"
}

# Sets FASTFORMER_TORCH, installing the pinned wheel if the user has no libtorch of his own.
need_torch() {
  FASTFORMER_TORCH=$(own_torch)
  if [[ -n $FASTFORMER_TORCH ]]; then
    return
  fi
  local installed=$FASTFORMER_CACHE/torch-$TORCH_VERSION
  FASTFORMER_TORCH=$installed/site-packages/torch
  if [[ ! -d $installed ]]; then
    install_torch "$installed"
  fi
}

# install_torch FOLDER: works in a sibling and renames it, so that FOLDER is always whole. Runs in a
# subshell, whose end in any way removes the sibling.
install_torch() (
  installed=$1
  python3 -c 'import venv, ensurepip' 2>/dev/null || need_packages python3-venv
  mkdir -p "$(dirname "$installed")"
  part=$(mktemp -d "$installed.part.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  trap 'exit 130' INT TERM HUP
  say "installing libtorch $TORCH_VERSION into $installed (downloads about 0.6 GB, once)"
  export TMPDIR=$part  # pip unpacks there; /tmp may be small
  if ! python3 -m venv "$part/pip" >"$part/log" 2>&1 ||
    ! "$part/pip/bin/python" -m pip install --no-deps --only-binary :all: --no-cache-dir \
      --no-compile --disable-pip-version-check --target "$part/site-packages" \
      "torch==$TORCH_VERSION" "${TORCH_COMPANIONS[@]}" >>"$part/log" 2>&1; then
    tail -n 15 "$part/log" >&2
    fail "pip could not install torch $TORCH_VERSION from PyPI (its last words are above)" \
      "Is the network up, and are 3 GB free in $FASTFORMER_CACHE ?" \
      "Or unpack a libtorch of your own and set FASTFORMER_TORCH to its folder," \
      "or build without training: scripts/build.sh lean"
  fi
  trim_torch "$part/site-packages"
  rm -rf "$part/pip" "$part/log"
  chmod 755 "$part"
  mv -T "$part" "$installed" 2>/dev/null || [[ -d $installed ]] ||  # another set-up was first
    fail "could not rename $part to $installed"
)

# trim_torch SITE_PACKAGES: drops the GPU's libraries and Python's, a gigabyte. The former could not
# be loaded without three more gigabytes of packages, and nothing here links either.
trim_torch() {
  local packages=${1:?}
  find "$packages/torch/lib" -maxdepth 1 -type f \
    ! -name libtorch_cpu.so ! -name libc10.so ! -name 'libgomp*' ! -name libshm.so -delete
  find "$packages" -name '*.py' -delete
  rm -rf "${packages:?}/bin" "$packages/torch/bin" "$packages/torchgen" "$packages/functorch"
}

setup_main() {
  local started=$SECONDS
  need_packages "${BUILD_PACKAGES[@]}"
  [[ ${1:-} == --lean ]] || need_torch
  say "set-up complete ($((SECONDS - started)) s)"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  case ${1:-} in
    "" | --lean) setup_main "$@" ;;
    *)
      echo "usage: scripts/setup.sh [--lean]" >&2
      exit 2
      ;;
  esac
fi
