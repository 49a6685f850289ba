# SPDX-License-Identifier: MIT
"""What a run of the table has measured so far: an interrupted one goes on from there."""

import hashlib
import json
import time
from pathlib import Path


class Kept:
    """A line of JSON a measurement, in a file that a whole run removes at its end."""

    def __init__(self, folder, size, program, seconds):
        self.path = Path(folder) / "unfinished.jsonl"
        digest = hashlib.sha256(Path(program).read_bytes()).hexdigest()
        self._identity = {"size": size, "program": digest}
        self._found = self._read()
        self.count = len(self._found)
        self.since = self._identity.get("since")
        self._began, self._seconds = time.monotonic(), seconds

    def _read(self):
        """What the file has, if it is of the same executable and size."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        rows = [row for row in map(_parsed, lines) if row is not None]
        if rows and {**rows[0], "since": None} == {**self._identity, "since": None}:
            self._identity = rows[0]
            return {row["what"]: row["result"] for row in rows[1:]}
        self._identity["since"] = time.strftime("%H:%M")
        self.path.write_text(json.dumps(self._identity) + "\n")
        return {}

    def once(self, what, make):
        """What make() gave, now or before the interruption."""
        if what not in self._found:
            self._found[what] = make()
            with self.path.open("a") as out:
                print(json.dumps({"what": what, "result": self._found[what]}), file=out)
        return self._found[what]

    def progress(self):
        """How far it is, in minutes of about how many."""
        spent = (time.monotonic() - self._began) / 60
        return f"[{spent:4.1f} of about {self._seconds / 60:.0f} min]"

    def remove(self):
        self.path.unlink(missing_ok=True)


def _parsed(line):
    """None for the line that an interruption cut."""
    try:
        return json.loads(line)
    except ValueError:
        return None
