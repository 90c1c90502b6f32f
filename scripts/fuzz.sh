#!/usr/bin/env bash
# Runs the fuzz targets under the address and undefined-behaviour sanitizers (clang's libFuzzer).
#
#   scripts/fuzz.sh [INPUTS [TARGET...]]     inputs for each target (100000); all targets
#   scripts/fuzz.sh keep [TARGET...]         takes what was learnt into the tests
#
# What the fuzzer has learnt stays in build/fuzz/corpus and is where the next run goes on; inputs that
# break a target land in build/fuzz/found. Add those to tests/fuzz/seeds once they are mended. "keep"
# copies to tests/fuzz/learnt, which ctest replays, inputs for the places in the code that what lies
# there does not reach.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

inputs=${1:-100000}
targets=("${@:2}")
if [[ ${#targets[@]} -eq 0 ]]; then
  for file in tests/fuzz/*_fuzz.cc; do targets+=("$(basename "${file%_fuzz.cc}")"); done
fi
scripts/build.sh fuzz "${targets[@]/%/_fuzz}"

# Where memory came from is kept for the last few calls only: inputs go by a tenth faster.
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=3}

failed=false
mkdir -p build/fuzz/found

# run TARGET ARGUMENT...: the target, its talk in a log.
run() {
  local target=$1
  "build/fuzz/bin/${target}_fuzz" -timeout=10 -rss_limit_mb=4096 \
    -artifact_prefix="build/fuzz/found/$target-" "${@:2}" >"build/fuzz/$target.log" 2>&1
}

keep() {
  local target kept
  for target in "$@"; do
    kept=tests/fuzz/learnt/$target
    mkdir -p "$kept" "build/fuzz/corpus/$target"
    run "$target" -merge=1 -use_counters=0 -max_len=4096 "$kept" "tests/fuzz/seeds/$target" \
      "build/fuzz/corpus/$target" || fail "$target: see build/fuzz/$target.log"
    printf '%-12s %6d inputs kept\n' "$target" "$(find "$kept" -type f | wc -l)"
  done
}
if [[ $inputs == keep ]]; then
  keep "${targets[@]}"
  exit
fi

for target in "${targets[@]}"; do
  mkdir -p "build/fuzz/corpus/$target" "tests/fuzz/learnt/$target"
  started=$SECONDS outcome=clean
  run "$target" -runs="$inputs" -print_final_stats=1 "build/fuzz/corpus/$target" \
    tests/fuzz/{seeds,learnt}/"$target" || outcome="BROKEN: see build/fuzz/$target.log"
  [[ $outcome == clean ]] || failed=true
  done_inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log")
  printf '%-12s %10s inputs %6d s  %s\n' "$target" "${done_inputs:-?}" $((SECONDS - started)) "$outcome"
done
! $failed
