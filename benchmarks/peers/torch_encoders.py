#!/usr/bin/env python3
"""Answers with the times of one encoder: the authors' in PyTorch or ONNX Runtime, or a Transformer.

Started by the parts of run.py with what to be as JSON: "name" (one of NAMES), "checkout" of
github.com/wuch15/Fastformer, whose notebook's classes are executed as they stand, "threads",
"longest" (tokens) and, at will, "avx2" (be held to it) and "short", lengths to run before the
memory is read. Everyone has width 256, 16 heads, 2 layers and 256 feed-forward units, from token
ids to one vector a document; the authors' and ours have positions and attention pooling, the
Transformers take the mean of the tokens. A question is {"documents": N, "tokens": N, "seconds": S}.
"""

import io
import pathlib
import resource
import time

from official_ag_news import official_classes
from turns import answer

VOCABULARY, WIDTH, HEADS, LAYERS, UNITS = 10000, 256, 16, 2, 256
AUTHORS = ["authors, eager float32", "authors, eager bf16 autocast", "authors, compiled float32",
           "authors, compiled bf16 autocast"]
FUSED = "TransformerEncoder, float32"
TRANSFORMERS = ["Transformer by SDPA, float32", "Transformer by SDPA, bf16 autocast"]
ONNX = "authors, ONNX Runtime float32"
NAMES = [*AUTHORS, FUSED, *TRANSFORMERS, ONNX]


def transformer_block(torch):
    """One post-norm Transformer layer around scaled_dot_product_attention, without dropout."""

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.input = torch.nn.Linear(WIDTH, 3 * WIDTH)
            self.output = torch.nn.Linear(WIDTH, WIDTH)
            self.inner = torch.nn.Linear(WIDTH, UNITS)
            self.outer = torch.nn.Linear(UNITS, WIDTH)
            self.norms = torch.nn.ModuleList([torch.nn.LayerNorm(WIDTH) for _ in range(2)])

        def forward(self, x):
            parts = self.input(x).unflatten(-1, (3, HEADS, WIDTH // HEADS)).permute(2, 0, 3, 1, 4)
            mixed = torch.nn.functional.scaled_dot_product_attention(*parts)
            x = self.norms[0](x + self.output(mixed.transpose(1, 2).flatten(-2)))
            return self.norms[1](x + self.outer(torch.nn.functional.gelu(self.inner(x))))

    return Block()


class Encoder:
    """The one of that name, as a function of token ids [documents, tokens]."""

    def __init__(self, torch, name, checkout, threads, longest):
        self.torch, self.threads = torch, threads
        torch.manual_seed(1)
        model_class, config = official_classes(pathlib.Path(checkout),
                                               dict.fromkeys(map(str, range(VOCABULARY))))
        config.max_position_embeddings = longest
        model = model_class(config).eval()
        self.words, self.encoder = model.word_embedding, model.fastformer_model
        self.run = self.onnx_runtime if name == ONNX else self.named(name)
        self.sessions = {}

    def named(self, name):
        run = self.authors
        if name in (FUSED, *TRANSFORMERS):
            layer = self.torch.nn.TransformerEncoderLayer(WIDTH, HEADS, UNITS, batch_first=True,
                                                          activation="gelu")
            blocks = (self.torch.nn.TransformerEncoder(layer, LAYERS) if name == FUSED else
                      self.torch.nn.Sequential(*[transformer_block(self.torch)
                                                 for _ in range(LAYERS)])).eval()
            run = lambda ids: blocks(self.words(ids)).mean(1)
        if "compiled" in name:
            run = self.torch.compile(run)
        return self.bfloat16(run) if "bf16" in name else run

    def authors(self, ids):
        return self.encoder(self.words(ids), ids.bool().float())

    def bfloat16(self, run):
        def under_autocast(ids):
            with self.torch.autocast("cpu", dtype=self.torch.bfloat16):
                return run(ids)
        return under_autocast

    def onnx_runtime(self, ids):
        if ids.shape not in self.sessions:
            import onnxruntime
            settings = onnxruntime.SessionOptions()
            settings.intra_op_num_threads = self.threads
            self.sessions = {ids.shape: onnxruntime.InferenceSession(
                self.exported(ids.shape), settings, providers=["CPUExecutionProvider"])}
        return self.sessions[ids.shape].run(None, {"ids": ids.numpy()})

    def exported(self, shape):
        """The authors' model as ONNX for this shape."""
        words, encoder = self.words, self.encoder

        class Whole(self.torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.words, self.encoder = words, encoder

            def forward(self, ids):
                return self.encoder(self.words(ids), (ids > 0).float())

        file = io.BytesIO()
        ids = self.torch.ones(shape, dtype=self.torch.long)
        self.torch.onnx.export(Whole(), (ids,), file, input_names=["ids"], dynamo=False)
        return file.getvalue()

    def timed(self, documents, tokens, seconds=0):
        """The least of the calls of so many seconds; of five at least, where they take no second."""
        ids = self.torch.randint(1, VOCABULARY, (documents, tokens))
        calls = []
        start = time.perf_counter()
        with self.torch.inference_mode():
            while not calls or time.perf_counter() - start < (seconds if len(calls) >= 5 else
                                                              min(1, 50 * seconds)):
                clock, processor = time.perf_counter(), time.process_time()
                self.run(ids)
                calls.append((time.perf_counter() - clock, time.process_time() - processor))
        return dict(zip(("clock", "processor"), map(min, zip(*calls))))


def most_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def answering(settings):
    import torch
    if settings.get("avx2"):
        import torch._inductor.config
        torch._inductor.config.cpp.simdlen = 256
    torch.set_num_threads(settings["threads"])
    encoder = Encoder(torch, *(settings[name] for name in ("name", "checkout", "threads",
                                                           "longest")))
    for tokens in settings.get("short", []):
        encoder.timed(1, tokens)
    before = most_memory()
    # By how much the process's largest memory has grown, which longer documents only add to.
    return lambda documents, tokens, seconds=0: {
        **encoder.timed(documents, tokens, seconds), "bytes": max(most_memory() - before, 0)}


if __name__ == "__main__":
    answer(answering)
