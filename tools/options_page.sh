#!/usr/bin/env bash
# Prints docs/options.md from the programs' own option lists.   options_page.sh [PROGRAM]
set -euo pipefail
program=${1:-build/release/bin/fastformer}
cat <<'PAGE'
# Options

Made by `tools/options_page.sh > docs/options.md`; a test keeps it true. A switch `--x` is turned off by
`--no-x`. Every option is also a key of the file that `--config FILE` names (`max_length` for
`--max-length`) and, unless it names files, an environment variable (`FASTFORMER_MAX_LENGTH`). A flag
goes before the environment, that before the file, that before the preset.
PAGE
for command in train pretrain evaluate predict quantize bench compare "data check" "data listops" inspect \
  import; do
  printf '\n## fastformer %s\n' "$command"
  read -ra words <<<"$command"
  "$program" "${words[@]}" --help-markdown
done
