#!/usr/bin/env python3
"""The paper's table on real data: seven encoders, the same rows, settings and tuning for each.

    encoder_table.py --program build/release/bin/fastformer --corpora FILE.json
                     --results FILE.jsonl
                     [--only NAME,..] [--rows 5000] [--seeds 0,1,2] [--threads 2] [--variants]

--corpora as for accuracy.py. Of every corpus the training rows are the first --rows by a hash of their
text, and so are the test rows. Each encoder is trained without the wide branch by `fastformer
compare`, first once with each learning rate on nine tenths of the training rows, of which the one
counts that does better on the last tenth, then with that one on all, for every seed. Each training
goes by validation rows of its own, a tenth of what it is given. Every finished training is
appended to --results and not done again; the table of all is printed at the end. --variants trains, instead of
the seven encoders, the variants of Fastformer that might do better: a local branch, other depths, no second pooling.
"""

import argparse
import csv
import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import accuracy

ENCODERS = ("fastformer", "transformer", "longformer", "bigbird", "linformer", "linear_transformer",
            "poolingformer")
# What might make Fastformer better, by name: the flags.
VARIANTS = {
    "local convolution": "--local convolution",
    "local gated": "--local gated",
    "1 layer": "--layers 1",
    "4 layers": "--layers 4",
    "6 layers": "--layers 6",
    "no global key": "--no-global-key",
    "both poolings": "--pooling both",
}
RATES = ("0.001", "0.0003")
# The published shape at half its width, and what keeps Transformers from diverging.
SETTINGS = ("--preset paper --width 128 --heads 8 --max-length 512 --min-count 2 --epochs 5 "
            "--batch-size 32 --warmup 0.1 --decay linear --clip-norm 1 --lengths none").split()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--corpora", required=True, type=pathlib.Path)
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="ag_news,debian,20news,imdb", help="corpora, with commas")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--variants", action="store_true", help="of Fastformer, not the encoders")
    return parser.parse_args()


def model_flags(name):
    """What makes `compare` train this one model."""
    if name in VARIANTS:
        return ["--encoders", "fastformer", *VARIANTS[name].split()]
    return ["--encoders", name]


def first_by_hash(rows, count):
    return sorted(rows, key=lambda row: hashlib.sha256(row.text.encode()).digest())[:count]


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *rows])
    return path


class Table:
    def __init__(self, options):
        self.options = options
        self.cells = {}
        if options.results.exists():
            for line in options.results.read_text().splitlines():
                cell = json.loads(line)
                self.cells[self.key(cell)] = cell

    @staticmethod
    def key(cell):
        return tuple(cell[name] for name in ("corpus", "rows", "stage", "encoder", "rate", "seed"))

    def cell(self, folder, train, test, **what):
        """What one training found, trained now unless it was before."""
        if self.key(what) in self.cells:
            return self.cells[self.key(what)]
        command = [self.options.program, "compare", "--train", train, "--test", test, "--output",
                   folder / "-".join(map(str, self.key(what))), *model_flags(what["encoder"]),
                   "--seeds", str(what["seed"]), "--learning-rate", what["rate"], "--threads",
                   str(self.options.threads), "--text-column", "text", "--label-column", "label",
                   "--corpus-cache", "off", "--json", *SETTINGS]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{what}: {done.stderr[-2000:]}")
        found = json.loads(done.stdout)["models"][0]
        figures = ("accuracy", "macro_f1", "training_tokens_per_second", "use_tokens_per_second")
        cell = {**what, **{name: found[name]["mean"] for name in figures},
                "training_memory_bytes": found["training_memory_bytes"],
                "parameters": found["parameters"]}
        self.cells[self.key(cell)] = cell
        with self.options.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(cell) + "\n")
        print(f"{' '.join(map(str, self.key(cell)))}: {cell['accuracy']:.4f}", file=sys.stderr,
              flush=True)
        return cell

    def fill(self, name, corpus):
        train = first_by_hash(accuracy.read(corpus["train"], corpus), self.options.rows)
        test = first_by_hash(accuracy.read([corpus["test"]], corpus), self.options.rows)
        tenth = len(train) // 10
        with tempfile.TemporaryDirectory(prefix="encoders-") as scratch:
            folder = pathlib.Path(scratch)
            files = {part: write_csv(folder / f"{part}.csv", rows) for part, rows in
                     {"most": train[tenth:], "held": train[:tenth], "train": train,
                      "test": test}.items()}
            for encoder in VARIANTS if self.options.variants else ENCODERS:
                what = {"corpus": name, "rows": self.options.rows, "encoder": encoder}
                tried = [self.cell(folder, files["most"], files["held"], **what, stage="rate",
                                   rate=rate, seed=0) for rate in RATES]
                best = max(tried, key=lambda cell: cell["accuracy"])["rate"]
                for seed in map(int, self.options.seeds.split(",")):
                    self.cell(folder, files["train"], files["test"], **what, stage="test",
                              rate=best, seed=seed)

    def show(self):
        print(f"{'corpus':10} {'encoder':18} {'seeds':>5} {'rate':>7} {'accuracy':>16}"
              f" {'macro-F1':>9} {'training tok/s':>15} {'use tok/s':>11} {'training MB':>12}")
        for corpus in dict.fromkeys(key[0] for key in self.cells):
            for encoder in (*ENCODERS, *VARIANTS):
                rows = [cell for cell in self.cells.values() if cell["stage"] == "test"
                        and (cell["corpus"], cell["encoder"]) == (corpus, encoder)]
                if not rows:
                    continue
                of = lambda name: [row[name] for row in rows]
                spread = statistics.stdev(of("accuracy")) if len(rows) > 1 else 0
                print(f"{corpus:10} {encoder:18} {len(rows):5} {rows[0]['rate']:>7}"
                      f" {statistics.mean(of('accuracy')):8.4f} +-{spread:6.4f}"
                      f" {statistics.mean(of('macro_f1')):9.4f}"
                      f" {max(of('training_tokens_per_second')):15,.0f}"
                      f" {max(of('use_tokens_per_second')):11,.0f}"
                      f" {max(of('training_memory_bytes')) / 1e6:12.0f}")


def main():
    options = arguments()
    corpora = json.loads(options.corpora.read_text())
    table = Table(options)
    for name in filter(None, options.only.split(",")):
        table.fill(name, corpora[name])
    table.show()


if __name__ == "__main__":
    main()
