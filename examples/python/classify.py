"""Labels text with a Fastformer model from Python, through the C API and ctypes.

classify.py LIBRARY MODEL TEXT...     LIBRARY: libfastformer_c.so, installed or in the build folder

Prints LABEL <tab> SCORE for each text; several pairs, or nothing, where the model gives several labels.
"""

import ctypes
import sys


# The numbers that the encoder multiplies, by their names in fastformer/c_api.h.
NUMBERS = {"model": 0, "bfloat16": 1, "float32": 2, "int8": 3}


class Classifier:
    def __init__(self, library, folder, numbers="model"):
        self.functions = ctypes.CDLL(library)
        for name, result, arguments in (
                ("last_error", ctypes.c_char_p, []),
                ("open", ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]),
                ("close", None, [ctypes.c_void_p]),
                ("label_count", ctypes.c_size_t, [ctypes.c_void_p]),
                ("label", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_size_t]),
                ("gives_several_labels", ctypes.c_int, [ctypes.c_void_p]),
                ("threshold", ctypes.c_double, [ctypes.c_void_p, ctypes.c_size_t]),
                ("scores", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
                                          ctypes.POINTER(ctypes.c_double)]),
                ("scores_of_all", ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p),
                                                 ctypes.POINTER(ctypes.c_size_t), ctypes.c_size_t,
                                                 ctypes.c_int, ctypes.POINTER(ctypes.c_double)]),
                ("scores_of_ids", ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int32),
                                                 ctypes.c_size_t,
                                                 ctypes.POINTER(ctypes.c_double)])):
            function = getattr(self.functions, "fastformer_" + name)
            function.restype, function.argtypes = result, arguments
        self.handle = self.functions.fastformer_open(folder.encode(), NUMBERS[numbers])
        if not self.handle:
            self.fail()
        self.labels = [self.functions.fastformer_label(self.handle, i).decode()
                       for i in range(self.functions.fastformer_label_count(self.handle))]

    def close(self):
        self.functions.fastformer_close(self.handle)
        self.handle = None

    def fail(self):
        raise RuntimeError(self.functions.fastformer_last_error().decode())

    def scores(self, text):
        """The probability of each label."""
        encoded = text.encode()
        scores = (ctypes.c_double * len(self.labels))()
        if self.functions.fastformer_scores(self.handle, encoded, len(encoded), scores) < 0:
            self.fail()
        return list(scores)

    def scores_of_all(self, texts, threads=0):
        """The probabilities of each label for many texts; threads=0: as many as there are."""
        encoded = [text.encode() for text in texts]
        count, labels = len(encoded), len(self.labels)
        scores = (ctypes.c_double * (count * labels))()
        if self.functions.fastformer_scores_of_all(
                self.handle, (ctypes.c_char_p * count)(*encoded),
                (ctypes.c_size_t * count)(*map(len, encoded)), count, threads, scores) < 0:
            self.fail()
        return [scores[i * labels:(i + 1) * labels] for i in range(count)]

    def scores_of_ids(self, ids):
        """The same from token ids, by the encoder alone."""
        scores = (ctypes.c_double * len(self.labels))()
        numbers = (ctypes.c_int32 * len(ids))(*ids)
        if self.functions.fastformer_scores_of_ids(self.handle, numbers, len(ids), scores) < 0:
            self.fail()
        return list(scores)

    def labelled(self, texts):
        """For each text the pairs (label, score) that it is given, best first."""
        return [self.given(scores) for scores in self.scores_of_all(texts)]

    def given(self, scores):
        ranked = sorted(zip(scores, range(len(self.labels))), key=lambda entry: -entry[0])
        if not self.functions.fastformer_gives_several_labels(self.handle):
            ranked = ranked[:1]
        else:
            ranked = [(score, i) for score, i in ranked
                      if score >= self.functions.fastformer_threshold(self.handle, i)]
        return [(self.labels[i], score) for score, i in ranked]


if __name__ == "__main__":
    classifier = Classifier(sys.argv[1], sys.argv[2])
    for given in classifier.labelled(sys.argv[3:]):
        print("\t".join(f"{label}\t{score:.4f}" for label, score in given))
    classifier.close()
