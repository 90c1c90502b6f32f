#!/usr/bin/env bash
# Builds everything and runs all tests.
#
#   scripts/test.sh [CTEST-OPTION...]         the release preset; options such as -R text go to ctest
#   scripts/test.sh --all [CTEST-OPTION...]   also the sanitizer presets (asan, ubsan, tsan) and lint
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

all=false
if [[ ${1:-} == --all ]]; then
  all=true
  shift
fi

summary=()
failed=false

# step NAME COMMAND...: runs it and notes how it ended and how long it took.
step() {
  local name=$1 started=$SECONDS outcome=passed
  shift
  say "$name"
  if ! "$@"; then
    outcome=FAILED
    failed=true
  fi
  summary+=("$(printf '%-20s %-8s %5d s' "$name" "$outcome" $((SECONDS - started)))")
  [[ $outcome == passed ]]
}

run_tests() {
  ctest --test-dir "build/$1" --output-on-failure --no-tests=error --parallel "$(nproc)" "${@:2}"
}

presets=(release)
if $all; then
  presets+=(asan ubsan tsan)
fi
for preset in "${presets[@]}"; do
  if step "build $preset" scripts/build.sh "$preset"; then
    step "tests $preset" run_tests "$preset" "$@" || true
  fi
done
if $all; then
  need_packages clang-format-14 clang-tidy-14
  step lint scripts/lint.sh --all || true
else
  step format scripts/lint.sh --format || true
fi

{
  echo
  printf '    %s\n' "${summary[@]}"
} >&2
if $failed; then
  fail "something failed; its output is above"
fi
say "all passed ($SECONDS s)"
