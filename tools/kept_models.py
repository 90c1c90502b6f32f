#!/usr/bin/env python3
"""Makes the model folders of tests/testdata/models, which every later version has to read.

    kept_models.py --program build/release/bin/fastformer --output DIR

DIR/format1 is trained and has both branches, DIR/format2 is the same in 8 bits, DIR/pieces has SentencePiece pieces and
several labels a document. DIR/expected.json has texts and what the program says of them. A folder that is kept is not
made anew: what was written by an earlier version is what the tests are for.
"""

import argparse
import csv
import json
import pathlib
import random
import subprocess

TOPICS = {"animals": "cat dog horse mouse bird fish", "colours": "red green blue white black grey",
          "numbers": "one two three four five six"}
SMALL = ["--width", "16", "--heads", "4", "--feed-forward", "16", "--layers", "1", "--learning-rate", "0.01",
         "--epochs", "4", "--threads", "1", "--corpus-cache", "off", "--max-length", "64"]
TEXTS = ["the cat and a horse", "Red and GREEN, of white", "one two; four of the mice", "", "a fish in black. six of them"]


def rows(count):
    draw = random.Random(1)
    for _ in range(count):
        labels = draw.sample(sorted(TOPICS), k=draw.randint(1, 2))
        words = [word for label in labels for word in draw.choices(TOPICS[label].split(), k=3)]
        words += draw.choices("a the of and".split(), k=4)
        draw.shuffle(words)
        yield labels, " ".join(words)


def write(path, found):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *found])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    program = options.program.resolve()
    folder = options.output
    folder.mkdir(parents=True)

    def run(*words, text=None):
        return subprocess.run([program, *words], check=True, cwd=folder, input=text, stdout=subprocess.PIPE,
                              text=True).stdout

    found = list(rows(300))
    write(folder / "one.csv", [(labels[0], text) for labels, text in found if len(labels) == 1])
    write(folder / "several.csv", [("|".join(labels), text) for labels, text in found])
    run("train", "--train", "one.csv", "--output", "format1", "--subwords", "50", *SMALL)
    run("quantize", "--model", "format1", "--data", "one.csv", "--output", "format2", "--max-loss", "100")
    run("train", "--train", "several.csv", "--label-separator", "|", "--output", "pieces", "--tokenizer", "unigram",
        "--vocabulary-size", "60", *SMALL)
    expected = {"texts": TEXTS}
    for model in ("format1", "format2", "pieces"):
        lines = run("predict", "--model", model, "--input", "-", "--json", "--top-k", "0", "--format", "jsonl",
                    text="".join(json.dumps({"text": text}) + "\n" for text in TEXTS)).splitlines()
        expected[model] = [{entry["label"]: entry["score"] for entry in json.loads(line)["labels"]} for line in lines]
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for file in folder.glob("*/training.jsonl"):
        file.unlink()
    (folder / "one.csv").unlink()
    (folder / "several.csv").unlink()


if __name__ == "__main__":
    main()
