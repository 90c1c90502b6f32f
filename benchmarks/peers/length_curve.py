"""Time and memory against a document's length: the authors' Fastformer, a Transformer, and ours.

One document of each length on one thread through the shapes of encoder_speed.py. Memory is by how
much the process's largest has grown above what it had before the first; of ours, all that the
process held, the model included. A contender ends where it runs out of memory, or would take more
than --limit seconds if its time grew with the length alone.
"""

import pathlib

import torch_encoders
from encoder_speed import PRECISIONS, bench
from turns import Part

PEERS = [name for name in torch_encoders.AUTHORS if "compiled" in name]
PEERS += torch_encoders.TRANSFORMERS
SHORT = [64, 128]  # two lengths make it compile for every length


class Lengths(Part):
    name = "length"
    seconds = 0.3  # of each, in a round

    def __init__(self, *given):
        super().__init__(*given)
        self.last = {}  # of each contender, seconds a token of the length before

    def lengths(self):
        return sorted(map(int, self.options.lengths.split(",")))

    def cases(self):
        return {str(length): {**self.settings(1), "limit": self.options.limit}
                for length in self.lengths()}

    def found(self, case, cell):
        """A case that was measured, now or before."""
        for name in self.wanted(PEERS):
            seconds = cell["contenders"].get(name, {}).get("clock")
            self.last[name] = seconds / int(case) if seconds else None

    def asker(self, name, tokens):
        process = self.process(name, pathlib.Path(torch_encoders.__file__), {
            "name": name, "checkout": self.options.checkout, "threads": 1,
            "longest": max(self.lengths()), "short": SHORT if "compiled" in name else []})
        return lambda: process.ask(documents=1, tokens=tokens, seconds=self.seconds)

    def goes_on(self, name, tokens):
        if name not in self.last:
            return True
        return self.last[name] is not None and self.last[name] * tokens <= self.options.limit

    def measure(self, case):
        tokens = int(case)
        peers = self.warmed_up({name: self.asker(name, tokens) for name in self.wanted(PEERS)
                                if self.goes_on(name, tokens)})
        ours = {f"ours, {precision}": lambda p=precision: bench(
            self.options.program, f"1x{tokens}", p, 1, self.seconds) for precision in PRECISIONS}
        return {"documents": 1, "tokens": tokens, "contenders": self.turns({**peers, **ours})}


def draw(cells, path):
    """`cells` are those of one machine, by length."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "length"
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    lengths = [cell["tokens"] for cell in cells]
    # Memory that grew by less is hidden by what compiling had needed before.
    for axis, key, least, scale, label in (
            (axes[0], "clock", 0, 1e3, "milliseconds for one document"),
            (axes[1], "bytes", 4e6, 1e-6, "memory, MB")):
        for name in dict.fromkeys(name for cell in cells for name in cell["contenders"]):
            points = [(cell["tokens"], cell["contenders"][name][key] * scale) for cell in cells
                      if cell["contenders"].get(name, {}).get(key, 0) > least]
            axis.plot(*zip(*points), marker="o", markersize=3, label=name,
                      linestyle="-" if name.startswith("ours") else "--")
        axis.set(xscale="log", yscale="log", xlabel="tokens of the document", ylabel=label)
        axis.set_xticks(lengths, [f"{length:,}" for length in lengths])
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})
