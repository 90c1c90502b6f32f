"""Runs that are stopped and taken up again, as a user meets them.

resume_test.py PROGRAM [KILLS]     KILLS: random moments of kill -9, 4 unless given
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

KILLS = int(sys.argv.pop(2)) if len(sys.argv) > 2 else 4

from programs import ENCODER, PROGRAM, run, sentences, small_disk, write_csv

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # who waits leaves the processor to other tests
PROMISED = ("model.safetensors", "config.json", "vocabulary.txt")
LONG = [*ENCODER, "--epochs", "30"]


class ResumeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.rows = write_csv(cls.path / "train.csv", sentences(300, 1))
        cls.command = ["train", "--train", cls.rows, *LONG]  # three parts, and the wide branch
        cls.whole = cls.path / "whole"
        run(*cls.command, "--output", cls.whole)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.output = self.path / "again"
        self.work = self.path / "again.training"

    def tearDown(self):
        for folder in (self.output, self.work):
            shutil.rmtree(folder, ignore_errors=True)

    def begin(self, *arguments, kept=True):
        """Starts a run and waits until there is a state to go on from."""
        process = subprocess.Popen([PROGRAM, *map(str, arguments), "--output", self.output],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        while kept and process.poll() is None and not (self.work / "checkpoint.safetensors").exists():
            time.sleep(0.01)
        return process

    def end(self, process, number):
        process.send_signal(number)
        code = process.wait(timeout=120)
        return code, process.stderr.read()

    def expect_same(self, model=None, promised=PROMISED):
        for name in promised:
            self.assertEqual((self.output / name).read_bytes(),
                             ((model or self.whole) / name).read_bytes(), name)
        self.assertFalse(self.work.exists())
        self.assertEqual({file.name for file in self.output.iterdir()},
                         {*promised, "README.md", "metrics.json", "training.jsonl"})

    def test_signals_save_and_the_run_goes_on(self):
        process = self.begin(*self.command, "--checkpoint-every", "0.05")
        code, talk = self.end(process, signal.SIGTERM)
        self.assertEqual(code, 128 + signal.SIGTERM)
        self.assertIn("--resume goes on with it", talk)
        process = self.begin("train", "--resume")
        time.sleep(0.3)
        code, _ = self.end(process, signal.SIGINT)
        # It may come before the run is taken up, or when all is done.
        self.assertIn(code, (128 + signal.SIGINT, -signal.SIGINT, 0))
        run("train", "--resume", "--output", self.output)
        self.expect_same()
        _, talk = run("train", "--resume", "--output", self.output)
        self.assertIn("is finished", talk)

    def test_other_runs_go_on_too(self):
        several = write_csv(self.path / "several.csv", [
            (row, f"{label};{'long' if len(text) > 30 else 'short'}", text)
            for row, label, text in sentences(300, 4)])
        pieces = ("sentencepiece.model", *PROMISED[:2])
        for what, rows, flags, promised in (
                ("threads", self.rows, ["--threads", "2", "--epochs", "6"], PROMISED),
                ("pieces", self.rows, ["--tokenizer", "unigram", "--vocabulary-size", "60"], pieces),
                ("an earlier model", self.rows, ["--init-from", self.whole], PROMISED),
                ("several labels", several, ["--label-separator", ";"], PROMISED),
                ("subwords", self.rows, ["--subwords", "500", "--average", "0.9", "--local", "gated"], PROMISED)):
            with self.subTest(what):
                command = ["train", "--train", rows, *LONG, *map(str, flags)]
                model = self.path / what
                run(*command, "--output", model)
                try:
                    self.stop_twice(command)
                    run("train", "--resume", "--output", self.output)
                    self.expect_same(model, promised)
                finally:
                    self.tearDown()

    def stop_twice(self, command):
        self.end(self.begin(*command, "--checkpoint-every", "0.05"), signal.SIGKILL)
        process = self.begin("train", "--resume", "--checkpoint-every", "0.05")
        time.sleep(0.2)
        self.end(process, signal.SIGTERM)

    def test_the_end_of_an_encoder_is_kept_in_any_case(self):
        command = [*self.command, "--folds", "1", "--checkpoint-every", "0"]
        model = self.path / "of one part"
        run(*command, "--output", model)
        code, _ = self.end(self.begin(*command), signal.SIGTERM)  # it begins when there is a state
        if code:  # the wide branch was not done yet
            run("train", "--resume", "--output", self.output)
        self.expect_same(model)

    def test_kills_at_any_moment_lose_no_byte(self):
        draw = random.Random(time.time_ns())
        often = ["--checkpoint-every", "0.02"]
        whole, early, landed, longest = 0, 0, 0, 0.6
        process = self.begin(*self.command, *often, kept=False)
        while landed < KILLS:
            time.sleep(draw.uniform(0.02, longest))
            self.end(process, signal.SIGKILL)
            if not self.output.exists() and (self.work / "run.json").exists():
                landed += 1
                process = self.begin("train", "--resume", *often, kept=False)
                continue
            if self.output.exists():
                self.expect_same()
                whole += 1
            else:  # killed before it began
                self.assertFalse((self.work / "config.json").exists())
                early += 1
                longest += 0.2  # on a busy machine it begins late
            self.tearDown()
            process = self.begin(*self.command, *often, kept=False)
        self.end(process, signal.SIGKILL)
        if not self.output.exists():
            run("train", "--resume", "--output", self.output)
        self.expect_same()
        print(f"kill -9: {landed} of runs that had begun, {early} before, {whole} runs ended between",
              file=sys.stderr)

    def test_a_signal_before_there_is_anything_to_keep(self):
        rows = write_csv(self.path / "many.csv", sentences(40000, 2))
        for command in (["train", "--train", rows, *LONG], ["pretrain", "--text", rows, *LONG]):
            process = self.begin(*command, kept=False)
            while process.poll() is None and not (self.work / "run.json").exists():
                time.sleep(0.001)
            code, talk = self.end(process, signal.SIGTERM)
            self.assertEqual(code, 128 + signal.SIGTERM, talk)
            self.assertIn("stopped before there was anything to keep", talk)
            self.assertFalse(self.work.exists() or self.output.exists())

    def test_a_search_goes_on_with_its_trials(self):
        process = self.begin("train", "--train", self.rows, *LONG, "--autotune", "6")  # one trial is done
        code, talk = self.end(process, signal.SIGTERM)
        self.assertEqual(code, 128 + signal.SIGTERM, talk)
        _, talk = run("train", "--resume", "--output", self.output)
        self.assertIn("were done before the run was stopped", talk)
        self.assertNotIn("trial 1, settings as given", talk)
        trials = json.loads((self.output / "metrics.json").read_text())["autotune"]["trials"]
        self.assertEqual(trials[0]["changes"], {})

    def test_pretraining_goes_on_too(self):
        command = ["pretrain", "--text", self.rows, *LONG, "--candidates", "10", "--local", "gated"]
        whole = self.path / "pretrained"
        run(*command, "--output", whole)
        self.end(self.begin(*command, "--checkpoint-every", "0.05"), signal.SIGKILL)
        process = self.begin("pretrain", "--resume", "--checkpoint-every", "0.05")
        time.sleep(0.3)
        self.end(process, signal.SIGTERM)
        run("pretrain", "--resume", "--output", self.output)
        self.expect_same(whole)

    def test_what_does_not_go_on(self):
        _, error = run("train", "--resume", "--output", self.output, code=1)
        self.assertIn("there is no run to go on with", error)
        process = self.begin(*self.command, "--checkpoint-every", "0.05")
        _, error = run(*self.command, "--output", self.output, code=1)
        self.assertIn("another run is writing it", error)
        self.end(process, signal.SIGTERM)
        _, error = run(*self.command, "--output", self.output, code=1)
        self.assertIn("Go on with that run by --resume", error)
        _, error = run("train", "--resume", "--output", self.output, "--layers", "2", code=2)
        self.assertIn("--layers: is 2, and 1 in the run", error)
        _, error = run("pretrain", "--resume", "--output", self.output, code=1)
        self.assertIn("is of fastformer train", error)
        text = self.rows.read_bytes()
        try:
            self.rows.write_bytes(text + b"row,animals,cat\n")
            _, error = run("train", "--resume", "--output", self.output, code=1)
        finally:
            self.rows.write_bytes(text)
        self.assertIn("the rows are not those that the run began with", error)
        state = self.work / "checkpoint.safetensors"
        whole = state.read_bytes()
        for damaged in (b"", whole[:len(whole) // 2], b"\xff" * 200):
            state.write_bytes(damaged)
            _, error = run("train", "--resume", "--output", self.output, code=1)
            self.assertIn("checkpoint.safetensors", error)
        state.write_bytes(whole)
        told = self.work / "run.json"
        before = told.read_text()
        for damaged in ("", "[]", "{}", before.replace('"train": [', '"train": [], "x": ['),
                        before.replace('"tuned": [', '"tuned": [3, '),
                        before.replace('"more": {', '"more": 3, "y": {'),
                        before.replace('"layers": 1', '"layers": "one"'),
                        before.replace('"version": "', '"version": "9')):
            told.write_text(damaged)
            _, error = run("train", "--resume", "--output", self.output, code=None)
            self.assertNotIn("internal error", error)
            self.assertIn(str(self.output), error)
        told.write_text(before)
        run("train", "--resume", "--output", self.output)
        self.expect_same()

    def test_a_bit_flipped_in_the_state_is_found(self):
        process = self.begin(*self.command, "--checkpoint-every", "0.05")
        time.sleep(1)
        self.end(process, signal.SIGTERM)
        state = self.work / "checkpoint.safetensors"
        whole = state.read_bytes()
        draw = random.Random(7)
        begin = 8 + int.from_bytes(whole[:8], "little")
        for _ in range(6):
            damaged = bytearray(whole)
            damaged[draw.randrange(begin, len(whole))] ^= 1 << draw.randrange(8)  # the numbers
            state.write_bytes(damaged)
            code, talk = run("train", "--resume", "--output", self.output, code=1)
            self.assertIn("checkpoint.safetensors: is damaged", talk)
        state.write_bytes(whole)
        run("train", "--resume", "--output", self.output)
        self.expect_same()

    def test_a_state_that_cannot_be_written_does_not_end_the_run(self):
        with small_disk(self.path / "small", "150k") as small:
            _, talk = run(*self.command, "--output", small / "model", "--checkpoint-every", "0.05")
            self.assertIn("No space left on device", talk)
            self.assertIn("the run goes on", talk)
            self.assertEqual((small / "model/model.safetensors").read_bytes(),
                             (self.whole / "model.safetensors").read_bytes())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
