"""Corpora are kept for the next run, and no state of the cache changes a model.

    cache_test.py PROGRAM
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from programs import PROGRAM, SMALL, run, sentences, small_disk, write_csv


def model_bytes(model):
    return {name: (model / name).read_bytes() for name in ("model.safetensors", "vocabulary.txt")}


class CacheTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.corpus = self.folder / "train.csv"
        write_csv(self.corpus, sentences(6000, seed=1))
        os.utime(self.corpus, (1e9, 1e9))
        self.cache = self.folder / "cache"

    def train(self, name, *flags, cache=None):
        model = self.folder / name
        _, talk = run("train", "--train", self.corpus, "--output", model, *SMALL, "--epochs", "1",
                      "--corpus-cache", cache or self.cache, *flags)
        return model_bytes(model), talk

    def test_a_model_is_the_same_whatever_the_cache_holds(self):
        plain, _ = self.train("plain", cache="off")
        self.assertFalse(self.cache.exists())
        self.assertEqual(self.train("first")[0], plain)
        kept = sorted(file.name for file in self.cache.iterdir())
        self.assertEqual([name.split("-")[1] for name in kept if name.endswith(".parts")],
                         ["rows", "tokens"])
        inodes = {file.name: file.stat().st_ino for file in self.cache.glob("*.parts")}
        self.assertEqual(self.train("second")[0], plain)
        self.assertEqual({file.name: file.stat().st_ino for file in self.cache.glob("*.parts")},
                         inodes)
        for file in self.cache.iterdir():
            file.write_bytes(file.read_bytes()[:-100] + b"x" * 100)
        model, talk = self.train("damaged")
        self.assertEqual(model, plain)
        self.assertIn("is damaged: it is made anew", talk)

    def test_the_cache_may_be_removed_or_cut_while_it_is_read(self):
        long = ["--epochs", "12", "--checkpoint-every", "0.1", "--corpus-cache", self.cache]
        run("train", "--train", self.corpus, "--output", self.folder / "whole", *SMALL, *long)
        for name, harm in (("removed", lambda file: file.unlink()), ("cut", lambda file: os.truncate(file, 100))):
            model = self.folder / name
            process = subprocess.Popen([PROGRAM, *map(str, ["train", "--train", self.corpus, "--output", model, *SMALL,
                                                            *long])], stderr=subprocess.PIPE, text=True)
            state = self.folder / f"{name}.training" / "checkpoint.safetensors"
            while process.poll() is None and not state.exists():
                time.sleep(0.01)
            for file in self.cache.glob("*.parts"):
                harm(file)
            talk = process.communicate(timeout=120)[1]
            if name == "cut":
                self.assertEqual(process.returncode, 1, talk)
                self.assertIn("a training that kept a state goes on by --resume", talk)
                run("train", "--resume", "--output", model, "--corpus-cache", self.cache)
            else:
                self.assertEqual(process.returncode, 0, talk)
            self.assertEqual(model_bytes(model), model_bytes(self.folder / "whole"))

    def test_the_cache_is_bounded_and_may_be_out_of_reach(self):
        plain, _ = self.train("plain", cache="off")
        self.assertEqual(self.train("none", "--corpus-cache-size", "0")[0], plain)
        self.assertEqual([file.name for file in self.cache.iterdir() if file.suffix == ".parts"], [])
        blocked = self.folder / "file"
        blocked.write_text("")
        model, talk = self.train("blocked", cache=blocked / "cache")
        self.assertEqual(model, plain)
        self.assertIn("nothing is kept for the next run", talk)

    def test_on_a_full_disk_the_new_corpus_takes_the_place_of_the_old(self):
        self.train("elsewhere")
        size = sum(file.stat().st_size for file in self.cache.iterdir())
        with small_disk(self.folder / "disk", int(1.2 * size) + 16384) as disk:
            old, _ = self.train("old", cache=disk)
            with self.corpus.open("a", encoding="utf-8") as file:
                file.write("more,animals,a cat and a dog\n" * 100)
            os.utime(self.corpus, (1.1e9, 1.1e9))
            new, talk = self.train("new", cache=disk)
            self.assertIn("what earlier runs kept is removed", talk)
            self.assertNotEqual(new, old)
            again, talk = self.train("again", cache=disk)
            self.assertEqual(again, new)
            self.assertIn("rows as an earlier run read them", talk)

    def test_on_a_full_disk_a_run_keeps_what_it_uses(self):
        self.train("elsewhere")
        sizes = {file.name.split("-")[1]: file.stat().st_size for file in self.cache.glob("*.parts")}
        room = sizes["rows"] + sizes["tokens"] // 2 + 16384
        with small_disk(self.folder / "disk", room) as disk:
            _, talk = self.train("first", cache=disk)
            self.assertIn("nothing is kept for the next run", talk)
            _, talk = self.train("second", cache=disk)
            self.assertIn("rows as an earlier run read them", talk)

    def test_arrays_in_files_give_the_same_model(self):
        plain, _ = self.train("plain", cache="off")
        self.assertEqual(self.train("spilled", "--largest-array", "1", cache="off")[0], plain)
        self.assertEqual(sorted(file.name for file in (self.folder / "spilled").iterdir()),
                         sorted(file.name for file in (self.folder / "plain").iterdir()))

    def test_a_word_is_no_folder(self):
        _, talk = run("train", "--train", self.corpus, "--output", self.folder / "model",
                      "--corpus-cache", "none", code=2)
        self.assertIn("Give auto, off, or a folder", talk)

    def test_pretraining_reads_from_the_cache_too(self):
        for name in ("first", "second"):
            run("pretrain", "--text", self.corpus, "--output", self.folder / name, "--width", "16",
                "--heads", "4", "--feed-forward", "16", "--layers", "1", "--epochs", "1",
                "--threads", "1", "--corpus-cache", self.cache)
        self.assertEqual(model_bytes(self.folder / "first"), model_bytes(self.folder / "second"))
        self.assertEqual(len(list(self.cache.glob("fastformer-tokens-*.parts"))), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
