#!/usr/bin/env python3
"""Turns the package lists of a Debian machine into labelled text: a corpus without a download.

Every package has a long description and a section, many have tags. Packages built from one source
resemble each other, so a hash of the source's name decides between train and test.
"""

import argparse
import collections
import contextlib
import csv
import hashlib
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
from typing import Iterable, Iterator, NamedTuple

SYSTEM_LISTS = pathlib.Path("/var/lib/apt/lists")
APT_HELPER = "/usr/lib/apt/apt-helper"
PACKAGES_NAME = re.compile(r"(?P<area>.+_main)_binary-(?P<architecture>[^_]+)_Packages(\.\w+)?")
TRANSLATION_NAME = re.compile(r"(?P<area>.+_main)_i18n_Translation-en(\.\w+)?")
DONE = "README.md"  # written last: it marks a whole corpus


class CorpusError(Exception):
    """Something that the user can put right; the message says how."""


class Package(NamedTuple):
    name: str
    source: str
    section: str
    tags: tuple[str, ...]
    synopsis: str
    text: str

    @property
    def in_test(self) -> bool:
        return int(hashlib.sha256(self.source.encode()).hexdigest(), 16) % 10 >= 8


def stanzas(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The paragraphs of a Debian control file. Continuation lines keep their leading blank."""
    fields: dict[str, str] = {}
    key = ""
    for line in lines:
        line = line.rstrip("\r\n")
        if not line.strip():
            if fields:
                yield fields
            fields, key = {}, ""
        elif line[0] in " \t":
            if key:
                fields[key] += "\n" + line
        else:
            key, _, value = line.partition(":")
            fields[key] = value.strip()
    if fields:
        yield fields


def split_description(description: str) -> tuple[str, str]:
    """Synopsis and long text; ` .` lines become empty ones, the blank that starts a line goes."""
    synopsis, *lines = description.split("\n")
    lines = ["" if line.strip() == "." else line[1:].rstrip() for line in lines]
    return synopsis.strip(), "\n".join(lines).strip()


def packages_of(package_lines: Iterable[str], descriptions: dict[str, str]) -> Iterator[Package]:
    """The packages whose long description is known. `descriptions` is keyed by Description-md5."""
    for fields in stanzas(package_lines):
        description = descriptions.get(fields.get("Description-md5", ""))
        if description is None or not fields.get("Package") or not fields.get("Section"):
            continue
        synopsis, text = split_description(description)
        if not text:
            continue
        name = fields["Package"]
        tags = (tag.strip() for tag in re.split(r"[,\n]", fields.get("Tag", "")))
        yield Package(
            name=name,
            source=fields.get("Source", name).split()[0],
            section=fields["Section"].rpartition("/")[2],
            tags=tuple(sorted({tag for tag in tags if tag})),
            synopsis=synopsis,
            text=text,
        )


class Corpus(NamedTuple):
    train: list[Package]
    test: list[Package]
    packages: int  # read, before any was left out
    leaked: int  # left out of train because the same text stands in test


def split(packages: Iterable[Package]) -> Corpus:
    """One package per source and text, by name; train holds no text that test holds too."""
    kept: dict[tuple[str, str], Package] = {}
    count = 0
    for package in sorted(packages):
        count += 1
        kept.setdefault((package.source, package.text), package)
    test = [package for package in kept.values() if package.in_test]
    train = [package for package in kept.values() if not package.in_test]
    in_test = {package.text for package in test}
    clean = [package for package in train if package.text not in in_test]
    return Corpus(clean, test, count, len(train) - len(clean))


@contextlib.contextmanager
def opened(path: pathlib.Path) -> Iterator[Iterable[str]]:
    """Lines of a list, which apt may keep compressed (lz4 in containers)."""
    if not path.suffix:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            yield lines
        return
    with subprocess.Popen(
        [APT_HELPER, "cat-file", str(path)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout
        yield process.stdout
    if process.returncode:
        raise CorpusError(f"{path}: apt-helper could not read it; refresh with --refresh")


def paired_lists(folder: pathlib.Path) -> list[tuple[pathlib.Path, pathlib.Path]]:
    """Each Packages file of the area main with the English descriptions that belong to it."""
    if not folder.is_dir():
        return []
    names = sorted(path for path in folder.iterdir() if path.is_file())
    translations = {}
    for path in names:
        if match := TRANSLATION_NAME.fullmatch(path.name):
            translations[match["area"]] = path
    pairs = []
    architectures = set()
    for path in names:
        match = PACKAGES_NAME.fullmatch(path.name)
        if match and match["area"] in translations:
            pairs.append((path, translations[match["area"]]))
            architectures.add(match["architecture"])
    if len(architectures) > 1:  # multiarch: each foreign list repeats nearly all packages
        native = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True)
        wanted = f"_binary-{native.stdout.strip()}_Packages"
        pairs = [pair for pair in pairs if wanted in pair[0].name] or pairs
    return pairs


def refresh(folder: pathlib.Path) -> pathlib.Path:
    """Fetches the lists of the machine's own apt sources into `folder`; needs no root."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    settings = {
        "Dir::State": folder,
        "Dir::State::lists": lists,
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "en",
        "Acquire::GzipIndexes": "false",
        "APT::Sandbox::User": "",
    }
    hooks = ("APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success")
    config = folder / "apt.conf"
    config.write_text(
        "#clear Acquire::Languages;\n"
        + "".join(f"#clear {hook};\n" for hook in hooks)
        + "".join(f'{key} "{value}";\n' for key, value in settings.items()),
        encoding="utf-8",
    )
    command = ["apt-get", "-c", str(config), "-q", "update"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        raise CorpusError("apt-get is not here: this corpus is made on Debian; give --lists DIR")
    if not paired_lists(lists):
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-6:])
        raise CorpusError(
            "apt-get update brought no package lists with English descriptions. Is the network "
            f"up, and does /etc/apt name a Debian mirror? apt-get said:\n{said}"
        )
    return lists


