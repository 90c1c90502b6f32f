"""What the tests of the programs share: running them, small corpora and a small model."""

import contextlib
import csv
import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
os.environ.setdefault("FASTFORMER_CORPUS_CACHE", "off")  # nothing in the home of who tests
TOPICS = {"animals": "cat dog horse mouse bird fish", "colours": "red green blue white black grey",
          "numbers": "one two three four five six"}
ENCODER = ["--width", "16", "--heads", "4", "--feed-forward", "16", "--layers", "1",
           "--learning-rate", "0.01", "--epochs", "4", "--min-count", "1", "--threads",
           "1"]  # tests run beside each other
SMALL = [*ENCODER, "--folds", "1"]


def run(*arguments, stdin=None, code=0, environment=None):
    """Runs the program; returns (stdout, stderr) and checks the exit code; None: 1 or 2."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True,
                          text=True, timeout=300, env=environment)
    if done.returncode != code if code is not None else done.returncode not in (1, 2):
        raise AssertionError(f"exit code {done.returncode}, not {code}: {arguments}\n{done.stderr}")
    return done.stdout, done.stderr


def unsealed(tensor_file):
    """Bytes of a tensor file as other programs write them, without a word about what is whole."""
    return tensor_file.replace(b'"seal"', b'"none"', 1)


def sentences(count, seed):
    """Rows (id, label, text): words of the label's topic among words of none."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        label = draw.choice(sorted(TOPICS))
        words = draw.choices(TOPICS[label].split(), k=3) + draw.choices("a the of and".split(), k=4)
        draw.shuffle(words)
        rows.append((f"row{number}", label, " ".join(words)))
    return rows


def write_csv(path, rows, header=("id", "label", "text")):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows] if header else rows)
    return path


@contextlib.contextmanager
def small_disk(folder, size):
    """Makes the folder a disk of its own; skips the test where that is not allowed."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)],
                             capture_output=True)
    if mounted.returncode:
        raise unittest.SkipTest("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class TrainedModelTest(unittest.TestCase):
    """Begins with a small model, its training and test rows, and what training said."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.train = write_csv(cls.path / "train.csv.gz", sentences(400, 1))
        cls.test = write_csv(cls.path / "test.csv", sentences(100, 2))
        cls.model = cls.path / "model"
        _, cls.talk = run("train", "--train", cls.train, "--output", cls.model, *SMALL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def predict(self, *arguments, stdin=None):
        lines = run("predict", "--model", self.model, "--json", *arguments, stdin=stdin)[0]
        return [json.loads(line) for line in lines.splitlines()]
