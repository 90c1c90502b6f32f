#!/usr/bin/env python3
"""Accuracy of the default model beside TF-IDF + linear SVM and fastText, on many corpora.

    accuracy.py --program build/release/bin/fastformer --corpora FILE.json --results FILE.jsonl
                [--only NAME,..] [--models NAME,..] [--folds K | --test] [--seeds 0,1,2] [--keep DIR] [--against NAME]
                [--jobs 1]

--corpora: {"name": {"train": [FILE, ..], "test": FILE, "text": COLUMN, "label": COLUMN}, ..}, columns
as the baselines take them (null: found). By default every corpus is split into five folds of its
training rows by a hash of the text; --test trains on all of them and reads the test file. Models:

    svm, fasttext                    the baselines beside this file
    default                          `fastformer train` without a flag; its branches alone are measured
                                     from the same model as default.wide and default.encoder
    paper                            --preset paper
    NAME=FLAGS                       `fastformer train FLAGS`

Every finished cell is appended to --results, with which rows it got right, and not computed again; the table of all of them is
printed at the end, with the paired difference to the SVM (or --against) and its standard error over rows, and the
calibration error on these rows with the fitted temperature and without one. --keep leaves the model folders in DIR.
With --jobs that many are trained at a time, each with FASTFORMER_THREADS threads, and their seconds say nothing.
"""

import argparse
import base64
import concurrent.futures
import csv
import hashlib
import json
import math
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "baselines"))
import fasttext
import labelled_text
import tfidf_svm
from cells import Cells

# Every training is measured from its files on, by the program as it is.
os.environ["FASTFORMER_CORPUS_CACHE"] = "off"


