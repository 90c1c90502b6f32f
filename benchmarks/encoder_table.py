#!/usr/bin/env python3
"""The paper's table on real data: seven encoders, the same rows, settings and tuning for each.

    encoder_table.py --program build/release/bin/fastformer --corpora FILE.json
                     --results FILE.jsonl
                     [--only NAME,..] [--rows 5000] [--seeds 0,1,2] [--threads 2]
                     [--models encoders,variants,ablations | --speeds] [--device cpu] [--jobs 1]

--corpora as for accuracy.py. Of every corpus the training rows are the first --rows by a hash of their
text, and so are the test rows. Each encoder is trained without the wide branch by `fastformer
compare`, first once with each learning rate on nine tenths of the training rows, of which the one
counts that does better on the last tenth, then with that one on all, for every seed. Each training
goes by validation rows of its own, a tenth of what it is given. Every finished training is
appended to --results and not done again; the table of all is printed at the end. --models variants trains, instead of
the seven encoders, the variants of Fastformer that might do better: a local branch, other depths, no second pooling;
--models ablations those of the paper's section 3.4: other interaction functions, and what shares parameters.

On a GPU (--device cuda) trainings wait for launches, so --jobs many are done at a time, the slowest encoders
first. How fast they are says nothing then: --speeds trains each encoder on the processor for one epoch on 1,000
of the rows, by itself, and what it finds stands in the table in place of what trainings on a GPU found.
"""

import argparse
import concurrent.futures
import csv
import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import accuracy
from cells import Cells

# The slowest to train stands last.
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
# The paper's ablations; "fastformer" multiplies, and shares a token's query and value.
ABLATIONS = {
    "sums": "--interaction sum",
    "concatenations": "--interaction concatenation",
    "nothing shared": "--no-share-query-value",
    "heads shared": "--share-heads",
    "layers shared": "--share-layers",
    "all shared": "--share-heads --share-layers",
}
MODELS = {"encoders": {name: f"--encoders {name}" for name in ENCODERS},
          **{kind: {name: f"--encoders fastformer {flags}" for name, flags in changed.items()}
             for kind, changed in (("variants", VARIANTS), ("ablations", ABLATIONS))}}
# What makes `compare` train the one model of that name.
FLAGS = {name: flags.split() for models in MODELS.values() for name, flags in models.items()}
RATES = ("0.001", "0.0003")
SPEED_ROWS = 1000
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
    parser.add_argument("--models", default="encoders", help=f"with commas: {', '.join(MODELS)}")
    parser.add_argument("--speeds", action="store_true", help="of the encoders, on the processor")
    parser.add_argument("--device", default="cpu", help="of trainings")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time")
    return parser.parse_args()


def first_by_hash(rows, count):
    return sorted(rows, key=lambda row: hashlib.sha256(row.text.encode()).digest())[:count]


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *rows])
    return path


class Corpus:
    """The rows of one corpus as files."""

    def __init__(self, name, files, rows, folder):
        self.name = name
        self.folder = folder
        train = first_by_hash(accuracy.read(files["train"], files), rows)
        test = first_by_hash(accuracy.read([files["test"]], files), rows)
        tenth = len(train) // 10
        parts = {"most": train[tenth:], "held": train[:tenth], "train": train, "test": test,
                 "few": train[:SPEED_ROWS]}
        self.files = {part: write_csv(folder / f"{name}-{part}.csv", rows)
                      for part, rows in parts.items()}


