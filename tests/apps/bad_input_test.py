"""Hostile and unlucky input: each ends with a message and exit code 1 or 2, and leaves nothing half-made.

bad_input_test.py PROGRAM [--table]     --table: print the messages as Markdown
"""

import gzip
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
import unittest

TABLE = "--table" in sys.argv and sys.argv.remove("--table") is None

from programs import (ENCODER, PROGRAM, SMALL, TrainedModelTest, run, sentences, small_disk,
                      write_csv)

GOOD = b"text,label\n" + b"cat dog,animals\nred blue,colours\n" * 8
# name of the file, its bytes (None: a folder), what the message has to say
FILES = [
    ("empty.csv", b"", "there are no training rows"),
    ("header.csv", b"text,label\n", "there are no training rows"),
    ("one_label.csv", b"text,label\n" + b"a b,x\n" * 9, "Training needs at least two labels"),
    ("open_quote.csv", GOOD + b'"cat,animals\n', "a quote is opened and never closed"),
    ("short_row.csv", GOOD + b"cat\n", "line 18"),
    ("cut.csv.gz", gzip.compress(GOOD * 50)[:60], "ends in the middle of its gzip data"),
    ("plain.csv.gz", GOOD, "is not gzip data although its name ends in .gz"),
    ("plain.csv.zst", GOOD, "zst"),
    ("binary.csv", bytes(range(256)) * 20, ""),
    ("folder.csv", None, "has no sub-folders"),
    ("missing.csv", ..., "no such file"),
    ("cut.jsonl", b'{"text": "cat", "label": "animals"}\n{"text": "re', "line 2"),
    ("deep.jsonl", b'{"text": ' + b"[" * 5000 + b"}\n", "line 1"),
]


def said(error):
    """The message without the talk before it."""
    return error.strip().splitlines()[-1].split(": ", 1)[1]


def warned(talk):
    """The warning in what a program said."""
    return next(line for line in talk.splitlines() if line.startswith("warning: "))


