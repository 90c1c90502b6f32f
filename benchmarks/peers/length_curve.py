#!/usr/bin/env python3
"""Draws time and memory against a document's length: the authors' Fastformer, a Transformer, and ours.

    length_curve.py --checkout DIR --program build/release/bin/fastformer --svg FILE
        [--lengths 256,1024,4096,16384,65536] [--threads 1] [--limit 120] [--results FILE.jsonl]

One document of each length through the shapes of speed.py. Every cell is a process of its own: the
fastest of three repetitions, and by how much the process's largest memory grew above what it had
before the first (ours: all that the process held, the model included). A contender that takes longer than --limit seconds or runs out of memory ends
there. Finished cells are kept in --results and not measured again. Needs Python packages torch,
transformers and matplotlib.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys

PEERS = ["authors, compiled float32", "authors, compiled bf16 autocast",
         "Transformer by SDPA, float32", "Transformer by SDPA, bf16 autocast"]
OURS = ["float32", "bfloat16", "int8"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkout", required=True, type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--lengths", default="256,1024,4096,16384,65536")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=float, default=120)
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("length_curve.jsonl"))
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    return parser.parse_args()


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_peer(options, name, length):
    """In a process of its own: prints {"seconds", "bytes"}."""
    import speed
    options.transformer_tokens = length
    peers = speed.Peers(options.checkout, length)
    peers.torch.set_num_threads(options.threads)
    run = peers.named(1, length, options)[name]
    if "compiled" in name:  # two lengths make it compile for every length, before memory is read
        for short in (64, 128):
            speed.time_peer(peers, run, 1, short)
    before = peak()
    seconds = min(speed.time_peer(peers, run, 1, length)[0] for _ in range(3))
    print(json.dumps({"seconds": seconds, "bytes": max(peak() - before, 0)}))


def measure_ours(options, precision, length):
    out = subprocess.run([options.program, "bench", "--shape", "256,16,2,256", "--batches",
                          f"1x{length}", "--precision", precision, "--threads",
                          str(options.threads), "--seconds", "0.3", "--json"],
                         capture_output=True, text=True, check=True).stdout
    result = json.loads(out)["results"][0]
    return {"seconds": length / result["tokens_per_second"], "bytes": result["peak_memory_bytes"]}


def measure(options, name, length):
    if name.startswith("ours"):
        return measure_ours(options, name.split()[-1], length)
    command = [sys.executable, __file__, "--checkout", str(options.checkout), "--program",
               options.program, "--threads", str(options.threads), "--cell", f"{name}:{length}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5 * options.limit)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def run(options, lengths):
    cells = {}
    if options.results.exists():
        for line in options.results.read_text().splitlines():
            cell = json.loads(line)
            cells[cell["name"], cell["length"]] = cell
    for name in PEERS + [f"ours, {precision}" for precision in OURS]:
        for length in lengths:
            if (name, length) not in cells:
                found = measure(options, name, length) or {"seconds": None}
                cells[name, length] = {"name": name, "length": length, **found}
                with options.results.open("a") as file:
                    file.write(json.dumps(cells[name, length]) + "\n")
            cell = cells[name, length]
            print(name, length, cell["seconds"], cell.get("bytes"), flush=True)
            if cell["seconds"] is None or cell["seconds"] > options.limit:
                break
    return cells


def draw(cells, lengths, path):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "length"
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    # Memory that grew by less is hidden by what compiling had needed before.
    for axis, key, least, scale, label in (
            (axes[0], "seconds", 0, 1e3, "milliseconds for one document"),
            (axes[1], "bytes", 4e6, 1e-6, "memory, MB")):
        for name in dict.fromkeys(name for name, _ in cells):
            points = [(length, cells[name, length][key] * scale) for length in lengths
                      if (cells.get((name, length), {}).get(key) or 0) > least]
            axis.plot(*zip(*points), marker="o", markersize=3, label=name,
                      linestyle="-" if name.startswith("ours") else "--")
        axis.set(xscale="log", yscale="log", xlabel="tokens of the document", ylabel=label)
        axis.set_xticks(lengths, [f"{length:,}" for length in lengths])
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})


def main():
    options = arguments()
    if options.cell:
        name, _, length = options.cell.partition(":")
        measure_peer(options, name, int(length))
        return
    lengths = [int(length) for length in options.lengths.split(",")]
    cells = run(options, lengths)
    if options.svg:
        draw(cells, lengths, options.svg)


if __name__ == "__main__":
    sys.exit(main())
