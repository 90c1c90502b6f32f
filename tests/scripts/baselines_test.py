"""Tests of the baselines on a few rows; liblinear itself runs where it is installed."""

import argparse
import ctypes.util
import gzip
import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "baselines"))
import labelled_text  # noqa: E402
import one_vs_rest  # noqa: E402
import tfidf_svm  # noqa: E402
from labelled_text import Example  # noqa: E402


class Reading(unittest.TestCase):
    def read(self, content, name="rows.csv", text=None, label=None, header="auto"):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
            return labelled_text.read_examples(path, argparse.Namespace(
                text_column=text, label_column=label, header=header))

    def test_a_header_names_the_columns(self):
        self.assertEqual(self.read(b"Body,Title,Stars\nb,t,5\n"), [Example("5", "t b")])
        for name in ("rows.csv", "rows.csv.gz"):
            rows = self.read(b'\xef\xbb\xbfid,Label,Text\n1,a,"x, ""y""\nz"\n', name)
            self.assertEqual(rows, [Example("a", 'x, "y"\nz')])

    def test_without_a_header_the_label_stands_first(self):
        self.assertEqual(self.read(b'"3","text","body"\n"1","t","u"\n'),
                         [Example("3", "text body"), Example("1", "t u")])
        self.assertEqual(self.read(b"text,label\n", header="no"), [Example("text", "label")])

    def test_columns_by_name_and_number(self):
        content = b"a\tb\tc\n1\t2\t3\n"
        self.assertEqual(self.read(content, "rows.tsv", text="c,a", label="b"), [Example("2", "3 1")])
        self.assertEqual(self.read(content, "rows.tsv", text="3", label="2"),
                         [Example("b", "c"), Example("2", "3")])
        self.assertEqual(self.read(content, "rows.tsv", text="3", label="2", header="yes"),
                         [Example("2", "3")])

    def test_errors_name_what_is_wrong(self):
        for content, text, said in ((b"", None, "empty"), (b"text,label\n", None, "no rows"),
                                    (b"text,label\nx\n", None, "row 2"),
                                    (b"reviews,stars\nx,5\n", None, "cannot tell"),
                                    (b"text,label\nx,y\n", "body", "no column body")):
            with self.assertRaisesRegex(labelled_text.BaselineError, said):
                self.read(content, text=text)


class Scores(unittest.TestCase):
    def test_accuracy_and_macro_f1(self):
        accuracy, macro_f1 = labelled_text.scores(list("aabb"), list("aaba"))
        self.assertAlmostEqual(accuracy, 3 / 4)
        self.assertAlmostEqual(macro_f1, (4 / 5 + 2 / 3) / 2)

    def test_labels_count_that_occur_only_in_the_predictions(self):
        self.assertEqual(labelled_text.scores(["a", "b"], ["a", "c"]), (0.5, 1 / 3))

    def test_majority_takes_the_first_of_equals(self):
        rows = [Example(label, "") for label in "bbaac"]
        self.assertAlmostEqual(labelled_text.majority_result(rows, rows).accuracy, 2 / 5)


class Features(unittest.TestCase):
    def test_terms_are_words_marks_and_pairs(self):
        self.assertEqual(tfidf_svm.terms("Über-All"),
                         ["über", "-", "all", "über -", "- all"])

    def test_weights_have_length_one_and_ascending_numbers(self):
        vocabulary = tfidf_svm.Vocabulary(["a b b c", "a b d", "a e"])
        self.assertEqual(sorted(vocabulary.numbers), ["a", "a b", "b"])
        pairs = [pair.split(":") for pair in vocabulary.features("b b a b unknown").split()]
        numbers = [int(number) for number, _ in pairs]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertAlmostEqual(sum(float(weight) ** 2 for _, weight in pairs), 1, places=3)
        self.assertEqual(vocabulary.features(""), "")

    def test_rare_terms_weigh_more(self):
        vocabulary = tfidf_svm.Vocabulary(["a b", "a b", "a c", "a d"])
        weights = dict(pair.split(":") for pair in vocabulary.features("b a").split())
        rare, frequent = (float(weights[str(vocabulary.numbers[term])]) for term in "ba")
        self.assertGreater(rare, frequent)


@unittest.skipUnless(shutil.which("liblinear-train"), "liblinear-tools is not installed")
class Svm(unittest.TestCase):
    def test_it_learns_words_that_give_the_label_away(self):
        train = [Example(label, f"the {word} number {number}") for number in range(10)
                 for label, word in (("fruit", "apple"), ("animal", "horse"), ("tool", "saw"))]
        test = [Example("animal", "a horse"), Example("tool", "my saw"), Example("fruit", "apple"),
                Example("unseen", "the apple")]
        result = labelled_text.timed_result("svm", tfidf_svm.predict, train, test)
        self.assertEqual(result.accuracy, 3 / 4)
        self.assertEqual((result.train_rows, result.test_rows), (30, 4))


class Sets(unittest.TestCase):
    def test_scores_of_sets(self):
        micro, macro, exact = one_vs_rest.set_scores([{0, 1}, set(), {2}], [{0}, set(), {1, 2}])
        self.assertAlmostEqual(micro, 2 * 2 / 6)
        self.assertAlmostEqual(macro, (1 + 0 + 1) / 3)
        self.assertAlmostEqual(exact, 1 / 3)

    def test_thresholds_part_the_true_from_the_others(self):
        values = [[number / 40 for number in range(40)], [-1.0] * 40]
        sets = [{0} if number >= 28 else set() for number in range(40)]
        own, common = one_vs_rest.fit_thresholds(values, sets)
        self.assertTrue(27 / 40 < own <= 28 / 40)
        self.assertEqual(own, common)
        self.assertAlmostEqual(one_vs_rest.precision_at(1, values, sets), 12 / 40)


@unittest.skipUnless(ctypes.util.find_library("linear"), "liblinear4 is not installed")
class OneVersusRest(unittest.TestCase):
    def test_it_learns_the_words_of_each_label(self):
        train = [Example("|".join(sorted(labels)), " ".join(["the", str(number), *labels]))
                 for number in range(30) for labels in ([], ["saw"], ["horse"], ["saw", "horse"])]
        test = [Example("saw|horse", "horse and saw"), Example("", "the 7"),
                Example("horse|unseen", "a horse")]
        above, fitted = tfidf_svm.several_results(train, test, "|")
        for result in (above, fitted):
            self.assertAlmostEqual(result.exact_match, 2 / 3)
            self.assertAlmostEqual(result.micro_f1, 2 * 3 / (3 + 4))
        self.assertAlmostEqual(above.precision_at_1, 2 / 3)


if __name__ == "__main__":
    unittest.main()
