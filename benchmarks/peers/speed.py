#!/usr/bin/env python3
"""Times the encoder of the authors' Fastformer in PyTorch, PyTorch's Transformer and ours, interleaved.

    speed.py --checkout DIR --program build/release/bin/fastformer [--batches 64x256,16x1024,4x4096]
        [--threads N] [--rounds 5] [--transformer-tokens 16384] [--avx2] [--onnx] [--json FILE]

DIR is a checkout of github.com/wuch15/Fastformer; its notebook's classes are executed as they stand. Needs
Python packages torch and transformers, and a C++ compiler for torch.compile. Everyone reads the same
shapes: width 256, 16 heads, 2 layers, feed-forward 256, positions, norms and attention pooling, from token
ids to one vector a document, all documents of full length, so that nothing is gained from padding. Each
round runs everyone once; the fastest round of each counts, by the clock and by processor time (which other
programs on the machine disturb less). The Transformer has the same width and is measured three times:
PyTorch's TransformerEncoder on its fused path, and one written around scaled_dot_product_attention in
float32 and under bf16 autocast; on documents of at most --transformer-tokens tokens (the former of
4,096). --avx2 holds everyone to AVX2. --onnx adds ONNX Runtime on the authors' model as torch.onnx exports it (packages
onnx, onnxscript and onnxruntime).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

from official_ag_news import official_classes

PRECISIONS = ("float32", "bfloat16", "int8")
VOCABULARY, WIDTH, HEADS, LAYERS, UNITS = 10000, 256, 16, 2, 256
MOST_FUSED_TOKENS = 4096  # TransformerEncoder keeps all scores: 17 GB for 16,384 tokens


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkout", required=True, type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--batches", default="64x256,16x1024,4x4096")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--transformer-tokens", type=int, default=16384)
    parser.add_argument("--avx2", action="store_true")
    parser.add_argument("--onnx", action="store_true")
    parser.add_argument("--onnx-child", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=pathlib.Path, help="also write all figures here")
    return parser.parse_args()


def hold_to_avx2():
    """To be called before torch is imported; the program reads its variable too."""
    os.environ |= {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
                   "MKL_ENABLE_INSTRUCTIONS": "AVX2", "FASTFORMER_ISA": "avx2"}
    import torch._inductor.config
    torch._inductor.config.cpp.simdlen = 256


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


class Peers:
    """PyTorch models, each as a function of token ids [documents, tokens]."""

    def __init__(self, checkout, longest):
        import torch
        self.torch = torch
        torch.manual_seed(1)
        model_class, config = official_classes(checkout, dict.fromkeys(map(str, range(VOCABULARY))))
        config.max_position_embeddings = longest
        model = model_class(config).eval()
        self.words, self.encoder = model.word_embedding, model.fastformer_model
        self.compiled = torch.compile(self.authors)
        layer = torch.nn.TransformerEncoderLayer(WIDTH, HEADS, UNITS, batch_first=True,
                                                 activation="gelu")
        self.transformer_encoder = torch.nn.TransformerEncoder(layer, LAYERS).eval()
        self.blocks = torch.nn.Sequential(*[transformer_block(torch) for _ in range(LAYERS)]).eval()

    def authors(self, ids):
        return self.encoder(self.words(ids), ids.bool().float())

    def fused_transformer(self, ids):
        return self.transformer_encoder(self.words(ids)).mean(1)

    def transformer(self, ids):
        return self.blocks(self.words(ids)).mean(1)

    def bfloat16(self, run):
        def under_autocast(ids):
            with self.torch.autocast("cpu", dtype=self.torch.bfloat16):
                return run(ids)
        return under_autocast

    def exported(self, documents, tokens):
        """The authors' model as ONNX for this shape."""
        import io

        class Whole(self.torch.nn.Module):
            def __init__(self, peers):
                super().__init__()
                self.words, self.encoder = peers.words, peers.encoder

            def forward(self, ids):
                return self.encoder(self.words(ids), (ids > 0).float())

        file = io.BytesIO()
        ids = self.torch.ones(documents, tokens, dtype=self.torch.long)
        self.torch.onnx.export(Whole(self), (ids,), file, input_names=["ids"], dynamo=False)
        return file.getvalue()

    def named(self, documents, tokens, options):
        peers = {"authors, eager float32": self.authors,
                 "authors, eager bf16 autocast": self.bfloat16(self.authors),
                 "authors, compiled float32": self.compiled,
                 "authors, compiled bf16 autocast": self.bfloat16(self.compiled)}
        if tokens <= min(options.transformer_tokens, MOST_FUSED_TOKENS):
            peers["TransformerEncoder, float32"] = self.fused_transformer
        if tokens <= options.transformer_tokens:
            peers["Transformer by SDPA, float32"] = self.transformer
            peers["Transformer by SDPA, bf16 autocast"] = self.bfloat16(self.transformer)
        return peers


