"""fastformer compare through the programs: what it measures, keeps, goes on with and refuses.

compare_test.py PROGRAM
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from programs import ENCODER, PROGRAM, run, sentences, write_csv

SETTINGS = [*ENCODER, "--sweep-tokens", "64", "--sweep-seconds", "20",
            "--linformer-rank", "4"]
NAMES = ["fastformer", "linformer"]


class CompareTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        train = write_csv(cls.path / "train.csv", sentences(300, 1))
        test = write_csv(cls.path / "test <b>.csv", sentences(60, 2))
        cls.files = ["--train", train, "--test", test]
        cls.given = [*cls.files, "--encoders", ",".join(NAMES), "--seeds", "3", "--lengths",
                     "16,8", *SETTINGS]
        cls.done = cls.path / "done"
        out, cls.talk = run("compare", "--output", cls.done, *cls.given, "--json")
        cls.report = json.loads(out)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def lines(self, folder):
        return [json.loads(line) for line in (folder / "cells.jsonl").read_text().splitlines()]

    def test_every_model_is_measured(self):
        self.assertEqual([model["name"] for model in self.report["models"]], NAMES)
        for model in self.report["models"]:
            self.assertGreater(model["accuracy"]["mean"], 0.3)
            self.assertGreater(model["macro_f1"]["mean"], 0.1)
            for rate in ("training_tokens_per_second", "use_tokens_per_second"):
                self.assertGreater(model[rate]["mean"], 0)
            for count in ("training_memory_bytes", "use_memory_bytes"):
                self.assertTrue(1e6 < model[count] < 2e9, model)
            self.assertGreater(model["parameters"], 500)
            self.assertGreater(model["operations_per_token"], 1000)
        self.assertIn("[1/12] fastformer, seed 3: accuracy", self.talk)

    def test_test_rows_are_read_as_training_rows_are(self):
        train, test = self.path / "train.txt", self.path / "test.txt"
        train.write_text("title;topic;source\n" + "".join(
            f"{text};{label};{name}\n" for name, label, text in sentences(200, 7)))
        test.write_text("title;topic\n" + "".join(  # groups are the split's alone
            f"{text};{label}\n" for _, label, text in sentences(40, 8)))
        out, _ = run("compare", "--train", train, "--test", test, "--encoders", "fastformer",
                     "--seeds", "0", "--lengths", "none", "--output", self.path / "semicolons",
                     "--format", "csv", "--delimiter", ";", "--text-column", "title",
                     "--label-column", "topic", "--group-column", "source", *ENCODER, "--json")
        self.assertGreater(json.loads(out)["models"][0]["accuracy"]["mean"], 0.3)

    def test_variants_are_checked_with_their_own_choices(self):
        _, error = run("compare", *self.files, "--variants", "sharing", "--no-global-key",
                       "--lengths", "none", "--output", self.path / "never", code=2)
        self.assertIn("global-key", error)
        self.assertFalse((self.path / "never").exists())

    def test_a_folder_of_something_else_is_left_alone(self):
        folder = self.path / "mine"
        folder.mkdir()
        (folder / "report.html").write_text("mine")
        _, error = run("compare", "--output", folder, *self.given, code=1)
        self.assertIn("holds files, and no comparison", error)
        self.assertEqual([file.name for file in folder.iterdir()], ["report.html"])

    def test_curves_have_all_lengths(self):
        curves = {(curve["name"], curve["of"]): curve["points"] for curve in self.report["sweep"]}
        self.assertEqual(set(curves), {("fastformer", "training"), ("linformer", "training"),
                                       ("fastformer", "use"), ("linformer", "use"),
                                       ("fastformer, bfloat16", "use")})
        for points in curves.values():
            self.assertEqual([point["length"] for point in points], [8, 16])
            self.assertTrue(all(point["tokens_per_second"] > 0 and point["memory_bytes"] > 5e6
                                for point in points))

    def test_the_page_needs_no_other_file_and_is_escaped(self):
        page = (self.done / "report.html").read_text()
        self.assertEqual(page.count("<svg xmlns"), 5)
        self.assertIn("test &lt;b&gt;.csv", page)
        for row in ("<td>epochs</td><td>4</td>", "<td>sweep-tokens</td><td>64</td>",
                    "<td>linformer, linformer_rank</td><td>4</td>"):
            self.assertIn(row, page)
        self.assertEqual(json.loads((self.done / "report.json").read_text()), self.report)
        for forbidden in ("<b>", "<script", "href", "src="):
            self.assertNotIn(forbidden, page)
        for name in ("accuracy", "training-time", "training-memory", "use-time", "use-memory"):
            self.assertIn("fastformer", (self.done / f"{name}.svg").read_text())

    def test_what_is_done_stays_and_more_is_added(self):
        before = (self.done / "cells.jsonl").read_bytes()
        out, talk = run("compare", "--output", self.done, *self.given)
        self.assertEqual((self.done / "cells.jsonl").read_bytes(), before)
        self.assertNotIn("[1/", talk)
        self.assertRegex(out, r"linformer +1 +[01]\.\d{4} ")
        self.assertIn("Memory of use by length, megabytes", out)
        out, _ = run("compare", "--output", self.done, *self.given, "--encoders",
                     "linear_transformer,linformer", "--seeds", "3,4", "--budget", "0")
        self.assertRegex(out, r"linear_transformer +0 +-")
        self.assertRegex(out, r"linformer +1 +[01]\.\d{4} ")
        self.assertIn("7 of 12 cells are still to be done", out)

    def test_without_time_nothing_is_begun_and_the_same_command_goes_on(self):
        folder = self.path / "later"
        given = ["--output", folder, *self.files, "--encoders", "linformer", "--seeds", "1,2",
                 "--lengths", "none", *SETTINGS]
        out, _ = run("compare", *given, "--budget", "0")
        self.assertIn("2 of 2 cells are still to be done", out)
        self.assertIn("still to be done", (folder / "report.html").read_text())
        process = subprocess.Popen([PROGRAM, "compare", *map(str, given)], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while "[1/2]" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 130)
        self.assertIn("1 of 2 cells are still to be done", out)
        with open(folder / "cells.jsonl", "a", encoding="utf-8") as file:
            file.write('{"cell":"linformer, seed 2","accu')  # as a crash leaves it
        out, talk = run("compare", *given)
        self.assertNotIn("[1/2]", talk)
        self.assertIn("[2/2] linformer, seed 2", talk)
        self.assertEqual([line["cell"] for line in self.lines(folder)],
                         ["linformer, seed 1", "linformer, seed 2"])
        self.assertFalse([path for path in os.listdir(folder / "cells")
                          if not path.endswith(".log")])

    def test_a_limit_ends_a_curve_and_nothing_else(self):
        for limit, said in ((["--sweep-seconds", "0.01"], "over 0.01 s"),
                            (["--cell-memory", "20"], "over 20 MB")):
            folder = self.path / said.replace(" ", "-")
            out, _ = run("compare", "--output", folder, "--encoders", "linformer", "--lengths",
                         "8,16", *SETTINGS, *limit)
            self.assertIn(f"linformer, training at 8 tokens: {said}, its curve ends before", out)
            self.assertIn(f"linformer, use at 8 tokens: {said}", out)
            self.assertNotIn("still to be done", out)
            self.assertEqual(len(self.lines(folder)), 2)
            given = ["--output", folder, "--encoders", "linformer", "--lengths", "8", *SETTINGS]
            again, talk = run("compare", *given, *limit)
            self.assertIn(said, again)
            self.assertNotIn("tries again", talk)
            out, talk = run("compare", *given, "--cell-memory", "0")  # a higher limit
            self.assertIn("tries again what has ended: 2 of its cells", talk)
            self.assertRegex(out, r"linformer +\d")
            self.assertNotIn("ended", out)
            self.assertEqual(len(self.lines(folder)), 4)
            run("compare", *given, *limit)  # what is done stays
            self.assertEqual(len(self.lines(folder)), 4)

    def kill_what_measures(self, arguments, cell):
        """Kills the process that does the cell, as a system without memory does."""
        process = subprocess.Popen([PROGRAM, "compare", *map(str, arguments)], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        killed = False
        while not killed and process.poll() is None:
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
            for child in children.read_text().split():
                with contextlib.suppress(OSError):
                    words = pathlib.Path(f"/proc/{child}/cmdline").read_text().split("\0")
                    if any(cell in word for word in words):
                        os.kill(int(child), signal.SIGKILL)
                        killed = True
        out, _ = process.communicate(timeout=100)
        self.assertTrue(killed)
        self.assertEqual(process.returncode, 0)
        return out

    def test_what_was_killed_is_tried_again_when_asked(self):
        given = ["--output", self.path / "killed", "--encoders", "linformer", "--lengths", "8",
                 *SETTINGS]
        out = self.kill_what_measures(given, "--training")
        self.assertIn("linformer, training at 8 tokens: killed, perhaps for lack of memory", out)
        self.assertIn("with --retry", out)
        self.assertIn("killed", run("compare", *given)[0])
        out, talk = run("compare", *given, "--retry")
        self.assertIn("tries again what has ended: 1 of its cells", talk)
        self.assertNotIn("killed", out)

    def test_what_does_not_matter_may_change(self):
        folder = self.path / "again"
        given = ["--encoders", "linformer", "--seeds", "1", "--lengths", "none", *SETTINGS]
        files = [word if word.startswith("--") else os.path.relpath(word)
                 for word in map(str, self.files)]
        run("compare", "--output", folder, *self.files, *given, "--epochs", "3", "--budget", "0")
        run("compare", "--output", folder, *self.files, *given)  # nothing was done with 3 epochs
        before = (folder / "cells.jsonl").read_bytes()
        run("compare", "--output", folder, *files, *given, "--sweep-tokens", "128")
        talk = run("compare", "--output", folder, *files, *given, "--epochs", "3", code=1)[1]
        self.assertIn("epochs as 4, and now it is 3", talk)
        self.assertEqual((folder / "cells.jsonl").read_bytes(), before)
        out, _ = run("compare", "--output", folder, *files, *given, "--lengths", "8")
        self.assertIn("Memory of use by length", out)
        out, _ = run("compare", "--output", folder, "--encoders", "linformer", "--lengths", "8",
                     *SETTINGS)  # the sweep alone
        self.assertNotIn("still to be done", out)
        talk = run("compare", "--output", folder, *files, *given, "--lengths", "8",
                   "--sweep-tokens", "128", code=1)[1]
        self.assertIn("sweep-tokens as 64, and now it is 128", talk)

    def test_other_machines_are_named(self):
        folder = self.path / "machines"
        given = ["--output", folder, "--encoders", "linformer", *SETTINGS]
        run("compare", *given, "--lengths", "8")
        for line in self.lines(folder):
            self.assertEqual(line["threads"], 1)
            self.assertTrue(line["processor"])
        out, talk = run("compare", *given, "--lengths", "8,16", "--threads", "2", "--json")
        self.assertIn("their speeds cannot be compared", talk)
        report = json.loads(out)
        self.assertRegex(report["facts"]["processor"],
                         r".+, 1 thread \(2 cells\); .+, 2 threads \(2 cells\)")
        self.assertIn("Not all cells are of one machine", "".join(report["notes"]))
        _, talk = run("compare", *given, "--lengths", "8,16")
        self.assertNotIn("cannot be compared", talk.split("wrote")[0])  # nothing was measured

    def test_what_all_cells_need_is_looked_at_once(self):
        given = ["--output", self.path / "needs", "--lengths", "none", "--seeds", "1,2", *SETTINGS]
        if not os.path.exists("/dev/nvidia0"):
            talk = run("compare", *given, *self.files, "--device", "cuda", code=1)[1]
            self.assertIn("--device: ", talk)
            self.assertEqual(len(talk.splitlines()), 1, talk)
        pipe = self.path / "pipe"
        os.mkfifo(pipe)
        for files, said in ((["--train", self.files[1], "--test", pipe], "pipe: is no file"),
                            ([*self.files, "--word-vectors", "no.vec"], "no.vec: there is no")):
            talk = run("compare", *given, *files, code=1)[1]
            self.assertIn(said, talk)
            self.assertNotIn("seed 1", talk)

    def test_a_link_keeps_its_name(self):
        blob, link = self.path / "blob", self.path / "linked.csv"
        blob.write_text(self.files[1].read_text())
        link.symlink_to(blob)
        out, _ = run("compare", "--output", self.path / "of_links", "--train", link, *self.files[2:], "--lengths",
                     "none", "--seeds", "1", "--encoders", "fastformer", *ENCODER)
        self.assertRegex(out, r"fastformer +1 ")

    def test_the_papers_ablations(self):
        for name, variant, title in (("interaction", "concatenation", "Interaction functions"),
                                     ("sharing", "all shared", "Shared parameters")):
            out, _ = run("compare", "--output", self.path / name, *self.files, "--variants", name,
                         "--budget", "0", *ENCODER, "--lengths", "none")
            self.assertRegex(out, rf"{variant} +0 +-")
            page = (self.path / name / "report.html").read_text()
            self.assertIn(f"<h1>{title} of Fastformer</h1>", page)
            self.assertNotIn("Random documents", page)
            self.assertNotIn({"interaction": "fastformer, interaction", "sharing": "share_"}[name], page)
        out, _ = run("compare", "--output", self.path / "interactions", "--variants",
                     "interaction", "--lengths", "8", *ENCODER, "--sweep-tokens", "8",
                     "--sweep-seconds", "20")
        self.assertRegex(out, r"concatenation, bfloat16 +\d")

    def test_wrong_usage_says_so(self):
        given = ["--output", self.path / "no", *self.files]
        for words, said in ((["--encoders", "bigbrid"], "Did you mean bigbird?"),
                            (["--encoder", "bigbird"], "Say --encoders"),
                            (["--seeds", "1,x"], '"x" is no number'),
                            (["--lengths", "0"], '"0" is no number'),
                            (["--variants", "shareing"], "sharing"),
                            (["--encoders", "linformer", "--bigbird-block", "4"],
                             "not compared"),
                            (["--epoch", "3"], "--epochs"),
                            (["--width", "7", "--heads", "2"], "not a multiple")):
            self.assertIn(said, run("compare", *given, *words, code=2)[1])
        self.assertIn("belong together", run("compare", "--output", self.path / "no", "--test",
                                             self.files[1], code=2)[1])
        talk = run("compare", "--output", self.done, *self.given, "--epochs", "3", code=1)[1]
        self.assertIn("epochs as 4, and now it is 3", talk)
        self.assertIn("another --output", talk)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
