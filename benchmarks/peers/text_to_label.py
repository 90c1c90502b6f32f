#!/usr/bin/env python3
"""Times text -> label: ours beside the authors' pipeline on AG News, and beside fastText.

    text_to_label.py --program build/release/bin/fastformer --test FILE --models NAME=DIR[:FLAGS],..
        [--checkout DIR] [--fasttext NAME=MODEL.bin,..] [--text-column C] [--label-column C]
        [--threads 1] [--rounds 3]

Everyone labels all rows of the test file, in turn; the fastest of the rounds counts, by the clock.
Ours and fastText are whole programs from the file to a file of labels; what the same program takes
for the first row alone (its start, mostly the loading of the model) is shown by itself and taken
off. FLAGS go to `predict`, such as --precision=bfloat16. With --checkout (of
github.com/wuch15/Fastformer) the authors' classes with random weights take their part: their
tokenizer, ids padded to 256, batches of 64, eager and compiled; reading the file and making the
model are not counted there. fastText gets the words of its baseline (baselines/fasttext.py).
"""

import argparse
import csv
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "baselines"))
import fasttext
import labelled_text
from official_ag_news import BATCH, LENGTH, official_classes


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--test", required=True, type=pathlib.Path)
    parser.add_argument("--models", required=True)
    parser.add_argument("--checkout", type=pathlib.Path)
    parser.add_argument("--fasttext", default="")
    parser.add_argument("--text-column")
    parser.add_argument("--label-column")
    parser.add_argument("--header", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def named(text):
    return [item.split("=", 1) for item in text.split(",") if item]


class Whole:
    """A program that reads a file and prints a label a row: of all rows, and of the first."""

    def __init__(self, command, all_rows, first_row, label_of):
        self.command, self.files, self.label_of = command, (all_rows, first_row), label_of

    def run(self):
        """(seconds of the other rows, seconds of the start, labels)"""
        found = []
        for file in self.files:
            start = time.perf_counter()
            out = subprocess.run([*self.command, str(file)], check=True, capture_output=True,
                                 text=True).stdout
            found.append(time.perf_counter() - start)
            if file is self.files[0]:
                labels = [self.label_of(line) for line in out.splitlines()]
        return found[0] - found[1], found[1], labels


class Authors:
    """Their pipeline with random weights."""

    def __init__(self, options, texts):
        import torch
        self.torch = torch
        torch.set_num_threads(options.threads)
        self.texts = texts
        self.vocabulary = {"PADDING": 0}
        for text in texts:
            for word in self.words(text):
                self.vocabulary.setdefault(word, len(self.vocabulary))
        make_model, config = official_classes(options.checkout, self.vocabulary)
        self.model = make_model(config).eval()
        self.compiled = torch.compile(self.logits)

    @staticmethod
    def words(text):
        return re.findall(r"\w+|[^\w\s]+", text.lower())

    def logits(self, ids, labels):
        return self.model(ids, labels)[1]

    def run(self, logits):
        torch, start, labels = self.torch, time.perf_counter(), []
        none = torch.zeros(BATCH, dtype=torch.long)
        with torch.inference_mode():
            for first in range(0, len(self.texts), BATCH):
                ids = torch.zeros(BATCH, LENGTH, dtype=torch.long)
                for row, text in zip(ids, self.texts[first:first + BATCH]):
                    found = [self.vocabulary[word] for word in self.words(text)[:LENGTH]]
                    row[:len(found)] = torch.tensor(found, dtype=torch.long)
                labels += logits(ids, none).argmax(1).tolist()
        return time.perf_counter() - start, 0.0, None


def write_rows(folder, examples):
    """Files of all rows and of the first, as ours and as fastText read them."""
    files = {}
    for name, rows in (("all", examples), ("first", examples[:1])):
        files[name] = folder / f"{name}.csv"
        with files[name].open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["label", "text"])
            writer.writerows(rows)
        files["fasttext " + name] = folder / f"{name}.txt"
        fasttext.write_lines(files["fasttext " + name], rows, {})
    return files


def contenders(options, examples, files):
    runs = {}
    for name, model in named(options.models):
        folder, _, flags = model.partition(":")
        command = [options.program, "predict", "--model", folder, "--text-column", "text",
                   "--threads", str(options.threads), *flags.split(), "--input"]
        runs[name] = Whole(command, files["all"], files["first"],
                           lambda line: line.split("\t")[0]).run
    for name, model in named(options.fasttext):
        runs[name] = Whole(["fasttext", "predict", model], files["fasttext all"],
                           files["fasttext first"], lambda line: line).run
    if options.checkout:
        authors = Authors(options, [example.text for example in examples])
        runs["authors, eager"] = lambda: authors.run(authors.logits)
        runs["authors, compiled"] = lambda: authors.run(authors.compiled)
        authors.run(authors.compiled)  # compiles
    return runs


def main():
    options = arguments()
    examples = list(labelled_text.read_examples(options.test, options))
    tokens = sum(len(fasttext.WORD.findall(example.text.lower())) for example in examples)
    best, right = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        runs = contenders(options, examples, write_rows(pathlib.Path(folder), examples))
        for _ in range(options.rounds):
            for name, run in runs.items():
                seconds, start, labels = run()
                best[name] = tuple(map(min, best.get(name, (seconds, start)), (seconds, start)))
                if labels:
                    right[name] = sum(a.label == b for a, b in zip(examples, labels))
    print(f"{len(examples)} rows, {tokens} tokens, {options.threads} thread(s)")
    print(f"{'':24}{'start ms':>9}{'rows/s':>10}{'tokens/s':>12}{'accuracy':>10}   times as fast as it")
    for name, (seconds, start) in best.items():
        ratios = "  ".join(f"{other} {best[other][0] / seconds:.2f}" for other in best
                           if other != name and other.startswith(("authors", "fastText")))
        accuracy = f"{right[name] / len(examples):10.4f}" if right.get(name) else " " * 10
        print(f"{name:24}{start * 1e3:9.1f}{len(examples) / seconds:10.0f}{tokens / seconds:12.0f}"
              f"{accuracy}   {ratios}")


if __name__ == "__main__":
    sys.exit(main())
