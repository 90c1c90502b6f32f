#!/usr/bin/env python3
"""What pretraining brings: the same training from random weights and from guessed words.

    pretraining.py --program build/release/bin/fastformer --corpora FILE.json --results FILE.jsonl --work DIR
                   [--only NAME,..] [--beside FILE] [--words 15e6] [--first-folds 1] [--seeds 0]
                   [--device cpu] [--jobs 1]

For each corpus (a file as accuracy.py takes it) and each of its folds, four models:

    plain      `fastformer train`
    local      with --local gated, the branch that pretraining needs
    own        from an encoder pretrained on the text of the fold's training rows
    beside     from an encoder pretrained on these rows and on the column "text" of the file --beside

Pretraining reads about --words words: as many passes as that takes, from 2 to 20. Encoders are kept in --work and are
not trained again, finished cells in --results.
"""

import collections
import csv
import hashlib
import pathlib
import subprocess
import sys
import threading

import accuracy

PRETRAIN = ["--subwords", "65536", "--precision", "bfloat16", "--text-column", "text"]


def arguments():
    parser = accuracy.parser_of(__doc__, first_folds=1)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--beside", type=pathlib.Path)
    parser.add_argument("--words", type=float, default=15e6)
    parser.add_argument("--device", default="cpu", help="of pretraining and training")
    return parser.parse_args()


# Models that wait for the same encoder wait here.
LOCKS = collections.defaultdict(threading.Lock)


def texts_beside(path):
    header, *rows = accuracy.labelled_text.rows_of(path)
    return [row[header.index("text")] for row in rows]


def pretrain(options, texts, folder):
    file = folder.with_suffix(".csv")
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text"], *([text] for text in texts)])
    words = sum(len(text.split()) for text in texts)
    epochs = max(2, min(20, round(options.words / words)))
    stopped = pathlib.Path(f"{folder}.training").exists()
    subprocess.run([options.program, "pretrain", "--text", str(file), "--output", str(folder), "--epochs",
                    str(epochs), "--device", options.device, *PRETRAIN, *(["--resume"] if stopped else [])],
                   check=True, stdout=subprocess.DEVNULL)
    file.unlink()


def pretrained(options, texts):
    """Folder of an encoder that has read these texts; the same for the same texts."""
    digest = hashlib.sha256("\0".join([str(options.words), *PRETRAIN, *texts]).encode("utf-8", "replace"))
    folder = options.work / digest.hexdigest()[:16]
    with LOCKS[folder]:
        if not folder.exists():
            pretrain(options, texts, folder)
    return folder


def flags(options, model, train):
    """What `train` is told for a model of this name and these rows."""
    told = ["--folds", "1", "--device", options.device]
    if model == "plain":
        return told
    if model == "local":
        return [*told, "--local", "gated"]
    texts = [row.text for row in train] + (texts_beside(options.beside) if model == "beside" else [])
    return [*told, "--init-from", str(pretrained(options, texts))]


def cells(options, model, seed, train, test, kept):
    yield from accuracy.fastformer_cells(options, model, flags(options, model, train), seed, train, test, kept)


def main():
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    options.models = "plain,local,own" + (",beside" if options.beside else "")
    accuracy.run_and_show(options, "plain", cells)


if __name__ == "__main__":
    sys.exit(main())
