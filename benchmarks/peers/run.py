#!/usr/bin/env python3
"""Times ours beside others: the authors' code, ONNX Runtime, a Transformer and fastText.

    run.py --program build/release/bin/fastformer --checkout DIR [--parts encoder,avx2,ours,..]
        [--corpora FILE.json --models DIR] [--threads N] [--rounds N] [--svg FILE] [--json]

    encoder   the encoder alone on --batches, also ONNX Runtime and PyTorch's TransformerEncoder
    avx2      the same held to AVX2, the authors' code and ours, on --avx2-batches
    ours      ours without the others between, two threads over one, the size of the program
    length    time and memory of one document by its length; --svg draws them
    text      text -> label, AG News beside the authors' pipeline and IMDB beside fastText
    training  training steps beside the authors', AG News rows and --long documents

In each case of a part everyone takes turns, and the best of the rounds counts. A finished case is
a line of --results and not measured again with the same settings on the same machine, unless
--again says so: a new build needs that, or another file. At the end it prints a table a case,
ratios by the clock and in brackets by processor time, and one of what was asked for and is
reached; --show prints them without measuring.

DIR is a checkout of github.com/wuch15/Fastformer. --corpora is a file as accuracy.py takes it,
with ag_news and imdb; --models the folder in which models and fastText's are trained where they are
missing. Run it with a Python that has torch, transformers, onnx, onnxscript, onnxruntime and, for
--svg, matplotlib; torch.compile needs a C++ compiler. --without NAME,.. leaves out contenders whose
names hold these words.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import length_curve  # noqa: E402
import report  # noqa: E402
import targets  # noqa: E402
from cells import Cells  # noqa: E402
from models import labelled_text  # noqa: E402
from encoder_speed import Alone, Encoders, HeldToAvx2  # noqa: E402
from text_to_label import TextToLabel  # noqa: E402
from training_step import TrainingSteps  # noqa: E402
from turns import PeerFailed  # noqa: E402

PARTS = {part.name: part for part in (Encoders, HeldToAvx2, Alone, length_curve.Lengths,
                                      TextToLabel, TrainingSteps)}
MACHINE = ("processor", "family", "model", "cores")
RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results" / "peers.jsonl"


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--checkout", type=pathlib.Path)
    parser.add_argument("--parts", default=",".join(PARTS), help="with commas")
    parser.add_argument("--corpora", type=pathlib.Path)
    parser.add_argument("--models", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, help="of every part; else each has its own number")
    parser.add_argument("--batches", default=",".join(targets.BATCHES))
    parser.add_argument("--avx2-batches", default="64x256,4x4096")
    parser.add_argument("--lengths", default="256,1024,4096,16384,65536")
    parser.add_argument("--limit", type=float, default=30, help="seconds of one long document")
    parser.add_argument("--long", default="8x2048", help="documents x tokens to train on")
    parser.add_argument("--rows", type=int, help="of a corpus, at most")
    parser.add_argument("--without", default="", help="contenders, words with commas")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--again", action="store_true", help="measure also what is kept")
    parser.add_argument("--show", action="store_true", help="what is kept, without measuring")
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    options.parts = [name for name in options.parts.split(",") if name]
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    needed = {"program": True, "checkout": True, "models": "text" in options.parts,
              "corpora": bool({"text", "training"} & set(options.parts))}
    missing = [f"--{name}" for name, is_needed in needed.items()
               if is_needed and getattr(options, name) is None and not options.show]
    if missing:
        parser.error(f"{', '.join(missing)} needed for {', '.join(options.parts)}")
    if (options.rows or options.rounds or options.without) and options.results == RESULTS:
        parser.error("--rows, --rounds and --without want a --results file of their own")
    return options


def this_machine():
    facts = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    return {"processor": facts.get("model name", ""), "family": facts.get("cpu family", ""),
            "model": facts.get("model", ""), "cores": len(os.sched_getaffinity(0))}


def machine_of(cell):
    return {name: cell[name] for name in MACHINE}


class Line:
    """What is being done, on a terminal's last line; what was done, above it."""

    def __init__(self, total):
        self.total, self.number, self.case = total, 0, ""
        self.start = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def say(self, what):
        if self.terminal:
            minutes, seconds = divmod(int(time.monotonic() - self.start), 60)
            text = f"[{self.number}/{self.total}] {minutes}:{seconds:02} {self.case}: {what}"
            print("\r\033[K" + text[:shutil.get_terminal_size().columns - 1], end="",
                  file=sys.stderr, flush=True)

    def done(self, what):
        print(("\r\033[K" if self.terminal else "") + f"{self.case}: {what}", file=sys.stderr,
              flush=True)


def measure_case(part, case, line):
    """The cell's measurements, or None where it failed."""
    start = time.monotonic()
    try:
        found = part.measure(case)
    except (PeerFailed, labelled_text.BaselineError, OSError, LookupError, ValueError,
            subprocess.SubprocessError) as failure:
        line.done(f"failed: {failure!r}")
        return None
    line.done(f"{time.monotonic() - start:.0f} s")
    return found


def measure(options, cells, machine):
    """Fills what is missing; gives the number of cases that failed."""
    line = Line(0)
    parts = [PARTS[name](options, line.say) for name in options.parts]
    line.total = sum(len(part.cases()) for part in parts)
    failed = 0
    for part in parts:
        with part:
            for case, settings in part.cases().items():
                line.number += 1
                line.case = f"{part.name} {case}"
                what = {**machine, "part": part.name, "case": case}
                cell = cells.find(what)
                if options.again or cell is None or cell["settings"] != settings:
                    found = measure_case(part, case, line)
                    cell = found and {**what, "settings": settings, **found}
                    if cell:
                        cells.keep(cell)
                    failed += cell is None
                else:
                    line.done("kept")
                if cell:
                    part.found(case, cell)
    return failed


def show(options, cells):
    reports = []
    for machine in {tuple(machine_of(cell).items()): machine_of(cell) for cell in cells}.values():
        found = [cell for cell in cells if machine_of(cell) == machine]
        found.sort(key=lambda cell: list(PARTS).index(cell["part"]))
        reports.append({"machine": machine, "cells": found, "targets": targets.rows(found)})
        if not options.json:
            print("{processor}, family {family}, model {model}, {cores} cores".format(**machine),
                  end="\n\n")
            print(report.tables(found), end="\n\n")
    if options.json:
        print(json.dumps(reports, indent=1))
    lengths = reports[-1]["cells"] if reports else []
    lengths = [cell for cell in lengths if cell["part"] == "length"]
    if options.svg and lengths:
        length_curve.draw(sorted(lengths, key=lambda cell: cell["tokens"]), options.svg)


def main():
    options = arguments()
    # Programs that are timed read their rows anew every time.
    os.environ |= {"FASTFORMER_CORPUS_CACHE": "off", "OMP_NUM_THREADS": str(options.threads)}
    cells = Cells(options.results, (*MACHINE, "part", "case"))
    machine = this_machine()
    failed = 0 if options.show else measure(options, cells, machine)
    show(options, cells if options.show else [c for c in cells if machine_of(c) == machine])
    return f"{failed} cases failed" if failed else 0


if __name__ == "__main__":
    sys.exit(main())
