"""The C API through the Python example, on a model imported from the authors' weights and on trained ones.

c_api_test.py PROGRAM C_LIBRARY TEST_DATA
"""

import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM, LIBRARY = sys.argv[1:3]
WEIGHTS = pathlib.Path(sys.argv[3], "golden", "official_small_f32.safetensors")
TRAINED = pathlib.Path(sys.argv[3], "models")
EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "python" / "classify.py"
sys.path.insert(0, str(EXAMPLE.parent))
from classify import Classifier  # noqa: E402


class CApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = str(pathlib.Path(cls.folder.name, "imported"))
        subprocess.run([PROGRAM, "import", "--weights", WEIGHTS, "--output", cls.model], check=True,
                       capture_output=True)
        cls.classifier = Classifier(LIBRARY, cls.model)

    @classmethod
    def tearDownClass(cls):
        cls.classifier.close()
        cls.folder.cleanup()

    def predicted(self, ids, *options):
        out = subprocess.run([PROGRAM, "predict", "--model", self.model, "--input", "-", "--json",
                              "--token-ids", "--top-k", "0", *options],
                             input=json.dumps({"ids": ids}) + "\n", capture_output=True, text=True,
                             check=True).stdout
        scores = {entry["label"]: entry["score"] for entry in json.loads(out)["labels"]}
        return [scores[label] for label in self.classifier.labels]

    def test_scores_are_those_of_predict(self):
        for ids in ([], [3], [1, 2, 3, 4, 5]):
            self.assertEqual(self.classifier.scores_of_ids(ids), self.predicted(ids))

    def test_numbers_are_those_of_predict(self):
        found = set()
        for numbers in ("float32", "bfloat16", "int8"):
            classifier = Classifier(LIBRARY, self.model, numbers)
            scores = classifier.scores_of_ids([1, 2, 3])
            classifier.close()
            self.assertEqual(scores, self.predicted([1, 2, 3], "--precision", numbers))
            found.add(tuple(scores))
        self.assertEqual(len(found), 3)
        self.assertIsNone(self.classifier.functions.fastformer_open(self.model.encode(), 4))
        self.assertIn("4 is none of fastformer_numbers", self.classifier.functions.fastformer_last_error().decode())

    def test_texts_have_the_scores_of_predict(self):
        texts = [f"{text} {i}" for i in range(50) for text in ("the cat", "Red of six, or a d\u00f6g", "")]
        for folder in ("format1", "format2", "pieces"):
            model = str(TRAINED / folder)
            out = subprocess.run([PROGRAM, "predict", "--model", model, "--input", "-", "--json", "--top-k", "0",
                                  "--format", "jsonl"], capture_output=True, text=True, check=True,
                                 input="".join(json.dumps({"text": text}) + "\n" for text in texts)).stdout
            predicted = [{entry["label"]: entry["score"] for entry in json.loads(line)["labels"]}
                         for line in out.splitlines()]
            classifier = Classifier(LIBRARY, model)
            self.assertEqual(classifier.scores_of_all([]), [])
            for found in (classifier.scores_of_all(texts), classifier.scores_of_all(texts, threads=1),
                          [classifier.scores(text) for text in texts]):
                self.assertEqual([dict(zip(classifier.labels, scores)) for scores in found], predicted)
            classifier.close()

    def test_the_example_labels_texts(self):
        for model, given in (("format1", ["animals\t", "colours\t"]), ("pieces", ["animals\t", "colours\t"])):
            lines = subprocess.run([sys.executable, EXAMPLE, LIBRARY, TRAINED / model, "the cat and a horse",
                                    "red and green"], capture_output=True, text=True,
                                   check=True).stdout.splitlines()
            self.assertEqual([line[:8] for line in lines], given)

    def test_threads_may_share_a_classifier(self):
        expected = self.classifier.scores_of_ids([1, 2, 3])
        found = []
        threads = [threading.Thread(target=lambda: found.append(
            self.classifier.scores_of_ids([1, 2, 3]))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [expected] * 8)

    def test_failures_have_a_message(self):
        with self.assertRaisesRegex(RuntimeError, "no such model folder"):
            Classifier(LIBRARY, self.model + "-nowhere")
        with self.assertRaisesRegex(RuntimeError, "no tokenizer"):
            self.classifier.scores("text")
        with self.assertRaisesRegex(RuntimeError, "no tokenizer"):
            self.classifier.scores_of_all(["text"])
        with self.assertRaisesRegex(RuntimeError, "id -1"):
            self.classifier.scores_of_ids([-1])
        with self.assertRaisesRegex(RuntimeError, "more than the model"):
            self.classifier.scores_of_ids([1] * 100000)
        library = self.classifier.functions
        scores = (ctypes.c_double * len(self.classifier.labels))()
        self.assertEqual(library.fastformer_scores(None, b"", 0, scores), -1)
        self.assertEqual(library.fastformer_scores_of_all(self.classifier.handle, None, None, 2, 1, scores), -1)
        texts = (ctypes.c_char_p * 2)(b"text", None)
        lengths = (ctypes.c_size_t * 2)(4, 3)
        self.assertEqual(library.fastformer_scores_of_all(self.classifier.handle, texts, lengths, 2, 1, scores), -1)
        self.assertIn(b"a text is NULL", library.fastformer_last_error())
        self.assertEqual(library.fastformer_label_count(None), 0)
        self.assertLess(library.fastformer_threshold(self.classifier.handle, 10 ** 6), 0)
        library.fastformer_close(None)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
