"""What was asked for of the speed beside others, and what the kept measurements reach."""

from typing import NamedTuple

import torch_encoders

BATCHES = ("64x256", "16x1024", "4x4096", "1x16384")
COMPILED, EAGER_BF16, COMPILED_BF16 = (
    "authors, compiled float32", "authors, eager bf16 autocast", "authors, compiled bf16 autocast")
QUADRATIC = (torch_encoders.FUSED, *torch_encoders.TRANSFORMERS)
FASTTEXT = ("fastText, rate 0.1", "fastText, rate 0.5")
# Multiplications and additions of a token where `fastformer bench` does not count them: rows of
# some 47 tokens have maps of their own.
OPERATIONS = {("text", "ag_news"): 1.33e6, ("training", "ag_news"): 3.5e6,
              ("training", "8x2048"): 2.9e6}


class Target(NamedTuple):
    """By how much ours should be faster than the fastest of theirs, in each case."""
    measure: str
    part: str
    cases: tuple
    asked: tuple
    ours: str
    theirs: tuple


class Share(NamedTuple):
    """Of the machine's measured peak."""
    measure: str
    part: str
    cases: tuple
    asked: tuple
    ours: str


class Most(NamedTuple):
    """Of a figure that should be small, in the unit given."""
    measure: str
    part: str
    cases: tuple
    asked: tuple
    ours: str
    figure: str
    unit: str
    scale: float


def encoder(measure, asked, ours, theirs, cases=BATCHES, part="encoder"):
    return Target(measure, part, cases, asked, f"ours, {ours}", theirs)


TARGETS = [
    encoder("bfloat16 over compiled float32", (4, 5, 5, 5), "bfloat16", (COMPILED,)),
    encoder("bfloat16 over eager bf16 autocast", (2.5, 3.3, 3.3, 3.5), "bfloat16", (EAGER_BF16,)),
    encoder("bfloat16 over compiled bf16 autocast", (2.5, 3.3, 3.3, 3.5), "bfloat16",
            (COMPILED_BF16,)),
    encoder("float32 over compiled float32", (2,) * 4, "float32", (COMPILED,)),
    encoder("int8 over bfloat16, among the others", (1.4,) * 4, "int8", ("ours, bfloat16",)),
    encoder("int8 over bfloat16, alone", (1.4,) * 4, "int8", ("ours, bfloat16",), part="ours"),
    encoder("int8 over compiled float32", (7,) * 4, "int8", (COMPILED,)),
    Share("share of the bfloat16 peak", "ours", BATCHES[2:3], (0.75,), "ours, bfloat16"),
    encoder("bfloat16 over the better quadratic Transformer", (20, 70), "bfloat16", QUADRATIC,
            BATCHES[2:]),
    encoder("held to AVX2, float32 over compiled", (1.8,) * 2, "float32", (COMPILED,),
            (BATCHES[0], BATCHES[2]), "avx2"),
    *(Target(f"65,536 tokens, two threads over one, {precision}", "ours", ("1x65536 by threads",),
             (1.8,), f"ours, {precision}, 2 thread(s)", (f"ours, {precision}, 1 thread(s)",))
      for precision in ("float32", "bfloat16", "int8")),
    *(Target(f"text to label, AG News, {precision} over {theirs}", "text", ("ag_news",), (asked,),
             f"ours, {precision}", (f"authors, {theirs}",))
      for theirs, asked in (("eager", 12), ("compiled", 8))
      for precision in ("float32", "bfloat16", "int8")),
    *(Target(f"text to label, IMDB, default {precision} over fastText", "text", ("imdb",), (0.1,),
             f"ours, default, {precision}", FASTTEXT) for precision in ("float32", "int8")),
    *(Target(f"training step, {precision} over theirs in float32", "training",
             ("ag_news", "8x2048"), asked, f"ours, {precision}", ("authors, float32",))
      for precision, asked in (("float32", (10, 2.5)), ("bfloat16", (14, 3.5)))),
    Most("start to first label", "text", ("ag_news",), (50,), "ours, float32", "start", "ms", 1e3),
    Most("the program, stripped", "ours", ("program",), (8,), "ours, stripped", "bytes", "MB",
         1e-6),
]


class Measured:
    """The cells of one machine."""

    def __init__(self, cells):
        self.cells = {(cell["part"], cell["case"]): cell for cell in cells}

    def contender(self, part, case, name):
        """Its measurement, or None."""
        return self.cells.get((part, case), {}).get("contenders", {}).get(name)

    def peak(self, precision, threads):
        """The most that was measured of the machine beside the encoders, with all its units."""
        found = [cell["contenders"].get(f"ours, {precision}", {}).get("peak", 0)
                 for (part, _), cell in self.cells.items() if part in ("encoder", "ours")
                 and cell["settings"].get("threads") == threads]
        return max(found, default=0)

    def share_of_peak(self, part, case, name):
        """What the operations are of the peak, or None."""
        found = self.contender(part, case, name)
        if not found or "clock" not in found:
            return None
        if "share" in found:  # of the peak that the same run measured
            return found["share"]
        cell = self.cells[part, case]
        operations = found.get("operations") or OPERATIONS.get((part, case), 0) * cell["tokens"]
        peak = found.get("peak") or self.peak(name.split(", ")[1], cell["settings"]["threads"])
        return operations / found["clock"] / peak if operations and peak else None

    def ratio(self, part, case, ours, theirs, figure="clock"):
        """How many times as long the fastest of theirs took, or None."""
        found = self.contender(part, case, ours)
        others = [other[figure] for other in (self.contender(part, case, name) for name in theirs)
                  if other and figure in other]
        return min(others) / found[figure] if found and others else None

    def reached(self, target, case):
        if isinstance(target, Target):
            return self.ratio(target.part, case, target.ours, target.theirs)
        if isinstance(target, Share):
            return self.share_of_peak(target.part, case, target.ours)
        found = self.contender(target.part, case, target.ours)
        return found[target.figure] * target.scale if found else None


def met(target, asked, reached):
    if reached is None:
        return None
    return reached <= asked if isinstance(target, Most) else reached >= asked


def rows(cells):
    """A row a target: what was asked for and is reached in each case, None where not measured."""
    measured = Measured(cells)
    found = []
    for target in TARGETS:
        reached = [measured.reached(target, case) for case in target.cases]
        shares = [None if isinstance(target, Most) else
                  measured.share_of_peak(target.part, case, target.ours) for case in target.cases]
        unit = {Target: "times", Share: "of the peak"}.get(type(target)) or target.unit
        found.append({"measure": target.measure, "part": target.part, "cases": target.cases,
                      "unit": unit, "asked": target.asked, "reached": reached,
                      "met": [met(target, *pair) for pair in zip(target.asked, reached)],
                      "share_of_peak": shares})
    return found