class BadInputTest(TrainedModelTest):
    table = []

    @classmethod
    def tearDownClass(cls):
        if TABLE:
            print("| what | exit code | message |\n| --- | --- | --- |")
            for what, code, message in dict.fromkeys(cls.table):
                message = message.replace(f"{cls.path}/", "")
                message = re.sub(r"(fastformer-tokens)\.[0-9-]+", r"\1.N", message)
                print(f"| {what} | {code} | {message} |")
        super().tearDownClass()

    def fail_with(self, what, *arguments, message="", stdin=None):
        """Runs the program, which has to refuse."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=300,
                              input=stdin)
        error = done.stderr.decode()
        self.assertIn(done.returncode, (1, 2), f"{what}: {done.returncode}\n{error}")
        self.assertIn(message, error, what)
        self.table.append((what, done.returncode, said(error)))
        return error

    def note(self, what, code, output):
        """What the program said that did not refuse."""
        self.table.append((what, code, said(output)))

    def test_training_files(self):
        for name, content, message in FILES:
            file = self.path / name
            if content is None:
                file.mkdir()
            elif content is not ...:
                file.write_bytes(content)
            with self.subTest(name):
                self.fail_with(f"train on {name}", "train", "--train", file, "--output",
                               self.path / "never", *SMALL, message=message)
                self.assertFalse((self.path / "never").exists())
                self.assertFalse((self.path / "never.training").exists())

    def test_files_without_rows(self):
        for name, content in (("nothing.csv", b""), ("names.csv", b"id,text,label\n")):
            file = self.path / name
            file.write_bytes(content)
            model = ["--model", self.model]
            for command in (["evaluate", *model, "--data", file],
                            ["quantize", *model, "--data", file, "--output", self.path / "never"],
                            ["data", "check", file],
                            ["pretrain", "--text", file, "--output", self.path / "never"]):
                self.fail_with(f"{' '.join(command[:2]) if command[0] == 'data' else command[0]} on "
                               f"{name}", *command, message=f"{name}: there ")
            out, error = run("predict", *model, "--input", file)
            self.assertEqual(out, "")
            self.assertIn(f"{name}: there are no documents", error)
            out, error = run("predict", *model, "--input", "-", stdin="")
            self.assertEqual((out, "no documents" in error), ("", False))

    def test_too_little_memory_for_a_training(self):
        """Said before it begins, whatever becomes of it."""
        limit = 3 << 30
        done = subprocess.run([PROGRAM, *map(str, ["train", "--train", self.train, "--output",
                               self.path / "large", *SMALL, "--width", "4096", "--layers", "30"])],
                              capture_output=True, text=True, timeout=300, preexec_fn=lambda:
                              resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "the training will take about [0-9.]+ GB of memory and [0-9.]+ "
                         "GB are left: .* make the model smaller")
        self.assertIn("out of memory", done.stderr.lower())

    def test_columns_and_outputs(self):
        train = ["train", "--train", self.train, *SMALL]
        self.fail_with("a column that is not there", *train, "--output", self.path / "never",
                       "--text-column", "body", message='no column "body"')
        self.fail_with("an output that exists", *train, "--output", self.model,
                       message="exists already")
        self.fail_with("an output in a folder that is not there", *train, "--output",
                       self.path / "none/model", message="no such folder")
        self.fail_with("an output under a file", *train, "--output", self.train / "model",
                       message="train.csv.gz")
        for device in ("/dev/full/model", "/proc/model"):
            self.fail_with(f"the output {device}", *train, "--output", device)

    def test_a_full_disk(self):
        # Too small for the ids of the rows, or for the model alone.
        for what, size, name in (("a disk without room for token ids", "40k", "fastformer-tokens"),
                                 ("a full disk", "100k", "vocabulary.txt")):
            with small_disk(self.path / f"disk of {size}", size) as small:
                error = self.fail_with(what, "train", "--train", self.train, "--output",
                                       small / "model", *SMALL, message="No space left on device")
                self.assertIn(name, said(error))
                self.assertEqual([file.name for file in small.iterdir()], [])

    def test_an_output_that_may_only_be_read(self):
        with small_disk(self.path / "sealed", "1m") as sealed:
            subprocess.run(["mount", "-o", "remount,ro", str(sealed)], check=True)
            self.fail_with("an output on a disk that may only be read", "train", "--train", self.train,
                           "--output", sealed / "model", *SMALL,
                           message="Read-only file system. Choose another place")
            self.assertEqual(list(sealed.iterdir()), [])

    def test_a_limit_of_the_size_of_files(self):
        """The shell's `ulimit -f`: a signal, unless it is ignored."""
        errors = self.path / "limited.csv"
        command = [PROGRAM, "evaluate", "--model", self.model, "--data", self.test, "--errors",
                   errors, "--errors-limit", "10000"]
        done = subprocess.run(map(str, command), capture_output=True, text=True, preexec_fn=lambda:
                              resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertEqual([file for file in self.path.iterdir() if "limited" in file.name], [])

    def test_a_limit_of_memory(self):
        """The shell's `ulimit -v`, with a model of pieces, whose library does not outlive a lack of memory."""
        draw = random.Random(3)
        words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 9)))
                 for _ in range(6000)]
        rows = [(str(i), "ab"[i % 2], " ".join(draw.choices(words, k=60))) for i in range(300)]
        model = self.path / "pieces"
        run("train", "--train", write_csv(self.path / "words.csv", rows), "--output", model, *SMALL,
            "--tokenizer", "unigram", "--vocabulary-size", "6000")
        command = [PROGRAM, "predict", "--model", model, "--input", self.test, "--threads", "1"]
        labels = run(*command[1:])[0]
        ends = set()
        # What the library needs to load this model is several such steps.
        for limit in range(10 << 20, 120 << 20, 1 << 18):
            def within(arguments):
                return subprocess.run(list(map(str, arguments)), capture_output=True, text=True,
                                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            done = within(command)
            if done.returncode not in (0, 1) and within([PROGRAM, "--help"]).returncode == done.returncode:
                continue  # too little for the loader of programs, or for what libraries do before main()
            ends.add(done.returncode)
            if done.returncode == 0:
                self.assertEqual(done.stdout, labels)
            else:
                self.assertEqual(done.returncode, 1, f"{limit >> 10} KB: {done.stderr}")
                self.assertRegex(done.stderr, "[Mm]emory")
                self.assertNotIn("no usable SentencePiece model", done.stderr)
        self.assertEqual(ends, {0, 1})

    def test_a_log_that_nobody_reads_any_longer(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([PROGRAM, "train", "--train", self.train, "--output",
                               self.path / "unread", *SMALL], stderr=writer)
        os.close(writer)
        self.assertEqual(done.returncode, 0)
        self.assertTrue((self.path / "unread" / "config.json").exists())

    def test_pipes_in_the_place_of_files(self):
        for name in ("config.json", "vocabulary.txt", "model.safetensors"):
            model = self.path / "piped"
            shutil.copytree(self.model, model)
            (model / name).unlink()
            os.mkfifo(model / name)
            self.fail_with(f"a model whose {name} is a pipe", "predict", "--model", model, "--input",
                           self.test, message="is not a regular file")
            shutil.rmtree(model)
        os.mkfifo(self.path / "rows.csv")
        self.fail_with("quantize on a pipe", "quantize", "--model", self.model, "--data",
                       self.path / "rows.csv", "--output", self.path / "never",
                       message="rows are read twice")

    def test_files_of_others_are_not_written_over(self):
        kept = write_csv(self.path / "kept.csv", sentences(20, 5))
        before = kept.read_bytes()
        for flag in ("--errors", "--reliability-plot"):
            plot = self.path / "kept.svg"
            plot.write_text("mine")
            self.fail_with(f"evaluate {flag} on a file that exists", "evaluate", "--model",
                           self.model, "--data", kept, flag, kept if flag == "--errors" else plot,
                           message="exists already")
        self.assertEqual(kept.read_bytes(), before)
        self.assertEqual(plot.read_text(), "mine")

    def test_a_named_pipe_takes_the_list_of_errors(self):
        pipe = self.path / "errors.csv"
        os.mkfifo(pipe)
        with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
            run("evaluate", "--model", self.model, "--data", self.test, "--errors", pipe)
            self.assertTrue(reader.stdout.read().startswith("row,"))

    def test_rows_whose_labels_the_model_does_not_know(self):
        rows = write_csv(self.path / "unknown.csv", [("1", "x", "a b"), ("2", "y", "c d")])
        out, _ = run("evaluate", "--model", self.model, "--data", rows)
        self.assertIn("Brier score -  cross entropy -", out)
        out, _ = run("evaluate", "--model", self.model, "--data", rows, "--json")
        self.assertIsNone(json.loads(out)["calibration"]["brier"])
        self.fail_with("quantize on rows of unknown labels", "quantize", "--model", self.model,
                       "--data", rows, "--output", self.path / "never",
                       message="knows no row's label")

    def test_a_loss_that_is_not_finite(self):
        wild = ["--norm", "none", "--clip-norm", "0", "--warmup", "0", "--decay", "none", "--dropout", "0"]
        self.fail_with("a loss that is not finite in the first epoch", "train", "--train", self.train, "--output",
                       self.path / "wild", *SMALL, *wild, "--learning-rate", "3", "--layers", "4",
                       message="is not a finite number at step")
        self.assertFalse((self.path / "wild").exists() or (self.path / "wild.training").exists())
        for command in (["train", "--train", self.train, *SMALL],
                        ["pretrain", "--text", self.train, *ENCODER, "--candidates", "5"]):
            model = self.path / f"saved by {command[0]}"
            done = subprocess.run([PROGRAM, *map(str, [*command, "--output", model, *wild, "--learning-rate", "0.1",
                                                       "--layers", "2", "--epochs", "60"])],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, "is not a finite number at step [0-9]+: the parameters are those of epoch "
                             "[0-9]+. Try a lower --learning-rate")
            run("inspect", model)

    def test_a_standard_output_that_is_closed(self):
        command = [PROGRAM, "predict", "--model", self.model, "--input", self.test]
        done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *map(str, command)], stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Bad file descriptor", done.stderr)
        self.note("predict with a standard output that is closed", 1, done.stderr)
        # One that nobody reads any longer ends it, as it ends all programs of a pipe.
        done = subprocess.run(["sh", "-c", '"$@" | true', "sh", *map(str, command)], stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_full_standard_output(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "predict", "--model", self.model, "--input", self.test],
                                  stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)
        self.note("predict > /dev/full", 1, done.stderr)

    def test_two_runs_into_one_output(self):
        output = self.path / "contested"
        command = ["train", "--train", self.train, "--output", output, *SMALL, "--epochs", "100000"]
        first = subprocess.Popen([PROGRAM, *map(str, command)], stderr=subprocess.DEVNULL)
        self.addCleanup(first.wait)
        self.addCleanup(first.kill)
        while first.poll() is None and not (self.path / "contested.training" / "run.json").exists():
            time.sleep(0.01)
        self.fail_with("an output that another run is writing", *command,
                       message="another run is writing it")
        first.kill()
        first.wait()
        self.fail_with("an output that a run which was stopped has begun", *command,
                       message="Go on with that run by --resume")

    def test_damaged_models(self):
        self.damage(self.model)

    def test_damaged_models_of_pieces(self):
        model = self.path / "small pieces"
        run("train", "--train", self.train, "--output", model, *SMALL, "--tokenizer", "bpe",
            "--vocabulary-size", "40")
        self.damage(model, "a model of pieces, ")

    def damage(self, model, what=""):
        draw = random.Random(1)
        for file in sorted(model.iterdir()):
            whole = file.read_bytes()
            damages = [("removed", None), ("empty", b""), ("cut", whole[:len(whole) // 2]),
                       ("foreign", b"PK\x03\x04" + bytes(100)), ("doubled", whole * 2)]
            for number in range(6):
                flipped = bytearray(whole)
                at = draw.randrange(min(len(whole), 400) if number < 3 else len(whole))
                flipped[at] ^= 1 << draw.randrange(8)
                damages.append((f"a bit of byte {at} flipped", bytes(flipped)))
            for how, content in damages:
                with self.subTest(f"{file.name} {how}"):
                    self.use_damaged(model, file.name, how, content, what)

    def use_damaged(self, whole, name, how, content, what):
        model = self.path / "damaged"
        shutil.copytree(whole, model)
        try:
            (model / name).unlink()
            if content is not None:
                (model / name).write_bytes(content)
            for command in (["predict", "--input", self.test], ["inspect", model]):
                where = [] if command[0] == "inspect" else ["--model", model]
                done = subprocess.run([PROGRAM, *map(str, [*command, *where])], capture_output=True,
                                      timeout=60)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                if "flipped" in how and name in ("model.safetensors", "vocabulary.txt",
                                                 "sentencepiece.model"):
                    self.assertEqual(done.returncode, 1, how)
                told = "flipped" not in how and (not what or name == "sentencepiece.model")
                if done.returncode and command[0] == "predict" and told:
                    self.table.append((f"predict, {what}{name} {how}", 1, said(done.stderr.decode())))
        finally:
            shutil.rmtree(model)

    def test_a_newer_model(self):
        model = self.path / "newer"
        shutil.copytree(self.model, model)
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps({**config, "format": 999}))
        self.fail_with("a model of a newer format", "predict", "--model", model, "--input",
                       self.test, message="newer")

    def test_labels(self):
        strange = write_csv(self.path / "strange.csv",
                            [(f"r{i}", "a\x01\nb" if i % 2 else "c\td", "cat dog red blue " * 3)
                             for i in range(40)])
        model = self.path / "strange"
        run("train", "--train", strange, "--output", model, *SMALL)
        labels = [json.loads(line)["label"] for line in
                  run("predict", "--model", model, "--json", "--input", strange)[0].splitlines()]
        self.assertLessEqual(set(labels), {"a\x01\nb", "c\td"})
        lines = run("predict", "--model", model, "--input", strange)[0].splitlines()
        self.assertEqual(len(lines), 40)  # one line a row, whatever the label
        for command in (["predict", "--model", model, "--input", strange],
                        ["evaluate", "--model", model, "--data", strange], ["inspect", model],
                        ["data", "check", strange]):
            all_said = "".join(run(*command))
            self.assertNotRegex(all_said.replace("\t", ""), r"[\x00-\x09\x0b-\x1f\x7f]", command[0])
        repaired = next(line for line in all_said.splitlines() if "repaired" in line)
        self.table.append(("data check on labels with control characters", 0, repaired))
        unknown = write_csv(self.path / "unknown.csv", [("1", "nobody", "cat dog")])
        _, talk = run("evaluate", "--model", self.model, "--data", unknown)
        self.assertIn("nobody", talk)
        self.note("evaluate on a label that the model does not know", 0, warned(talk))

    def test_a_million_tokens(self):
        words = " ".join(row[2] for row in sentences(1000, 5))
        long = self.path / "long.txt"
        with long.open("w") as file:
            for _ in range(143):
                file.write(words + " ")
        out, talk = run("predict", "--model", self.model, "--input", long, "--format", "lines")
        self.assertEqual(len(out.splitlines()), 1)
        self.note("predict on a document of a million tokens, a model that reads 512", 0, warned(talk))
        # Trained on them, too, by a model that reads them whole.
        text = long.read_text()
        rows = write_csv(self.path / "long.csv", [("1", "a", text), ("2", "b", text[1:])])
        model = self.path / "long model"
        run("train", "--train", rows, "--output", model, *ENCODER, "--epochs", "1", "--wide", "off",
            "--valid-share", "0", "--max-length", str(1 << 20))
        out, talk = run("predict", "--model", model, "--input", long, "--format", "lines")
        self.assertEqual(len(out.splitlines()), 1)
        self.assertNotIn("truncated", talk)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
