#!/usr/bin/env python3
"""Baseline: TF-IDF of words and word pairs with a linear SVM, by liblinear's own programs.

A term's weight is (1 + ln count) * (1 + ln((1 + documents) / (1 + documents with it))), and a
document's weights have length 1. Terms of a single training document are left out: on Debian's
descriptions they add 0.001 accuracy and double the time and the memory.
"""

import array
import collections
import itertools
import math
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Iterable

import labelled_text
import one_vs_rest
from labelled_text import BaselineError, Example

WORD = re.compile(r"\w+|[^\w\s]")
MIN_DOCUMENTS = 2
SOLVER = ["-s", "1", "-c", "1", "-B", "1", "-q"]  # squared hinge, dual; with a bias


def terms(text: str) -> list[str]:
    words = WORD.findall(text.lower())
    return words + [f"{left} {right}" for left, right in zip(words, words[1:])]


class Vocabulary:
    """Numbers (from 1, as liblinear counts) and inverse document frequencies of the kept terms."""

    def __init__(self, documents: Iterable[str]):
        frequency: collections.Counter[str] = collections.Counter()
        count = 0
        for text in documents:
            frequency.update(set(terms(text)))
            count += 1
        kept = sorted(term for term, number in frequency.items() if number >= MIN_DOCUMENTS)
        self.numbers = {term: number for number, term in enumerate(kept, 1)}
        self.idf = array.array("d", [0.0])
        self.idf.extend(1 + math.log((1 + count) / (1 + frequency[term])) for term in kept)

    def weights(self, text: str) -> list[tuple[int, float]]:
        """One document's terms by ascending number, with their weights."""
        counts = collections.Counter(
            number for term in terms(text) if (number := self.numbers.get(term)))
        weights = {number: (1 + math.log(count)) * self.idf[number]
                   for number, count in sorted(counts.items())}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return [(number, weight / length) for number, weight in weights.items()]

    def features(self, text: str) -> str:
        """The same in liblinear's format: `number:weight`."""
        return " ".join(f"{number}:{weight:.5g}" for number, weight in self.weights(text))


def write_features(path: pathlib.Path, examples: list[Example], vocabulary: Vocabulary,
                   classes: dict[str, int]) -> None:
    with path.open("w", encoding="ascii") as file:
        for example in examples:
            # A label that training has not seen gets 0, which liblinear never predicts.
            file.write(f"{classes.get(example.label, 0)} {vocabulary.features(example.text)}\n")


def solve(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise BaselineError(f"{command[0]} failed ({done.returncode}): {said}")


def predict(train: list[Example], test: list[Example], on_trained=lambda: None) -> list[str]:
    """Labels of the test rows; calls `on_trained` between training and use."""
    names = sorted({example.label for example in train})
    classes = {name: number for number, name in enumerate(names, 1)}
    vocabulary = Vocabulary(example.text for example in train)
    with tempfile.TemporaryDirectory(prefix="tfidf-svm-") as folder:
        files = {name: pathlib.Path(folder, name) for name in ("train", "test", "model", "output")}
        write_features(files["train"], train, vocabulary, classes)
        solve(["liblinear-train", *SOLVER, str(files["train"]), str(files["model"])])
        on_trained()
        write_features(files["test"], test, vocabulary, classes)
        solve(["liblinear-predict", *map(str, (files["test"], files["model"], files["output"]))])
        return [names[int(line) - 1] for line in files["output"].read_text().split()]


def several_results(train: list[Example], test: list[Example], separator: str) -> list:
    """One-vs-rest over rows of several labels."""
    def features_of(texts):
        vocabulary = Vocabulary(texts)
        return len(vocabulary.numbers), vocabulary.weights
    return one_vs_rest.results(train, test, separator, features_of)


def main() -> None:
    arguments = labelled_text.parse_arguments(__doc__.splitlines()[0], several_labels=True)
    with labelled_text.reported_errors():
        labelled_text.require_program("liblinear-train", "liblinear-tools")
        train = labelled_text.read_examples(arguments.train, arguments)
        train = list(itertools.islice(train, arguments.limit))
        test = labelled_text.read_examples(arguments.test, arguments)
        if arguments.label_separator:
            labelled_text.show(several_results(train, test, arguments.label_separator),
                               arguments.json)
            return
        results = [labelled_text.majority_result(train, test),
                   labelled_text.timed_result("TF-IDF + linear SVM", predict, train, test)]
    labelled_text.show(results, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
