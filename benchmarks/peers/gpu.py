#!/usr/bin/env python3
"""Times the authors' Fastformer and ours on a GPU: forward passes and training steps.

    gpu.py --checkout DIR --program build/release/bin/fastformer-train [--tokens 65536] [--rounds 3]
        [--lengths 256,1024,4096,16384,65536] [--compiled 4096] [--of use,training] [--json FILE]

DIR is a checkout of github.com/wuch15/Fastformer; its notebook's classes are executed as they stand.
Needs Python packages torch (with CUDA) and transformers. Both read the same shapes: width 256, 16 heads,
2 layers, feed-forward 256, positions, norms and attention pooling, in batches of --tokens tokens of
documents of full length, so that nothing is gained from padding; a training step is forward, backward
and Adam. The authors' code runs eagerly and, at the --compiled lengths, under torch.compile, in float32
and under bf16 autocast; ours is `fastformer-train bench-encoder --device cuda`, whose times hold the
batch's way to the GPU and its results' way back, which the authors' do not. Each round runs everyone
once; the fastest step of all counts.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

from official_ag_news import official_classes

PRECISIONS = ("float32", "bfloat16")
VOCABULARY, WIDTH, LABELS = 10000, 256, 4


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkout", required=True, type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--tokens", type=int, default=65536, help="of a batch")
    parser.add_argument("--lengths", default="256,1024,4096,16384,65536")
    parser.add_argument("--compiled", default="4096", help="lengths at which theirs is compiled too")
    parser.add_argument("--of", default="use,training")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a measurement")
    parser.add_argument("--json", type=pathlib.Path, help="also write all figures here")
    return parser.parse_args()


def numbers(words):
    return [int(word) for word in words.split(",") if word]


class Authors:
    """Their model on documents of one length."""

    def __init__(self, options, length):
        import torch
        self.torch = torch
        self.seconds = options.seconds
        torch.manual_seed(1)
        make_model, config = official_classes(options.checkout,
                                              dict.fromkeys(map(str, range(VOCABULARY))))
        config.max_position_embeddings = length
        self.model = make_model(config).cuda()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        shape = (max(1, options.tokens // length), length)
        self.ids = torch.randint(1, VOCABULARY, shape, device="cuda")
        self.labels = torch.arange(shape[0], device="cuda") % LABELS

    def forward(self, run, precision):
        with self.torch.autocast("cuda", dtype=self.torch.bfloat16,
                                 enabled=precision == "bfloat16"):
            return run(self.ids, self.labels)[0]

    def step(self, run, of, precision):
        if of == "use":
            with self.torch.inference_mode():
                self.forward(run, precision)
            return
        self.optimizer.zero_grad()
        self.forward(run, precision).backward()
        self.optimizer.step()

    def timer(self, of, precision, compiled):
        """A function that gives the seconds of the fastest of some steps."""
        run = self.torch.compile(self.model) if compiled else self.model

        def measure():
            self.model.train(of == "training")
            for _ in range(3):
                self.step(run, of, precision)
            least, end = float("inf"), time.perf_counter() + self.seconds
            while time.perf_counter() < end:
                self.torch.cuda.synchronize()
                start = time.perf_counter()
                self.step(run, of, precision)
                self.torch.cuda.synchronize()
                least = min(least, time.perf_counter() - start)
            return least
        return measure


def our_timer(options, length, of, precision):
    command = [options.program, "bench-encoder", "--preset", "paper", "--device", "cuda",
               "--precision", precision, "--length", str(length), "--tokens", str(options.tokens),
               "--seconds", str(options.seconds)]
    command += ["--training"] if of == "training" else []

    def measure():
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return json.loads(done.stdout)["seconds"]
    return measure


def measure(options, length, of):
    """Name -> seconds of the fastest step, everyone in turn."""
    authors = Authors(options, length)
    ways = (False, True) if length in numbers(options.compiled) else (False,)
    runs = {f"authors, {'compiled' if compiled else 'eager'} {precision}":
            authors.timer(of, precision, compiled) for precision in PRECISIONS for compiled in ways}
    runs |= {f"ours, {precision}": our_timer(options, length, of, precision)
             for precision in PRECISIONS}
    least = {}
    for _ in range(options.rounds):
        for name, run in runs.items():
            least[name] = min(least.get(name, float("inf")), run())
    return least


def show(title, tokens, least):
    print(f"\n{title}: million tokens per second; ours as a multiple of theirs, in"
          f" {' and '.join(PRECISIONS)}")
    for name, seconds in least.items():
        ratios = "".join(f"{seconds / least[f'ours, {precision}']:8.2f}x"
                         for precision in PRECISIONS) if "authors" in name else ""
        print(f"  {name:30}{tokens / seconds / 1e6:9.2f}{ratios}", flush=True)


def main():
    options = arguments()
    import torch
    report = {"gpu": torch.cuda.get_device_name()}
    print(report["gpu"])
    for of in options.of.split(","):
        for length in numbers(options.lengths):
            least = measure(options, length, of)
            documents = max(1, options.tokens // length)
            report[f"{of} {documents}x{length}"] = least
            show(f"{of}, {documents}x{length}", documents * length, least)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    sys.exit(main())
