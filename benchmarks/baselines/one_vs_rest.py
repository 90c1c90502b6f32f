"""Rows with several labels: a linear SVM per label by liblinear's library, and scores of the sets."""

import array
import collections
import ctypes
import ctypes.util
import hashlib
import itertools
import multiprocessing
import time
from typing import NamedTuple, Sequence

from labelled_text import BaselineError, Example

FEWEST_POSITIVES = 10  # labels with fewer validation rows share one threshold


class Node(ctypes.Structure):
    _fields_ = [("index", ctypes.c_int), ("value", ctypes.c_double)]


class Problem(ctypes.Structure):
    _fields_ = [("l", ctypes.c_int), ("n", ctypes.c_int), ("y", ctypes.POINTER(ctypes.c_double)),
                ("x", ctypes.POINTER(ctypes.POINTER(Node))), ("bias", ctypes.c_double)]


class Parameter(ctypes.Structure):
    # As of 2.40; before it `nu` and `regularize_bias` were not there, and 0 is no initial solution.
    _fields_ = [("solver_type", ctypes.c_int), ("eps", ctypes.c_double), ("C", ctypes.c_double),
                ("nr_weight", ctypes.c_int), ("weight_label", ctypes.c_void_p),
                ("weight", ctypes.c_void_p), ("p", ctypes.c_double), ("nu", ctypes.c_double),
                ("init_sol", ctypes.c_void_p), ("regularize_bias", ctypes.c_int)]


class MultiResult(NamedTuple):
    model: str
    micro_f1: float
    macro_f1: float
    exact_match: float
    precision_at_1: float
    precision_at_3: float
    precision_at_5: float
    seconds: float
    train_rows: int
    test_rows: int


def library() -> ctypes.CDLL:
    name = ctypes.util.find_library("linear")
    if not name:
        raise BaselineError("liblinear's library is missing: apt-get install liblinear4")
    lib = ctypes.CDLL(name)
    lib.train.restype = ctypes.c_void_p
    lib.set_print_string_function(SILENT)
    return lib


SILENT = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda text: None)


class Rows:
    """Feature vectors as liblinear reads them, each with a 1 for the bias at its end."""

    def __init__(self, features: Sequence[Sequence[tuple[int, float]]], size: int):
        total = sum(len(row) + 2 for row in features)
        self.nodes = (Node * total)()
        self.starts = (ctypes.POINTER(Node) * len(features))()
        self.size = size + 1
        at = 0
        for number, row in enumerate(features):
            self.starts[number] = ctypes.pointer(self.nodes[at])
            for index, value in itertools.chain(row, [(self.size, 1.0), (-1, 0.0)]):
                self.nodes[at].index, self.nodes[at].value = index, value
                at += 1

    def __len__(self) -> int:
        return len(self.starts)


def decision_values(lib, train: Rows, positive: set[int], uses: Sequence[Rows]) -> list[array.array]:
    """Trains on the rows, of which the `positive` have the label; its value for each row of uses."""
    if not positive or len(positive) == len(train):
        return [array.array("f", [1.0 if positive else -1.0]) * len(rows) for rows in uses]
    wanted = (ctypes.c_double * len(train))(
        *(1.0 if row in positive else -1.0 for row in range(len(train))))
    problem = Problem(len(train), train.size, wanted, train.starts, 1.0)
    parameter = Parameter(1, 0.1, 1.0, 0, None, None, 0.1, 0.0, None, 1)  # squared hinge, dual
    model = ctypes.c_void_p(lib.train(ctypes.byref(problem), ctypes.byref(parameter)))
    labels = (ctypes.c_int * 2)()
    lib.get_labels(model, labels)
    sign = 1.0 if labels[0] == 1 else -1.0
    value = (ctypes.c_double * 1)()
    found = []
    for rows in uses:
        values = array.array("f")
        for start in rows.starts:
            lib.predict_values(model, start, value)
            values.append(sign * value[0])
        found.append(values)
    lib.free_and_destroy_model(ctypes.byref(model))
    return found


_WORK: tuple = ()  # what a worker process shares with the one that made it


def _values_of(label: int) -> list[array.array]:
    lib, train, sets, uses = _WORK
    return decision_values(lib, train, {i for i, own in enumerate(sets) if label in own}, uses)


