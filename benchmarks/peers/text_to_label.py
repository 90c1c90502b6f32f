#!/usr/bin/env python3
"""Text -> label: ours beside the authors' pipeline on AG News, and beside fastText on IMDB.

Everyone labels all rows of the test file. Ours and fastText are whole programs from the file to a
file of labels; what the same program takes for the first row alone ("start", mostly the loading of
the model) is taken off. The authors' classes with random weights take their part: their
tokenizer, ids padded to 256, batches of 64, eager and compiled; reading the file and making the
model are not counted there. fastText gets the words of its baseline.

As a program, started by this part: answers with the times of the authors' pipeline.
"""

import csv
import json
import pathlib
import tempfile
import time

import models
from models import fasttext
from official_ag_news import BATCH, LENGTH, official_classes, words_of
from turns import Part, answer, timed


class Whole:
    """A program that reads a file and prints a label a row: of all rows, and of the first."""

    def __init__(self, command, all_rows, first_row, label_of, truth):
        self.command, self.files = command, (all_rows, first_row)
        self.label_of, self.truth = label_of, truth

    def run(self):
        seconds, out = timed([*self.command, self.files[0]])
        start, _ = timed([*self.command, self.files[1]])
        labels = map(self.label_of, out.splitlines())
        right = sum(a == b for a, b in zip(self.truth, labels, strict=True))
        return {**seconds, "start": start["clock"], "start processor": start["processor"],
                "accuracy": right / len(self.truth)}


def without_start(found):
    """The best of the rounds less the best of the starts."""
    if "start" not in found:
        return found
    processor = found.pop("start processor")
    return {**found, "clock": found["clock"] - found["start"],
            "processor": found["processor"] - processor}


def write_rows(folder, examples):
    """Files of all rows and of the first, as ours and as fastText read them."""
    files = {}
    for name, rows in (("all", examples), ("first", examples[:1])):
        files[name] = folder / f"{name}.csv"
        with files[name].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("label", "text"), *rows])
        files["fasttext " + name] = folder / f"{name}.txt"
        fasttext.write_lines(files["fasttext " + name], rows, {})
    return files


class TextToLabel(Part):
    name = "text"
    # By corpus: ours by name, with the model and flags of `fastformer predict`.
    ours = {
        "ag_news": {f"ours, {precision}": ("ag_news-paper", f"--precision={precision}")
                    for precision in ("float32", "bfloat16", "int8")},
        "imdb": {"ours, default, float32": ("imdb-default", ""),
                 "ours, default, int8": ("imdb-default", "--precision=int8"),
                 "ours, default, quantized": ("imdb-default-quantized", ""),
                 "ours, small, int8": ("imdb-small", "--precision=int8"),
                 "ours, tiny, int8": ("imdb-tiny", "--precision=int8"),
                 "ours, tiny, wide branch": ("imdb-tiny", "--branch wide")},
    }

    def cases(self):
        rows = {"rows": self.options.rows} if self.options.rows else {}
        return {"ag_news": {**self.settings(self.options.threads), **rows},
                "imdb": {**self.settings(1), **rows}}

    def measure(self, case):
        threads = self.cases()[case]["threads"]
        corpora = json.loads(self.options.corpora.read_text())
        corpus = corpora[case]
        examples = models.read([corpus["test"]], corpus)[:self.options.rows]
        tokens = sum(len(fasttext.WORD.findall(example.text.lower())) for example in examples)
        with tempfile.TemporaryDirectory() as folder:
            files = write_rows(pathlib.Path(folder), examples)
            truth = [example.label for example in examples]
            runs = self.programs(case, corpora, files, truth, threads)
            if case == "ag_news":
                runs |= self.authors(files["all"], threads)
            found = {name: without_start(best) for name, best in self.turns(runs).items()}
            return {"documents": len(examples), "tokens": tokens, "contenders": found}

    def programs(self, case, corpora, files, truth, threads):
        runs = {}
        for name in self.wanted(self.ours[case]):
            model, flags = self.ours[case][name]
            command = [self.options.program, "predict", "--model",
                       models.find_or_make(self.options, corpora, model, self.say),
                       "--text-column", "text", "--threads", threads, *flags.split(), "--input"]
            runs[name] = Whole(command, files["all"], files["first"],
                               lambda line: line.split("\t")[0], truth).run
        for model, (corpus, rate) in models.FASTTEXT.items():
            for name in self.wanted([f"fastText, rate {rate}"] if corpus == case else []):
                path = models.find_or_make(self.options, corpora, model, self.say)
                names = json.loads(path.with_suffix(".json").read_text())
                runs[name] = Whole(["fasttext", "predict", path], files["fasttext all"],
                                   files["fasttext first"],
                                   lambda line, names=names: fasttext.label_of(line, names),
                                   truth).run
        return runs

    def authors(self, file, threads):
        """Each in a process of its own, read and compiled."""
        runs = {}
        for name in self.wanted(["authors, eager", "authors, compiled"]):
            process = self.process(name, pathlib.Path(__file__), {
                "checkout": self.options.checkout, "file": file, "threads": threads,
                "compiled": name == "authors, compiled"})
            self.say(f"compiling and warming up: {name}")
            process.ask(most=BATCH)
            runs[name] = lambda process=process: process.ask()
        return runs


class Authors:
    """Their pipeline with random weights."""

    def __init__(self, settings):
        import torch
        self.torch = torch
        torch.set_num_threads(settings["threads"])
        with open(settings["file"], encoding="utf-8", newline="") as file:
            self.texts = [text for _, text in csv.reader(file)][1:]
        self.vocabulary = {"PADDING": 0}
        for text in self.texts:
            for word in words_of(text):
                self.vocabulary.setdefault(word, len(self.vocabulary))
        make_model, config = official_classes(pathlib.Path(settings["checkout"]), self.vocabulary)
        model = make_model(config).eval()
        logits = lambda ids, labels: model(ids, labels)[1]
        self.logits = torch.compile(logits) if settings["compiled"] else logits

    def run(self, most=None):
        """Labels the first `most` texts; seconds of that."""
        torch = self.torch
        clock, processor = time.perf_counter(), time.process_time()
        none = torch.zeros(BATCH, dtype=torch.long)
        with torch.inference_mode():
            for first in range(0, len(self.texts[:most]), BATCH):
                ids = torch.zeros(BATCH, LENGTH, dtype=torch.long)
                for row, text in zip(ids, self.texts[first:first + BATCH]):
                    found = [self.vocabulary[word] for word in words_of(text)[:LENGTH]]
                    row[:len(found)] = torch.tensor(found, dtype=torch.long)
                self.logits(ids, none).argmax(1).tolist()
        return {"clock": time.perf_counter() - clock, "processor": time.process_time() - processor}


if __name__ == "__main__":
    csv.field_size_limit(1 << 30)
    answer(lambda settings: Authors(settings).run)
