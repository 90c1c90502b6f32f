#!/usr/bin/env python3
"""Times training steps and use of the encoders that Fastformer is compared with, beside public ones.

    encoders.py --program build/release/bin/fastformer [--batches 4x1024,1x4096] [--threads 1]
        [--rounds 3]

The Transformer is beside one of PyTorch's scaled_dot_product_attention, Longformer and BigBird beside Hugging Face's,
Linformer beside the package of that name, the linear Transformer beside its formula in PyTorch, all with width 256, 16
heads, 2 layers and 256 feed-forward units, each paper's window, and Adam, on random words. Prints processor seconds of
a batch. Ours are the difference of two runs of the whole program, one with more batches than the other, so that
starting, reading and saving cancel out; everyone takes turns, and the fastest of each one's rounds counts. Needs Python packages
torch, transformers and linformer.
"""

import argparse
import csv
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

# A program that is timed reads its rows anew every time.
os.environ["FASTFORMER_CORPUS_CACHE"] = "off"

WIDTH, HEADS, LAYERS, WORDS, LABELS = 256, 16, 2, 10000, 4
FEW, MANY = 4, 24  # batches of our two runs
STEPS = 3  # of the peers, in a round
OURS_ALONE = ["fastformer", "poolingformer"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--batches", default="4x1024,1x4096", help="documents x tokens")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--encoders", default="transformer,longformer,bigbird,linformer,linear_transformer,"
                        "fastformer,poolingformer")
    return parser.parse_args()


def linear_attention(torch):
    """A layer's attention by the linear Transformer's formula (Katharopoulos et al., 2020, eq. 4 and 5)."""
    class LinearAttention(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key, self.value, self.output = (torch.nn.Linear(WIDTH, WIDTH) for _ in range(4))

        def forward(self, x):
            features = lambda y: torch.nn.functional.elu(y.unflatten(-1, (HEADS, -1))) + 1
            q, k = features(self.query(x)), features(self.key(x))
            sums = torch.einsum("nlhe,nlhm->nhem", k, self.value(x).unflatten(-1, (HEADS, -1)))
            weights = torch.einsum("nlhe,nhe->nlh", q, k.sum(1)) + 1e-6
            return self.output((torch.einsum("nlhe,nhem->nlhm", q, sums) / weights.unsqueeze(-1)).flatten(2))
    return LinearAttention()


def public_linformer(tokens):
    """A layer's attention by the package linformer, with this project's defaults: 256 rows, by heads alike."""
    import linformer
    return linformer.LinformerSelfAttention(WIDTH, tokens, k=256, heads=HEADS)


def block_of(torch, attention):
    """Post-norm, as in TransformerEncoderLayer, around another attention."""
    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = attention
            self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(WIDTH) for _ in range(2))
            self.feed_forward = torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH), torch.nn.GELU(),
                                                    torch.nn.Dropout(0.2), torch.nn.Linear(WIDTH, WIDTH))
            self.dropout = torch.nn.Dropout(0.2)

        def forward(self, x):
            x = self.norms[0](x + self.dropout(self.attention(x)))
            return self.norms[1](x + self.dropout(self.feed_forward(x)))
    return Block()


def peer_encoder(torch, name, tokens):
    """ids [documents, tokens] -> hidden [documents, tokens, width]."""
    import transformers
    shape = {"vocab_size": WORDS, "hidden_size": WIDTH, "num_hidden_layers": LAYERS,
             "num_attention_heads": HEADS, "intermediate_size": WIDTH,
             "max_position_embeddings": tokens + 2, "hidden_dropout_prob": 0.2,
             "attention_probs_dropout_prob": 0.0}
    if name == "longformer":
        config = transformers.LongformerConfig(attention_window=512, **shape)
        model = transformers.LongformerModel(config, add_pooling_layer=False)
        mask = torch.zeros(1, tokens, dtype=torch.long)
        mask[:, 0] = 1
        return model, lambda ids: model(
            ids, global_attention_mask=mask.expand(len(ids), -1)).last_hidden_state
    if name == "bigbird":
        config = transformers.BigBirdConfig(block_size=64, num_random_blocks=3, **shape)
        model = transformers.BigBirdModel(config, add_pooling_layer=False)
        return model, lambda ids: model(ids).last_hidden_state
    if name in ("linformer", "linear_transformer"):
        attention = {"linformer": lambda: public_linformer(tokens),
                     "linear_transformer": lambda: linear_attention(torch)}[name]
        model = torch.nn.Sequential(torch.nn.Embedding(WORDS, WIDTH),
                                    *(block_of(torch, attention()) for _ in range(LAYERS)))
        return model, model
    layer = torch.nn.TransformerEncoderLayer
    model = torch.nn.Sequential(
        torch.nn.Embedding(WORDS, WIDTH),
        *(layer(WIDTH, HEADS, WIDTH, dropout=0.2, activation="gelu", batch_first=True)
          for _ in range(LAYERS)))
    for block in model[1:]:  # attention's own dropout would keep it from the fused kernel
        block.self_attn.dropout = 0.0
    return model, model


