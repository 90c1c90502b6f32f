"""Tests of scripts/debian_corpus.py on package lists of a few lines."""

import csv
import gzip
import hashlib
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import debian_corpus  # noqa: E402


def in_test(source):
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % 10 >= 8


def source_of(side, number):
    """The number-th source name of the form pN that falls on that side."""
    names = (f"p{index}" for index in range(1000))
    wanted = [name for name in names if in_test(name) == (side == "test")]
    return wanted[number]


def package(name, source=None, section="games", text="A game.", tags=()):
    return debian_corpus.Package(name, source or name, section, tuple(tags), "synopsis", text)


class Stanzas(unittest.TestCase):
    def test_fields_continue_on_lines_that_start_with_a_blank(self):
        lines = ["Package: a\n", "Tag: x::y,\n", " z::w\n", "\n", "\n", "Package: b\r\n"]
        self.assertEqual(list(debian_corpus.stanzas(lines)),
                         [{"Package": "a", "Tag": "x::y,\n z::w"}, {"Package": "b"}])

    def test_values_keep_their_colons_and_stray_continuations_are_ignored(self):
        self.assertEqual(list(debian_corpus.stanzas([" stray\n", "Homepage: http://x/\n"])),
                         [{"Homepage": "http://x/"}])


class Descriptions(unittest.TestCase):
    def test_paragraph_marks_become_empty_lines_and_one_leading_blank_goes(self):
        synopsis, text = debian_corpus.split_description(
            "short form\n First line.\n .\n  indented\n ..dots stay\n .")
        self.assertEqual(synopsis, "short form")
        self.assertEqual(text, "First line.\n\n indented\n..dots stay")

    def test_packages_join_their_description_by_sum(self):
        lines = ["Package: libx1\n", "Source: x (1.2)\n", "Section: non-free/libs\n",
                 "Description-md5: 11\n", "Tag: b::b, a::a,\n", " c::c\n", "\n",
                 "Package: lost\n", "Section: libs\n", "Description-md5: 22\n", "\n",
                 "Package: silent\n", "Section: libs\n", "Description-md5: 33\n"]
        found = list(debian_corpus.packages_of(lines, {"11": "s\n Text.", "33": "only a synopsis"}))
        self.assertEqual(found, [debian_corpus.Package(
            "libx1", "x", "libs", ("a::a", "b::b", "c::c"), "s", "Text.")])


class Split(unittest.TestCase):
    def test_siblings_stay_on_one_side_and_equal_ones_are_one_row(self):
        rows = [package(f"{source}-{part}", source, text=f"{source} {part % 2}")
                for number in range(5) for side in ("train", "test")
                for source in [source_of(side, number)] for part in range(4)]
        corpus = debian_corpus.split(rows)
        self.assertEqual((len(corpus.train), len(corpus.test)), (10, 10))
        self.assertFalse({p.source for p in corpus.train} & {p.source for p in corpus.test})
        self.assertEqual(debian_corpus.split(reversed(rows)), corpus)

    def test_train_holds_no_text_of_test(self):
        same = "This is a transitional package."
        corpus = debian_corpus.split([
            package(source_of("train", 0), text=same), package(source_of("test", 0), text=same),
            package(source_of("train", 1), text="Other.")])
        self.assertEqual([p.text for p in corpus.train], ["Other."])
        self.assertEqual([p.text for p in corpus.test], [same])
        self.assertEqual(corpus.leaked, 1)


    def test_rare_tags_are_left_out_by_their_train_rows(self):
        def tagged(side, number, tags):
            name = source_of(side, number)
            return package(name, text=name)._replace(tags=tags)
        corpus = debian_corpus.split(
            [tagged("train", number, ("often", "once") if number == 0 else ("often",))
             for number in range(3)] +
            [tagged("test", number, ("once", "often", "test-only")) for number in range(3)])
        thinned = debian_corpus.without_rare_tags(corpus, 2)
        self.assertEqual({row.tags for row in thinned.train + thinned.test}, {("often",)})
        thinned = debian_corpus.without_rare_tags(corpus, 4)
        self.assertEqual([row.tags for row in thinned.train], [()] * 3)


class WholeRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.lists = self.root / "lists"
        self.lists.mkdir()
        packages, descriptions = [], []
        for number in range(3):
            for side in ("train", "test"):
                name = source_of(side, number)
                tag = "Tag: use::playing\n" if number == 0 else ""
                packages.append(f"Package: {name}\nSection: games\n{tag}Description-md5: {name}\n")
                descriptions.append(
                    f'Package: {name}\nDescription-md5: {name}\n'
                    f'Description-en: about {name}\n Says "{name}", at length.\n .\n End.\n')
        self.prefix = "mirror_dists_bookworm_main"
        self.packages = "\n".join(packages)
        (self.lists / f"{self.prefix}_binary-amd64_Packages").write_text(self.packages)
        (self.lists / f"{self.prefix}_i18n_Translation-en").write_text("\n".join(descriptions))

    def run_into(self, name):
        out = self.root / name
        self.assertEqual(debian_corpus.main([str(out), "--lists", str(self.lists)]), 0)
        return out

    def test_files_hold_the_rows_and_come_out_alike_each_time(self):
        out, again = self.run_into("out"), self.run_into("again")
        files = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
        self.assertEqual([str(path) for path in files], ["README.md"] + [
            f"{kind}/{side}.csv" for kind in ("sections", "synopses", "tags")
            for side in ("test", "train")])
        for path in files:
            self.assertEqual((out / path).read_bytes(), (again / path).read_bytes())
        with open(out / "sections" / "test.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["id"] for row in rows], sorted(source_of("test", n) for n in range(3)))
        self.assertIn(f'Says "{rows[0]["id"]}", at length.\n\nEnd.', rows[0]["text"])
        with open(out / "tags" / "train.csv", newline="") as file:
            self.assertEqual([row["labels"] for row in csv.DictReader(file)], ["use::playing"])

    @unittest.skipUnless(pathlib.Path(debian_corpus.APT_HELPER).exists(), "apt reads these lists")
    def test_compressed_lists_are_read_alike(self):
        out = self.run_into("plain")
        path = self.lists / f"{self.prefix}_binary-amd64_Packages"
        path.unlink()
        with gzip.open(f"{path}.gz", "wt") as file:
            file.write(self.packages)
        again = self.run_into("packed")
        self.assertEqual((out / "sections/train.csv").read_bytes(),
                         (again / "sections/train.csv").read_bytes())

    def test_lists_without_descriptions_are_an_error(self):
        (self.lists / f"{self.prefix}_i18n_Translation-en").unlink()
        self.assertEqual(
            debian_corpus.main([str(self.root / "out"), "--lists", str(self.lists)]), 1)
        self.assertFalse((self.root / "out").exists())


if __name__ == "__main__":
    unittest.main()
