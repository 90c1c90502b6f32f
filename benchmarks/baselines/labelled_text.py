"""Labelled text for the baselines: CSV in, accuracy and macro-F1 out, as `fastformer` does both."""

import argparse
import collections
import contextlib
import csv
import gzip
import itertools
import json
import pathlib
import re
import shutil
import sys
import time
from typing import Iterator, NamedTuple, Sequence

# Column names that `fastformer` knows without being told (src/data/columns.h).
TITLE_NAMES = "title headline subject".split()
TEXT_NAMES = ("text review content body document article sentence comment message post tweet "
              "utterance question description abstract reviewtext review_text review_body "
              "full_text").split()
LABEL_NAMES = ["label", "labels", "class", "category", "target", "sentiment", "topic", "section",
               "intent", "class index", "class_index", "class_label", "label_text", "label_name",
               "rating", "stars", "tag", "y"]


class BaselineError(Exception):
    """Something that the user can put right; the message says how."""


class Example(NamedTuple):
    label: str
    text: str


class Result(NamedTuple):
    model: str
    accuracy: float
    macro_f1: float
    train_seconds: float
    seconds: float
    train_rows: int
    test_rows: int


def known_column(known: Sequence[str], names: list[str]) -> list[int]:
    """The position of the first of `known` that stands in `names`; empty if none does."""
    return next(([names.index(name)] for name in known if name in names), [])


def asked_columns(asked: str | None, names: list[str]) -> list[int]:
    """Positions of columns given by name or 1-based number."""
    indices = []
    for column in filter(None, (asked or "").split(",")):
        if column.isdigit() and 1 <= int(column) <= len(names):
            indices.append(int(column) - 1)
        elif column.strip().lower() in names:
            indices.append(names.index(column.strip().lower()))
        else:
            raise BaselineError(f"no column {column}; the first row has {', '.join(names)}")
    return indices


def looks_like_name(cell: str) -> bool:
    is_number = re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", cell.strip(), re.IGNORECASE)
    return len(cell) <= 40 and not is_number and not re.search(r"[.!?\n]", cell)


def columns_of(first_row: list[str], arguments: argparse.Namespace) -> tuple[bool, int, list[int]]:
    """Whether the first row is a header, the label's column, and the text's columns.

    Without a header the label stands first and all else is text, as in AG News.
    """
    names = [cell.strip().lower() for cell in first_row]
    known_text = known_column(TITLE_NAMES, names) + known_column(TEXT_NAMES, names)
    known_label = known_column(LABEL_NAMES, names)
    asked = f"{arguments.text_column or ''},{arguments.label_column or ''}".split(",")
    named = any(column and not column.isdigit() for column in asked)
    header = arguments.header == "yes" or (
        arguments.header == "auto" and (named or bool(known_text and known_label)))
    if (arguments.header == "auto" and not header and bool(known_text) != bool(known_label)
            and all(looks_like_name(cell) for cell in first_row)
            and not (arguments.text_column and arguments.label_column)):
        raise BaselineError("cannot tell whether the first row names the columns: give both "
                            "--text-column and --label-column; it has " + ", ".join(names))
    label = asked_columns(arguments.label_column, names) or (known_label if header else [0])
    text = asked_columns(arguments.text_column, names) or (
        known_text if header else [column for column in range(len(names)) if column not in label])
    if not label or not text:
        raise BaselineError("name the columns with --text-column and --label-column; there are "
                            + ", ".join(names))
    return header, label[0], text


def rows_of(path: pathlib.Path) -> Iterator[list[str]]:
    csv.field_size_limit(1 << 30)
    unpack = gzip.open if path.suffix == ".gz" else open
    delimiter = "\t" if ".tsv" in path.suffixes else ","
    with unpack(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as lines:
        cleaned = (line.replace("\0", "\ufffd") for line in lines)
        yield from (row for row in csv.reader(cleaned, delimiter=delimiter) if row)


def read_examples(path: pathlib.Path, arguments: argparse.Namespace) -> list[Example]:
    rows = rows_of(path)
    first = next(rows, None)
    if first is None:
        raise BaselineError(f"{path}: empty")
    header, label, text = columns_of(first, arguments)
    examples = []
    for number, row in enumerate(rows if header else itertools.chain([first], rows), 1 + header):
        if len(row) <= max(label, *text):
            raise BaselineError(f"{path}: row {number} has {len(row)} columns")
        examples.append(Example(row[label].strip(), " ".join(row[column] for column in text)))
    if not examples:
        raise BaselineError(f"{path}: a header and no rows")
    return examples


def scores(truth: Sequence[str], predicted: Sequence[str]) -> tuple[float, float]:
    """Accuracy, and the mean F1 over the labels that occur in the truth or the predictions."""
    support = collections.Counter(truth)
    guessed = collections.Counter(predicted)
    correct = collections.Counter(label for label, other in zip(truth, predicted) if label == other)
    labels = support.keys() | guessed.keys()
    f1 = [2 * correct[label] / (support[label] + guessed[label]) for label in sorted(labels)]
    return sum(correct.values()) / len(truth), sum(f1) / len(f1)


def majority_result(train: list[Example], test: list[Example]) -> Result:
    counts = collections.Counter(example.label for example in train)
    label = min(counts, key=lambda name: (-counts[name], name))
    accuracy, macro_f1 = scores([example.label for example in test], [label] * len(test))
    return Result("most frequent label", accuracy, macro_f1, 0.0, 0.0, len(train), len(test))


def timed_result(model: str, predict, train: list[Example], test: list[Example]) -> Result:
    """Scores of predict(train, test, on_trained), with the times of training and of all."""
    start = time.monotonic()
    trained = []
    predicted = predict(train, test, lambda: trained.append(time.monotonic() - start))
    accuracy, macro_f1 = scores([example.label for example in test], predicted)
    return Result(model, accuracy, macro_f1, trained[0], time.monotonic() - start, len(train),
                  len(test))


def parse_arguments(description: str, several_labels: bool = False) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--train", type=pathlib.Path, required=True, help="CSV or TSV, plain or .gz")
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--text-column", metavar="C[,C]", help="names or 1-based numbers")
    parser.add_argument("--label-column", metavar="C")
    parser.add_argument("--header", choices=("auto", "yes", "no"), default="auto",
                        help="whether the first row names the columns")
    parser.add_argument("--json", action="store_true", help="print one JSON object per model")
    parser.add_argument("--limit", type=int, metavar="N", help="read only the first N train rows")
    if several_labels:
        parser.add_argument("--label-separator", metavar="S",
                            help="parts several labels of a row; then a classifier per label")
    return parser.parse_args()


def show(results: Sequence[NamedTuple], as_json: bool) -> None:
    for result in results:
        values = result._asdict()
        if as_json:
            print(json.dumps(values))
            continue
        scores = "  ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in values.items()
                           if isinstance(value, float) and "seconds" not in name)
        print(f"{result.model:<28} {scores}  {values['seconds']:.1f} s")


@contextlib.contextmanager
def reported_errors() -> Iterator[None]:
    try:
        yield
    except (BaselineError, OSError, csv.Error) as error:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {error}")


def require_program(program: str, package: str) -> None:
    if not shutil.which(program):
        raise BaselineError(f"{program} is missing: apt-get install {package}")
