#!/usr/bin/env python3
"""Baseline: fastText's supervised classifier with word pairs, by Debian's program `fasttext`.

Of two learning rates the one is taken that does better on every tenth of the training rows when it
learns from the others. It takes rows in the order of its file, and where that is by class it learns
little: rows are shuffled. Its threads race over one set of weights, so figures differ a little from
run to run.
"""

import itertools
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import labelled_text
from labelled_text import BaselineError, Example

WORD = re.compile(r"\w+|[^\w\s]")
SETTINGS = {"wordNgrams": 2, "dim": 100, "epoch": 25, "minCount": 1, "bucket": 500_000}
RATES = (0.5, 0.1)


def write_lines(path: pathlib.Path, examples: list[Example], classes: dict[str, int]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for example in examples:
            words = " ".join(WORD.findall(example.text.lower()))
            file.write(f"__label__{classes.get(example.label, 0)} {words}\n")


def run_fasttext(arguments: list[str]) -> str:
    done = subprocess.run(["fasttext", *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode:
        raise BaselineError(f"fasttext {arguments[0]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


def predict(train: list[Example], test: list[Example], on_trained=lambda: None) -> list[str]:
    """Labels of the test rows; calls `on_trained` between training and use."""
    seen = [example for number, example in enumerate(train) if number % 10]
    held_out = train[::10]

    def right(rate: float) -> int:
        labels = predict_with(rate, seen, held_out)
        return sum(example.label == label for example, label in zip(held_out, labels))

    return predict_with(max(RATES, key=right), train, test, on_trained)


def train(rate: float, rows: list[Example], model: pathlib.Path) -> list[str]:
    """Makes MODEL.bin; gives the names of its labels, which it knows as 1, 2, .."""
    names = sorted({example.label for example in rows})
    classes = {name: number for number, name in enumerate(names, 1)}
    lines = model.with_name(model.name + ".txt")
    write_lines(lines, random.Random(0).sample(rows, len(rows)), classes)
    settings = [text for name, value in {**SETTINGS, "lr": rate}.items()
                for text in (f"-{name}", str(value))]
    run_fasttext(["supervised", "-input", str(lines), "-output", str(model), "-thread",
                  str(len(os.sched_getaffinity(0))), *settings])
    for left in (lines, pathlib.Path(f"{model}.vec")):
        left.unlink()
    return names


def label_of(line: str, names: list[str]) -> str:
    """Of a line of `fasttext predict`, which is empty for a text without a known word."""
    number = line.removeprefix("__label__")
    return names[int(number) - 1] if number else ""


def predict_with(rate: float, rows: list[Example], test: list[Example],
                 on_trained=lambda: None) -> list[str]:
    """The same with one learning rate."""
    with tempfile.TemporaryDirectory(prefix="fasttext-") as folder:
        model, lines = pathlib.Path(folder, "model"), pathlib.Path(folder, "test")
        names = train(rate, rows, model)
        on_trained()
        write_lines(lines, test, {})
        output = run_fasttext(["predict", f"{model}.bin", str(lines)])
    labels = [label_of(line, names) for line in output.splitlines()]
    if len(labels) != len(test):
        raise BaselineError(f"fasttext gave {len(labels)} labels for {len(test)} texts")
    return labels


def main() -> None:
    arguments = labelled_text.parse_arguments(__doc__.splitlines()[0])
    with labelled_text.reported_errors():
        labelled_text.require_program("fasttext", "fasttext")
        train = labelled_text.read_examples(arguments.train, arguments)
        train = list(itertools.islice(train, arguments.limit))
        test = labelled_text.read_examples(arguments.test, arguments)
        results = [labelled_text.majority_result(train, test),
                   labelled_text.timed_result("fastText, word pairs", predict, train, test)]
    labelled_text.show(results, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
