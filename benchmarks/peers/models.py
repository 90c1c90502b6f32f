"""The models that label texts in text_to_label.py: trained where they are missing, and kept."""

import json
import os
import pathlib
import sys

from turns import timed

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS / "baselines"), str(BENCHMARKS)]
import fasttext  # noqa: E402
import labelled_text  # noqa: E402
from accuracy import read  # noqa: E402

# By name: the corpus, and the flags of `fastformer train`.
TRAINED = {
    "ag_news-paper": ("ag_news", "--preset paper --epochs 1 --valid-share 0"),
    "imdb-default": ("imdb", ""),
    "imdb-small": ("imdb", "--preset small"),
    "imdb-tiny": ("imdb", "--width 16 --heads 2 --layers 1 --feed-forward 0 --max-length 64 "
                          "--wide-ngrams 2"),
}
# By name: the corpus and the model that is made smaller.
QUANTIZED = {"imdb-default-quantized": ("imdb", "imdb-default")}
# By name: the corpus and the learning rate.
FASTTEXT = {f"imdb-fasttext-{rate}": ("imdb", rate) for rate in (0.1, 0.5)}


def columns(corpus):
    """Flags of commands that read a corpus's files."""
    return [part for name in ("text", "label") if corpus.get(name)
            for part in (f"--{name}-column", corpus[name])]


def train(program, model, corpus, flags):
    timed([program, "train", "--train", *corpus["train"], "--output", model, *columns(corpus),
           *flags.split(), *(["--resume"] if pathlib.Path(f"{model}.training").exists() else [])])


def quantize(program, model, corpus, whole):
    timed([program, "quantize", "--model", whole, "--data", *corpus["train"], "--output", model,
           *columns(corpus)])


def train_fasttext(model, corpus, rate):
    """Makes MODEL.bin, and MODEL.json with the names of its labels, which it knows by number."""
    working = model.with_name(model.name + ".working")
    names = fasttext.train(rate, read(corpus["train"], corpus), working)
    model.with_name(model.name + ".json").write_text(json.dumps(names))
    os.replace(f"{working}.bin", f"{model}.bin")


def find_or_make(options, corpora, name, say):
    """The model's path, which is its folder, or of fastText its file."""
    model = options.models / name
    path = model.with_name(f"{name}.bin") if name in FASTTEXT else model
    if path.exists():
        return path
    say(f"training {name}")
    options.models.mkdir(parents=True, exist_ok=True)
    corpus_name, how = {**TRAINED, **QUANTIZED, **FASTTEXT}[name]
    corpus = corpora[corpus_name]
    if name in FASTTEXT:
        labelled_text.require_program("fasttext", "fasttext")
        train_fasttext(model, corpus, how)
    elif name in QUANTIZED:
        quantize(options.program, model, corpus, find_or_make(options, corpora, how, say))
    else:
        train(options.program, model, corpus, how)
    return path
