#!/usr/bin/env python3
"""What a teacher's soft labels bring a small model, where few rows have labels of their own.

    teacher.py --program build/release/bin/fastformer --corpora FILE.json --results FILE.jsonl
               [--only NAME,..] [--share 5] [--first-folds 1] [--seeds 0] [--jobs 1]

Of each fold's training rows one in --share keeps its label. Models:

    teacher    `fastformer train` on the rows with labels
    few        `--preset small` on the same rows
    hard       `--preset small` on these rows and on all others with the label that the teacher gives them
    soft       likewise with the distributions that the teacher gives them (--soft-label-column)
    all        `--preset small` on all rows with the labels that they had
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import accuracy

SMALL = ["--preset", "small"]


def arguments():
    parser = accuracy.parser_of(__doc__, first_folds=1)
    parser.add_argument("--share", type=int, default=5)
    return parser.parse_args()


def write_jsonl(path, rows):
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def distributions(options, teacher, rows, folder):
    """The teacher's probabilities for each of the texts: {label: share}."""
    file = folder / "unlabelled.jsonl"
    write_jsonl(file, ({"text": row.text} for row in rows))
    command = [options.program, "predict", "--model", str(teacher), "--input", str(file), "--json", "--top-k", "0",
               "--text-column", "text"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:-1]
    return [{entry["label"]: entry["score"] for entry in json.loads(line)["labels"]} for line in lines]


def named(options, model):
    """A cell's model, which is another with another share."""
    return f"{model} of 1/{options.share}"


def largest(shares):
    return max(shares, key=shares.get)


def cells(options, _, seed, train_rows, test, kept):
    folds = options.folds * options.share
    known = [row for row in train_rows if accuracy.fold_of(row, folds) < options.folds]
    others = [row for row in train_rows if accuracy.fold_of(row, folds) >= options.folds]
    with tempfile.TemporaryDirectory(prefix="teacher-") as name:
        folder = pathlib.Path(name)
        accuracy.write_csv(folder / "test.csv", test)

        def cell(model, flags, file, column):
            start = time.monotonic()
            accuracy.train_model(options.program, file, folder / model, column, "label", "--seed", str(seed), *flags)
            return named(options, model), accuracy.predictions(options.program, folder / model, folder / "test.csv"), {
                "seconds": time.monotonic() - start, "known": len(known), "others": len(others)}

        accuracy.write_csv(folder / "few.csv", known)
        yield cell("teacher", [], folder / "few.csv", "--label-column")
        yield cell("few", SMALL, folder / "few.csv", "--label-column")
        shares = distributions(options, folder / "teacher", others, folder)
        accuracy.write_csv(folder / "hard.csv", [*known, *((largest(s), row.text) for s, row in zip(shares, others, strict=True))])
        yield cell("hard", SMALL, folder / "hard.csv", "--label-column")
        write_jsonl(folder / "soft.jsonl",
                    [*({"text": row.text, "label": {row.label: 1}} for row in known),
                     *({"text": row.text, "label": s} for s, row in zip(shares, others, strict=True))])
        yield cell("soft", SMALL, folder / "soft.jsonl", "--soft-label-column")
        accuracy.write_csv(folder / "all.csv", train_rows)
        yield cell("all", SMALL, folder / "all.csv", "--label-column")


def main():
    options = arguments()
    options.models = named(options, "teacher")
    accuracy.run_and_show(options, named(options, "few"), cells)


if __name__ == "__main__":
    sys.exit(main())
