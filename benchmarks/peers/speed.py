#!/usr/bin/env python3
"""Times the encoder of the authors' Fastformer in PyTorch, PyTorch's Transformer and ours, interleaved.

    speed.py --checkout DIR --program build/release/bin/fastformer [--batches 64x256,16x1024,4x4096]
        [--threads N] [--rounds 5] [--transformer-tokens 4096] [--json FILE]

DIR is a checkout of github.com/wuch15/Fastformer; its notebook's classes are executed as they stand. Needs
Python packages torch and transformers, and a C++ compiler for torch.compile. Everyone reads the same
shapes: width 256, 16 heads, 2 layers, feed-forward 256, positions, norms and attention pooling, from token
ids to one vector a document, all documents of full length, so that nothing is gained from padding. Each
round runs everyone once; the fastest round of each counts, by the clock and by processor time (which other
programs on the machine disturb less). The Transformer is PyTorch's fused inference path of the same width,
on batches of at most --transformer-tokens tokens a document.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

from official_ag_news import official_classes

PRECISIONS = ("float32", "bfloat16", "int8")
VOCABULARY, WIDTH, HEADS, LAYERS, UNITS = 10000, 256, 16, 2, 256


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkout", required=True, type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--batches", default="64x256,16x1024,4x4096")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--transformer-tokens", type=int, default=4096)
    parser.add_argument("--json", type=pathlib.Path, help="also write all figures here")
    return parser.parse_args()


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

    def authors(self, ids):
        return self.encoder(self.words(ids), ids.bool().float())

    def authors_bfloat16(self, ids):
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16):
            return self.authors(ids)

    def compiled_bfloat16(self, ids):
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16):
            return self.compiled(ids)

    def transformer(self, ids):
        return self.transformer_encoder(self.words(ids)).mean(1)

    def named(self, tokens, transformer_tokens):
        peers = {"authors, eager float32": self.authors,
                 "authors, eager bf16 autocast": self.authors_bfloat16,
                 "authors, compiled float32": self.compiled,
                 "authors, compiled bf16 autocast": self.compiled_bfloat16}
        if tokens <= transformer_tokens:
            peers["Transformer, float32"] = self.transformer
        return peers


def time_peer(peers, run, documents, tokens):
    """(seconds by the clock, seconds of processor time) of one call."""
    ids = peers.torch.randint(1, VOCABULARY, (documents, tokens))
    with peers.torch.inference_mode():
        clock, processor = time.perf_counter(), time.process_time()
        run(ids)
        return time.perf_counter() - clock, time.process_time() - processor


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
    named = peers.named(tokens, options.transformer_tokens)
    for run in named.values():  # compiles, and warms up
        time_peer(peers, run, documents, tokens)
    least = {}

    def keep(name, seconds):
        least[name] = tuple(map(min, least.get(name, seconds), seconds))

    for _ in range(options.rounds):
        for name, run in named.items():
            keep(name, time_peer(peers, run, documents, tokens))
        for precision in PRECISIONS:
            keep(f"ours, {precision}", time_ours(options, batch, precision, documents * tokens))
    return least


def main():
    options = arguments()
    batches = options.batches.split(",")
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
