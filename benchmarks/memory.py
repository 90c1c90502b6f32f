#!/usr/bin/env python3
"""Peak memory of training and of use against the length of a document.

    memory.py --program build/release/bin/fastformer [--lengths 1024,4096,16384,65536,262144]
              [--flags "--precision bfloat16"]

Each row trains the default model (its encoder alone, unless --flags say otherwise) one epoch on
documents of that many tokens, one a batch, and labels one such document with it, in processes of
their own. Memory is the peak resident size; per token it is what exceeds that of a document of 16
tokens.
"""

import argparse
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile

SHORT = 16  # tokens: what does not depend on the length


def peak_bytes(command):
    """Of a program that runs to its end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{shlex.join(command)}\n{talk.decode()[-2000:]}")
    return usage.ru_maxrss * 1024


def write_documents(path, count, length, seed):
    draw = random.Random(seed)
    words = [f"word{number}" for number in range(2000)]
    with path.open("w", encoding="utf-8") as file:
        file.write("label\ttext\n")
        for number in range(count):
            file.write(f"{number % 2}\t{' '.join(draw.choices(words, k=length))}\n")


def measured(options, folder, length):
    """(bytes of training, bytes of use)"""
    train, test, model = (folder / name for name in ("train.tsv", "test.tsv", f"model{length}"))
    write_documents(train, 6, length, seed=1)
    write_documents(test, 1, length, seed=2)
    program = str(pathlib.Path(options.program).resolve())
    training = peak_bytes([program, "train", "--train", str(train), "--output", str(model),
                           "--max-length", str(max(options.lengths)), "--epochs", "1", "--batch-size", "1",
                           "--folds", "1", "--valid-share", "0", "--wide", "off", "--positions",
                           "none", "--corpus-cache", "off", *shlex.split(options.flags)])
    use = peak_bytes([program, "predict", "--model", str(model), "--input", str(test)])
    return training, use


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--lengths", default="1024,4096,16384,65536,262144",
                        type=lambda text: [int(part) for part in text.split(",")])
    parser.add_argument("--flags", default="", help="of fastformer train")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory-") as name:
        folder = pathlib.Path(name)
        least = measured(options, folder, SHORT)
        print(f"{'tokens':>8} {'training MB':>12} {'bytes/token':>12} {'use MB':>8} {'bytes/token':>12}")
        print(f"{SHORT:8,} {least[0] / 1e6:12.0f} {'':12} {least[1] / 1e6:8.0f}")
        for length in options.lengths:
            peaks = measured(options, folder, length)
            each = [(peak - base) / length for peak, base in zip(peaks, least)]
            print(f"{length:8,} {peaks[0] / 1e6:12.0f} {each[0]:12,.0f} {peaks[1] / 1e6:8.0f}"
                  f" {each[1]:12,.0f}", flush=True)


if __name__ == "__main__":
    main()