def read_lists(pairs: list[tuple[pathlib.Path, pathlib.Path]]) -> list[Package]:
    packages = []
    for package_path, translation_path in pairs:
        with opened(translation_path) as lines:
            descriptions = {
                fields["Description-md5"]: fields["Description-en"]
                for fields in stanzas(lines)
                if "Description-md5" in fields and "Description-en" in fields
            }
        with opened(package_path) as lines:
            packages += packages_of(lines, descriptions)
    return packages


def write_csv(path: pathlib.Path, header: list[str], rows: Iterable[Iterable[str]]) -> str:
    """Writes the whole file or nothing; returns a line of Markdown with its rows and sum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    count = 0
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    part.replace(path)
    return f"| {path.parent.name}/{path.name} | {count} | {digest} |"


def without_rare_tags(corpus: Corpus, fewest: int) -> Corpus:
    """Only the tags that at least `fewest` train rows have; a row may be left with none."""
    counts = collections.Counter(tag for package in corpus.train for tag in package.tags)
    kept = {tag for tag, count in counts.items() if count >= fewest}

    def thinned(packages: list[Package]) -> list[Package]:
        return [package._replace(tags=tuple(tag for tag in package.tags if tag in kept))
                for package in packages]
    return corpus._replace(train=thinned(corpus.train), test=thinned(corpus.test))


def write_corpus(packages: list[Package], out: pathlib.Path, sources: list[str],
                 fewest_tag_rows: int = 1) -> Corpus:
    described = split(packages)
    tagged = split(package for package in packages if package.tags)
    if fewest_tag_rows > 1:
        tagged = without_rare_tags(tagged, fewest_tag_rows)
    sums = []
    for side in ("train", "test"):
        rows = getattr(described, side)
        sums.append(write_csv(
            out / "sections" / f"{side}.csv", ["id", "group", "label", "text"],
            ((p.name, p.source, p.section, p.text) for p in rows)))
        sums.append(write_csv(
            out / "synopses" / f"{side}.csv", ["id", "group", "summary", "text"],
            ((p.name, p.source, p.synopsis, p.text) for p in rows if p.synopsis)))
        sums.append(write_csv(
            out / "tags" / f"{side}.csv", ["id", "group", "labels", "text"],
            ((p.name, p.source, " ".join(p.tags), p.text) for p in getattr(tagged, side))))
    part = out / (DONE + ".part")
    part.write_text(readme(described, tagged, sums, sources), encoding="utf-8")
    part.replace(out / DONE)
    return described


def readme(corpus: Corpus, tagged: Corpus, sums: list[str], sources: list[str]) -> str:
    rows = corpus.train + corpus.test
    tagged_rows = tagged.train + tagged.test
    words = [len(package.text.split()) for package in rows]
    tags = {tag for package in tagged_rows for tag in package.tags}
    lines = [
        "# Descriptions of Debian packages",
        "",
        "Made by scripts/debian_corpus.py from the package lists named below. A row is one package:",
        "`id` its name, `group` its source package, `text` its long description.",
        "`sections/` adds `label`, the archive section; `tags/` adds `labels`, debtags parted by",
        "blanks; `synopses/` adds `summary`, the one-line description.",
        "",
        "A row stands in test where sha256(source) mod 10 >= 8. Equal descriptions of one source are",
        "one row, and train holds no description that test holds.",
        "",
        f"- {corpus.packages} packages read, {len(rows)} rows: {len(corpus.train)} train, "
        f"{len(corpus.test)} test; {corpus.leaked} more left out of train as their text is in test",
        f"- {len({package.section for package in rows})} sections; {len(tags)} tags on "
        f"{len(tagged_rows)} rows",
        f"- median {statistics.median(words):g} words, longest {max(words)}",
        "",
        "| file | rows | sha256 |",
        "| --- | --- | --- |",
        *sums,
        "",
        "Lists read:",
        *(f"- {source}" for source in sources),
        "",
    ]
    return "\n".join(lines)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Make a labelled corpus from the package lists of a Debian machine.",
        epilog="Writes sections/, tags/ and synopses/ (train.csv and test.csv each) and README.md.")
    parser.add_argument("out", type=pathlib.Path, metavar="OUT", help="folder to write to")
    parser.add_argument("--lists", type=pathlib.Path, metavar="DIR",
                        help=f"read apt lists from here instead of {SYSTEM_LISTS}; no network")
    parser.add_argument("--refresh", action="store_true",
                        help="fetch the lists anew even where the machine has them")
    parser.add_argument("--fewest-tag-rows", type=int, default=1, metavar="N",
                        help="leave out tags of fewer train rows; their rows stay")
    return parser.parse_args(arguments)


def run(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="debian-corpus-") as scratch:
        lists = arguments.lists or SYSTEM_LISTS
        pairs = [] if arguments.refresh else paired_lists(lists)
        if not pairs and arguments.lists:
            raise CorpusError(f"{lists}: no *_Packages with *_Translation-en beside it")
        if not pairs:
            print("Fetching package lists with English descriptions (about 16 MB) ...",
                  file=sys.stderr, flush=True)
            pairs = paired_lists(refresh(pathlib.Path(scratch)))
        print(f"Reading {len(pairs)} package lists ...", file=sys.stderr, flush=True)
        packages = read_lists(pairs)
        if len({package.in_test for package in packages}) < 2:
            raise CorpusError(f"{pairs[0][0]}: too few descriptions for a train and a test set")
        sources = [path.name for pair in pairs for path in pair]
        corpus = write_corpus(packages, arguments.out, sources, arguments.fewest_tag_rows)
    print(f"{arguments.out}: {len(corpus.train)} train and {len(corpus.test)} test descriptions",
          file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    try:
        run(parse_arguments(arguments))
    except (CorpusError, OSError) as error:
        print(f"debian_corpus: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
