"""Memory grows with the length of a document by no more than the documentation says.

memory_test.py PROGRAM
"""

import os
import random
import subprocess
import sys
import unittest

from programs import PROGRAM, TrainedModelTest, run

WORDS = [f"word{number}" for number in range(500)]
# The default shape.
SHAPE = ["--width", "128", "--heads", "8", "--feed-forward", "256", "--layers", "2"]
# What training says beforehand: 4 (layers (5 width + 2 feed-forward + 2 heads) + 4 width).
TRAINED_BYTES = 4 * (2 * (5 * 128 + 2 * 256 + 2 * 8) + 4 * 128)
USED_BYTES = 800  # ids, their places in the text, and what one of two threads needs


def peak_bytes(*arguments):
    """Largest resident size of the program, which runs to its end."""
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    with process.stderr as stderr:
        talk = stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(talk)
    return usage.ru_maxrss * 1024


class MemoryTest(TrainedModelTest):
    def documents(self, length):
        # Written bit by bit: what this process takes at most, programs that it starts seem to take too.
        draw = random.Random(length)
        path = self.path / f"documents of {length}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("id,label,text\n")
            for number in range(4):
                file.write(f"{number},{'ab'[number % 2]},")
                for _ in range(length // 16):
                    file.write(" ".join(draw.choices(WORDS, k=16)) + " ")
                file.write("\n")
        return path

    def training_peak(self, length):
        return peak_bytes("train", "--train", self.documents(length), "--output",
                          self.path / f"model of {length}", *SHAPE, "--max-length", 1 << 20,
                          "--positions", "none", "--epochs", 1, "--batch-size", 1, "--folds", 1,
                          "--valid-share", 0, "--wide", "off", "--threads", 1)

    def test_training_takes_what_it_says(self):
        short, middle, long = (self.training_peak(length) for length in (16, 16384, 65536))
        rest = 40_000_000  # what the heap holds between steps
        self.assertLess(middle - short, 16384 * TRAINED_BYTES + rest)
        self.assertLess(long - short, 65536 * TRAINED_BYTES + rest)

    def test_use_is_linear(self):
        run("train", "--train", self.train, "--output", self.path / "used", *SHAPE, "--positions", "none",
            "--max-length", 1 << 20, "--epochs", 1, "--min-count", 1, "--folds", 1, "--threads", 1)
        short, middle, long = (
            peak_bytes("predict", "--model", self.path / "used", "--threads", 1, "--input",
                       self.documents(length)) for length in (16, 65536, 262144))
        rest = 16_000_000  # of which a block of rows is a part
        self.assertLess(middle - short, 65536 * USED_BYTES + rest)
        self.assertLess(long - short, 262144 * USED_BYTES + rest)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
