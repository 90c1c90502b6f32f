"""Finished measurements in a file of JSON lines: a run that was stopped goes on after them."""

import json
import sys
import threading


class Cells:
    """A line each; `names` are the fields that tell two apart, of two alike the later counts."""

    def __init__(self, path, names):
        self.path, self.names = path, names
        self.lock = threading.Lock()
        self.by_key = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                cell = json.loads(line)
                self.by_key[self.key(cell)] = cell

    def __iter__(self):
        return iter(self.by_key.values())

    def key(self, cell):
        return tuple(cell[name] for name in self.names)

    def find(self, what):
        """The cell of these fields, or None."""
        return self.by_key.get(self.key(what))

    def keep(self, cell, said=None):
        """Appends the cell to the file; then `said` to standard error, lines of threads apart."""
        with self.lock:
            self.by_key[self.key(cell)] = cell
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(cell) + "\n")
            if said:
                print(said, file=sys.stderr, flush=True)
