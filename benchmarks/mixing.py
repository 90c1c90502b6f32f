#!/usr/bin/env python3
"""What the encoder's share in the answer does, and which rule finds a good one on few rows.

    mixing.py --program build/release/bin/fastformer --model DIR --data FILE.csv
              [--rows N] [--repetitions R]

FILE.csv has the columns text and label and rows that the model has not learnt from. The branches are
brought to a spread of 1. First the accuracy at every share on all rows; then, R times, the share is
fitted to N rows drawn at random (default: two in five) and the accuracy on the others compared with the
wide branch alone: by least cross entropy, by expected accuracy with and without the pull to 0.3 (see
src/model/branch_fit.h), and fixed. Needs numpy.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys

import numpy

SHARES = numpy.arange(0, 1.001, 0.05)


def branch(options, name):
    """The branch's logits [rows, labels], with a spread of 1."""
    lines = subprocess.run(
        [options.program, "predict", "--model", str(options.model), "--input", str(options.data),
         "--text-column", "text", "--json", "--raw-scores", "--branch", name],
        check=True, capture_output=True, text=True).stdout.splitlines()
    logits = numpy.array([json.loads(line)["logits"] for line in lines])
    centred = logits - logits.mean(1, keepdims=True)
    return centred / numpy.sqrt((centred ** 2).mean())


def probabilities(logits):
    weights = numpy.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def of_the_label(logits, labels):
    return probabilities(logits)[numpy.arange(len(labels)), labels]


def cross_entropy(logits, labels):
    return -numpy.log(of_the_label(logits, labels) + 1e-300).mean()


def best_scale(logits, labels):
    """The scale of least cross entropy, by golden section over its logarithm."""
    low, high, ratio = -3.0, 4.0, 0.381966
    for _ in range(25):
        a, b = low + ratio * (high - low), high - ratio * (high - low)
        if cross_entropy(numpy.exp(a) * logits, labels) < cross_entropy(numpy.exp(b) * logits, labels):
            high = b
        else:
            low = a
    return numpy.exp((low + high) / 2)


def fitted_shares(wide, encoder, labels):
    """Rule -> share."""
    losses, expected = [], []
    for share in SHARES:
        mixed = (1 - share) * wide + share * encoder
        scaled = best_scale(mixed, labels) * mixed
        losses.append(cross_entropy(scaled, labels))
        expected.append(of_the_label(2 * scaled, labels).mean())
    pulled = numpy.array(expected) - 0.5 / len(labels) ** 0.5 * (SHARES - 0.3) ** 2
    return {"cross entropy": SHARES[numpy.argmin(losses)],
            "expected accuracy": SHARES[numpy.argmax(expected)],
            "the same, pulled to 0.3": SHARES[numpy.argmax(pulled)], "always 0.3": 0.3}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--repetitions", type=int, default=20)
    options = parser.parse_args()
    names = json.loads((options.model / "config.json").read_text())["labels"]
    with options.data.open(encoding="utf-8", newline="") as file:
        labels = numpy.array([names.index(row["label"]) for row in csv.DictReader(file)])
    wide, encoder = branch(options, "wide"), branch(options, "encoder")

    def accuracy(share, rows):
        return (((1 - share) * wide[rows] + share * encoder[rows]).argmax(1) == labels[rows]).mean()

    everything = numpy.arange(len(labels))
    print(f"{len(labels)} rows; accuracy by the encoder's share")
    print("  " + "  ".join(f"{share:.1f} {accuracy(share, everything):.4f}" for share in SHARES[::2]))
    random = numpy.random.default_rng(0)
    rows = options.rows or 2 * len(labels) // 5
    found = {}
    for _ in range(options.repetitions):
        order = random.permutation(len(labels))
        fit, rest = order[:rows], order[rows:]
        for rule, share in fitted_shares(wide[fit], encoder[fit], labels[fit]).items():
            found.setdefault(rule, []).append((share, accuracy(share, rest) - accuracy(0, rest)))
    print(f"share fitted to {rows} rows, points over the wide branch on the others")
    for rule, results in found.items():
        shares, gains = zip(*results)
        print(f"  {rule:24} share {numpy.mean(shares):.2f} +- {numpy.std(shares):.2f}"
              f"   {100 * numpy.mean(gains):+.2f}")


if __name__ == "__main__":
    sys.exit(main())
