"""Contenders in turn: programs that are timed, processes that answer, the best of rounds."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

# Of several measurements the most counts of these, of all else the least.
MOST = {"peak", "share"}
PAUSE = 0.02  # seconds, for threads of the one before to fall asleep


class PeerFailed(Exception):
    """A contender ended without an answer; says what it last wrote to standard error."""


def timed(command, environment=None):
    """({"clock": seconds, "processor": seconds}, standard output) of a program that succeeds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
    clock = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise PeerFailed(f"{' '.join(map(str, command))}\n{done.stderr.strip()[-2000:]}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"clock": clock, "processor": processor}, done.stdout


class Process:
    """A Python script of this folder that answers a line of JSON with one (`answer`, below).

    What a contender loads stays out of the others' way: with ONNX Runtime in its process PyTorch
    is half as fast.
    """

    def __init__(self, script, settings, environment=None):
        self.name = f"{script.name} {settings}"
        self.talk = tempfile.TemporaryFile("w+", errors="replace")
        self.child = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script), json.dumps(settings, default=str)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.talk, text=True,
            env={**os.environ, **(environment or {})})

    def ask(self, **question):
        try:
            self.child.stdin.write(json.dumps(question) + "\n")
            self.child.stdin.flush()
            line = self.child.stdout.readline()
        except BrokenPipeError:
            line = ""
        try:
            return json.loads(line)
        except ValueError:  # nothing, or no answer of ours
            self.child.kill()
            self.talk.seek(0)
            raise PeerFailed(f"{self.name}\n{line}{self.talk.read().strip()[-2000:]}") from None

    def end(self):
        self.child.kill()
        self.child.communicate()
        self.talk.close()


def answer(make):
    """In such a script: answers each question by run(**question), until there are no more, with the
    function `run` that make(settings) gives."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    run = make(json.loads(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), file=answers, flush=True)


def better(found, other):
    """Of two measurements with the same names."""
    return {name: (max if name in MOST else min)(found[name], other[name]) for name in found}


def take_turns(rounds, runs, say):
    """{name: the best of its rounds}; `runs` gives each contender's function, {"clock": .., ..}."""
    best = {}
    for number in range(1, rounds + 1):
        for name, run in runs.items():
            say(f"round {number} of {rounds}: {name}")
            time.sleep(PAUSE)
            found = run()
            best[name] = better(found, best.get(name, found))
    return best


class Part:
    """Cases that are measured one after the other, each by all its contenders in turn.

    `cases()` gives {case: the settings that it is measured with}, `measure(case)` what stands in
    its line of the results: "contenders", {name: measurement}, with the "documents" and "tokens"
    that their seconds are for. Processes live as long as the part.
    """

    rounds = 3

    def __init__(self, options, say):
        self.options, self.say = options, say
        self.processes = {}

    def settings(self, threads):
        """What tells measurements of a case apart, beside the machine."""
        without = {"without": self.options.without} if self.options.without else {}
        return {"threads": threads, "rounds": self.options.rounds or self.rounds, **without}

    def process(self, name, *how):
        """The one of that name; a new one where it has ended."""
        if name not in self.processes or self.processes[name].child.poll() is not None:
            self.processes[name] = Process(*how)
        return self.processes[name]

    def found(self, case, cell):
        """Is told of each case, whether measured now or before."""

    def wanted(self, names):
        """Those that --without does not name."""
        left_out = [word for word in self.options.without.split(",") if word]
        return [name for name in names if not any(word in name for word in left_out)]

    def warmed_up(self, runs):
        """Those that have run once; why others did not is said."""
        found = {}
        for name, run in runs.items():
            self.say(f"compiling and warming up: {name}")
            try:
                run()
                found[name] = run
            except PeerFailed as failure:
                print(f"\nwithout {name}: {failure}", file=sys.stderr)
        return found

    def turns(self, runs):
        chosen = {name: runs[name] for name in self.wanted(runs)}
        return take_turns(self.options.rounds or self.rounds, chosen, self.say)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.end()
