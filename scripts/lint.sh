#!/usr/bin/env bash
# Checks format and style; prints only what is wrong.
#
#   scripts/lint.sh             clang-format on all files, clang-tidy on those changed since main
#   scripts/lint.sh --all       clang-tidy on all files too
#   scripts/lint.sh --format    clang-format alone
#   scripts/lint.sh --fix       lets clang-format rewrite the files
#
# clang-tidy reads build/release/compile_commands.json: run scripts/build.sh before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

# Debian 12's version: others format some lines otherwise.
VERSION=14

mode=${1:-}
case $mode in
  "" | --all | --format | --fix) ;;
  *)
    echo "usage: scripts/lint.sh [--all|--format|--fix]" >&2
    exit 2
    ;;
esac

# sources PATTERN...: tracked and new files that match; all files where this is no git checkout.
sources() {
  local pattern
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- "$@"
  else
    for pattern in "$@"; do
      find . -path ./build -prune -o -name "$pattern" -printf '%P\n'
    done
  fi | sort -u | while IFS= read -r file; do
    [[ ! -f $file ]] || printf '%s\n' "$file"
  done
}

find_tool() {
  command -v "$1-$VERSION" && return
  if command -v "$1" >/dev/null && "$1" --version | grep -q "version $VERSION\."; then
    command -v "$1"
  fi
}

changed_sources() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD)
  comm -12 <(sources '*.cc') \
    <({ git diff --name-only "$base"; git ls-files --others --exclude-standard; } | sort -u)
}

check_format() {
  local tool
  tool=$(find_tool clang-format)
  if [[ -z $tool ]]; then
    say "no clang-format-$VERSION here: format not checked"
  elif [[ $mode == --fix ]]; then
    sources '*.h' '*.cc' '*.cu' '*.cuh' | xargs -r -d '\n' "$tool" -i
  else
    sources '*.h' '*.cc' '*.cu' '*.cuh' |
      xargs -r -d '\n' -n 40 -P "$(nproc)" "$tool" --dry-run -Werror
  fi
}

# clang does not know some of g++'s flags, and reads the header that g++ precompiled as text.
write_clang_database() {
  mkdir -p build/lint
  python3 - build/release/compile_commands.json build/lint/compile_commands.json <<'PYTHON'
import json, os, re, sys
entries = json.load(open(sys.argv[1], encoding="utf-8"))
for entry in entries:
    unknown = "fpch-preprocess|Winvalid-pch|Wno-restrict|Wno-maybe-uninitialized"
    command = re.sub(rf" -({unknown})(?= )", "", entry["command"])
    header = f"{os.getcwd()}/src/learn/precompiled.h"
    entry["command"] = re.sub(r"-include \S*cmake_pch\.hxx", f"-include {header}", command)
json.dump(entries, open(sys.argv[2], "w", encoding="utf-8"))
PYTHON
}

check_tidy() {
  local tool files
  tool=$(find_tool clang-tidy)
  [[ -n $tool ]] || fail "clang-tidy is missing" "apt-get install clang-tidy-$VERSION"
  [[ -e build/release/compile_commands.json ]] || fail "no build/release" "scripts/build.sh"
  if [[ $mode == --all ]]; then
    mapfile -t files < <(sources '*.cc' | grep -Ev '^(cmake|examples)/')
  else
    mapfile -t files < <(changed_sources)
  fi
  [[ ${#files[@]} -gt 0 ]] || return 0
  write_clang_database
  say "clang-tidy on ${#files[@]} files"
  printf '%s\n' "${files[@]}" |
    xargs -d '\n' -n 1 -P "$(nproc)" "$tool" -p build/lint --quiet 2> >(grep -v ' generated\.$' >&2)
}

good=true
check_format || good=false
if [[ $mode == "" || $mode == --all ]]; then
  check_tidy || good=false
  if command -v shellcheck >/dev/null; then
    shellcheck -x scripts/*.sh .ci/run || good=false
  fi
fi
$good || fail "lint found what is listed above" "scripts/lint.sh --fix mends the format"
