"""What programs and archives are made of: no torch in what is lean, and nothing that the linker
could share in the files that are compiled for one instruction set.

symbols_test.py PROGRAM RUNTIME_ARCHIVE KERNELS_ARCHIVE C_LIBRARY [PROGRAM_WITH_TORCH...]
"""

import pathlib
import re
import subprocess
import sys
import unittest

PROGRAM, RUNTIME, KERNELS, C_LIBRARY = sys.argv[1:5]
WITH_TORCH = sys.argv[5:]
TORCH = re.compile(r"\b(at|c10|torch|caffe2)::")
TARGETS = ("amx", "avx2", "avx512", "avx512bf16", "avx512vnni", "portable")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def needed_libraries(program):
    return re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", program))


class SymbolsTest(unittest.TestCase):
    def test_the_lean_program_needs_no_torch(self):
        needed = needed_libraries(PROGRAM)
        self.assertTrue(any(name.startswith("libc.so") for name in needed), needed)
        self.assertFalse([name for name in needed if "torch" in name or "c10" in name])
        self.assertNotRegex(output("nm", "-DC", PROGRAM), TORCH)

    def test_sentencepiece_is_loaded_before_torch(self):
        """They export a variable of one name; the other order writes over torch's settings."""
        for program in WITH_TORCH:
            names = [name.split(".")[0] for name in needed_libraries(program)]
            self.assertLess(names.index("libsentencepiece"), names.index("libc10"), program)
            self.assertLess(names.index("libsentencepiece"), names.index("libtorch_cpu"), program)

    def test_the_runtime_has_no_torch(self):
        symbols = output("nm", "-C", RUNTIME)
        self.assertIn("fastformer::runtime::Classifier::logits", symbols)
        self.assertNotRegex(symbols, TORCH)

    def test_the_c_library_shows_the_c_api_alone(self):
        shown = re.findall(r"^[0-9a-f]+ [A-Z] (.*)$", output("nm", "-D", "--defined-only", C_LIBRARY),
                           re.MULTILINE)
        header = (pathlib.Path(__file__).parents[2] / "include/fastformer/c_api.h").read_text()
        self.assertEqual({name for name in shown if name.startswith("fastformer_")},
                         set(re.findall(r"\b(fastformer_\w+)\(", header)))
        self.assertEqual([name for name in shown if not name.startswith("fastformer_")], [])

    def test_code_for_one_instruction_set_is_nobody_elses(self):
        members = re.split(r"\n(?=\S+\.o:\n)", output("nm", KERNELS))
        seen = set()
        for member in members:
            name = member.strip().split(".")[0]
            if name not in TARGETS:
                continue
            seen.add(name)
            shared = re.findall(r"^[0-9a-f]+ [WVu] (.*)$", member, re.MULTILINE)
            self.assertEqual(shared, [], name)
        self.assertEqual(seen, set(TARGETS))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
