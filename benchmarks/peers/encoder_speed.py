"""The encoder alone: the authors' code, PyTorch's Transformer and ours on the same shapes.

Everyone reads width 256, 16 heads, 2 layers, feed-forward 256, positions, norms and attention
pooling, from token ids to one vector a document, all documents of full length, so that nothing is
gained from padding.
"""

import json
import pathlib
import tempfile

import torch_encoders
from turns import Part, timed

PRECISIONS = ("float32", "bfloat16", "int8")
SHAPE = ",".join(map(str, (torch_encoders.WIDTH, torch_encoders.HEADS, torch_encoders.LAYERS,
                           torch_encoders.UNITS)))
MOST_FUSED_TOKENS = 4096  # TransformerEncoder keeps all scores: 17 GB for 16,384 tokens
THREADS = "1x65536 by threads"  # a case of Alone
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2", "FASTFORMER_ISA": "avx2"}


def shape_of(batch):
    """(documents, tokens of each) of "4x4096"."""
    documents, tokens = map(int, batch.split("x"))
    return documents, tokens


def bench(program, batch, precision, threads, seconds, environment=None):
    """What `fastformer bench` finds of a batch, with the machine's peak in the same run."""
    _, out = timed([program, "bench", "--shape", SHAPE, "--batches", batch, "--precision",
                    precision, "--threads", threads, "--seconds", seconds, "--json"], environment)
    report = json.loads(out)
    result = report["results"][0]
    documents, tokens = shape_of(batch)
    clock = documents * tokens / result["tokens_per_second"]
    peak = report["peak"]["int8_gops" if precision == "int8" else f"{precision}_gflops"]
    return {"clock": clock, "processor": documents * tokens / result["tokens_per_processor_second"],
            "peak": peak * 1e9, "share": result["gflops"] / peak,
            "operations": result["gflops"] * 1e9 * clock,
            "bytes": result["peak_memory_bytes"]}


class Encoders(Part):
    """All contenders on the batches of --batches."""

    name = "encoder"
    seconds = 0.2  # of each, in a round
    environment = {}
    peers = torch_encoders.NAMES

    def batches(self):
        return self.options.batches.split(",")

    def cases(self):
        return {batch: self.settings(self.options.threads) for batch in self.batches()}

    def asker(self, name, documents, tokens):
        longest = max(shape_of(batch)[1] for batch in self.batches())
        process = self.process(name, pathlib.Path(torch_encoders.__file__), {
            "name": name, "checkout": self.options.checkout, "threads": self.options.threads,
            "longest": longest, "avx2": bool(self.environment)}, self.environment)

        def ask():
            found = process.ask(documents=documents, tokens=tokens, seconds=self.seconds)
            return {"clock": found["clock"], "processor": found["processor"]}
        return ask

    def measure(self, case):
        documents, tokens = shape_of(case)
        names = [name for name in self.wanted(self.peers)
                 if name != torch_encoders.FUSED or tokens <= MOST_FUSED_TOKENS]
        runs = self.warmed_up({name: self.asker(name, documents, tokens) for name in names})
        runs |= {f"ours, {precision}": lambda p=precision: bench(
            self.options.program, case, p, self.options.threads, self.seconds, self.environment)
            for precision in PRECISIONS}
        return {"documents": documents, "tokens": documents * tokens,
                "contenders": self.turns(runs)}


class HeldToAvx2(Encoders):
    """The authors' code and ours, all without AVX-512: ATen, oneDNN, MKL, compiled code."""

    name = "avx2"
    rounds = 2
    environment = AVX2
    peers = torch_encoders.AUTHORS

    def batches(self):
        return self.options.avx2_batches.split(",")


class Alone(Part):
    """Ours without the others between: formats in turn, threads, and the size of the program."""

    name = "ours"
    rounds = 5
    seconds = 0.7

    def cases(self):
        return {**{batch: self.settings(self.options.threads)
                   for batch in self.options.batches.split(",")},
                THREADS: self.settings(2), "program": {}}

    def bench(self, case, precision, threads):
        return lambda: bench(self.options.program, case, precision, threads, self.seconds)

    def measure(self, case):
        if case == "program":
            return {"contenders": {"ours, stripped": {"bytes": self.stripped_bytes()}}}
        documents, tokens = shape_of(case.split()[0])
        if case == THREADS:
            runs = {f"ours, {precision}, {threads} thread(s)":
                    self.bench(f"{documents}x{tokens}", precision, threads)
                    for precision in PRECISIONS for threads in (1, 2)}
        else:
            runs = {f"ours, {precision}": self.bench(case, precision, self.options.threads)
                    for precision in PRECISIONS[1:]}
        return {"documents": documents, "tokens": documents * tokens,
                "contenders": self.turns(runs)}

    def stripped_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            stripped = pathlib.Path(folder, "program")
            timed(["strip", "-o", stripped, self.options.program])
            return stripped.stat().st_size