def parser_of(description, first_folds=None):
    """What all benchmarks on folds of corpora are told."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--corpora", required=True, type=pathlib.Path)
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="", help="corpora, with commas")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--first-folds", type=int, default=first_folds, help="of the folds, run only so many")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--jobs", type=int, default=1, help="cells at a time")
    parser.set_defaults(test=False, keep=None)
    return parser


def arguments():
    parser = parser_of(__doc__)
    parser.add_argument("--models", default="svm,default")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--against", default="svm", help="model or branch that others are compared with")
    return parser.parse_args()


def read(paths, corpus):
    columns = argparse.Namespace(text_column=corpus.get("text"), label_column=corpus.get("label"),
                                 header="auto")
    return [example for path in paths
            for example in labelled_text.read_examples(pathlib.Path(path), columns)]


def fold_of(example, folds):
    return int.from_bytes(hashlib.sha256(example.text.encode()).digest()[:8], "big") % folds


def parts(corpus, options):
    """(name, training rows, test rows) of every split that was asked for."""
    train = read(corpus["train"], corpus)
    if options.test:
        yield "test", train, read([corpus["test"]], corpus)
        return
    for fold in range(options.first_folds or options.folds):
        yield (f"fold {fold} of {options.folds}",
               [row for row in train if fold_of(row, options.folds) != fold],
               [row for row in train if fold_of(row, options.folds) == fold])


def packed(right):
    """One bit a row, first row first, as base64."""
    bits = "1" + "".join("01"[bool(is_right)] for is_right in right)
    return base64.b64encode(int(bits, 2).to_bytes(len(bits) // 8 + 1, "big")).decode()


def unpacked(text):
    """[0 or 1 for each row]"""
    return [int(bit) for bit in f"{int.from_bytes(base64.b64decode(text), 'big'):b}"[1:]]


def write_csv(path, examples):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "text"])
        writer.writerows(examples)


def train_model(program, rows, model, *flags):
    """`fastformer train` on a file with a column "text"."""
    done = subprocess.run([program, "train", "--train", str(rows), "--output", str(model), "--text-column", "text",
                           *flags], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(flags)}: training failed:\n{done.stderr[-2000:]}")


def predictions(program, model, test, branch=None):
    """Labels of the test rows, in their order."""
    command = [program, "predict", "--model", str(model), "--input", str(test), "--text-column",
               "text", *(["--branch", branch] if branch else [])]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split("\t")[0] for line in lines]


def calibration_error(program, model, test, branch):
    """Of the probabilities of the rows of a file: (as they are, without the fitted temperature)."""
    def measured(folder):
        command = [program, "evaluate", "--model", str(folder), "--data", str(test), "--text-column",
                   "text", "--label-column", "label", "--json", "--branch", branch or "both"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)["calibration"]["ece"]

    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        plain = pathlib.Path(folder, "model")
        shutil.copytree(model, plain, copy_function=os.symlink)
        config = json.loads((model / "config.json").read_text())
        config["temperature"] = 1
        for reading in config.get("alone", {}).values():
            reading["temperature"] = 1
        (plain / "config.json").unlink()
        (plain / "config.json").write_text(json.dumps(config))
        return measured(model), measured(plain)


def fastformer_cells(options, name, flags, seed, train, test, kept):
    """Cells of the model and, where it has two, of its branches."""
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        files = {part: pathlib.Path(folder, f"{part}.csv") for part in ("train", "test")}
        write_csv(files["train"], train)
        write_csv(files["test"], test)
        model = pathlib.Path(folder, "model")
        start = time.monotonic()
        train_model(options.program, files["train"], model, "--label-column", "label", "--seed", str(seed), *flags)
        seconds = time.monotonic() - start
        size = sum(file.stat().st_size for file in model.iterdir())
        metrics = json.loads((model / "metrics.json").read_text())
        share = metrics.get("branches", {}).get("encoder_share")
        branches = [None, "wide", "encoder"] if share is not None else [None]
        for branch in branches:
            fitted, plain = calibration_error(options.program, model, files["test"], branch)
            yield (name if branch is None else f"{name}.{branch}",
                   predictions(options.program, model, files["test"], branch),
                   {"seconds": seconds, "bytes": size, "encoder_share": share,
                    "calibration_error": fitted, "calibration_error_plain": plain})
        if options.keep:
            shutil.copytree(model, options.keep / kept, dirs_exist_ok=True)


def cells(options, model, seed, train, test, kept):
    name, _, flags = model.partition("=")
    baselines = {"svm": tfidf_svm.predict, "fasttext": fasttext.predict}
    if name in baselines:
        start = time.monotonic()
        yield name, baselines[name](train, test), {"seconds": time.monotonic() - start}
    else:
        given = ["--preset", "paper"] if name == "paper" else shlex.split(flags)
        yield from fastformer_cells(options, name, given, seed, train, test, kept)


def run(options, corpora, cells_of=cells):
    """All finished cells; cells_of(options, model, seed, train, test, kept) makes those that are missing."""
    results = Cells(options.results, ("corpus", "part", "model", "seed"))

    def finish(corpus, part, model, seed, train, test):
        name = model.partition("=")[0]
        kept = f"{corpus}.{part}.{name}.{seed}".replace(" ", "-")
        # All or none, since a cell that is there is not made again with what belongs to it.
        for name, predicted, facts in list(cells_of(options, model, seed, train, test, kept)):
            accuracy, macro_f1 = labelled_text.scores([e.label for e in test], predicted)
            right = packed(a.label == b for a, b in zip(test, predicted))
            results.keep({"corpus": corpus, "part": part, "model": name, "seed": seed,
                          "accuracy": accuracy, "macro_f1": macro_f1, **facts, "right": right},
                         f"{corpus:16} {part:12} {name:18} seed {seed}  {accuracy:.4f}"
                         f"  {facts['seconds']:6.0f} s")

    wanted = ((name, part, model, seed, train, test)
              for name, corpus in corpora.items() for part, train, test in parts(corpus, options)
              for seed in map(int, options.seeds.split(",")) for model in options.models.split(","))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(finish, *cell) for cell in wanted
                   if (*cell[:2], cell[2].partition("=")[0], cell[3]) not in results.by_key]
        try:
            for done in concurrent.futures.as_completed(running):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return list(results)


def paired_differences(rows, others):
    """For each row of a test, how much oftener the one model was right than the other, over the seeds."""
    by_part = {}
    for cell in rows:
        other = others.get((cell["part"], cell["seed"]), others.get((cell["part"], 0)))
        if other:
            by_part.setdefault(cell["part"], []).append(
                [a - b for a, b in zip(unpacked(cell["right"]), other)])
    return [sum(seeds) / len(seeds) for part in by_part.values() for seeds in zip(*part)]


def show(found, corpora, against):
    """A row per corpus and model: mean accuracy over parts and seeds, and the paired difference to another model's."""
    print(f"{'corpus':16} {'model':18} {'parts':>5} {'accuracy':>9} {'macro-F1':>9} {'share':>6}"
          f" {'MB':>6} {'seconds':>8} {'calib.':>7} {'plain':>6}   over {against}")
    for corpus in corpora:
        others = {(cell["part"], cell["seed"]): unpacked(cell["right"]) for cell in found
                  if cell["corpus"] == corpus and cell["model"] == against}
        for model in dict.fromkeys(cell["model"] for cell in found if cell["corpus"] == corpus):
            rows = [c for c in found if c["corpus"] == corpus and c["model"] == model]
            mean = lambda key: sum(c.get(key) or 0 for c in rows) / len(rows)
            differences = paired_differences(rows, others)
            line = (f"{corpus:16} {model:18} {len(rows):5} {mean('accuracy'):9.4f}"
                    f" {mean('macro_f1'):9.4f} {mean('encoder_share'):6.2f}"
                    f" {mean('bytes') / 1e6:6.1f} {mean('seconds'):8.1f}"
                    f" {mean('calibration_error'):7.3f} {mean('calibration_error_plain'):6.3f}")
            if differences and model != against:
                n = len(differences)
                average = sum(differences) / n
                error = math.sqrt(sum((d - average) ** 2 for d in differences) / n / n)
                line += f"   {100 * average:+.2f} +- {100 * error:.2f} points"
            print(line)


def run_and_show(options, against, cells_of=cells):
    """Does what is missing of the corpora that are asked for and shows all."""
    corpora = json.loads(options.corpora.read_text())
    chosen = [name for name in options.only.split(",") if name] or list(corpora)
    show(run(options, {name: corpora[name] for name in chosen}, cells_of), chosen, against)


def main():
    options = arguments()
    run_and_show(options, options.against)


if __name__ == "__main__":
    sys.exit(main())