class Peer:
    def __init__(self, torch, name, documents, tokens):
        torch.manual_seed(1)
        self.torch = torch
        self.model, self.encode = peer_encoder(torch, name, tokens)
        self.head = torch.nn.Linear(WIDTH, LABELS)
        self.parameters = [*self.model.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3)
        self.ids = torch.randint(5, WORDS, (documents, tokens))
        self.labels = torch.arange(documents) % LABELS

    def step(self):
        self.model.train()
        logits = self.head(self.encode(self.ids).mean(1))
        self.optimizer.zero_grad()
        self.torch.nn.functional.cross_entropy(logits, self.labels).backward()
        self.optimizer.step()

    def use(self):
        self.model.eval()
        with self.torch.inference_mode():
            self.head(self.encode(self.ids).mean(1))


def seconds_of(run):
    run()
    before = time.process_time()
    for _ in range(STEPS):
        run()
    return (time.process_time() - before) / STEPS


def children_seconds(*command, stdin=None):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(map(str, command)), check=True, stdin=stdin, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_rows(path, rows, tokens):
    draw = random.Random(1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "text"])
        for number in range(rows):
            writer.writerow([number % LABELS,
                             " ".join(f"w{draw.randrange(WORDS)}" for _ in range(tokens))])
    return path


class Ours:
    def __init__(self, options, folder, documents, tokens):
        self.options, self.folder, self.documents, self.tokens = options, folder, documents, tokens
        self.files = {batches: write_rows(folder / f"{documents}x{tokens}x{batches}.csv",
                                          documents * batches, tokens) for batches in (FEW, MANY)}

    def model(self, name, batches):
        return self.folder / f"{name}-{self.documents}x{self.tokens}x{batches}"

    def train(self, name, batches, number):
        model = self.model(name, batches)
        return children_seconds(
            self.options.program, "train", "--preset", "paper", "--valid-share", "0", "--epochs",
            "1", "--encoder", name, "--threads", self.options.threads, "--train",
            self.files[batches], "--output", f"{model}-{number}", "--max-length", self.tokens,
            "--batch-size", self.documents)

    def predict(self, name, batches):
        return children_seconds(self.options.program, "predict", "--model", f"{self.model(name, FEW)}-0",
                                "--input", self.files[batches], "--threads", self.options.threads)


def of_a_batch(seconds, what):
    """Of ours: the fastest run of many batches less the fastest of few."""
    return (seconds[what, MANY] - seconds[what, FEW]) / (MANY - FEW)


def fastest(options, ours, peer, name):
    """{what, or (what, batches): seconds}"""
    best = {}
    for number in range(options.rounds):
        runs = {("step", batches): lambda n=batches: ours.train(name, n, number) for batches in (FEW, MANY)}
        runs |= {("use", batches): lambda n=batches: ours.predict(name, n) for batches in (FEW, MANY)}
        if peer:
            runs |= {"step": lambda: seconds_of(peer.step), "use": lambda: seconds_of(peer.use)}
        for what, run in runs.items():
            best[what] = min(best.get(what, 1e9), run())
    return best


def main():
    options = arguments()
    import torch
    torch.set_num_threads(options.threads)
    # In use TransformerEncoderLayer would take a way of its own, which builds the matrix of scores.
    torch.backends.mha.set_fastpath_enabled(False)
    with tempfile.TemporaryDirectory() as folder:
        for batch in options.batches.split(","):
            documents, tokens = map(int, batch.split("x"))
            ours = Ours(options, pathlib.Path(folder), documents, tokens)
            print(f"\nbatches of {batch} tokens, {options.threads} thread(s): processor seconds of "
                  "a training step and of use; in brackets the public one's")
            for name in options.encoders.split(","):
                peer = None if name in OURS_ALONE else Peer(torch, name, documents, tokens)
                best = fastest(options, ours, peer, name)
                cells = [f"{of_a_batch(best, what):8.3f}" + (f" ({best[what]:7.3f})" if peer else "")
                         for what in ("step", "use")]
                print(f"  {name:20}", *cells, flush=True)


if __name__ == "__main__":
    sys.exit(main())
