"""Models with the encoders that Fastformer is compared with, through the programs.

encoders_test.py PROGRAM
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from programs import PROGRAM, SMALL, run, sentences, write_csv

SMALL_PATTERNS = {"longformer": {"longformer_window": 4}, "bigbird": {"bigbird_block": 2},
                  "linformer": {"linformer_rank": 8}, "poolingformer": {"poolingformer_window": 2}}


def other_encoders():
    """All that the program has beside Fastformer, as the help names them."""
    listed = re.search(r"how tokens mix: ([\w, ]+)", run("train", "--help-markdown")[0])
    return [name for name in listed.group(1).strip().split(", ") if name != "fastformer"]


OPTIONS = {name: SMALL_PATTERNS.get(name, {}) for name in other_encoders()}


def flags(options):
    return [word for key, value in options.items()
            for word in ("--" + key.replace("_", "-"), str(value))]


class EncodersTest(unittest.TestCase):
    def test_all_are_here(self):
        self.assertLessEqual(set(SMALL_PATTERNS), set(OPTIONS))

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.train = write_csv(cls.path / "train.csv", sentences(400, 1))
        cls.test = write_csv(cls.path / "test.csv", sentences(100, 2))
        cls.models = {}
        for name, options in OPTIONS.items():
            cls.models[name] = cls.path / name
            run("train", "--train", cls.train, "--output", cls.models[name], "--encoder", name,
                "--wide", "off", *flags(options), *SMALL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_each_learns_and_is_used_by_the_other_program(self):
        for name, model in self.models.items():
            out, talk = run("evaluate", "--model", model, "--data", self.test, "--json")
            self.assertGreater(json.loads(out)["accuracy"], 0.9, name)
            self.assertIn(f"the model's encoder is {name}: fastformer-train runs it", talk)
            lines = run("predict", "--model", model, "--input", "-", "--json",
                        stdin="the cat and a dog\n\nred green blue\n")[0].splitlines()
            self.assertEqual([json.loads(line)["label"] for line in lines][::2],
                             ["animals", "colours"], name)

    def test_the_configuration_has_its_own_options(self):
        for name, options in OPTIONS.items():
            config = json.loads((self.models[name] / "config.json").read_text())["model"]
            self.assertEqual(config["encoder"], name)
            self.assertEqual(options, {key: config[key] for key in options})
            others = [key for other in OPTIONS if other != name for key in OPTIONS[other]]
            self.assertFalse([key for key in [*others, "interaction"] if key in config], name)
            shown = run("inspect", self.models[name])[0]
            for key, value in options.items():
                self.assertRegex(shown, rf"model\.{key} +{value}")

    def test_documents_do_not_depend_on_their_batch(self):
        texts = [row[2] for row in sentences(40, 5)] + ["", "cat " * 100]
        for name, model in self.models.items():
            scores = lambda lines: [json.loads(line)["logits"] for line in run(
                "predict", "--model", model, "--input", "-", "--json", "--raw-scores", "--top-k",
                "0", stdin="".join(line + "\n" for line in lines))[0].splitlines()]
            together = scores(texts)
            for at in (0, 40, 41):
                for ours, alone in zip(together[at], scores([texts[at]])[0], strict=True):
                    self.assertAlmostEqual(ours, alone, delta=1e-5)

    def test_the_same_command_gives_the_same_bytes(self):
        again = self.path / "again"
        run("train", "--train", self.train, "--output", again, "--encoder", "bigbird", "--wide",
            "off", *flags(OPTIONS["bigbird"]), *SMALL)
        self.assertEqual((again / "model.safetensors").read_bytes(),
                         (self.models["bigbird"] / "model.safetensors").read_bytes())

    def test_each_gives_a_document_several_labels(self):
        rows = [(row, f"{first}|{second}", f"{one} {two}") for (row, first, one), (_, second, two)
                in zip(sentences(400, 6), sentences(400, 7)) if first != second]
        train = write_csv(self.path / "several.csv", rows)
        for name, options in OPTIONS.items():
            model = self.path / f"{name} of several"
            run("train", "--train", train, "--label-separator", "|", "--output", model, "--encoder",
                name, "--wide", "off", *flags(options), *SMALL)
            out, _ = run("evaluate", "--model", model, "--data", train, "--json")
            self.assertGreater(json.loads(out)["micro_f1"], 0.9, name)

    def test_a_pretrained_one_goes_on(self):
        text = self.path / "text.txt"
        text.write_text("".join(row[2] + "\n" for row in sentences(200, 3)))
        small = ["--width", "16", "--heads", "4", "--layers", "1", "--epochs", "1", "--min-count",
                 "1", "--threads", "1"]
        for name, options in OPTIONS.items():
            run("pretrain", "--text", text, "--output", self.path / f"{name} of text", "--encoder",
                name, *flags(options), *small)
        base, model = self.path / "base", self.path / "from-base"
        run("pretrain", "--text", text, "--output", base, "--encoder", "linformer", *small,
            "--linformer-rank", "4", "--linformer-sharing", "layerwise")
        _, talk = run("train", "--train", self.train, "--output", model, "--init-from", base,
                      "--epochs", "1", "--folds", "1", "--threads", "1")
        self.assertIn("goes on from", talk)
        config = json.loads((model / "config.json").read_text())["model"]
        self.assertEqual((config["encoder"], config["linformer_rank"]), ("linformer", 4))
        run("train", "--train", self.train, "--output", self.path / "no", "--init-from", base,
            "--encoder", "transformer", code=2)

    def test_what_is_not_possible_says_so(self):
        given = ["--train", self.train, "--output", self.path / "no"]
        talk = run("train", *given, "--longformer-window", "8", code=2)[1]
        self.assertIn("--longformer-window: is an option of the encoder longformer", talk)
        talk = run("train", *given, "--encoder", "bigbrid", code=2)[1]
        self.assertIn("Did you mean bigbird?", talk)
        talk = run("train", *given, "--encoder", "longformer", "--longformer-window", "3",
                   code=2)[1]
        self.assertIn("odd", talk)
        model = self.models["linformer"]
        for command in (["quantize", "--data", self.test, "--output", self.path / "no"], ["bench"]):
            talk = run(*command, "--model", model, code=1)[1]
            self.assertIn(f"fastformer {command[0]}: is for models with the Fastformer encoder, and "
                          "this one's is linformer", talk)
            self.assertNotIn("fastformer-train", talk)
        talk = run("predict", "--model", model, "--input", "-", "--precision", "int8", stdin="a\n",
                   code=2)[1]
        self.assertIn("float32 or bfloat16", talk)

    def test_without_the_other_program_the_encoder_is_unknown(self):
        alone = self.path / "alone"
        alone.mkdir()
        shutil.copy(PROGRAM, alone / "fastformer")
        done = subprocess.run([alone / "fastformer", "inspect", self.models["linformer"]],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn('unknown encoder "linformer"', done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
