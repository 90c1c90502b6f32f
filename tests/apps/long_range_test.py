"""Tasks of the Long Range Arena through the programs: ListOps, text by bytes, and their presets.

long_range_test.py PROGRAM
"""

import csv
import json
import pathlib
import random
import sys
import tempfile
import unittest

from programs import run, small_disk, unsealed, write_csv

SHORT = ["--min-length", "3", "--max-length", "20", "--max-depth", "4", "--max-arguments", "4"]
ROWS = ["--train-rows", "600", "--valid-rows", "60", "--test-rows", "80"]
TINY = ["--width", "16", "--heads", "2", "--layers", "1", "--feed-forward", "16", "--threads", "1",
        "--epochs", "2", "--learning-rate", "0.01"]


def value_of(tokens):
    """The value of the expression at the head of the list, which is taken off."""
    token = tokens.pop(0)
    if not token.startswith("["):
        return int(token)
    arguments = []
    while tokens[0] != "]":
        arguments.append(value_of(tokens))
    tokens.pop(0)
    arguments.sort()
    count = len(arguments)
    return {"[MIN": arguments[0], "[MAX": arguments[-1], "[SM": sum(arguments) % 10,
            "[MED": (arguments[(count - 1) // 2] + arguments[count // 2]) // 2}[token]


class LongRangeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.listops = cls.path / "listops"
        cls.told = run("data", "listops", "--output", cls.listops, *SHORT, *ROWS)[0]
        cls.files = ["--train", cls.listops / "train.csv", "--valid", cls.listops / "valid.csv",
                     "--test", cls.listops / "test.csv"]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_rows_are_what_was_asked_for(self):
        self.assertEqual(sorted(path.name for path in self.listops.iterdir()),
                         ["test.csv", "train.csv", "valid.csv"])
        seen = set()
        for name, count in (("train", 600), ("valid", 60), ("test", 80)):
            with open(self.listops / f"{name}.csv", newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(len(rows), count)
            for row in rows:
                tokens = row["text"].split(" ")
                self.assertTrue(3 < len(tokens) < 20)
                self.assertEqual(value_of(tokens), int(row["label"]), row)
                seen.add(row["text"])
            self.assertRegex(self.told, rf"{name}\.csv +{count} ")
        self.assertEqual(len(seen), 740)

    def test_the_same_options_give_the_same_bytes(self):
        again, other = self.path / "again", self.path / "other"
        run("data", "listops", "--output", again, *SHORT, *ROWS[2:], "--train-rows", "200")
        run("data", "listops", "--output", other, *SHORT, *ROWS, "--seed", "1")
        for name in ("valid.csv", "test.csv"):
            self.assertEqual((again / name).read_bytes(), (self.listops / name).read_bytes())
            self.assertNotEqual((other / name).read_bytes(), (self.listops / name).read_bytes())
        self.assertTrue((self.listops / "train.csv").read_bytes().startswith(
            (again / "train.csv").read_bytes()))

    def test_what_cannot_be_says_so_and_leaves_nothing(self):
        never = self.path / "never"
        for arguments, code, part in (
                ([], 2, "--output"),
                (["--output", never, "--min-length", "1999"], 2, "--min-length"),
                (["--output", never, "--max-arguments", "1"], 2, "--max-arguments"),
                (["--output", never, "--train-row", "1"], 2, "--train-rows"),
                (["--output", self.listops], 1, "exists already"),
                (["--output", self.path / "no" / "x"], 1, "no such folder"),
                (["--output", never, "--min-length", "3", "--max-length", "5"], 1,
                 "fewer rows")):
            self.assertIn(part, run("data", "listops", *arguments, code=code)[1], arguments)
        self.assertFalse([path for path in self.path.iterdir() if path.name.startswith("never")])

    def test_a_full_disk_is_an_error(self):
        with small_disk(self.path / "small", "64k") as small:
            error = run("data", "listops", "--output", small / "x", "--train-rows", "1000",
                        code=1)[1]
            self.assertIn("No space left on device", error)
            self.assertEqual(list(small.iterdir()), [])

    def test_the_preset_of_listops_compares(self):
        output = self.path / "compared"
        out = run("compare", "--preset", "lra-listops", *self.files, "--output", output,
                  "--encoders", "fastformer,linear_transformer", "--seeds", "0", "--lengths", "none",
                  "--keep-models", "--json", *TINY)[0]
        models = json.loads(out)["models"]
        self.assertEqual([model["name"] for model in models], ["fastformer", "linear_transformer"])
        # Two epochs teach nothing yet: the figures are those of the models that were kept.
        kept = [json.loads(run("evaluate", "--model", config.parent, "--data",
                               self.listops / "test.csv", "--json")[0])["accuracy"]
                for config in (output / "cells").glob("*/config.json")]
        self.assertEqual(sorted(kept), sorted(model["accuracy"]["mean"] for model in models))
        for model in (output / "cells").glob("*/config.json"):
            config = json.loads(model.read_text())
            self.assertEqual(config["text"]["tokenizer"], "whitespace")
            self.assertEqual(config["model"]["norm"], "pre")
            words = (model.parent / "vocabulary.txt").read_text().split("\n")
            self.assertEqual(sorted(words), sorted(["", "<unk>", "[MAX", "[MED", "[MIN", "[SM", "]",
                                                    *"0123456789"]))
        error = run("compare", "--preset", "lra-listops", *self.files, "--output", self.path / "no",
                    "--device", "cuda", code=2)[1]
        self.assertIn("--lengths none", error)

    def test_the_preset_of_text_reads_bytes(self):
        draw = random.Random(1)
        rows = [(draw.choice(["ab", "Ab", "\u00e4b"]) * 3 + "".join(draw.choices("xyz ", k=20)), "")
                for _ in range(400)]
        rows = [(text, {"a": "low", "A": "high", "\u00e4": "far"}[text[0]]) for text, _ in rows]
        train = write_csv(self.path / "train.csv", rows[:300], ("review", "sentiment"))
        valid = write_csv(self.path / "valid.csv", rows[300:], ("review", "sentiment"))
        model = self.path / "bytes"
        run("train", "--preset", "lra-text", "--train", train, "--valid", valid, "--output", model,
            *TINY, "--epochs", "6")
        config = json.loads((model / "config.json").read_text())
        self.assertEqual((config["text"]["tokenizer"], config["text"]["max_length"],
                          config["text"]["lowercase"]), ("bytes", 4096, False))
        # What torch found on these rows, and what the runtime without it finds.
        found = json.loads(run("evaluate", "--model", model, "--data", valid, "--json")[0])
        metrics = json.loads((model / "metrics.json").read_text())
        self.assertEqual(found["accuracy"], metrics["validation_accuracy"])
        self.assertGreater(found["accuracy"], 0.9)
        small = self.path / "rounded"
        run("quantize", "--model", model, "--data", valid, "--output", small, "--max-loss", "100")
        self.assertEqual((small / "vocabulary.txt").read_bytes(),
                         (model / "vocabulary.txt").read_bytes())
        (model / "vocabulary.txt").write_text("<unk>\n<0x00>\n")
        tensors = model / "model.safetensors"
        tensors.write_bytes(unsealed(tensors.read_bytes()))
        self.assertIn("256 bytes", run("predict", "--model", model, "--input", "-", stdin="a\n",
                                       code=1)[1])

    def test_bytes_have_no_subwords(self):
        error = run("train", "--train", self.listops / "train.csv", "--output", self.path / "no",
                    "--tokenizer", "bytes", "--subwords", "100", code=2)[1]
        self.assertIn("words alone have subwords", error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