def all_values(train: Rows, sets: Sequence[set[int]], labels: int,
               uses: Sequence[Rows]) -> list[list[array.array]]:
    """values[use][label][row], by one process per processor."""
    global _WORK
    _WORK = (library(), train, sets, uses)
    with multiprocessing.get_context("fork").Pool() as pool:
        by_label = pool.map(_values_of, range(labels), chunksize=4)
    return [[values[use] for values in by_label] for use in range(len(uses))]


def best_threshold(scored: list[tuple[float, bool]]) -> float:
    """The threshold with the highest F1; midway between two scores."""
    scored.sort(key=lambda entry: -entry[0])
    positives = sum(true for _, true in scored)
    best, threshold, right = 0.0, 0.0, 0
    for number, (score, true) in enumerate(scored):
        right += true
        after = scored[number + 1][0] if number + 1 < len(scored) else score
        f1 = 2 * right / (number + 1 + positives)
        if f1 > best and (after < score or number + 1 == len(scored)):
            best, threshold = f1, (score + after) / 2
    return threshold


def fit_thresholds(values: Sequence[array.array], sets: Sequence[set[int]]) -> list[float]:
    scored = [[(score, label in sets[row]) for row, score in enumerate(column)]
              for label, column in enumerate(values)]
    common = best_threshold([entry for column in scored for entry in column])
    return [best_threshold(column) if sum(true for _, true in column) >= FEWEST_POSITIVES else common
            for column in scored]


def precision_at(k: int, values: Sequence[array.array], sets: Sequence[set[int]]) -> float:
    right = 0
    for row, own in enumerate(sets):
        best = sorted(range(len(values)), key=lambda label: -values[label][row])[:k]
        right += sum(label in own for label in best)
    return right / (k * len(sets))


def set_scores(truth: Sequence[set[int]], given: Sequence[set[int]]) -> tuple[float, float, float]:
    """Micro-F1, macro-F1 over the labels that occur in either, and the share of equal sets."""
    support = collections.Counter(label for own in truth for label in own)
    guessed = collections.Counter(label for own in given for label in own)
    right = collections.Counter(label for a, b in zip(truth, given) for label in a & b)
    named = support.total() + guessed.total()
    f1 = [2 * right[label] / (support[label] + guessed[label])
          for label in sorted(support.keys() | guessed.keys())]
    exact = sum(a == b for a, b in zip(truth, given)) / len(truth)
    return 2 * right.total() / named if named else 0.0, sum(f1) / len(f1) if f1 else 0.0, exact


def labels_of(example: Example, separator: str) -> set[str]:
    return {part.strip() for part in example.label.split(separator)} - {""}


def results(train: list[Example], test: list[Example], separator: str, features_of) -> list:
    """Scores of two deciders: values above 0, and above thresholds fitted on a tenth of the train
    rows. `features_of` makes, from texts, their number of features and a function to features."""
    start = time.monotonic()
    names = sorted(set().union(*(labels_of(example, separator) for example in train)))
    numbers = {name: number for number, name in enumerate(names)}
    sets = [{numbers[name] for name in labels_of(example, separator)} for example in train]
    # A label that training has not seen gets a number that no row is given.
    truth = [{numbers.setdefault(name, len(numbers)) for name in labels_of(example, separator)}
             for example in test]

    def is_valid(example: Example) -> bool:
        return int(hashlib.sha256(example.text.encode()).hexdigest(), 16) % 10 == 0

    fit = [row for row, example in enumerate(train) if not is_valid(example)]
    valid = [row for row, example in enumerate(train) if is_valid(example)]
    size, vectors = features_of([train[row].text for row in fit])
    part = Rows([vectors(train[row].text) for row in fit], size)
    checked = Rows([vectors(train[row].text) for row in valid], size)
    values = all_values(part, [sets[row] for row in fit], len(names), [checked])[0]
    thresholds = fit_thresholds(values, [sets[row] for row in valid])

    size, vectors = features_of([example.text for example in train])
    rows = Rows([vectors(example.text) for example in train], size)
    values = all_values(rows, sets, len(names),
                        [Rows([vectors(example.text) for example in test], size)])[0]
    precisions = [precision_at(k, values, truth) for k in (1, 3, 5)]
    found = []
    for model, limits in (("one-vs-rest SVM, above 0", [0.0] * len(names)),
                          ("one-vs-rest SVM, thresholds", thresholds)):
        given = [{label for label, column in enumerate(values) if column[row] >= limits[label]}
                 for row in range(len(test))]
        found.append(MultiResult(model, *set_scores(truth, given), *precisions,
                                 time.monotonic() - start, len(train), len(test)))
    return found
