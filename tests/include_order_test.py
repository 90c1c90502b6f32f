"""Checks that includes only point down the layers of docs/architecture.md, and that libtorch and
JSON stay where they belong. Run by ctest; by hand: python3 tests/include_order_test.py"""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ["base", "io", "config", "metrics", "report", "kernels", "cuda", "text", "data", "model",
          "learn", "runtime", "apps"]
STRANGERS = {("runtime", "learn")}  # (from, to): forbidden although the order would allow it
SOURCES = {".h", ".cc", ".cpp", ".hpp", ".inc", ".cu", ".cuh"}
INCLUDE = re.compile(r"^[ \t]*#[ \t]*(?:include|import)[ \t]*([<\"])([^>\"]+)[>\"]", re.MULTILINE)
TORCH = re.compile(r"^(torch|ATen|c10|c10d|caffe2)/")


def includes(path):
    """Pairs (is quoted, name) of the file's includes."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return [(quote == '"', name) for quote, name in INCLUDE.findall(text)]


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in SOURCES and p.is_file())


def layer_problem(layer, name):
    """What is wrong with an include of `name` ("kernels/switches.h") in `layer`, or None."""
    target = name.split("/")[0]
    if target not in LAYERS or "/" not in name:
        return "names no layer"
    if LAYERS.index(target) > LAYERS.index(layer):
        return f"points up from {layer}"
    if (layer, target) in STRANGERS:
        return f"{layer} must not see {target}"
    return None


def problems(root):
    """One line for every include in the project that breaks a rule."""
    found = []

    def report(path, name, reason):
        found.append(f"{path.relative_to(root)}: {name}: {reason}")

    for path in sources(root / "src") + sources(root / "apps"):
        parts = path.relative_to(root).parts
        layer = "apps" if parts[0] == "apps" else parts[1]
        if layer not in LAYERS:
            report(path, layer, "is a folder outside the layers")
            continue
        for quoted, name in includes(path):
            in_layers = quoted or name.split("/")[0] in LAYERS
            own = layer == "apps" and quoted and (root / "apps" / name).is_file()
            reason = layer_problem(layer, name) if in_layers and not own else None
            if reason:
                report(path, name, reason)
    for folder in ["src", "apps", "include", "tests", "benchmarks", "examples", "tools"]:
        for path in sources(root / folder):
            if path.relative_to(root).parts[:2] in [("src", "learn"), ("tests", "learn")]:
                continue
            for _, name in includes(path):
                if TORCH.match(name):
                    report(path, name, "libtorch is for learn alone")
    for path in sources(root / "include"):
        for quoted, name in includes(path):
            if name.startswith("nlohmann/"):
                report(path, name, "the public interface is free of JSON")
            elif quoted or name.split("/")[0] in LAYERS:
                report(path, name, "the public interface includes <fastformer/...> only")
    return found


class IncludeOrderTest(unittest.TestCase):
    def test_the_project_keeps_the_rules(self):
        self.assertGreater(len(sources(ROOT / "src")), 20)
        self.assertEqual(problems(ROOT), [])

    def check(self, path, include, reason):
        """Expects `reason` (None: nothing) of a project of one file with one include."""
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text(f"// One line.\n{include}\n", encoding="utf-8")
            found = problems(pathlib.Path(folder))
        if reason is None:
            self.assertEqual(found, [])
        else:
            self.assertTrue(any(reason in line for line in found), found)

    def test_includes_point_down(self):
        for i, layer in enumerate(LAYERS[:-1]):
            for j, target in enumerate(LAYERS[:-1]):
                expected = None
                if j > i:
                    expected = "points up"
                elif (layer, target) == ("runtime", "learn"):
                    expected = "must not see"
                self.check(f"src/{layer}/a.cc", f'#include "{target}/b.h"', expected)
        self.check("apps/main.cc", '#include "learn/b.h"', None)
        self.check("apps/main.cc", '#include "runtime/b.h"', None)
        self.check("apps/commands/main.cc", '#include "commands/main.cc"', None)
        self.check("apps/main.cc", '#include "commands/absent.h"', "names no layer")

    def test_spellings_of_an_include(self):
        for spelling in ["#include <model/b.h>", '#  include "model/b.h"', '\t#include"model/b.h"']:
            self.check("src/base/deep/a.h", spelling, "points up")
        self.check("src/base/a.h", '#include "b.h"', "names no layer")
        self.check("src/base/a.h", '#include "../io/b.h"', "names no layer")
        self.check("src/base/a.h", "#include <vector>", None)
        self.check("src/extra/a.h", "", "outside the layers")

    def test_torch_is_for_learn(self):
        for name in ["torch/torch.h", "ATen/ATen.h", "c10/util/Half.h"]:
            for folder in ["src/runtime", "apps", "tests/model", "include/fastformer"]:
                self.check(f"{folder}/a.h", f"#include <{name}>", "libtorch")
            self.check("src/learn/ops/a.cc", f"#include <{name}>", None)
            self.check("tests/learn/a.cc", f"#include <{name}>", None)

    def test_public_headers_are_self_contained(self):
        self.check("include/fastformer/a.h", "#include <nlohmann/json.hpp>", "free of JSON")
        self.check("include/fastformer/a.h", '#include "model/b.h"', "<fastformer/...> only")
        self.check("include/fastformer/a.h", "#include <fastformer/error.h>", None)


if __name__ == "__main__":
    unittest.main()
