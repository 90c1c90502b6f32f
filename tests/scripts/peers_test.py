"""Tests of the comparison with other programs: on kept results, with contenders of few lines."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks" / "peers"), str(ROOT / "benchmarks")]
import report  # noqa: E402
import run  # noqa: E402
import targets  # noqa: E402
import turns  # noqa: E402
from cells import Cells  # noqa: E402

MACHINE = {"processor": "a processor", "family": "1", "model": "2", "cores": 2}


def seconds(clock, processor=None, **other):
    return {"clock": clock, "processor": processor or clock, **other}


def cell(part, case, contenders, **other):
    return {**MACHINE, "part": part, "case": case, "settings": {"threads": 2, "rounds": 3},
            "documents": 4, "tokens": 4000, "contenders": contenders, **other}


CELLS = [
    cell("encoder", "4x4096", {
        "authors, compiled float32": seconds(10, 18),
        "TransformerEncoder, float32": seconds(90), "Transformer by SDPA, float32": seconds(60),
        "ours, float32": seconds(4, 8, operations=4e9, share=0.5, peak=2e9),
        "ours, bfloat16": seconds(2, 4, operations=4e9, share=0.5, peak=4e9)}),
    cell("text", "ag_news", {"authors, eager": seconds(39.9),
                             "ours, float32": seconds(3, start=0.02, accuracy=0.5)}, tokens=1e3),
    cell("length", "4000", {"authors, compiled float32": seconds(1, bytes=5e6)}),
    cell("ours", "program", {"ours, stripped": {"bytes": 9e6}}, settings={}),
]
del CELLS[-1]["tokens"]


class Targets(unittest.TestCase):
    def rows(self):
        return {row["measure"]: row for row in targets.rows(CELLS)}

    def test_ratios_are_by_the_clock_and_over_the_fastest_of_theirs(self):
        rows = self.rows()
        self.assertEqual(rows["bfloat16 over compiled float32"]["reached"], [None, None, 5, None])
        self.assertEqual(rows["bfloat16 over compiled float32"]["met"], [None, None, True, None])
        self.assertEqual(rows["bfloat16 over the better quadratic Transformer"]["reached"],
                         [30, None])
        self.assertEqual(rows["int8 over compiled float32"]["reached"], [None] * 4)

    def test_shares_of_the_peak(self):
        self.assertEqual(self.rows()["float32 over compiled float32"]["share_of_peak"],
                         [None, None, 0.5, None])
        # No peak of its own: what was measured beside the encoders.
        row = self.rows()["text to label, AG News, float32 over eager"]
        self.assertAlmostEqual(row["share_of_peak"][0], 1.33e6 * 1e3 / 3 / 2e9)

    def test_what_should_be_small(self):
        rows = self.rows()
        self.assertEqual((rows["start to first label"]["reached"],
                          rows["start to first label"]["met"]), ([20], [True]))
        self.assertEqual((rows["the program, stripped"]["reached"],
                          rows["the program, stripped"]["met"]), ([9], [False]))

    def test_every_target_is_of_a_part_and_a_contender_that_there_are(self):
        options = run.arguments(["--show"])
        cases = {name: part(options, print).cases() for name, part in run.PARTS.items()}
        for target in targets.TARGETS:
            self.assertEqual(len(target.cases), len(target.asked), target)
            self.assertLessEqual(set(target.cases), set(cases[target.part]), target)


class Tables(unittest.TestCase):
    def test_clock_first_and_processor_time_in_brackets(self):
        lines = report.tables(CELLS).splitlines()
        row = next(line for line in lines if line.startswith("authors, compiled"))
        self.assertEqual(row.split()[3:], ["0.4", "0.2", "2.5", "(2.25)", "5", "(4.5)"])
        self.assertTrue(any(line.startswith("ours, bfloat16") and "50%" in line for line in lines))
        self.assertIn("authors, compiled float32  1,000", lines)
        self.assertTrue(any(line.startswith("the program, stripped") and "0 of 1" in line
                            for line in lines))

    def test_ratios_of_as_many_of_ours_as_of_theirs(self):
        kept = cell("training", "8x2048", {"authors, float32": seconds(6),
                                           "authors, bfloat16": seconds(3),
                                           "ours, float32": seconds(2), "ours, bfloat16": seconds(1)})
        lines = report.tables([kept]).splitlines()
        theirs = next(line for line in lines if line.startswith("authors, bfloat16"))
        self.assertEqual(theirs.split()[-4:], ["1.5", "(1.5)", "3", "(3)"])

    def test_columns_are_aligned(self):
        self.assertEqual(report.aligned([["", "a", "bb"], ["long", "1", ""]]),
                         "      a  bb\nlong  1")


PEER = f"""
import sys
sys.path.append({str(ROOT / "benchmarks" / "peers")!r})
from turns import answer

