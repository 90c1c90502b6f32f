#!/usr/bin/env python3
"""Times training steps of the authors' Fastformer and ours: AG News rows, and long documents.

    training_step.py --checkout DIR --program build/release/bin/fastformer --train FILE...
        [--rounds 3] [--threads 1] [--long 8x2048]

A step is forward, backward and Adam with the authors' settings (width 256, 16 heads, 2 layers,
batches of 64 rows cut at 256 tokens). The authors' code pads every row to 256 tokens, as its
notebook does; --long is a batch of long documents of random words, which neither pads. Ours is the
rate of a whole `fastformer train`, of its training alone; the authors' that of steps after the
first. "ours, default" is `fastformer train` without a flag, with both branches, their mixing, reading and saving: the
rows of two epochs, as the authors train, by the time of the whole command. Everyone takes turns, and the fastest round
of each counts, by the clock and by processor time (of ours with the reading of the file and the saving of the model).
"""

import argparse
import csv
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from official_ag_news import (BATCH, LENGTH, official_classes, processor_seconds, read_rows)

# A program that is timed reads its rows anew every time.
os.environ["FASTFORMER_CORPUS_CACHE"] = "off"

STEPS = 4  # of the authors' code, in a round
AUTHORS_EPOCHS = 2
LONG_STEPS = 12  # of ours on long documents
PRECISIONS = ("float32", "bfloat16")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkout", required=True, type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--train", required=True, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--long", default="8x2048")
    return parser.parse_args()


class Authors:
    """Steps on batches of one shape; rates are of documents."""

    def __init__(self, checkout, words, length):
        import torch
        self.torch = torch
        torch.manual_seed(1)
        make_model, config = official_classes(checkout, dict.fromkeys(map(str, range(words))))
        config.max_position_embeddings = length
        self.model = make_model(config)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def rates(self, ids, precision):
        """Documents per second by the clock and of processor time."""
        labels = self.torch.arange(len(ids)) % 4
        for step in range(STEPS + 1):
            if step == 1:
                clock, processor = time.perf_counter(), time.process_time()
            with self.torch.autocast("cpu", dtype=self.torch.bfloat16,
                                     enabled=precision == "bfloat16"):
                loss, _ = self.model(ids, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        documents = STEPS * len(ids)
        return (documents / (time.perf_counter() - clock),
                documents / (time.process_time() - processor))


def trained(options, files, flags):
    """What `fastformer train` says of its training, with the seconds of the whole command by the clock
    and of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        clock, processor = time.perf_counter(), processor_seconds()
        subprocess.run([options.program, "train", "--threads", str(options.threads), "--train",
                        *map(str, files), "--output", str(model), *flags],
                       check=True, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - clock, processor_seconds() - processor
        return json.loads((model / "metrics.json").read_text()), *seconds


def our_rates(options, files, rows, flags, precision):
    metrics, _, processor = trained(options, files, ["--preset", "paper", "--valid-share", "0",
                                                     "--precision", precision, *flags])
    return rows / metrics["training_seconds"], rows / processor


def default_rates(options, rows):
    _, clock, processor = trained(options, options.train, [])
    return AUTHORS_EPOCHS * rows / clock, AUTHORS_EPOCHS * rows / processor


def write_long(path, documents, tokens):
    draw = random.Random(1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "text"])
        for number in range(documents):
            text = " ".join(f"w{draw.randrange(10000)}" for _ in range(tokens))
            writer.writerow([number % 4, text])


def measure(rounds, runs):
    """Name -> best (by the clock, of processor time), everyone in turn."""
    best = {}
    for _ in range(rounds):
        for name, run in runs.items():
            found = run()
            best[name] = tuple(map(max, best.get(name, found), found))
    return best


def show(title, best):
    print(f"\n{title}: documents per second by the clock and of processor time; ours as a multiple"
          " of the authors', by the clock")
    for name, (clock, processor) in best.items():
        ratios = [f"{clock / best[f'authors, {precision}'][0]:7.2f}x" for precision in PRECISIONS]
        print(f"  {name:20}{clock:10.1f}{processor:10.1f}", *(ratios if "ours" in name else []),
              flush=True)


def main():
    options = arguments()
    import torch
    torch.set_num_threads(options.threads)
    texts = [words for path in options.train for words in read_rows(path)[0]]
    vocabulary = {word: number for number, word in
                  enumerate(sorted({word for words in texts for word in words}), 1)}
    authors = Authors(options.checkout, len(vocabulary) + 1, LENGTH)
    ids = torch.zeros(BATCH, LENGTH, dtype=torch.long)
    for row, words in zip(ids, texts):
        found = [vocabulary[word] for word in words[:LENGTH]]
        row[:len(found)] = torch.tensor(found)
    short = lambda precision: our_rates(options, options.train, len(texts), ["--epochs", "1"],
                                        precision)
    show(f"AG News rows, {options.threads} thread(s)", measure(options.rounds, {
        **{f"authors, {p}": lambda p=p: authors.rates(ids, p) for p in PRECISIONS},
        **{f"ours, {p}": lambda p=p: short(p) for p in PRECISIONS},
        "ours, default": lambda: default_rates(options, len(texts))}))

    documents, tokens = map(int, options.long.split("x"))
    authors = Authors(options.checkout, 10000, tokens)
    long_ids = torch.randint(1, 10000, (documents, tokens))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "long.csv")
        write_long(file, documents * LONG_STEPS, tokens)
        flags = ["--epochs", "1", "--batch-size", str(documents), "--max-length", str(tokens)]
        long = lambda precision: our_rates(options, [file], documents * LONG_STEPS, flags, precision)
        show(f"batches of {options.long} tokens, {options.threads} thread(s)",
             measure(options.rounds, {
                 **{f"authors, {p}": lambda p=p: authors.rates(long_ids, p) for p in PRECISIONS},
                 **{f"ours, {p}": lambda p=p: long(p) for p in PRECISIONS}}))


if __name__ == "__main__":
    sys.exit(main())
