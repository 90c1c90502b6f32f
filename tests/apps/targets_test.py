"""Models of several labels as a user meets them: train, evaluate, predict, inspect, data check.

targets_test.py PROGRAM
"""

import csv
import gzip
import json
import math
import pathlib
import random
import shutil
import struct
import sys
import tempfile
import unittest

from programs import ENCODER, SMALL, TOPICS, run, sentences, write_csv


def documents(count, seed):
    """Rows (id, set of labels, text): words of none, one or two topics among words of none."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        labels = draw.sample(sorted(TOPICS), k=draw.choice([0, 1, 1, 2]))
        words = draw.choices("a the of and".split(), k=4)
        for label in labels:
            words += draw.choices(TOPICS[label].split(), k=3)
        draw.shuffle(words)
        rows.append((f"row{number}", sorted(labels), " ".join(words)))
    return rows


def separated(rows):
    return [(id, "|".join(labels), text) for id, labels, text in rows]


class SeveralLabelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.rows = documents(150, 2)
        cls.train = write_csv(cls.path / "train.csv", separated(documents(500, 1)))
        cls.test = write_csv(cls.path / "test.csv", separated(cls.rows))
        cls.model = cls.path / "model"
        _, cls.talk = run("train", "--train", cls.train, "--label-separator", "|", "--output",
                          cls.model, *SMALL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def predict(self, *arguments, stdin):
        lines = run("predict", "--model", self.model, "--input", "-", "--json", *arguments,
                    stdin=stdin)[0]
        return [json.loads(line) for line in lines.splitlines()]

    def test_the_separator_holds_in_json_lines_too(self):
        lines = self.path / "test.jsonl"
        lines.write_text("".join(json.dumps({"label": "|".join(labels), "text": text}) + "\n"
                                 for _, labels, text in self.rows))
        table, same = (json.loads(run("evaluate", "--model", self.model, "--data", file, "--json")[0])
                       for file in (self.test, lines))
        self.assertEqual(table["micro_f1"], same["micro_f1"])

    def test_a_folder_of_classes_has_no_separator(self):
        (self.path / "classes" / "a|b").mkdir(parents=True)
        (self.path / "classes" / "a|b" / "one.txt").write_text("words")
        _, error = run("train", "--train", self.path / "classes", "--label-separator", "|",
                       "--output", self.path / "none", code=2)
        self.assertIn("--label-separator", error)

    def test_a_single_list_among_labels_is_remarked_on(self):
        file = self.path / "slip.csv"
        write_csv(file, [(id, labels[0], text) for id, labels, text in self.rows if labels]
                  + [("slip", "[]", "the of")])
        _, talk = run("train", "--train", file, "--output", self.path / "slip", *SMALL)
        self.assertIn("only 1 of", talk)
        self.assertIn("slip.csv", talk)

    def test_labels_that_look_like_lists_are_remarked_on(self):
        rows = [(id, "|".join(labels), text) for id, labels, text in documents(200, 4) if labels]
        file = write_csv(self.path / "unparted.csv", rows)
        talks = [run("train", "--train", file, "--output", self.path / f"unparted{n}", *SMALL, *more)[1]
                 for n, more in enumerate([["--epochs", "1"], ["--epochs", "1", "--target", "single"]])]
        self.assertIn('3 of 6 labels look like lists of 3 labels, such as "animals|colours": '
                      '--label-separator "|"', talks[0])
        self.assertNotIn("look like lists", talks[1])
        file = write_csv(self.path / "some-empty.csv", [*rows, ("none", "", "the of")])
        _, error = run("train", "--train", file, "--output", self.path / "never", *SMALL, code=1)
        self.assertIn('with --label-separator "|" a row may have none', error)
        self.assertNotIn("skip", error)

    def test_nested_ids_are_refused(self):
        _, error = run("predict", "--model", self.model, "--input", "-", "--token-ids", "--branch",
                       "encoder", stdin='{"ids":' + "[" * 200000 + "]" * 200000 + "}\n", code=1)
        self.assertIn("line 1", error)

    def test_tiny_class_weights_are_refused(self):
        weights = self.path / "weights.json"
        weights.write_text(json.dumps({sorted(TOPICS)[0]: 1e-50}))
        _, error = run("train", "--train", self.train, "--label-separator", "|", "--output",
                       self.path / "none", "--class-weights", weights, *SMALL, code=1)
        self.assertIn("weights.json", error)

    def test_the_folder_says_what_the_model_gives(self):
        config = json.loads((self.model / "config.json").read_text())
        self.assertEqual(config["target"], "multi")
        self.assertEqual(config["labels"], sorted(TOPICS))
        self.assertEqual(len(config["thresholds"]), 3)
        self.assertIn("several labels", self.talk)
        self.assertIn("thresholds fitted", self.talk)
        inspected = run("inspect", self.model)[0]
        self.assertIn("multi", inspected)
        self.assertRegex(inspected, r"\nthresholds +[0-9.]+ to [0-9.]+, median")
        self.assertRegex(inspected, r"alone.wide.thresholds +[0-9.]+ to [0-9.]+, median")
        self.assertNotIn("[", inspected)
        self.assertEqual(len(json.loads(run("inspect", self.model, "--json")[0])["alone"]["wide"]["thresholds"]), 3)
        self.assertIn("any number of labels", (self.model / "README.md").read_text())
        metrics = json.loads((self.model / "metrics.json").read_text())
        self.assertGreater(metrics["validation_micro_f1"], 0.9)

    def test_predict_gives_the_labels_above_their_thresholds(self):
        config = json.loads((self.model / "config.json").read_text())
        stdin = "\n".join(row[2] for row in self.rows) + "\n"
        chosen = self.predict(stdin=stdin)
        every = self.predict("--top-k", "0", "--raw-scores", stdin=stdin)
        right = 0
        for row, line, whole in zip(self.rows, chosen, every, strict=True):
            self.assertEqual(set(line), {"labels", "scores", "truncated"})
            self.assertEqual(line["scores"], "sigmoid")
            scores = [entry["score"] for entry in whole["labels"]]
            self.assertEqual(scores, sorted(scores, reverse=True))
            for entry in whole["labels"]:
                number = config["labels"].index(entry["label"])
                logit = whole["logits"][number] / config["temperature"]
                self.assertAlmostEqual(entry["score"], 1 / (1 + math.exp(-logit)), places=6)
                self.assertEqual(entry["chosen"], entry["score"] >= config["thresholds"][number])
            self.assertEqual([(e["label"], e["score"]) for e in line["labels"]],
                             [(e["label"], e["score"]) for e in whole["labels"] if e["chosen"]])
            right += sorted(entry["label"] for entry in line["labels"]) == row[1]
        self.assertGreater(right, 0.9 * len(self.rows))
        self.assertEqual([len(line["labels"]) for line in self.predict("--top-k", "2", stdin=stdin)],
                         [2] * len(self.rows))

    def test_text_says_none_where_there_is_none(self):
        out = run("predict", "--model", self.model, "--input", "-", stdin="the of\ncat red dog blue\n")[0]
        first, second = out.splitlines()
        self.assertEqual(first, "(none)")
        self.assertEqual(set(second.split("\t")[::2]), {"animals", "colours"})
        line = self.predict("--min-score", "1", stdin="cat\n")[0]
        self.assertEqual(line["labels"], [])
        out = run("predict", "--model", self.model, "--input", "-", "--top-k", "0", "--min-score",
                  "0.5", stdin="cat red dog blue\n")[0]
        cells = out.strip().split("\t")
        self.assertEqual(set(cells[::2]), {"animals", "colours"})

    def test_words_of_another_model_may_be_whatever_they_are(self):
        run("train", "--train", self.train, "--label-separator", " ", "--output",
            self.path / "onward", *SMALL, "--epochs", "1", "--tokenizer", "auto", "--init-from",
            self.model)

    def test_evaluate_agrees_with_predict(self):
        report = json.loads(run("evaluate", "--model", self.model, "--data", self.test, "--json")[0])
        found = self.predict(stdin="\n".join(row[2] for row in self.rows) + "\n")
        given = [sorted(entry["label"] for entry in line["labels"]) for line in found]
        truth = [row[1] for row in self.rows]
        self.assertEqual(report["examples"], 150)
        self.assertAlmostEqual(report["exact_match"], sum(map(list.__eq__, given, truth)) / 150)
        both = sum(len(set(a) & set(b)) for a, b in zip(given, truth))
        named = sum(map(len, given)) + sum(map(len, truth))
        self.assertAlmostEqual(report["micro_f1"], 2 * both / named)
        self.assertGreater(report["micro_f1"], 0.9)
        best = self.predict("--top-k", "1", stdin="\n".join(row[2] for row in self.rows) + "\n")
        hits = sum(line["labels"][0]["label"] in row[1] for line, row in zip(best, self.rows))
        self.assertAlmostEqual(report["precision_at"]["1"], hits / 150)
        self.assertAlmostEqual(report["precision_at"]["3"], sum(map(len, truth)) / 450)
        self.assertEqual(sum(entry["rows"] for entry in report["calibration"]["bins"]), 450)
        text = run("evaluate", "--model", self.model, "--data", self.test)[0]
        for part in ("exact match", "precision at 1", "scores are sigmoid", "animals", f"{report['micro_f1']:.4f}"):
            self.assertIn(part, text)

    def test_evaluate_measures_what_a_least_score_leaves(self):
        stdin = "\n".join(row[2] for row in self.rows) + "\n"
        least = "0.97"
        found = self.predict("--min-score", least, stdin=stdin)
        given = [{entry["label"] for entry in line["labels"]} for line in found]
        truth = [set(row[1]) for row in self.rows]
        report = json.loads(run("evaluate", "--model", self.model, "--data", self.test, "--json",
                                "--min-score", least)[0])["answered"]
        self.assertEqual(report["rows"], sum(map(bool, given)))
        self.assertAlmostEqual(report["exact_match"], sum(map(set.__eq__, given, truth)) / 150)
        both = sum(len(a & b) for a, b in zip(given, truth))
        self.assertAlmostEqual(report["micro"]["recall"], both / sum(map(len, truth)))
        self.assertAlmostEqual(report["micro"]["precision"], both / sum(map(len, given)))
        text = run("evaluate", "--model", self.model, "--data", self.test, "--min-score", least)[0]
        self.assertIn(f"with --min-score {least}: {report['rows']} rows get a label", text)
        # Every form of the line says of each label whether it is given.
        for arguments in ([], ["--min-score", least], ["--min-score", least, "--top-k", "0"]):
            for line, labels in zip(self.predict(*arguments, stdin=stdin), given):
                chosen = {entry["label"] for entry in line["labels"] if entry["chosen"]}
                self.assertTrue(labels == chosen if arguments else labels <= chosen)

    def test_use_agrees_with_training(self):
        # With validation files the wide branch is not fitted again: evaluate, without libtorch, has
        # to find what training, with libtorch, found on them.
        model = self.path / "validated"
        run("train", "--train", self.train, "--valid", self.test, "--label-separator", "|",
            "--output", model, *SMALL)
        fit = json.loads((model / "metrics.json").read_text())["calibration"]
        report = json.loads(run("evaluate", "--model", model, "--data", self.test, "--json")[0])
        self.assertAlmostEqual(report["micro_f1"], fit["threshold_micro_f1"], places=4)
        self.assertAlmostEqual(report["loss"], fit["cross_entropy_after"], places=4)
        self.assertAlmostEqual(report["calibration"]["ece"], fit["error_after"], places=4)

    def test_evaluate_lists_errors_and_refuses_what_has_no_meaning(self):
        errors = self.path / "errors.csv"
        report = json.loads(run("evaluate", "--model", self.model, "--data", self.test, "--json",
                                "--errors", errors, "--errors-limit", "3")[0])
        with open(errors, newline="", encoding="utf-8") as file:
            listed = list(csv.DictReader(file))
        wrong = [entry for entry in listed if entry["truth"] != entry["predicted"]]
        self.assertEqual(len(wrong), round(150 * (1 - report["exact_match"])))
        self.assertEqual(len(listed), len(wrong) + 3)
        self.assertEqual(json.loads(listed[-1]["truth"]),
                         self.rows[int(listed[-1]["row"]) - 1][1])
        _, error = run("evaluate", "--model", self.model, "--data", self.test, "--target", "single",
                       code=2)
        self.assertIn("several labels", error)

    def test_json_arrays_train_the_same_model(self):
        lines = self.path / "train.jsonl"
        lines.write_text("".join(json.dumps({"text": text, "labels": labels}) + "\n"
                                 for _, labels, text in documents(500, 1)))
        model = self.path / "from-json"
        run("train", "--train", lines, "--output", model, *SMALL)
        for name in ("model.safetensors", "vocabulary.txt"):
            self.assertEqual((self.model / name).read_bytes(), (model / name).read_bytes())

    def test_a_model_of_one_label_refuses_lists(self):
        lines = self.path / "lists.jsonl"
        lines.write_text('{"text": "cat", "labels": ["animals", "numbers"]}\n')
        _, error = run("train", "--train", lines, "--target", "single", "--output",
                       self.path / "never", code=1)
        self.assertIn("lists.jsonl, line 1: has a list of labels", error)
        _, error = run("train", "--train", self.train, "--target", "single", "--label-separator",
                       "|", "--output", self.path / "never", code=2)
        self.assertIn("--label-separator", error)

    def test_damaged_thresholds_are_an_error_that_names_them(self):
        broken = self.path / "broken"
        shutil.copytree(self.model, broken)
        config = json.loads((broken / "config.json").read_text())
        config["thresholds"] = [0.5]
        (broken / "config.json").write_text(json.dumps(config))
        _, error = run("predict", "--model", broken, "--input", "-", stdin="cat\n", code=1)
        self.assertIn("thresholds", error)

    def test_data_check_counts_labels(self):
        report = json.loads(run("data", "check", self.test, "--label-separator", "|", "--json")[0])
        self.assertEqual(report["rows_with_lists"], 150)
        for label in report["labels"]:
            self.assertEqual(label["rows"],
                             sum(label["label"] in labels for _, labels, _ in self.rows))
        self.assertIn("labels a row: 0 to 2", run("data", "check", self.test, "--label-separator",
                                                  "|")[0])
        many = write_csv(self.path / "many.csv",
                         [(i, f"a{i % 5}|b{i % 7}", f"text {i}") for i in range(60)])
        flags = {entry["flag"]: entry["value"]
                 for entry in json.loads(run("data", "check", many, "--json")[0])["suggestions"]}
        self.assertEqual(flags["--label-separator"], "|")


class SoftLabelsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def answers(self, model, texts, *arguments):
        out = run("predict", "--model", model, "--input", "-", "--json", "--top-k", "0", *arguments,
                  stdin="\n".join(texts) + "\n")[0]
        return [{entry["label"]: entry["score"] for entry in json.loads(line)["labels"]}
                for line in out.splitlines()], out

    def test_a_student_learns_its_teachers_probabilities(self):
        # A third of the training labels is drawn at random, so that the teacher is unsure.
        draw = random.Random(7)
        rows = [(id, draw.choice(sorted(TOPICS)) if draw.random() < 0.4 else label, text)
                for id, label, text in sentences(500, 1)]
        teacher, student, hard = (self.path / name for name in ("teacher", "student", "hard"))
        run("train", "--train", write_csv(self.path / "train.csv", rows), "--output", teacher, *SMALL)
        texts = [row[2] for row in sentences(600, 5)]
        given, lines = self.answers(teacher, texts, "--echo-text")
        soft = self.path / "soft.jsonl"
        soft.write_text(lines)
        self.assertEqual([json.loads(line)["text"] for line in lines.splitlines()], texts)
        _, talk = run("train", "--train", soft, "--soft-label-column", "labels", "--output", student,
                      *SMALL)
        self.assertIn("validation accuracy against each row's most likely label: wide", talk)
        self.assertIn("calibration error against each row's most likely label ", talk)
        _, error = run("evaluate", "--model", student, "--data", soft, "--label-column", "labels", code=1)
        self.assertIn("line 1: the label is a distribution", error)
        run("train", "--train", soft, "--label-column", "label", "--output", hard, *SMALL)
        fresh = [row[2] for row in sentences(200, 6)]
        expected, _ = self.answers(teacher, fresh)

        def distance(model):
            found, _ = self.answers(model, fresh)
            return sum(abs(a[label] - b[label]) for a, b in zip(expected, found)
                       for label in TOPICS) / len(fresh)
        self.assertLess(distance(student), 0.15)
        self.assertLess(distance(student), distance(hard) / 2)
        found, _ = self.answers(student, fresh)
        agree = sum(max(a, key=a.get) == max(b, key=b.get) for a, b in zip(expected, found))
        self.assertGreater(agree, 0.95 * len(fresh))

    def test_what_is_no_distribution_is_named(self):
        soft = self.path / "soft.jsonl"
        soft.write_text('{"text": "a", "p": {"x": 0.4, "y": 0.6}}\n{"text": "b", "p": {"x": 0.4}}\n')
        report = run("data", "check", soft, "--soft-label-column", "p", "--json")[0]
        self.assertEqual(json.loads(report)["files"][0]["bad_rows"], 1)
        _, error = run("train", "--train", soft, "--soft-label-column", "p", "--output",
                       self.path / "never", code=1)
        self.assertIn("soft.jsonl, line 2: the shares sum to 0.4000, not to 1", error)
        _, error = run("train", "--train", soft, "--output", self.path / "never", code=1)
        self.assertIn("line 1: the label is a distribution", error)
        self.assertIn("--soft-label-column", error)
        self.assertNotIn("--on-bad-row", error)
        report, _ = run("data", "check", soft, code=1)
        self.assertIn("2 bad rows with a distribution over labels", report)
        self.assertIn("--soft-label-column", report)
        _, error = run("train", "--train", soft, "--soft-label-column", "p", "--target", "multi",
                       "--output", self.path / "never", code=2)
        self.assertIn("--soft-label-column", error)

    def test_class_weights_and_smoothing(self):
        rows = sentences(300, 1)
        train = write_csv(self.path / "train.csv", [row for row in rows if row[1] != "numbers"] +
                          [row for row in rows if row[1] == "numbers"][:15])
        weights = self.path / "weights.json"
        weights.write_text('{"numbers": 5.5}')
        models = {name: self.path / name for name in ("plain", "auto", "file", "smooth")}
        for name, arguments in (("plain", []), ("auto", ["--class-weights", "auto"]),
                                ("file", ["--class-weights", weights]),
                                ("smooth", ["--label-smoothing", "0.1"])):
            run("train", "--train", train, "--output", models[name], *SMALL, *arguments)
        tensors = {name: (model / "model.safetensors").read_bytes()
                   for name, model in models.items()}
        self.assertEqual(len(set(tensors.values())), 4)
        config = json.loads((models["auto"] / "config.json").read_text())
        self.assertEqual(config["training"]["class_weights"], "auto")
        for content, part in (('{"number": 2}', 'Did you mean numbers'), ('{"numbers": 0}', "above 0"),
                              ("[1]", "JSON object"), ("{", "weights.json")):
            weights.write_text(content)
            _, error = run("train", "--train", train, "--class-weights", weights, "--output",
                           self.path / "never", *SMALL, code=1)
            self.assertIn(part, error)
        _, error = run("train", "--train", train, "--class-weights", "atuo", "--output",
                       self.path / "never", code=1)
        self.assertIn("atuo", error)


class GoingOnTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.train = write_csv(cls.path / "train.csv", sentences(400, 1))
        cls.model = cls.path / "model"
        run("train", "--train", cls.train, "--output", cls.model, *SMALL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def go_on(self, name, rows, *arguments, code=0):
        train = write_csv(self.path / f"{name}.csv", rows)
        return run("train", "--init-from", self.model, "--train", train, "--output",
                   self.path / name, "--threads", "1", *arguments, code=code)[1]

    def tensors(self, model):
        data = (model / "model.safetensors").read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + length])
        header.pop("__metadata__", None)
        return {name: data[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]]
                for name, entry in header.items()}

    def test_without_a_step_the_encoder_is_the_old_one(self):
        talk = self.go_on("same", sentences(100, 2), "--epochs", "1", "--learning-rate", "0",
                          "--average", "0")
        self.assertIn("the wide branch is fitted anew", talk)
        self.assertIn("3 of its labels go on", talk)
        old, new = self.tensors(self.model), self.tensors(self.path / "same")
        for name, values in old.items():
            self.assertEqual(name.startswith("wide."), values != new[name], name)
        self.assertEqual((self.model / "vocabulary.txt").read_bytes(),
                         (self.path / "same" / "vocabulary.txt").read_bytes())

    def test_rows_of_known_labels_are_kept_and_new_labels_learnt(self):
        rows = [(i, "plants" if label == "numbers" else label,
                 text if label != "numbers" else f"tree moss {text}")
                for i, label, text in sentences(200, 3)]
        talk = self.go_on("still", rows, "--epochs", "1", "--learning-rate", "0", "--average", "0")
        self.assertIn("2 of its labels go on; new ones: plants", talk)
        # Once, though each of three parts is held out.
        for line in ("no row has its labels numbers", "goes on from", "of its labels go on"):
            self.assertEqual(talk.count(line), 1, line)
        old, new = (self.tensors(model)["classifier.bias"] for model in (self.model, self.path / "still"))
        self.assertEqual(old[:8], new[:8])
        self.assertNotEqual(old[8:], new[8:])
        self.go_on("learnt", rows, "--epochs", "4", "--learning-rate", "0.01")
        test = write_csv(self.path / "plants-test.csv", rows)
        report = json.loads(run("evaluate", "--model", self.path / "learnt", "--data", test, "--json",
                                "--branch", "encoder")[0])
        self.assertGreater(report["accuracy"], 0.95)

    def test_what_was_learnt_helps_where_rows_are_few(self):
        few = sentences(30, 9)
        test = write_csv(self.path / "few-test.csv", sentences(200, 10))
        arguments = ["--epochs", "1", "--learning-rate", "0.001"]
        self.go_on("few", few, *arguments)
        report = json.loads(run("evaluate", "--model", self.path / "few", "--data", test, "--json",
                                "--branch", "encoder")[0])
        self.assertGreater(report["accuracy"], 0.95)

    def test_a_contradicting_flag_is_an_error_that_names_both(self):
        for flag, value in (("--width", "32"), ("--max-length", "100"), ("--layers", "2"),
                            ("--lowercase", "false")):
            error = self.go_on("never", sentences(20, 4), f"{flag}={value}", code=2)
            self.assertIn(flag, error)
            self.assertIn(str(self.model), error)
        self.go_on("agrees", sentences(60, 4), "--width", "16", "--dropout", "0", "--epochs", "1")
        config = json.loads((self.path / "agrees" / "config.json").read_text())
        self.assertEqual((config["model"]["width"], config["model"]["dropout"]), (16, 0))
        _, error = run("train", "--train", self.train, "--init-from", self.path / "none", "--output",
                       self.path / "never", code=1)
        self.assertIn("no such model folder", error)

    def test_a_quantized_model_is_an_error(self):
        quantized = self.path / "quantized"
        run("quantize", "--model", self.model, "--data", self.train, "--output", quantized,
            "--max-loss", "1")
        _, error = run("train", "--train", self.train, "--init-from", quantized, "--output",
                       self.path / "never", code=1)
        self.assertIn("rounded to 8 bits", error)
        self.assertIn(str(quantized), error)
        self.assertFalse((self.path / "never").exists())

    def test_word_vectors_and_parts(self):
        vectors = self.path / "ten.txt"
        vectors.write_text("".join(f"{word} {'1 ' * 10}\n" for word in ("cat", "red")))
        arguments = ["train", "--train", self.train, *ENCODER, "--epochs", "1", "--word-vectors", vectors]
        _, error = run(*arguments, "--output", self.path / "never", code=1)
        self.assertIn("Use vectors of that width, or --width 10 --heads 2", error)
        self.assertNotIn("--folds", error)
        _, talk = run(*arguments, "--output", self.path / "ten", "--width", "10", "--heads", "2")
        self.assertEqual(talk.count("word vectors: 2 in"), 1)

    def test_word_vectors_begin_the_words(self):
        vectors = self.path / "vectors.vec.gz"
        draw = random.Random(3)
        words = {word: [round(draw.gauss(0, 1), 3) for _ in range(16)]
                 for word in ["cat", "red", "unheard"]}
        with gzip.open(vectors, "wt") as file:
            file.write("3 16\n" + "".join(f"{word} {' '.join(map(str, values))}\n"
                                          for word, values in words.items()))
        model = self.path / "vectors"
        _, talk = run("train", "--train", self.train, "--output", model, *SMALL, "--word-vectors",
                      vectors, "--learning-rate", "0", "--average", "0", "--subwords", "0")
        self.assertIn("word vectors: 3 in", talk)
        self.assertIn("of 2 of the model's", talk)
        vocabulary = (model / "vocabulary.txt").read_text().splitlines()
        table = self.tensors(model)["embedding.word.weight"]
        for word in ("cat", "red"):
            row = vocabulary.index(word)
            found = struct.unpack("<16f", table[row * 64:row * 64 + 64])
            for a, b in zip(found, words[word]):
                self.assertAlmostEqual(a, b, places=5)
        _, error = run("train", "--train", self.train, "--output", self.path / "never", "--width",
                       "8", "--heads", "2", "--word-vectors", vectors, code=1)
        self.assertIn("vectors of 16 numbers, the model's width is 8", error)
        self.assertRegex(error, "or --width 16$")
        _, error = run("train", "--train", self.train, "--output", self.path / "never",
                       "--word-vectors", vectors, "--init-from", self.model, code=2)
        self.assertIn("--word-vectors", error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