class Table:
    def __init__(self, options):
        self.options = options
        self.cells = Cells(options.results, ("corpus", "rows", "stage", "encoder", "rate", "seed"))
        self.failed = 0

    def cell(self, corpus, train, test, *flags, rows=None, **what):
        """What one training found, trained now unless it was before."""
        what = {"corpus": corpus.name, "rows": rows or self.options.rows, **what}
        if self.cells.find(what):
            return self.cells.find(what)
        name = self.cells.key(what)
        command = [self.options.program, "compare", "--train", corpus.files[train], "--test",
                   corpus.files[test], "--output",
                   corpus.folder / "-".join(map(str, name)).replace(" ", "-"),
                   *FLAGS[what["encoder"]], "--seeds", what["seed"], "--learning-rate",
                   what["rate"], "--threads", self.options.threads, "--device",
                   self.options.device, "--text-column", "text", "--label-column", "label",
                   "--corpus-cache", "off", "--json", *SETTINGS, *flags]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            print(f"{what}: {done.stderr[-2000:]}", file=sys.stderr, flush=True)
            raise RuntimeError("a training failed")
        found = json.loads(done.stdout)["models"][0]
        figures = ("accuracy", "macro_f1", "training_tokens_per_second", "use_tokens_per_second")
        cell = {**what, **{figure: found[figure]["mean"] for figure in figures},
                "training_memory_bytes": found["training_memory_bytes"],
                "parameters": found["parameters"], "device": self.options.device}
        self.cells.keep(cell, f"{' '.join(map(str, name))}: {cell['accuracy']:.4f}")
        return cell

    def fill(self, corpora):
        """Trains all; of the table's cells, one that fails says so and stays empty."""
        if self.options.speeds:
            self.options.device = "cpu"
            for corpus in corpora:
                for encoder in ENCODERS:
                    self.cell(corpus, "few", "few", "--epochs", 1, rows=SPEED_ROWS, stage="speed",
                              encoder=encoder, rate=RATES[0], seed=0)
            return
        chosen = [name for kind in self.options.models.split(",") for name in MODELS[kind]]
        pairs = [(corpus, encoder) for encoder in reversed(chosen) for corpus in corpora]
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            tried = {(pair, rate): pool.submit(self.cell, pair[0], "most", "held", stage="rate",
                                               encoder=pair[1], rate=rate, seed=0)
                     for pair in pairs for rate in RATES}
            tests = [pool.submit(self.test, *pair, seed, [tried[pair, rate] for rate in RATES])
                     for pair in pairs for seed in map(int, self.options.seeds.split(","))]
        failures = [done.exception() for done in [*tried.values(), *tests] if done.exception()]
        self.failed = len(failures)
        for failure in set(map(repr, failures)):
            print(failure, file=sys.stderr)

    def test(self, corpus, encoder, seed, tried):
        """Trains with the better rate of `tried`, which began before."""
        best = max((done.result() for done in tried), key=lambda cell: cell["accuracy"])["rate"]
        self.cell(corpus, "train", "test", stage="test", encoder=encoder, rate=best, seed=seed)

    def speeds(self, corpus, encoder, rows):
        """Of the training for that, else of those on the processor, the fastest."""
        measured = [cell for cell in self.cells if cell["stage"] == "speed"
                    and (cell["corpus"], cell["encoder"]) == (corpus, encoder)]
        measured = measured or [row for row in rows if row.get("device", "cpu") == "cpu"]
        names = ("training_tokens_per_second", "use_tokens_per_second", "training_memory_bytes")
        return [max((cell[name] for cell in measured), default=float("nan")) for name in names]

    def show(self):
        print(f"{'corpus':10} {'encoder':18} {'seeds':>5} {'rate':>7} {'accuracy':>16}"
              f" {'macro-F1':>9} {'training tok/s':>15} {'use tok/s':>11} {'training MB':>12}")
        for corpus in dict.fromkeys(cell["corpus"] for cell in self.cells):
            for encoder in FLAGS:
                rows = [cell for cell in self.cells if cell["stage"] == "test"
                        and (cell["corpus"], cell["encoder"]) == (corpus, encoder)]
                if not rows:
                    continue
                of = lambda name: [row[name] for row in rows]
                spread = statistics.stdev(of("accuracy")) if len(rows) > 1 else 0
                training, use, memory = self.speeds(corpus, encoder, rows)
                print(f"{corpus:10} {encoder:18} {len(rows):5} {rows[0]['rate']:>7}"
                      f" {statistics.mean(of('accuracy')):8.4f} +-{spread:6.4f}"
                      f" {statistics.mean(of('macro_f1')):9.4f}"
                      f" {training:15,.0f} {use:11,.0f} {memory / 1e6:12.0f}")


def main():
    options = arguments()
    corpora = json.loads(options.corpora.read_text())
    table = Table(options)
    with tempfile.TemporaryDirectory(prefix="encoders-") as scratch:
        table.fill([Corpus(name, corpora[name], options.rows, pathlib.Path(scratch))
                    for name in filter(None, options.only.split(","))])
    table.show()
    sys.exit(f"{table.failed} trainings failed" if table.failed else None)


if __name__ == "__main__":
    main()
