#!/usr/bin/env bash
# From nothing to a trained Fastformer: set-up, build, corpus, baseline, training, test, predictions.
#
#   scripts/quickstart.sh                       descriptions of Debian packages -> archive section
#   scripts/quickstart.sh TRAIN TEST [OPTION]   your own files
#   FASTFORMER_DATA=DIR scripts/quickstart.sh   your own train.csv and test.csv (or .gz) in DIR
#
#   --text-column C[,C]  --label-column C  --group-column C    names or 1-based numbers
#   --model DIR          where the model goes (models/quickstart; models/NAME for files of yours)
#   -- OPTION...         handed to `fastformer train`, such as -- --epochs 3
#
# What is done already is not done again; remove the model's folder to train anew.
set -euo pipefail
cd_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

program=build/release/bin/fastformer
step_number=0

usage() {
  sed -n '/^# From/,/^set/{/^set/d;s/^# \{0,1\}//;p}' scripts/quickstart.sh
}

step() {
  step_number=$((step_number + 1))
  printf '\n[%d/6, %d:%02d] %s\n' "$step_number" $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2
}

# ---- what the command line asks for ----------------------------------------------------------
files=() columns=() group=() train_options=() model=""

absolute() { # paths of the caller's folder
  case $1 in /*) echo "$1" ;; *) echo "$cd_from/$1" ;; esac
}

while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --text-column | --label-column | --group-column | --model)
      if [[ $# -lt 2 ]]; then
        echo "quickstart: $1 needs a value" >&2
        exit 2
      fi
      case $1 in
        --group-column) group=("$1" "$2") ;;
        --model) model=$(absolute "$2") ;;
        *) columns+=("$1" "$2") ;;
      esac
      shift 2
      ;;
    --)
      train_options=("${@:2}")
      break
      ;;
    -*)
      echo "quickstart: unknown option $1" >&2
      usage >&2
      exit 2
      ;;
    *)
      files+=("$(absolute "$1")")
      shift
      ;;
  esac
done

find_split() { # DIR NAME: DIR/NAME.csv or .csv.gz
  local file
  for file in "$1/$2.csv" "$1/$2.csv.gz"; do
    if [[ -f $file ]]; then
      echo "$file"
      return
    fi
  done
  fail "$1 holds neither $2.csv nor $2.csv.gz"
}

choose_corpus() {
  local folder
  own_files=true
  if [[ ${#files[@]} -eq 2 ]]; then
    train=${files[0]} test=${files[1]}
    folder=$(dirname "$train")
  elif [[ ${#files[@]} -ne 0 ]]; then
    echo "quickstart: give two files, TRAIN and TEST" >&2
    exit 2
  elif [[ -n ${FASTFORMER_DATA:-} ]]; then
    folder=$(absolute "$FASTFORMER_DATA")
    train=$(find_split "$folder" train)
    test=$(find_split "$folder" test)
  else
    own_files=false
    train=data/debian/sections/train.csv
    test=data/debian/sections/test.csv
    columns=(--text-column text --label-column label)
    group=(--group-column group)
  fi
  local file
  if $own_files; then
    for file in "$train" "$test"; do
      [[ -f $file ]] || fail "$file: no such file"
    done
    : "${model:=models/$(basename "$folder")}"
  fi
  : "${model:=models/quickstart}"
  notes=$model.quickstart # results kept between runs
}

# ---- steps -----------------------------------------------------------------------------------
make_corpus() {
  if $own_files; then
    say "your own: $train and $test"
  elif [[ -f data/debian/README.md ]]; then
    say "data/debian is there"
  else
    need_packages python3
    python3 scripts/debian_corpus.py data/debian
  fi
}

# A model answers for the corpus and the options that it was trained with: refuses to mix two.
check_same_corpus() {
  local asked
  asked="$(sha256sum <"$train") $(sha256sum <"$test") ${columns[*]} ${group[*]} ${train_options[*]}"
  mkdir -p "$notes"
  if [[ -f $notes/corpus && $(<"$notes/corpus") == "$asked" ]]; then
    return
  elif [[ ! -f $notes/corpus || (! -d $model && ! -d $model.training) ]]; then
    rm -f "$notes"/*.json "$notes"/seconds*
    echo "$asked" >"$notes/corpus"
  else
    fail "$model was trained on other data or with other options than are asked for now" \
      "To train anew: rm -rf $model $model.training" \
      "To keep it: give another folder with --model DIR"
  fi
}

# The baseline reads CSV and TSV, and needs to be told columns that it does not know.
run_baseline() {
  if [[ -f $notes/baseline.json ]]; then
    say "measured before"
    return
  fi
  case $train:$test in
    *.[ct]sv:*.[ct]sv | *.[ct]sv.gz:*.[ct]sv | *.[ct]sv:*.[ct]sv.gz | *.[ct]sv.gz:*.[ct]sv.gz) ;;
    *)
      say "left out: it reads CSV and TSV files only, plain or .gz"
      return
      ;;
  esac
  need_packages liblinear-tools
  if python3 benchmarks/baselines/tfidf_svm.py --train "$train" --test "$test" "${columns[@]}" \
    --json >"$notes/baseline.part"; then
    mv "$notes/baseline.part" "$notes/baseline.json"
  else
    rm -f "$notes/baseline.part"
    say "left out, see above; Fastformer goes on"
  fi
}

train_model() {
  if [[ -d $model ]]; then
    say "$model is there"
    return
  fi
  # The lock goes with the process that trains, however that ends.
  exec 9>"$notes/lock"
  flock --nonblock 9 || fail "another quick start is training $model" \
    "Wait for it, or give another folder with --model DIR"
  if [[ -d $model.training ]]; then
    say "an earlier run was stopped: starting again"
    rm -r "$model.training"
  fi
  rm -f "$notes/evaluation.json" "$notes/seconds"
  local started=$SECONDS
  "$program" train --task classification --train "$train" "${columns[@]}" "${group[@]}" \
    --output "$model" "${train_options[@]}"
  exec 9>&-
  echo $((SECONDS - started)) >"$notes/seconds"
}

test_model() {
  if [[ -f $notes/evaluation.json ]]; then
    say "measured before"
  else
    "$program" evaluate --model "$model" --data "$test" "${columns[@]}" --json \
      >"$notes/evaluation.part"
    mv "$notes/evaluation.part" "$notes/evaluation.json"
  fi
  python3 - "$notes" <<'PYTHON'
import json, pathlib, sys

notes = pathlib.Path(sys.argv[1])
baseline = notes / "baseline.json"
lines = baseline.read_text().splitlines() if baseline.exists() else []
rows = [(r["model"], r["accuracy"], r["macro_f1"], r["train_seconds"])
        for r in map(json.loads, lines)]
found = json.loads((notes / "evaluation.json").read_text())
seconds = notes / "seconds"
rows.append(("Fastformer", found["accuracy"], found["macro_f1"],
             float(seconds.read_text()) if seconds.exists() else None))
print(f"\n{'model':<22}{'accuracy':>10}{'macro-F1':>10}{'training time':>15}")
for name, accuracy, macro_f1, took in rows:
    time = "" if took is None else f"{took:.0f} s"
    print(f"{name:<22}{accuracy:>10.3f}{macro_f1:>10.3f}{time:>15}")
PYTHON
}

# first_texts: a text per line, from the user's own test file.
first_texts() {
  python3 - --train "$test" --test "$test" "${columns[@]}" <<'PYTHON'
import sys

sys.path.insert(0, "benchmarks/baselines")
import labelled_text

with labelled_text.reported_errors():
    arguments = labelled_text.parse_arguments("")
    for example in labelled_text.read_examples(arguments.test, arguments)[:4]:
        print(" ".join(example.text.split()))
PYTHON
}

label_sentences() {
  local sentences labels
  if $own_files; then
    if ! sentences=$(first_texts); then
      say "no sentences of yours are shown, see above"
      invite
      return
    fi
  else
    sentences="A puzzle game in which falling blocks are turned and fitted together, with high scores.
Python bindings for a library that reads, writes and resamples audio files.
Aligns short DNA reads to a reference genome and reports variants.
A TrueType font with Cyrillic and Greek letters, made for reading on screens."
  fi
  labels=$("$program" predict --model "$model" --input - --top-k 3 <<<"$sentences")
  printf '\n'
  paste -d '\n' <(cut -c 1-300 <<<"$sentences") <(echo "    ${labels//$'\n'/$'\n    '}")
  invite
}

invite() {
  local sentence
  if [[ -t 0 && -t 1 ]]; then
    printf '\nNow yours: type a sentence and press Enter; an empty line ends.\n'
    while read -rep '> ' sentence && [[ -n $sentence ]]; do
      "$program" predict --model "$model" --input - --top-k 3 <<<"$sentence"
    done
  fi
  cat <<COMMANDS

The same by hand:
  echo "your sentence" | $program predict --model $model --input - --top-k 3
  $program evaluate --model $model --data $test ${columns[*]}
  $program inspect $model
  $program train --help
COMMANDS
}

choose_corpus
step "Set-up and build"
scripts/build.sh release fastformer_program fastformer-train
step "Corpus"
make_corpus
check_same_corpus
step "Baseline: TF-IDF and a linear SVM, about a minute on Debian's descriptions"
run_baseline
step "Training $model"
train_model
step "Accuracy on the test set"
test_model
step "Labels for new sentences"
label_sentences
