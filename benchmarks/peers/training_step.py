#!/usr/bin/env python3
"""Training steps of the authors' Fastformer and ours: AG News rows, and long documents.

A step is forward, backward and Adam with the authors' settings (width 256, 16 heads, 2 layers,
batches of 64 rows cut at 256 tokens). The authors' code pads every row to 256 tokens, as its
notebook does; long documents are of random words, which neither pads. Ours is the rate of a whole
`fastformer train`, by the clock of its training alone and by processor time of the whole command;
the authors' that of steps after the first. "ours, default" is `fastformer train` without a flag,
with both branches, their mixing, reading and saving: the rows of two epochs, as the authors train,
by the time of the whole command. All seconds are of one document.

As a program, started by this part: answers with the times of the authors' steps.
"""

import csv
import json
import pathlib
import random
import tempfile
import time

from models import read
from official_ag_news import BATCH, EPOCHS, LENGTH, official_classes, words_of
from turns import Part, answer, timed

STEPS = 4  # of the authors' code, in a round
LONG_STEPS = 12  # of ours on long documents
LONG_WORDS = 10000
PRECISIONS = ("float32", "bfloat16")


class TrainingSteps(Part):
    name = "training"
    rounds = 2

    def cases(self):
        rows = {"rows": self.options.rows} if self.options.rows else {}
        return {"ag_news": {**self.settings(self.options.threads), **rows},
                self.options.long: self.settings(self.options.threads)}

    def measure(self, case):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            file = folder / "rows.csv"
            if case == "ag_news":
                corpus = json.loads(self.options.corpora.read_text())[case]
                rows = read(corpus["train"], corpus)[:self.options.rows]
                flags, shape = [], (BATCH, LENGTH)
            else:
                shape = documents, tokens = tuple(map(int, case.split("x")))
                rows = long_rows(documents * LONG_STEPS, tokens)
                flags = ["--batch-size", documents, "--max-length", tokens]
            with file.open("w", encoding="utf-8", newline="") as written:
                csv.writer(written).writerows([("label", "text"), *rows])
            runs = self.authors(case, file, shape)
            runs |= {f"ours, {p}": lambda p=p: self.paper(file, len(rows), p, flags)
                     for p in PRECISIONS}
            if case == "ag_news":
                runs["ours, default"] = lambda: self.default(file, len(rows))
            words = sum(len(words_of(text)) for _, text in rows)
            return {"documents": 1, "tokens": words / len(rows), "contenders": self.turns(runs)}

    def authors(self, case, file, shape):
        names = {f"authors, {precision}": precision for precision in PRECISIONS}
        if not self.wanted(names):
            return {}
        process = self.process(case, pathlib.Path(__file__), {
            "checkout": self.options.checkout, "threads": self.options.threads, "file": file,
            "shape": shape})
        return {name: lambda p=p: process.ask(precision=p) for name, p in names.items()}

    def trained(self, file, flags):
        """Seconds of `fastformer train`, whole, and what it says of its training."""
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "model"
            seconds, _ = timed([self.options.program, "train", "--threads", self.options.threads,
                                "--train", file, "--output", model, *flags])
            return seconds, json.loads((model / "metrics.json").read_text())

    def paper(self, file, rows, precision, flags):
        seconds, metrics = self.trained(file, ["--preset", "paper", "--valid-share", "0",
                                               "--epochs", "1", "--precision", precision, *flags])
        return {"clock": metrics["training_seconds"] / rows,
                "processor": seconds["processor"] / rows}

    def default(self, file, rows):
        seconds, _ = self.trained(file, [])
        return {name: value / (EPOCHS * rows) for name, value in seconds.items()}


def long_rows(count, tokens):
    draw = random.Random(1)
    return [(str(number % 4), " ".join(f"w{draw.randrange(LONG_WORDS)}" for _ in range(tokens)))
            for number in range(count)]


class Authors:
    """Steps on one batch of the file's first rows."""

    def __init__(self, settings):
        import torch
        self.torch = torch
        torch.set_num_threads(settings["threads"])
        torch.manual_seed(1)
        documents, length = settings["shape"]
        csv.field_size_limit(1 << 30)
        with open(settings["file"], encoding="utf-8", newline="") as file:
            texts = [words_of(text) for _, text in csv.reader(file)][1:]
        vocabulary = {"PADDING": 0}
        for words in texts:
            for word in words:
                vocabulary.setdefault(word, len(vocabulary))
        make_model, config = official_classes(pathlib.Path(settings["checkout"]), vocabulary)
        config.max_position_embeddings = length
        self.model = make_model(config)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.ids = torch.zeros(documents, length, dtype=torch.long)
        for row, words in zip(self.ids, texts):
            found = [vocabulary[word] for word in words[:length]]
            row[:len(found)] = torch.tensor(found)

    def steps(self, precision):
        """Seconds of a document."""
        labels = self.torch.arange(len(self.ids)) % 4
        for step in range(STEPS + 1):
            if step == 1:
                clock, processor = time.perf_counter(), time.process_time()
            with self.torch.autocast("cpu", dtype=self.torch.bfloat16,
                                     enabled=precision == "bfloat16"):
                loss, _ = self.model(self.ids, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        documents = STEPS * len(self.ids)
        return {"clock": (time.perf_counter() - clock) / documents,
                "processor": (time.process_time() - processor) / documents}


if __name__ == "__main__":
    answer(lambda settings: Authors(settings).steps)