def time_peer(peers, run, documents, tokens):
    """(seconds by the clock, seconds of processor time) of one call."""
    ids = peers.torch.randint(1, VOCABULARY, (documents, tokens))
    with peers.torch.inference_mode():
        clock, processor = time.perf_counter(), time.process_time()
        run(ids)
        return time.perf_counter() - clock, time.process_time() - processor


class OnnxRuntime:
    """ONNX Runtime in a process of its own: inside this one it halves PyTorch's speed."""

    def __init__(self, options, batch):
        self.child = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, "--checkout", str(options.checkout),
             "--program", options.program, "--threads", str(options.threads), "--onnx-child",
             batch], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def time(self):
        """(seconds by the clock, seconds of processor time) of one call."""
        self.child.stdin.write("once\n")
        self.child.stdin.flush()
        return tuple(json.loads(self.child.stdout.readline()))

    def end(self):
        self.child.stdin.close()
        self.child.wait()


def onnx_child(options, documents, tokens):
    """Answers every line of standard input with the times of a call."""
    import onnxruntime
    peers = Peers(options.checkout, tokens)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(peers.exported(documents, tokens), settings,
                                           providers=["CPUExecutionProvider"])
    for _ in sys.stdin:
        seconds = time_peer(peers, lambda ids: session.run(None, {"ids": ids.numpy()}), documents,
                            tokens)
        print(json.dumps(seconds), flush=True)


def time_ours(options, batch, precision, total):
    out = subprocess.run([options.program, "bench", "--shape", f"{WIDTH},{HEADS},{LAYERS},{UNITS}",
                          "--batches", batch, "--precision", precision, "--threads",
                          str(options.threads), "--seconds", "0.2", "--json"],
                         capture_output=True, text=True, check=True).stdout
    result = json.loads(out)["results"][0]
    return total / result["tokens_per_second"], total / result["tokens_per_processor_second"]


def measure(options, peers, batch):
    """Name -> least (clock, processor) seconds."""
    documents, tokens = map(int, batch.split("x"))
    named = peers.named(documents, tokens, options)
    for run in named.values():  # compiles, and warms up
        time_peer(peers, run, documents, tokens)
    onnx = OnnxRuntime(options, batch) if options.onnx else None
    if onnx:
        onnx.time()
    least = {}

    def keep(name, seconds):
        least[name] = tuple(map(min, least.get(name, seconds), seconds))

    for _ in range(options.rounds):
        for name, run in named.items():
            keep(name, time_peer(peers, run, documents, tokens))
        if onnx:
            keep("authors, ONNX Runtime float32", onnx.time())
        for precision in PRECISIONS:
            keep(f"ours, {precision}", time_ours(options, batch, precision, documents * tokens))
    if onnx:
        onnx.end()
    return least


def main():
    options = arguments()
    if options.onnx_child:
        onnx_child(options, *map(int, options.onnx_child.split("x")))
        return
    batches = options.batches.split(",")
    if options.avx2:
        hold_to_avx2()
    peers = Peers(options.checkout, max(int(batch.split("x")[1]) for batch in batches))
    peers.torch.set_num_threads(options.threads)
    report = {}
    for batch in batches:
        report[batch] = least = measure(options, peers, batch)
        documents, tokens = map(int, batch.split("x"))
        print(f"\n{batch}, {options.threads} thread(s): thousand tokens per second by the clock and of "
              f"processor time; ours in {', '.join(PRECISIONS)} as multiples of it, by processor time")
        for name, (clock, processor) in least.items():
            ratios = "".join(f"{processor / least[f'ours, {precision}'][1]:8.2f}x"
                             for precision in PRECISIONS)
            print(f"  {name:34}{documents * tokens / clock / 1e3:9.1f}"
                  f"{documents * tokens / processor / 1e3:9.1f}{ratios}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    sys.exit(main())