def run(of):
    print("what a library says")
    return {{"clock": 1 / of}}

answer(lambda settings: run)
"""


class Turns(unittest.TestCase):
    def test_everyone_in_turn_and_the_best_counts(self):
        said, order = [], []

        def contender(name, clocks):
            def once():
                order.append(name)
                clock = clocks.pop()
                return {"clock": clock, "peak": clock}
            return once

        best = turns.take_turns(2, {"a": contender("a", [3, 1]), "b": contender("b", [4, 5])},
                                said.append)
        self.assertEqual(order, ["a", "b", "a", "b"])
        self.assertEqual(best, {"a": {"clock": 1, "peak": 3}, "b": {"clock": 4, "peak": 5}})

    def test_a_process_answers_and_says_why_it_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "peer.py")
            script.write_text(PEER)
            process = turns.Process(script, {})
            self.assertEqual(process.ask(of=4), {"clock": 0.25})
            with self.assertRaisesRegex(turns.PeerFailed, "ZeroDivisionError"):
                process.ask(of=0)
            process.end()


class Fake(turns.Part):
    name = "fake"
    measured = []

    def cases(self):
        return {case: self.settings(1) for case in ("one", "two", "bad")}

    def measure(self, case):
        self.measured.append(case)
        if case == "bad":
            raise turns.PeerFailed("it ended")
        return {"documents": 1, "tokens": 1, "contenders": self.turns(
            {"ours": lambda: seconds(1), "theirs": lambda: seconds(2)})}


class Resuming(unittest.TestCase):
    def setUp(self):
        self.addCleanup(run.PARTS.pop, "fake")
        run.PARTS["fake"] = Fake
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.results = pathlib.Path(folder.name, "results.jsonl")

    def run_with(self, *flags):
        """(the cases that were measured, how many failed)"""
        Fake.measured.clear()
        options = run.arguments(["--program", "p", "--checkout", "c", "--parts", "fake",
                                 "--results", str(self.results), *flags])
        cells = Cells(self.results, (*run.MACHINE, "part", "case"))
        with contextlib.redirect_stderr(io.StringIO()):
            failed = run.measure(options, cells, MACHINE)
        return Fake.measured.copy(), failed

    def test_finished_cases_are_not_repeated(self):
        self.assertEqual(self.run_with(), (["one", "two", "bad"], 1))
        self.assertEqual(self.run_with(), (["bad"], 1))
        self.assertEqual(self.run_with("--rounds", "1"), (["one", "two", "bad"], 1))
        self.assertEqual(self.run_with("--rounds", "1", "--again"), (["one", "two", "bad"], 1))
        lines = [json.loads(line) for line in self.results.read_text().splitlines()]
        self.assertEqual({line["case"] for line in lines}, {"one", "two"})
        self.assertEqual(lines[0]["contenders"]["theirs"]["clock"], 2)

    def test_contenders_that_are_left_out(self):
        self.run_with("--without", "their")
        line = json.loads(self.results.read_text().splitlines()[0])
        self.assertEqual(list(line["contenders"]), ["ours"])

    def test_what_is_kept_is_shown_for_programs_too(self):
        self.results.write_text("".join(json.dumps(kept) + "\n" for kept in CELLS))
        options = run.arguments(["--show", "--json", "--results", str(self.results)])
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            run.show(options, Cells(self.results, (*run.MACHINE, "part", "case")))
        shown = json.loads(said.getvalue())
        self.assertEqual(shown[0]["machine"], MACHINE)
        self.assertEqual(len(shown[0]["cells"]), len(CELLS))
        self.assertEqual(len(shown[0]["targets"]), len(targets.TARGETS))

    def test_wrong_usage(self):
        program = ["--program", "p"]
        for flags in (["--parts", "none"], program, [*program, "--checkout", "c"]):
            with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as ended:
                run.arguments(flags)
            self.assertEqual(ended.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
