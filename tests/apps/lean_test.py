"""What the program does without libtorch, on a model imported from the authors' weights.

lean_test.py PROGRAM GOLDEN_FOLDER
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
WEIGHTS = pathlib.Path(sys.argv[2], "official_small_f32.safetensors")
SETS = ["portable", "avx2", "avx512", "avx512vnni", "avx512bf16", "amx"]


def run(*arguments, stdin=None, code=0, isa=None):
    """Runs the program; returns (stdout, stderr) and checks the exit code."""
    environment = dict(os.environ, FASTFORMER_ISA=isa) if isa else None
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True,
                          text=True, timeout=100, env=environment)
    if done.returncode != code:
        raise AssertionError(f"exit code {done.returncode}, not {code}: {arguments}\n{done.stderr}")
    return done.stdout, done.stderr


def read_golden(name):
    """A tensor of the golden file as its shape and a flat list."""
    data = WEIGHTS.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])[name]
    begin, end = entry["data_offsets"]
    kind = {"F32": "f", "I64": "q"}[entry["dtype"]]
    part = data[8 + length + begin:8 + length + end]
    return entry["shape"], list(struct.unpack(f"<{len(part) // struct.calcsize(kind)}{kind}", part))


class LeanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = pathlib.Path(cls.folder.name, "imported")
        run("import", "--from", "official", "--weights", WEIGHTS, "--output", cls.model)
        (documents, length), ids = read_golden("input.ids")
        cls.lines = [json.dumps({"ids": ids[i * length:(i + 1) * length]}) + "\n"
                     for i in range(documents)]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def predict(self, *arguments, **options):
        return run("predict", "--model", self.model, "--input", "-", *arguments, **options)

    def test_gives_the_authors_logits_on_every_instruction_set(self):
        _, expected = read_golden("output.logits")
        largest = max(map(abs, expected))
        tried = 0
        for isa in SETS:
            try:
                out = self.predict("--token-ids", "--json", "--raw-scores",
                                   stdin="".join(self.lines), isa=isa)[0]
            except AssertionError as error:
                self.assertIn("does not have the instruction set", str(error))
                continue
            tried += 1
            logits = [x for line in out.splitlines() for x in json.loads(line)["logits"]]
            for ours, theirs in zip(logits, expected, strict=True):
                self.assertLess(abs(ours - theirs), 1e-4 * largest)
        self.assertGreater(tried, 0)

    def test_short_numbers_are_near(self):
        stdin = "".join(self.lines)
        logits = [[json.loads(line)["logits"] for line in self.predict(
            "--token-ids", "--json", "--raw-scores", "--precision", precision,
            stdin=stdin)[0].splitlines()] for precision in ("float32", "bfloat16", "int8")]
        largest = max(abs(x) for row in logits[0] for x in row)
        for short, tolerance in ((logits[1], 0.05), (logits[2], 0.1)):
            self.assertNotEqual(logits[0], short)
            for exact, rounded in zip(logits[0], short):
                for a, b in zip(exact, rounded):
                    self.assertLess(abs(a - b), tolerance * largest)

    def test_bench_measures_a_shape_and_a_model(self):
        small = ["--batches", "3x20,1x700", "--seconds", "0", "--threads", "1"]
        for what in (["--shape", "32,4,2,16"], ["--model", self.model]):
            batches = small if "--shape" in what else ["--batches", "2x5", *small[2:]]
            report = json.loads(run("bench", *what, *batches, "--precision", "bfloat16",
                                    "--json")[0])
            self.assertEqual([entry["batch"] for entry in report["results"]],
                             batches[1].split(","))
            for entry in report["results"]:
                self.assertGreater(entry["tokens_per_second"], 0)
                self.assertGreaterEqual(entry["latency_ms"]["p99"], entry["latency_ms"]["p50"])
                self.assertGreater(entry["share_of_peak"], 0)
                self.assertGreater(entry["peak_memory_bytes"], 1000000)
            read = report.pop("read")
            for rate in report["peak"].values():
                self.assertGreater(rate, 0)
            for name, size in (("float32", 4), ("bfloat16", 2), ("int8", 1)):
                rates = read.pop(name)
                self.assertGreater(rates["numbers_per_nanosecond"], 0)
                self.assertAlmostEqual(rates["gb_per_second"] / rates["numbers_per_nanosecond"], size)
                self.assertLessEqual(rates["gb_per_second"], report["peak"]["memory_gb_per_second"])
            self.assertEqual(read, {})
        out = run("bench", "--shape", "32,4,2,0", *small)[0]
        self.assertIn("tokens/s", out)
        self.assertRegex(out, r"(?m)^int8 +[\d,]+ +[\d.]+ +[\d.]+$")
        # Batches that nobody chose yield to what the model can read.
        self.assertIn("tokens/s", run("bench", "--model", self.model, "--seconds", "0")[0])
        _, error = run("bench", "--model", self.model, "--batches", "1x9999", code=2)
        self.assertIn("--batches", error)
        for wrong, part in ((["--shape", "32,5,2,16"], "heads"), (["--shape", "32,4"], "--shape"),
                            (["--shape", "32,4,2,16", "--batches", "3"], "--batches"),
                            ([], "--model")):
            _, error = run("bench", *wrong, code=2)
            self.assertIn(part, error)

    def model_of_words(self):
        """The imported model with a vocabulary of its own, and rows that it labels rightly."""
        model = pathlib.Path(self.folder.name, "words")
        shutil.copytree(self.model, model)
        config = json.loads((model / "config.json").read_text())
        del config["import"]
        config["text"]["tokenizer"] = "word"
        (model / "config.json").write_text(json.dumps(config))
        words = ["<unk>", *(f"word{i}" for i in range(1, config["vocabulary"]))]
        (model / "vocabulary.txt").write_text("".join(word + "\n" for word in words))
        texts = [" ".join(words[1 + (7 * i + j * j) % (len(words) - 1)] for j in range(5 + i % 9))
                 for i in range(60)]
        labels = run("predict", "--model", model, "--input", "-",
                     stdin="".join(text + "\n" for text in texts))[0].splitlines()
        data = pathlib.Path(self.folder.name, "rows.csv")
        data.write_text("text,label\n" + "".join(
            f"{text},{line.split(chr(9))[0]}\n" for text, line in zip(texts, labels, strict=True)))
        return model, data

    def test_quantize_makes_a_smaller_model_or_none(self):
        model, data = self.model_of_words()
        small = pathlib.Path(self.folder.name, "small")
        arguments = ["quantize", "--model", model, "--data", data]
        limit = ["--max-loss", "10"]
        found = json.loads(run(*arguments, "--output", small, *limit, "--json")[0])
        self.assertEqual(found["accuracy"]["before"], 1)
        self.assertGreaterEqual(found["accuracy"]["after"], 0.9)
        self.assertEqual(found["words"]["before"], found["words"]["after"])
        self.assertLess(2 * found["bytes"]["after"], found["bytes"]["before"])
        self.assertEqual(found["bytes"]["after"],
                         sum(path.stat().st_size for path in small.iterdir()))
        measured = json.loads(run("evaluate", "--model", small, "--data", data, "--json")[0])
        self.assertAlmostEqual(measured["accuracy"], found["accuracy"]["after"])
        self.assertIn("I8", run("inspect", small, "--tensors")[0])
        # Rounded weights can be multiplied in any format.
        for precision in ("float32", "bfloat16", "int8"):
            run("evaluate", "--model", small, "--data", data, "--precision", precision)

        # Under a limit rare words go; past --max-loss nothing is written.
        tiny = pathlib.Path(self.folder.name, "tiny")
        size = found["bytes"]["after"] - 1000
        cut = json.loads(run(*arguments, "--output", tiny, "--max-loss", "100", "--max-size", size,
                             "--json")[0])
        self.assertLessEqual(sum(path.stat().st_size for path in tiny.iterdir()), size)
        self.assertLess(cut["words"]["after"], cut["words"]["before"])
        shutil.rmtree(tiny)
        _, error = run(*arguments, "--output", tiny, "--max-loss", "0", "--max-size", size, code=1)
        self.assertIn("--max-loss", error)
        _, error = run(*arguments, "--output", tiny, "--max-size", 1000, code=1)
        self.assertIn("cannot be made that small", error)
        self.assertEqual(list(tiny.parent.glob("tiny*")), [])
        _, error = run("quantize", "--model", small, "--data", data, "--output", tiny, code=1)
        self.assertIn("is quantized already", error)
        _, error = run(*arguments, "--output", small, code=1)

    def test_an_unknown_instruction_set_is_wrong_usage(self):
        _, error = self.predict("--token-ids", stdin=self.lines[0], isa="avx3", code=2)
        self.assertIn("FASTFORMER_ISA: unknown instruction set \"avx3\"", error)
        self.assertIn("avx2", error)

    def test_ids_are_checked(self):
        _, error = self.predict(stdin="text\n", code=1)
        self.assertIn("--token-ids", error)
        _, error = self.predict("--token-ids", stdin='{"ids":[1]}\n{"ids":[99999]}\n', code=1)
        self.assertIn("line 2", error)

    def test_threads_do_not_change_a_result(self):
        stdin = "".join(self.lines)
        results = {self.predict("--token-ids", "--json", "--raw-scores", "--threads", threads,
                                stdin=stdin)[0] for threads in (1, 2, 5)}
        self.assertEqual(len(results), 1)

    def test_a_result_comes_before_the_next_document(self):
        process = subprocess.Popen(
            [PROGRAM, "predict", "--model", str(self.model), "--input", "-", "--token-ids"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with process:
            for line in self.lines[:2]:
                process.stdin.write(line)
                process.stdin.flush()
                self.assertIn("\t", process.stdout.readline())
            process.stdin.close()
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
