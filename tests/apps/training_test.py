"""The programs that train, as a user meets them: train and pretrain.

training_test.py PROGRAM
"""

import csv
import json
import random
import struct
import sys
import unittest

from programs import ENCODER, SMALL, TOPICS, TrainedModelTest, run, sentences, write_csv


class TrainingTest(TrainedModelTest):
    def test_model_folder_is_whole(self):
        names = {file.name for file in self.model.iterdir()}
        self.assertEqual(names, {"config.json", "model.safetensors", "vocabulary.txt", "README.md",
                                 "metrics.json", "training.jsonl"})
        self.assertFalse((self.path / "model.training").exists())
        config = json.loads((self.model / "config.json").read_text())
        self.assertEqual(config["labels"], sorted(TOPICS))
        log = (self.model / "training.jsonl").read_text()
        events = [json.loads(line) for line in log.splitlines()]
        self.assertEqual([e["epoch"] for e in events if e["event"] == "epoch"], [1, 2, 3, 4])

    def test_each_row_is_held_out_once_where_rows_are_few(self):
        model = self.path / "folds"
        _, talk = run("train", "--train", self.train, "--output", model, *ENCODER)
        metrics = json.loads((model / "metrics.json").read_text())
        self.assertEqual(metrics["calibration"]["rows"], 400)
        self.assertGreater(metrics["branches"]["both"]["accuracy"], 0.9)
        log = (model / "training.jsonl").read_text()
        events = [json.loads(line) for line in log.splitlines()]
        parts = [e["part"] for e in events if e["event"] == "epoch"]
        self.assertEqual(parts, [f"part {n} of 4" for n in (1, 2, 3, 4) for _ in range(4)])
        self.assertIn("part 4 of 4  epoch 4", talk)
        report = json.loads(run("evaluate", "--model", model, "--data", self.test, "--json")[0])
        self.assertGreater(report["accuracy"], 0.95)
        share = self.path / "share"
        run("train", "--train", self.train, "--output", share, *ENCODER, "--valid-share", "0.2",
            "--epochs", "1")
        metrics = json.loads((share / "metrics.json").read_text())
        self.assertLess(metrics["calibration"]["rows"], 120)

    def test_the_configuration_repeats_the_training(self):
        once, again = self.path / "once", self.path / "repeated"
        run("train", "--train", self.train, "--output", once, *ENCODER)
        config = json.loads((once / "config.json").read_text())
        self.assertEqual(config["training"]["folds"], 3)
        options = {key: value for key, value in config["training"].items() if value != ""}
        file = self.path / "repeat.json"
        file.write_text(json.dumps({**options, **config["model"], **config["text"]}))
        run("train", "--train", self.train, "--output", again, "--config", file)
        self.assertEqual((once / "model.safetensors").read_bytes(),
                         (again / "model.safetensors").read_bytes())

    def test_a_label_of_one_part_alone_is_an_error_there(self):
        rows = [(str(i), label, f"{label} {word}", label) for label in ("a", "b", "c")
                for i, word in enumerate(["one", "two", "three", "four"] * 5)]
        file = self.path / "grouped.csv"
        with file.open("w", newline="") as out:
            csv.writer(out).writerows([("id", "label", "text", "source"), *rows])
        _, talk = run("train", "--train", file, "--group-column", "source", "--output",
                      self.path / "one-sided", *ENCODER)
        self.assertIn("60 rows have a label that no row outside their part has", talk)

    def test_a_search_keeps_what_is_not_worse(self):
        model = self.path / "tuned"
        # All but the two values of dropout is set, so that the search ends long before its time.
        given = ["--word-dropout", "0.3", "--local", "none", "--pooling", "attention", "--max-length",
                 "512", "--label-smoothing", "0", "--wide", "off"]
        _, talk = run("train", "--train", self.train, "--output", model, *SMALL, *given,
                      "--autotune", "280")
        tuning = json.loads((model / "metrics.json").read_text())["autotune"]
        self.assertEqual(tuning["trials"][0]["changes"], {})
        self.assertEqual(len(tuning["trials"]), 3)
        best = [t for t in tuning["trials"] if t["changes"] == tuning["chosen"]][0]
        self.assertLessEqual(best["loss"], tuning["trials"][0]["loss"])
        self.assertGreaterEqual(best["accuracy"], tuning["trials"][0]["accuracy"])
        # A change is kept only for a gain beyond its error.
        self.assertTrue(tuning["trials"][0]["better"])
        for trial in tuning["trials"][1:]:
            self.assertTrue(not trial["better"] or trial["gain"] > trial["gain_error"])
            self.assertRegex(talk, f"(lower|higher) by {abs(trial['gain']):.4f} [+]- {trial['gain_error']:.4f}")
        self.assertNotIn("best_losses", tuning)
        # What the user has set is not searched.
        changed = {key for trial in tuning["trials"] for key in trial["changes"]}
        self.assertEqual(changed, {"dropout"})
        training = json.loads((model / "config.json").read_text())["training"]
        for key, value in tuning["chosen"].items():
            if key in training:
                self.assertEqual(training[key], value)
        self.assertIn("of 3 trials the best: ", talk)

    def test_a_search_trains_a_branch_anew_only_for_changes_about_it(self):
        given = ["--word-dropout", "0.3", "--local", "none", "--pooling", "attention", "--max-length", "512",
                 "--label-smoothing", "0", "--dropout", "0.2", "--wide-ngrams", "2", "--wide-characters", "0"]

        def trials(name, *flags):
            model = self.path / name
            run("train", "--train", self.train, "--output", model, *SMALL, *given, *flags, "--autotune", "280")
            log = (model / "training.jsonl").read_text().splitlines()
            trained = {event.get("part") for event in map(json.loads, log) if event["event"] == "step"}
            return json.loads((model / "metrics.json").read_text())["autotune"]["trials"], trained

        found, trained = trials("searched")
        self.assertEqual([set(trial["changes"]) for trial in found], [set()] + [{"wide_cost"}] * 3)
        self.assertEqual({part for part in trained if part and part.startswith("trial")}, {"trial 1"})
        alone, _ = trials("alone", "--wide-cost", str(found[1]["changes"]["wide_cost"]))
        self.assertEqual(alone[0]["loss"], found[1]["loss"])

    def test_a_search_without_time_keeps_the_settings(self):
        model = self.path / "hasty"
        _, talk = run("train", "--train", self.train, "--output", model, *ENCODER, "--autotune",
                      "0.001")
        self.assertIn("the settings stay as given", talk)
        self.assertEqual(json.loads((model / "metrics.json").read_text())["autotune"],
                         {"chosen": {}, "trials": []})

    def test_training_says_what_the_temperature_did(self):
        self.assertRegex(self.talk, r"temperature [0-9.]+ fitted on [0-9]+ validation rows: "
                         r"cross entropy .* before, .* after; calibration error [0-9.]+ before, .* after")

    def test_other_devices_are_libtorchs(self):
        for command in (["predict", "--input", "-"], ["evaluate", "--data", self.test]):
            _, error = run(*command, "--model", self.model, "--device", "abacus", stdin="red green\n", code=2)
            self.assertIn('unknown device "abacus". Known: cpu, cuda, cuda:N', error)

    def test_same_command_same_bytes(self):
        for threads in ("1", "2"):
            models = [self.path / f"{which}{threads}" for which in ("once", "again")]
            for model in models:
                run("train", "--train", self.train, "--output", model, *SMALL, "--threads", threads)
            for name in ("config.json", "model.safetensors", "vocabulary.txt"):
                self.assertEqual(*((model / name).read_bytes() for model in models), name)

    def test_text_without_spaces_gets_pieces(self):
        draw = random.Random(5)
        rows = [(i, label, "".join(draw.choices(letters, k=12)))
                for i in range(300)
                for label, letters in [draw.choice([("a", "天地玄黃宇宙洪荒"), ("b", "日月盈昃辰宿列張")])]]
        file = write_csv(self.path / "chinese.csv", rows)
        model = self.path / "chinese"
        run("train", "--train", file, "--output", model, *SMALL)
        self.assertTrue((model / "sentencepiece.model").exists())
        out = run("predict", "--model", model, "--input", "-", stdin="天地玄黃天地\n")[0]
        self.assertTrue(out.startswith("a\t"), out)
        _, error = run("train", "--train", file, "--output", self.path / "no", *SMALL,
                       "--subwords", "100", code=2)
        self.assertIn("--subwords", error)

    def test_switches_of_training_leave_a_plain_model(self):
        switches = ["--pooling", "both", "--subwords", "500", "--word-dropout", "0.1",
                    "--dropout-mask", "document", "--average", "0.9", "--embedding-update", "lazy"]
        models = [self.path / "switches", self.path / "switches2"]
        for model in models:
            run("train", "--train", self.train, "--output", model, *SMALL, *switches)
        self.assertEqual(*((model / "model.safetensors").read_bytes() for model in models))
        weights = (models[0] / "model.safetensors").read_bytes()
        header = weights[8:8 + struct.unpack("<Q", weights[:8])[0]]
        self.assertIn(b"classifier.weight", header)
        self.assertNotIn(b"subword", header)
        config = json.loads((models[0] / "config.json").read_text())
        self.assertEqual(config["model"]["pooling"], "both")
        report = json.loads(run("evaluate", "--model", models[0], "--data", self.test, "--json")[0])
        self.assertGreater(report["accuracy"], 0.95)

    def test_pretraining(self):
        labelled = write_csv(self.path / "text.csv", sentences(300, 7))
        plain = self.path / "plain.txt"
        plain.write_text("".join(row[2] + "\n" for row in sentences(300, 8)))
        models = [self.path / "pretrained", self.path / "pretrained2"]
        for model in models:
            _, talk = run("pretrain", "--text", labelled, plain, "--output", model, *ENCODER,
                          "--candidates", "10", "--mask-share", "0.2", "--local", "gated")
            self.assertIn("by word frequencies", talk)
        for name in ("config.json", "model.safetensors", "vocabulary.txt"):
            self.assertEqual(*((model / name).read_bytes() for model in models))
        metrics = json.loads((models[0] / "metrics.json").read_text())
        self.assertLess(metrics["validation_loss"], metrics["word_frequencies_loss"])
        self.assertGreater(metrics["validation_masked_accuracy"],
                           metrics["word_frequencies_masked_accuracy"])
        shown = run("inspect", models[0])[0]
        self.assertRegex(shown, r"task +pretraining")
        self.assertNotIn("labels", shown)
        for arguments in (["predict", "--input", self.test], ["evaluate", "--data", self.test]):
            _, error = run(*arguments, "--model", models[0], code=1)
            self.assertIn("pretrained encoder", error)
            self.assertIn("--init-from", error)
        model = self.path / "from-pretrained"
        _, talk = run("train", "--train", self.train, "--init-from", models[0], "--output", model,
                      *SMALL)
        self.assertIn("goes on from", talk)
        self.assertEqual((model / "vocabulary.txt").read_bytes(),
                         (models[0] / "vocabulary.txt").read_bytes())
        config = json.loads((model / "config.json").read_text())
        self.assertEqual(config["model"]["local"], "gated")
        report = json.loads(run("evaluate", "--model", model, "--data", self.test, "--json")[0])
        self.assertGreater(report["accuracy"], 0.95)

    def test_pretraining_reads_long_documents_whole(self):
        file = self.path / "long.txt"
        file.write_text("\n".join(" ".join(["red", "green", "blue"] * 40) for _ in range(20)))
        model = self.path / "long"
        run("pretrain", "--text", file, "--output", model, *ENCODER, "--epochs", "2",
            "--max-length", "16", "--valid-share", "0", "--candidates", "0")
        metrics = json.loads((model / "metrics.json").read_text())
        self.assertEqual(metrics["training_tokens"], 2 * 20 * 120)
        self.assertNotIn("validation_loss", metrics)

    def test_groups_are_not_asked_of_validation_rows(self):
        valid = write_csv(self.path / "valid.csv", [row[1:] for row in sentences(20, 6)],
                          ("label", "text"))
        run("train", "--train", self.train, "--valid", valid, "--group-column", "id", "--output",
            self.path / "grouped", *SMALL)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
