#!/usr/bin/env python3
"""Trains the authors' Fastformer and ours on the same AG News rows, with the authors' settings.

    official_ag_news.py --checkout DIR --program build/release/bin/fastformer \\
        --train FILE... --test FILE [--official-seeds 1] [--seeds 3]
        [--steps-as-written N]

DIR is a checkout of github.com/wuch15/Fastformer; its notebook's classes are executed as they stand.
Needs Python packages torch, transformers and numpy. Files are AG News CSV (label, title,
description), plain or .gz. Both train two epochs in batches of 64 documents; the authors' code pads
every document to 256 tokens, ours pads none. The runs take turns, and each prints a line as it ends:
seconds are those of training alone, without reading and tokenizing, by the clock and, in brackets, of
processor time, which other programs on the machine disturb less (of ours with all that training
does, reading and tokenizing too). With --steps-as-written N the
authors' batches are cut to their longest document after N steps, which changes no result (padding
has weight zero) and takes a third of the time; their seconds are then those of the N steps, scaled.
"""

import argparse
import csv
import gzip
import io
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

# A program that is timed reads its rows anew every time.
os.environ["FASTFORMER_CORPUS_CACHE"] = "off"

LENGTH, BATCH, EPOCHS = 256, 64, 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkout", required=True, type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--train", required=True, nargs="+")
    parser.add_argument("--test", required=True)
    parser.add_argument("--official-seeds", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps-as-written", type=int, help="of the authors' code; see above")
    return parser.parse_args()


def words_of(text):
    return re.findall(r"\w+|[^\w\s]+", text.lower())


def read_rows(path):
    data = pathlib.Path(path).read_bytes()
    data = gzip.decompress(data) if path.endswith(".gz") else data
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"))))
    texts = [words_of(" ".join(row[1:])) for row in rows]
    return texts, [int(row[0]) - 1 for row in rows]


def official_classes(checkout, vocabulary):
    """The notebook's model classes, with the names that its cells rely on."""
    import logging

    import torch
    from transformers import BertConfig
    from transformers.models.bert import modeling_bert

    names = {"torch": torch, "nn": torch.nn, "logging": logging, "word_dict": vocabulary,
             "BertSelfOutput": modeling_bert.BertSelfOutput,
             "BertIntermediate": modeling_bert.BertIntermediate,
             "BertOutput": modeling_bert.BertOutput}
    names["config"] = BertConfig.from_json_file(checkout / "fastformer.json")
    notebook = json.loads((checkout / "Fastformer.ipynb").read_text())
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and re.search(r"^class \w+", source, re.MULTILINE):
            exec(compile(source, "Fastformer.ipynb", "exec"), names)  # the point of this script
    return names["Model"], names["config"]


def train_official(options, seed, train, test):
    import numpy
    import torch

    torch.manual_seed(seed)
    numpy.random.seed(seed)
    vocabulary = {"PADDING": 0}
    for words in train[0] + test[0]:  # as the notebook does, from training and test rows
        for word in words:
            vocabulary.setdefault(word, len(vocabulary))

    def padded(texts):
        ids = torch.zeros(len(texts), LENGTH, dtype=torch.long)
        for row, words in zip(ids, texts):
            found = [vocabulary[word] for word in words[:LENGTH]]
            row[:len(found)] = torch.tensor(found, dtype=torch.long)
        return ids

    make_model, config = official_classes(options.checkout, vocabulary)
    model = make_model(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    order = torch.from_numpy(numpy.random.permutation(len(train[0])))
    ids, labels = padded(train[0])[order], torch.tensor(train[1])[order]
    starts = list(range(0, len(ids) - BATCH + 1, BATCH)) * EPOCHS
    as_written = options.steps_as_written or len(starts)
    start, processor_start = time.monotonic(), time.process_time()
    for number, first in enumerate(starts):
        batch = ids[first:first + BATCH]
        if number >= as_written:
            batch = batch[:, :int((batch > 0).sum(1).max())]
        loss, _ = model(batch, labels[first:first + BATCH])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if number + 1 == as_written:
            scale = len(starts) / as_written
            seconds = (time.monotonic() - start) * scale
            processor = (time.process_time() - processor_start) * scale
    model.eval()
    test_ids, test_labels = padded(test[0]), torch.tensor(test[1])
    right = 0
    with torch.no_grad():
        for first in range(0, len(test_ids), BATCH):
            truth = test_labels[first:first + BATCH]
            _, score = model(test_ids[first:first + BATCH], truth)
            right += int((score.argmax(1) == truth).sum())
    return right / len(test_ids), seconds, processor


def processor_seconds():
    """Of all programs that were run and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def train_ours(options, seed):
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        processor = processor_seconds()
        subprocess.run([options.program, "train", "--preset", "paper", "--valid-share", "0",
                        "--seed", str(seed), "--train", *options.train, "--output", str(model)],
                       check=True, stderr=subprocess.DEVNULL)
        processor = processor_seconds() - processor
        report = subprocess.run([options.program, "evaluate", "--model", str(model), "--data",
                                 options.test, "--json"],
                                check=True, capture_output=True, text=True).stdout
        seconds = json.loads((model / "metrics.json").read_text())["training_seconds"]
        return json.loads(report)["accuracy"], seconds, processor


def main():
    options = arguments()
    train = [sum(parts, []) for parts in zip(*map(read_rows, options.train))]
    test = read_rows(options.test)
    results = {"authors": [], "ours": []}
    for seed in range(max(options.seeds, options.official_seeds)):
        turns = [("ours", options.seeds, lambda: train_ours(options, seed)),
                 ("authors", options.official_seeds,
                  lambda: train_official(options, seed, train, test))]
        for name, seeds, turn in turns:
            if seed >= seeds:
                continue
            accuracy, seconds, processor = turn()
            results[name].append((accuracy, seconds, processor))
            print(f"{name:8} seed {seed}  accuracy {accuracy:.4f}  training {seconds:7.1f} s"
                  f" ({processor:.1f} s)", flush=True)
    results = {name: found for name, found in results.items() if found}
    for name, found in results.items():
        accuracies = [accuracy for accuracy, *_ in found]
        spread = statistics.stdev(accuracies) if len(found) > 1 else 0
        print(f"{name:8} mean accuracy {statistics.mean(accuracies):.4f}  deviation {spread:.4f}"
              f"  fastest {min(row[1] for row in found):7.1f} s"
              f" ({min(row[2] for row in found):.1f} s)")
    if len(results) == 2:
        clock, processor = (min(row[at] for row in results["authors"]) /
                            min(row[at] for row in results["ours"]) for at in (1, 2))
        print(f"the authors' training took {clock:.1f} times as long, and {processor:.1f} times the"
              " processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
