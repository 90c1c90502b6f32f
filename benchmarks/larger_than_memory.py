#!/usr/bin/env python3
"""Trains on a corpus in a control group whose memory is less than the corpus.

    larger_than_memory.py --program build/release/bin/fastformer [--rows 500000] [--limit 350] [-- FLAGS]

Writes rows of 290 words each (some 1,400 bytes), of one of four topics, and trains a small encoder
on them for one epoch, with FLAGS besides. The limit, in megabytes, counts pages of files too. Needs
root and control groups, of either version.
"""

import argparse
import itertools
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

SMALL = ["--width", "16", "--heads", "4", "--layers", "1", "--feed-forward", "0", "--subwords", "0",
         "--max-length", "64", "--epochs", "1", "--batch-size", "256", "--wide", "off"]


def write_corpus(path, rows):
    draw = random.Random(5)
    words = [f"w{number:x}" for number in range(40000)]
    sums = list(itertools.accumulate(1 / (number + 3) for number in range(len(words))))
    texts = [draw.choices(words, cum_weights=sums, k=200000) for _ in range(4)]
    with path.open("w", encoding="utf-8") as file:
        file.write("label\ttext\n")
        for row in range(rows):
            text = texts[draw.randrange(4)]
            begin = draw.randrange(len(text) - 300)
            picked = text[begin:begin + 290]
            for _ in range(20):
                picked[draw.randrange(290)] = f"topic{row % 4}x{draw.randrange(200)}"
            file.write(f"{row % 4}\t{' '.join(picked)}\n")


class Group:
    """A control group with a limit of memory."""

    def __init__(self, limit):
        root = pathlib.Path("/sys/fs/cgroup")
        first = (root / "memory").is_dir()
        self.path = (root / "memory" if first else root) / f"larger-than-memory-{os.getpid()}"
        self.peak_file = self.path / ("memory.max_usage_in_bytes" if first else "memory.peak")
        try:
            self.path.mkdir()
            (self.path / ("memory.limit_in_bytes" if first else "memory.max")).write_text(str(limit))
        except OSError as error:
            sys.exit(f"cannot limit memory ({error}): run it as root, where control groups are")

    def join(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        return int(self.peak_file.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--limit", type=int, default=350, help="megabytes")
    parser.add_argument("flags", nargs="*", help="of fastformer train, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="larger-than-memory-") as name:
        folder = pathlib.Path(name)
        write_corpus(folder / "train.tsv", options.rows)
        group = Group(options.limit * 1_000_000)
        start = time.monotonic()
        done = subprocess.run(
            [options.program, "train", "--train", str(folder / "train.tsv"), "--output",
             str(folder / "model"), *SMALL, "--corpus-cache", str(folder / "cache"), *options.flags],
            preexec_fn=group.join, capture_output=True, text=True)
        seconds, peak = time.monotonic() - start, group.peak()
        group.path.rmdir()
        if done.returncode:
            sys.exit(f"exit code {done.returncode}:\n{done.stderr[-2000:]}")
        accuracy = re.search(r"validation accuracy: ([^(]*[^ (])", done.stderr).group(1)
        kept = ", ".join(f"{file.name.split('-')[1]} {file.stat().st_size / 1e6:.0f}"
                         for file in sorted((folder / "cache").glob("*.parts")))
        print(f"corpus {(folder / 'train.tsv').stat().st_size / 1e6:.0f} MB, kept {kept} MB; "
              f"peak {peak / 1e6:.0f} of {options.limit} MB; {seconds:.0f} s; "
              f"validation accuracy {accuracy}")


if __name__ == "__main__":
    main()
