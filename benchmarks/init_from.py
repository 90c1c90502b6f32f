#!/usr/bin/env python3
"""What `--init-from` brings where new rows come to a model that is trained already.

    init_from.py --program build/release/bin/fastformer --corpora FILE.json --results FILE.jsonl
                 [--only NAME,..] [--old 2] [--first-folds 1] [--seeds 0] [--jobs 1]

Of each fold's training rows one in --old, by a hash of the text, is there first; the others are new. Models:

    old            the default on the old rows
    new            the default on the new rows
    on             the default on the new rows, from `old` on
    all            the default on all rows
    all-on         the default on all rows, from `old` on
    all-on-half    the default on all rows, from a model of the old rows that bear every second label

One share of the rows is held out (--folds 1) everywhere. Of each model its encoder is measured too.
"""

import argparse
import pathlib
import sys
import tempfile

import accuracy


def arguments():
    parser = accuracy.parser_of(__doc__, first_folds=1)
    parser.add_argument("--old", type=int, default=2)
    return parser.parse_args()


def half_of_labels(rows):
    """The rows of every second label, in the order of their names."""
    labels = set(sorted({row.label for row in rows})[::2])
    return [row for row in rows if row.label in labels]


def cells(options, _, seed, train, test, kept):
    folds = options.folds * options.old
    old = [row for row in train if accuracy.fold_of(row, folds) < options.folds]
    new = [row for row in train if accuracy.fold_of(row, folds) >= options.folds]
    with tempfile.TemporaryDirectory(prefix="init-from-") as folder:
        keeping = argparse.Namespace(**{**vars(options), "keep": pathlib.Path(folder)})

        def trained(name, rows, begin=None):
            flags = ["--folds", "1"] + (["--init-from", str(keeping.keep / begin)] if begin else [])
            return list(accuracy.fastformer_cells(keeping, name, flags, seed, rows, test, name))

        yield from trained("old", old)
        yield from trained("new", new)
        yield from trained("on", new, "old")
        yield from trained("all", train)
        yield from trained("all-on", train, "old")
        trained("half", half_of_labels(old))
        yield from trained("all-on-half", train, "half")


def main():
    options = arguments()
    options.models = "old"
    accuracy.run_and_show(options, "new", cells)


if __name__ == "__main__":
    sys.exit(main())
