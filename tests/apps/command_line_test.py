"""The programs as a user meets them: evaluate, predict, inspect, data check, and wrong usage.

command_line_test.py PROGRAM
"""

import csv
import gzip
import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from programs import PROGRAM, SMALL, TOPICS, TrainedModelTest, run, sentences, unsealed, write_csv


class CommandLineTest(TrainedModelTest):
    def test_learns_and_evaluates(self):
        report = json.loads(run("evaluate", "--model", self.model, "--data", self.test, "--json")[0])
        self.assertGreater(report["accuracy"], 0.95)
        self.assertEqual(report["examples"], 100)
        for key in ("macro_f1", "micro_f1", "confusion", "per_class"):
            self.assertIn(key, report)
        text = run("evaluate", "--model", self.model, "--data", self.test)[0]
        self.assertIn("macro-F1", text)

    def test_predictions_come_in_order_with_their_ids(self):
        rows = sentences(50, 3)
        file = write_csv(self.path / "new.csv", rows)
        found = self.predict("--input", file, "--text-column", "text", "--id-column", "id")
        self.assertEqual([line["id"] for line in found], [row[0] for row in rows])
        self.assertEqual(sum(line["label"] == row[1] for line, row in zip(found, rows)), 50)

    def test_a_line_is_a_document(self):
        found = self.predict("--input", "-", "--top-k", "0", "--raw-scores",
                             stdin="the cat and a dog\n\nred green blue\n")
        self.assertEqual(len(found), 3)
        self.assertEqual(found[0]["label"], "animals")
        self.assertEqual(found[2]["label"], "colours")
        for line in found:
            self.assertEqual({entry["label"] for entry in line["labels"]}, set(TOPICS))
            self.assertAlmostEqual(sum(entry["score"] for entry in line["labels"]), 1, places=6)
            self.assertEqual(len(line["logits"]), 3)
            self.assertFalse(line["truncated"])

    def test_scores_are_tempered_and_logits_are_not(self):
        config = json.loads((self.model / "config.json").read_text())
        self.assertNotEqual(config["temperature"], 1)
        self.assertIn("temperature", run("inspect", self.model)[0])
        metrics = json.loads((self.model / "metrics.json").read_text())["calibration"]
        self.assertEqual(metrics["temperature"], config["temperature"])
        old = self.path / "without-temperature"
        shutil.copytree(self.model, old)
        temperature = config.pop("temperature")
        (old / "config.json").write_text(json.dumps(config))
        text = "the cat and a green dog\n"
        line = self.predict("--input", "-", "--top-k", "0", "--raw-scores", stdin=text)[0]
        older = json.loads(run("predict", "--model", old, "--input", "-", "--json", "--top-k", "0",
                               "--raw-scores", stdin=text)[0])
        self.assertEqual(line["logits"], older["logits"])
        for divisor, found in ((temperature, line), (1, older)):
            weights = [math.exp(logit / divisor) for logit in found["logits"]]
            for entry in found["labels"]:
                expected = weights[config["labels"].index(entry["label"])] / sum(weights)
                self.assertAlmostEqual(entry["score"], expected, places=6)

    def test_batch_mates_do_not_matter(self):
        texts = [row[2] for row in sentences(30, 4)]
        together = self.predict("--input", "-", "--raw-scores", stdin="\n".join(texts) + "\n")
        for text, line in list(zip(texts, together))[::7]:
            alone = self.predict("--input", "-", "--raw-scores", stdin=text + "\n")[0]
            for a, b in zip(alone["logits"], line["logits"]):
                self.assertAlmostEqual(a, b, places=4)

    def test_truncation_is_reported(self):
        found = self.predict("--input", "-", stdin="cat " * 600 + "\n")
        self.assertTrue(found[0]["truncated"])

    def test_predict_abstains_below_a_score(self):
        texts = [row[2] for row in sentences(20, 6)] + ["the of and", "cat green two", "zebra"]
        stdin = "\n".join(texts) + "\n"
        plain = self.predict("--input", "-", "--top-k", "2", stdin=stdin)
        least = sorted(line["score"] for line in plain)[4]
        found = self.predict("--input", "-", "--top-k", "2", "--min-score", repr(least), stdin=stdin)
        self.assertEqual(sum(line["abstained"] for line in found), 4)
        for before, after in zip(plain, found, strict=True):
            self.assertNotIn("abstained", before)
            self.assertEqual(before["labels"], after["labels"])
            self.assertEqual(after["abstained"], before["score"] < least)
            self.assertEqual(after["label"], None if after["abstained"] else before["label"])
        text = run("predict", "--model", self.model, "--input", "-", "--min-score", repr(least),
                   stdin=stdin)[0].splitlines()
        for line, after in zip(text, found, strict=True):
            word = "(abstained)" if after["abstained"] else after["label"]
            self.assertEqual(line.split("\t"), [word, f"{after['score']:.4f}"])

    def test_the_word_for_no_label_is_never_a_label(self):
        model = self.path / "odd-labels"
        shutil.copytree(self.model, model)
        config = json.loads((model / "config.json").read_text())
        config["labels"][:2] = ["(abstained)", "((abstained))"]
        (model / "config.json").write_text(json.dumps(config))
        text = run("predict", "--model", model, "--input", "-", "--min-score", "1",
                   stdin="cat\n")[0]
        self.assertTrue(text.startswith("(((abstained)))\t"), text)

    def test_evaluate_measures_a_model_that_abstains(self):
        found = self.predict("--input", self.test, "--text-column", "text")
        truth = [row[1] for row in sentences(100, 2)]
        least = sorted(line["score"] for line in found)[30]
        report = json.loads(run("evaluate", "--model", self.model, "--data", self.test, "--json",
                                "--min-score", repr(least))[0])["answered"]
        answered = [(line["label"], label) for line, label in zip(found, truth)
                    if line["score"] >= least]
        self.assertEqual(report["rows"], len(answered))
        self.assertAlmostEqual(report["coverage"], len(answered) / 100)
        self.assertAlmostEqual(report["accuracy"], sum(a == b for a, b in answered) / len(answered))
        text = run("evaluate", "--model", self.model, "--data", self.test, "--min-score",
                   repr(least))[0]
        self.assertIn(f"{len(answered)} rows answered", text)

    def test_evaluate_measures_the_scores(self):
        plot = self.path / "reliability.svg"
        report = json.loads(run("evaluate", "--model", self.model, "--data", self.test, "--json",
                                "--reliability-plot", plot)[0])
        found = self.predict("--input", self.test, "--text-column", "text", "--top-k", "0")
        truth = [row[1] for row in sentences(100, 2)]
        gaps = [[] for _ in range(15)]
        brier = 0
        for line, label in zip(found, truth):
            bin_number = max(0, math.ceil(line["score"] * 15) - 1)
            gaps[bin_number].append((line["label"] == label) - line["score"])
            brier += sum((entry["score"] - (entry["label"] == label)) ** 2
                         for entry in line["labels"])
        scores = report["calibration"]
        self.assertEqual([entry["rows"] for entry in scores["bins"]], [len(gap) for gap in gaps])
        self.assertAlmostEqual(scores["ece"], sum(abs(sum(gap)) for gap in gaps) / 100, places=6)
        self.assertAlmostEqual(scores["brier"], brier / 100, places=6)
        self.assertEqual(scores["cross_entropy"], report["loss"])
        self.assertEqual(scores["temperature"],
                         json.loads((self.model / "config.json").read_text())["temperature"])
        root = xml.etree.ElementTree.parse(plot).getroot()
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        text = run("evaluate", "--model", self.model, "--data", self.test)[0]
        self.assertIn(f"expected calibration error {scores['ece']:.4f}", text)
        _, error = run("evaluate", "--model", self.model, "--data", self.test,
                       "--reliability-plot", self.path / "nowhere" / "a.svg", code=1)
        self.assertIn("nowhere", error)

    def test_evaluate_lists_errors(self):
        rows = sentences(60, 8)
        shifted = dict(zip(sorted(TOPICS), sorted(TOPICS)[1:] + sorted(TOPICS)[:1]))
        rows[5:40:7] = [(row[0], shifted[row[1]], row[2] + "\nsecond \"line\"")
                        for row in rows[5:40:7]]
        data = write_csv(self.path / "partly-wrong.csv", rows)
        arguments = ["evaluate", "--model", self.model, "--data", data, "--id-column", "id",
                     "--errors-limit", "7", "--json", "--errors"]
        report = json.loads(run(*arguments, self.path / "errors.csv")[0])
        with open(self.path / "errors.csv", newline="", encoding="utf-8") as file:
            listed = list(csv.DictReader(file))
        wrong = [entry for entry in listed if entry["truth"] != entry["predicted"]]
        self.assertEqual(len(wrong), round(60 * (1 - report["accuracy"])))
        self.assertEqual(listed[:len(wrong)], wrong)
        self.assertEqual(len(listed), len(wrong) + 7)
        scores = [float(entry["score"]) for entry in listed]
        self.assertEqual(scores[:len(wrong)], sorted(scores[:len(wrong)], reverse=True))
        self.assertEqual(scores[len(wrong):], sorted(scores[len(wrong):]))
        for entry in listed:
            row = rows[int(entry["row"]) - 1]
            self.assertEqual((entry["id"], entry["truth"], entry["text"]), row)
            self.assertEqual(entry["file"], str(data))
            self.assertLessEqual(float(entry["margin"]), float(entry["score"]))
        run(*arguments, self.path / "errors.jsonl")
        lines = (self.path / "errors.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual([json.loads(line)["row"] for line in lines],
                         [int(entry["row"]) for entry in listed])
        _, error = run(*arguments, self.path / "errors.txt", code=2)
        self.assertIn("--errors", error)
        _, error = run(*arguments, self.path / "no-such-folder" / "errors.csv", code=1)
        self.assertIn("no-such-folder", error)

    def test_inspect(self):
        self.assertIn("animals", run("inspect", self.model)[0])
        self.assertIn("classifier.weight", run("inspect", self.model, "--tensors")[0])
        self.assertIn("parameters", json.loads(run("inspect", self.model, "--json")[0]))

    def test_inspect_and_the_card_agree(self):
        card = (self.model / "README.md").read_text()
        count = json.loads(run("inspect", self.model, "--json")[0])["parameters"]
        self.assertIn(f" {count:,} parameters", card)
        share = json.loads((self.model / "metrics.json").read_text())["branches"]["encoder_share"]
        said = f"{100 * share:.0f} %"
        self.assertIn(f"the encoder's share of the answer: {said}", self.talk)
        self.assertIn(f"the encoder's share of the answer is {said}.", card)
        self.assertRegex(run("inspect", self.model)[0], f"encoder's share of the answer +{said}")

    def test_inspect_knows_the_encoders_share_without_metrics(self):
        bare = self.path / "bare"
        shutil.copytree(self.model, bare)
        (bare / "metrics.json").unlink()
        self.assertRegex(run("inspect", bare)[0], "encoder's share of the answer +[0-9]+ %")

    def test_data_check(self):
        rows = [(f"{label}{i}", label, f"<p>{text} {i}</p> " + "word " * 600)
                for i, (_, label, text) in enumerate(sentences(80, 9))]
        rows = [(id, f"user{i % 16}", label, text) for i, (id, label, text) in enumerate(rows)]
        rows += [("twice", "user1", rows[3][2], rows[3][3].upper() + "!!"),
                 ("other", "user2", "numbers" if rows[4][2] == "animals" else "animals",
                  rows[4][3])]
        train = write_csv(self.path / "check-train.csv", rows, ("id", "author", "label", "text"))
        with open(train, "a", encoding="utf-8") as file:
            file.write("only,three,fields\n")
        test = write_csv(self.path / "check-test.csv", [rows[0], ("x", "y", "rare", "")],
                         ("id", "author", "label", "text"))
        report = json.loads(run("data", "check", train, test, "--json")[0])
        self.assertEqual(report["rows"], 84)
        self.assertEqual(report["empty"], 1)
        self.assertEqual([file["repeated"] for file in report["files"]], [2, 0])
        self.assertEqual(report["files"][0]["bad_rows"], 1)
        self.assertIn("check-train.csv, line 84", report["files"][0]["reasons"][0])
        across = report["duplicates"]["across_files"]
        self.assertEqual([(pair["rows_of_first"], pair["rows_of_second"]) for pair in across],
                         [(1, 1)])
        conflicts = report["duplicates"]["conflicts"]
        self.assertEqual(conflicts["documents"], 1)
        places = [entry["place"] for entry in conflicts["examples"][0]["places"]]
        self.assertEqual(places, [f"{train}, line 6", f"{train}, line 83"])
        self.assertEqual(sum(label["rows"] for label in report["labels"]), 84)
        flags = {entry["flag"]: entry["value"] for entry in report["suggestions"]}
        self.assertEqual(flags, {"--group-column": "author", "--strip-html": "",
                                 "--max-length": "1024"})
        for flag in flags:
            self.assertIn(f"  {flag}", run("train", "--help")[0])
        text = run("data", "check", train, test)[0]
        for part in ("suggested settings", "--max-length 1024: ", "repeated", "rare",
                     "line 83", "1 row of "):
            self.assertIn(part, text)
        for threads in ("1", "3"):
            self.assertEqual(run("data", "check", train, test, "--threads", threads)[0], text)
        piped = run("data", "check", "-", "--format", "csv", "--json", stdin=train.read_text())[0]
        self.assertEqual(json.loads(piped)["files"][0]["rows"], 82)

    def test_wrong_usage(self):
        cases = [
            (["train", "--train", self.train, "--output", "x", "--widht", "8"], "--width"),
            (["train", "--train", self.train, "--output", "x", "--heads", "no"], "--heads"),
            (["train", "--output", "x"], "--train"),
            (["train", "--train", "none", "--output", "x", "--task", "pretraining"], "pretrain"),
            (["pretrain", "--output", "x"], "--text"),
            (["pretrain", "--text", "none", "--output", "x", "--local-width", "4"], "even"),
            (["pretrain", "--text", "none", "--output", "x", "--truncate", "error"], "--truncate"),
            (["train", "--train", self.train], "--output"),
            (["train", "--train", self.train, "--output", "x", "--preset", "papr"], "paper"),
            (["train", "--train", "none", "--output", "x", "--task", "clasification"],
             "classification"),
            (["train", "--train", "none", "--output", "x", "--encoder", "fastfromer"],
             "fastformer"),
            (["train", "--train", "none", "--output", "x", "--heads", "3"], "heads"),
            (["train", "--train", "none", "--output", "x", "--device", "cudda"], "cuda"),
            (["train", "--train", "none", "--output", "x", "--patience", "1", "--valid-share",
              "0"], "--patience"),
            (["train", "--train", "none", "--output", "x", "--patience", "1", "--folds", "2"],
             "--folds 1"),
            (["train", "--train", "none", "--output", "x", "--autotune", "9", "--valid-share",
              "0"], "--autotune"),
            (["train", "--train", "none", "--valid", "none", "--output", "x", "--folds", "2"],
             "--valid"),
            (["train", "--train", "-", "--valid", "-", "--output", "x"], "--valid"),
            (["predict", "--model", self.model, "--input", "-", "--token-ids", "--id-column", "id"],
             "--id-column"),
            (["predict", "--model", self.model, "--input", "-", "--token-ids", "--format", "csv"],
             "--format"),
            (["train", "--train", "none", "--output", "x", "--tokenizer", "bpe", "--subwords",
              "100"], "--subwords"),
            (["predict", "--input", "-"], "--model"),
            (["predikt"], "predict"),
            (["data", "chekc"], "check"),
            (["data", "check"], "file"),
            (["data"], ""),
            (["data", "check", self.train, "--label-colum", "label"], "--label-column"),
            ([], ""),
        ]
        for arguments, part in cases:
            _, error = run(*arguments, code=2)
            self.assertIn(part, error, arguments)

    def test_failures_say_what_and_leave_nothing_behind(self):
        bad = self.path / "bad.csv"
        bad.write_text("label,text\na,one\nb,\"open\n")
        one_class = write_csv(self.path / "one.csv", [(1, "a", "x"), (2, "a", "y")])
        empty = write_csv(self.path / "empty.csv", [])
        output = self.path / "never"
        cases = [
            (["--train", self.path / "missing.csv"], "no such file"),
            (["--train", bad], "line 3"),
            (["--train", one_class], "two labels"),
            (["--train", self.train, "--label-column", "labl"], "label"),
            (["--train", self.train, "--encoder", "fastfromer"], "fastformer"),
            (["--train", self.train, "--width", "10", "--heads", "4"], "heads"),
            (["--train", self.train, "--valid", empty], "no validation rows"),
            (["--train", self.train, "--truncate", "error", "--max-length", "4"],
             "train.csv.gz, line 2: "),
        ]
        for arguments, part in cases:
            done = subprocess.run([PROGRAM, "train", "--output", str(output), *map(str, arguments)],
                                  capture_output=True, text=True, timeout=300)
            self.assertIn(done.returncode, (1, 2), arguments)
            self.assertIn(part, done.stderr, arguments)
            self.assertFalse(output.exists())
            self.assertFalse((self.path / "never.training").exists())
        _, error = run("train", "--train", self.train, "--output", self.model, *SMALL, code=1)
        self.assertIn("exists", error)
        link = self.path / "link"
        link.symlink_to("nowhere")
        _, error = run("train", "--train", self.train, "--output", link, *SMALL, code=1)
        self.assertIn("exists", error)
        _, error = run("train", "--train", "none", "--output", self.path / "no/such/model", code=1)
        self.assertIn("no/such: no such folder", error)

    def test_columns_of_training_hold_in_use(self):
        # By itself the column "text" would be taken, whose words are of another topic.
        rows = [(i, label, "red green blue", text) for i, label, text in sentences(200, 8)]
        header = ("id", "field", "text", "abstract")
        corpus = write_csv(self.path / "papers.csv", rows, header)
        model = self.path / "papers"
        run("train", "--train", corpus, "--output", model, "--text-column", "abstract",
            "--label-column", "field", *SMALL)
        found, talk = run("predict", "--model", model, "--input", corpus)
        labels = [line.split("\t")[0] for line in found.splitlines()]
        self.assertEqual(labels, [row[1] for row in rows])
        self.assertIn("text from column abstract, as in training", talk)
        report = json.loads(run("evaluate", "--model", model, "--data", corpus, "--json")[0])
        self.assertEqual(report["accuracy"], 1)
        lines = self.path / "papers.txt"
        lines.write_text("".join(f"__label__{row[1]} {row[3]}\n" for row in rows))
        report = json.loads(run("evaluate", "--model", model, "--data", lines, "--json")[0])
        self.assertEqual(report["accuracy"], 1)
        self.assertEqual(run("predict", "--model", model, "--input", "-", stdin="cat, dog\n")[0][:7],
                         "animals")

    def test_long_documents_are_refused_after_those_before_them(self):
        model = self.path / "strict"
        run("train", "--train", self.train, "--output", model, "--truncate", "error",
            "--max-length", "7", *SMALL)
        out, error = run("predict", "--model", model, "--input", "-",
                         stdin="a cat\nblue\n" + "dog " * 8 + "\nred\n", code=1)
        self.assertEqual([line.split("\t")[0] for line in out.splitlines()],
                         ["animals", "colours"])
        self.assertIn("standard input, line 3: the document has 8 tokens", error)
        ids = '{"ids":[1]}\n{"ids":[1,1,1,1,1,1,1,1]}\n'
        _, error = run("predict", "--model", model, "--input", "-", "--token-ids", stdin=ids, code=2)
        self.assertIn("--branch encoder", error)
        out, error = run("predict", "--model", model, "--input", "-", "--token-ids", "--branch",
                         "encoder", stdin=ids, code=1)
        self.assertEqual(len(out.splitlines()), 1)
        self.assertIn("standard input, line 2: the document has 8 tokens", error)

    def test_a_model_of_nans_is_an_error_that_names_it(self):
        broken = self.path / "broken"
        run("train", "--train", self.train, "--output", broken, "--wide", "off", *SMALL)
        file = broken / "model.safetensors"
        data = bytearray(file.read_bytes())
        data[-4:] = struct.pack("<f", float("nan"))
        file.write_bytes(data)
        _, error = run("predict", "--input", self.test, "--model", broken, code=1)
        self.assertIn("model.safetensors: is damaged", error)
        file.write_bytes(unsealed(data))
        for arguments in (["evaluate", "--data", self.test], ["predict", "--input", self.test]):
            out, error = run(*arguments, "--model", broken, code=1)
            self.assertIn(str(broken) + ": gives results that are not finite", error)
            self.assertEqual(out, "")

    def test_python_gets_the_same_scores(self):
        program = pathlib.Path(PROGRAM)
        library = program.parents[1] / "libfastformer_c.so"
        example = pathlib.Path(__file__).parents[2] / "examples" / "python" / "classify.py"
        texts = [row[2] for row in sentences(5, 11)] + ["", "cat \udcff red".encode(
            errors="surrogateescape").decode(errors="replace")]
        out = subprocess.run([sys.executable, example, library, self.model, *texts],
                             capture_output=True, text=True, check=True).stdout
        lines = run("predict", "--model", self.model, "--input", "-", "--format", "lines",
                    stdin="\n".join(texts) + "\n")[0]
        self.assertEqual(out, lines)

    def test_files_do_not_come_from_the_environment(self):
        environment = dict(os.environ, FASTFORMER_DATA=str(self.test), FASTFORMER_TOP_K="3")
        run("evaluate", "--model", self.model, code=2, environment=environment)
        out = run("predict", "--model", self.model, "--input", "-", stdin="cat\n",
                  environment=environment)[0]
        self.assertEqual(len(out.split("\t")), 6)

    def test_compressed_standard_input_is_an_error(self):
        done = subprocess.run([PROGRAM, "predict", "--model", str(self.model), "--input", "-"],
                              input=gzip.compress(b"cat\n"), capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"zcat", done.stderr)

    def test_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "predict", "--model", str(self.model), "--input", "-"],
                                  input="cat\n", stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)

    def test_a_model_cut_while_it_is_used_is_an_error(self):
        model = self.path / "cut"
        shutil.copytree(self.model, model)
        with subprocess.Popen([PROGRAM, "predict", "--model", model, "--input", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as use:
            use.stdin.write("cat dog\n")
            use.stdin.flush()
            self.assertRegex(use.stdout.readline(), "^animals\\t")
            os.truncate(model / "model.safetensors", 0)
            _, talk = use.communicate("red green\n")
        self.assertEqual(use.returncode, 1, talk)
        self.assertIn("a file in use was cut short", talk)

    def test_help_lists_every_option_group(self):
        text = run("train", "--help")[0]
        for part in ("--train", "--width", "--epochs", "--max-length", "Additive attention:"):
            self.assertIn(part, text)

    def test_options_page_is_up_to_date(self):
        page = pathlib.Path(__file__).parents[2] / "docs" / "options.md"
        made = subprocess.run(["bash", pathlib.Path(__file__).parents[2] / "tools/options_page.sh",
                               PROGRAM], capture_output=True, text=True, check=True).stdout
        self.assertEqual(page.read_text(), made, "run tools/options_page.sh > docs/options.md")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
