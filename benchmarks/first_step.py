#!/usr/bin/env python3
"""Seconds from the command of a training to the end of its first step: without a cache of corpora,
with an empty one, and with one that holds the rows and ids.

    first_step.py --program build/release/bin/fastformer [--repetitions 3] -- --train FILE [FLAGS]

Prints the least of the repetitions; FLAGS are those of fastformer train. Each training is ended
after its first step.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time


def first_step(command, log):
    """Until the log of the training has a line."""
    start = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        while not (log.exists() and log.stat().st_size):
            if process.poll() is not None:
                sys.exit(process.stderr.read().decode())
            time.sleep(0.002)
        return time.monotonic() - start
    finally:
        process.kill()
        process.communicate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("flags", nargs="+", help="of fastformer train, after --")
    options = parser.parse_args()
    best = {}
    with tempfile.TemporaryDirectory(prefix="first-step-") as name:
        for repetition in range(options.repetitions):
            folder = pathlib.Path(name, str(repetition))
            folder.mkdir()
            for state in ("without a cache", "an empty cache", "a full cache"):
                model = folder / state.replace(" ", "-")
                cache = "off" if state == "without a cache" else str(folder / "cache")
                seconds = first_step(
                    [options.program, "train", *options.flags, "--output", str(model),
                     "--corpus-cache", cache],
                    model.with_name(model.name + ".training") / "training.jsonl")
                best[state] = min(seconds, best.get(state, seconds))
    for state, seconds in best.items():
        print(f"{state:16} {seconds:6.2f} s")


if __name__ == "__main__":
    main()
