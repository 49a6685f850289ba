# SPDX-License-Identifier: MIT
"""The launcher file: which agents run in parallel, and how.

`load` gives the host what it needs; `mistakes` says everything that is wrong with a
text, with line and column, for `ferrule check` and for `load`.
"""

import os
import re
import tomllib
from typing import NamedTuple

BYTES_MAX = 1 << 20
WORKERS_MAX = 1024  # LAUNCHER_WORKERS_MAX
NAME_MAX = 64  # LAUNCHER_NAME_MAX
SECONDS_MAX = 10**9
RESTARTS = ("never", "on-failure", "always")
PRIORITIES = ("normal", "batch")

_NAME = re.compile(r"[^\x00-\x20\x7f|\[\]]{1,%d}" % NAME_MAX)
_SIZE = re.compile(r"([1-9][0-9]{0,15})([KMG]?)")
_VARIABLE = re.compile(r"[^=\0]+")


class Agent(NamedTuple):
    """One [[agent]], as the host reads it; texts are bytes, as the system has them."""

    name: bytes
    script: bytes
    place: bytes  # file:line:column of the script, for errors about it
    args: list
    env: list  # NAME=value
    workers: int
    restart: int  # index of RESTARTS
    is_batch: int
    memory: int  # bytes; 0: no limit, for all four
    cpu: int
    files: int
    wall: int


class Refused(Exception):
    """What is wrong with the file; the text is for the user."""


# ---- kinds of values ----------------------------------------------------------------
# Each gives what is wrong, or None.


def _text(value):
    if not isinstance(value, str):
        return "expected text in quotes"
    return "a NUL character" if "\0" in value else None


def _name(value):
    if isinstance(value, str) and _NAME.fullmatch(value):
        if len(value.encode()) <= NAME_MAX:
            return None
    return f"expected a name of 1 to {NAME_MAX} bytes without blanks, | and brackets"


def _number(most):
    def check(value):
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
            return None
        return f"expected a whole number from 1 to {most:_}".replace("_", ",")

    return check


def _seconds(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and 0 < value <= SECONDS_MAX:
        return None
    return "expected a number of seconds above 0"


def _size(value):
    if isinstance(value, str) and _SIZE.fullmatch(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62:
        return None
    return 'expected bytes, or a size such as "512M"'


def _one_of(*names):
    said = " or ".join(filter(None, (", ".join(f'"{n}"' for n in names[:-1]),
                                     f'"{names[-1]}"')))

    def check(value):
        return None if value in names else f"expected {said}"

    return check


def _variable(value):
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return _text(str(value))
    return "expected text in quotes"


class _List(NamedTuple):
    kind: object


class _Table(NamedTuple):
    keys: dict  # name -> kind; {None: kind}: any name


_STORE = _Table({"max_entries": _number(2**32), "ttl": _seconds, "max_bytes": _size,
                 "scope": _one_of("run", "user")})
_LIMITS = _Table({"memory": _size, "cpu": _number(SECONDS_MAX),
                  "wall": _number(SECONDS_MAX), "files": _number(2**20)})
_AGENT = _Table({"name": _name, "script": _text, "args": _List(_text),
                 "workers": _number(WORKERS_MAX), "env": _Table({None: _variable}),
                 "restart": _one_of(*RESTARTS), "priority": _one_of(*PRIORITIES),
                 "limits": _LIMITS})
_FILE = _Table({"preload": _List(_text), "preload_timeout": _number(3600),
                "stores": _Table({None: _STORE}), "agent": _List(_AGENT)})


# ---- what is wrong ------------------------------------------------------------------


class _Checker:
    """Collects (line, column, message)."""

    def __init__(self, places):
        self.places, self.found = places, []

    def say(self, place, message):
        self.found.append((*place, message))

    def check(self, root):
        todo = [((), root, _FILE)]
        while todo:
            path, value, kind = todo.pop()
            if isinstance(kind, _Table):
                todo += self._members(path, value, kind)
            elif isinstance(kind, _List):
                todo += self._elements(path, value, kind)
            elif reason := kind(value):
                self.say(self.places.value(*path), f"{path_text(path)}: {reason}")

    def _elements(self, path, value, kind):
        if isinstance(value, list):
            return [((*path, i), one, kind.kind) for i, one in enumerate(value)]
        wanted = "[[agent]] tables" if path == ("agent",) else "a list in [ ]"
        self.say(self.places.key(*path), f"{path_text(path)}: expected {wanted}")
        return []

    def _members(self, path, value, kind):
        if not isinstance(value, dict):
            self.say(self.places.value(*path), f"{path_text(path)}: expected a table")
            return []
        members = []
        for key, one in value.items():
            wanted = kind.keys.get(key, kind.keys.get(None))
            if wanted is not None:
                members.append(((*path, key), one, wanted))
            else:
                self._unknown(path, key, kind.keys)
        return members

    def _unknown(self, path, key, known):
        import difflib

        nearest = difflib.get_close_matches(key, known, 1, 0.0)[0]
        where = f" in {path_text(path)}" if path else ""
        self.say(self.places.key(*path, key),
                 f'unknown key "{key}"{where}; the nearest is "{nearest}"')


def path_text(path):
    """("agent", 0, "name") as people write it: agent[0].name"""
    said = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return said.removeprefix(".")


def _check_agents(agents, checker):
    """What only all agents together can be wrong about."""
    names, workers = set(), 0
    if not agents:
        checker.say((1, 1), "no [[agent]]: nothing to run")
    for at, agent in enumerate(agents):
        where = checker.places.key("agent", at)
        if "script" not in agent:
            checker.say(where, f"agent[{at}] has no script")
            continue
        name = agent_name(agent)
        if name in names:
            checker.say(checker.places.value("agent", at, "name"),
                        f'agent[{at}].name: there is a "{name}" already')
        elif reason := _name(name):
            checker.say(where, f"agent[{at}] needs a name: {reason}")
        names.add(name)
        workers += agent.get("workers", 1)
        if workers > WORKERS_MAX:
            checker.say(checker.places.value("agent", at, "workers"),
                        f"more than {WORKERS_MAX:,} workers in all")
            return
        for variable in agent.get("env", {}):
            if not _VARIABLE.fullmatch(variable):
                checker.say(checker.places.key("agent", at, "env", variable),
                            f"{variable!r} cannot be a variable's name")


def agent_name(agent):
    if "name" in agent:
        return agent["name"]
    return os.path.splitext(os.path.basename(os.path.normpath(agent["script"])))[0]


def examine(text):
    """(the file as a dict, its Places, [(line, column, message), ...])"""
    from ferrule import _toml_places

    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        if where:
            line, column = map(int, where.groups())
        else:  # at the end of the document
            line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
        return {}, None, [(line, column, str(error).partition(" (at ")[0])]
    except RecursionError:
        return {}, None, [(1, 1, "values are nested too deep")]
    places = _toml_places.find(text)
    checker = _Checker(places)
    checker.check(root)
    if not checker.found:
        _check_agents(root.get("agent", []), checker)
    return root, places, sorted(checker.found)


def mistakes(text):
    """[(line, column, message), ...], in the order of the text."""
    return examine(text)[2]


# ---- what the host reads ------------------------------------------------------------


def _read(path):
    try:
        with open(path, "rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}") from None
    if len(raw) > BYTES_MAX:
        raise Refused(f"{path}: more than {BYTES_MAX:,} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise Refused(f"{path}:{line}:{column}: not UTF-8") from None


def size(value):
    """Bytes of a checked size."""
    if isinstance(value, int):
        return value
    digits, unit = _SIZE.fullmatch(value).groups()
    return int(digits) << {"": 0, "K": 10, "M": 20, "G": 30}[unit]


def _agent(agent, path, place):
    limits = agent.get("limits", {})
    env = agent.get("env", {})
    line, column = place
    return Agent(
        agent_name(agent).encode(),
        os.fsencode(os.path.join(os.path.dirname(path), agent["script"])),
        os.fsencode(f"{path}:{line}:{column}"),
        [word.encode() for word in agent.get("args", [])],
        [f"{key}={value}".encode() for key, value in env.items()],
        agent.get("workers", 1),
        RESTARTS.index(agent.get("restart", "never")),
        agent.get("priority") == "batch",
        size(limits.get("memory", 0)),
        limits.get("cpu", 0),
        limits.get("files", 0),
        limits.get("wall", 0),
    )


def load(path):
    """(agents, what is to be loaded before them) of a launcher file.

    Refused, with every mistake and its place, when it cannot be used.
    """
    from ferrule._warm import Warmth

    root, places, found = examine(_read(path))
    if found:
        raise Refused("\n".join(f"{path}:{line}:{column}: {message}"
                                for line, column, message in found))
    agents = [_agent(agent, path, places.value("agent", at, "script"))
              for at, agent in enumerate(root["agent"])]
    stores = {
        name: {key: size(value) if key == "max_bytes" else value
               for key, value in store.items()}
        for name, store in root.get("stores", {}).items()
    }
    preload = None
    if "preload" in root:
        preload = [("%s:%d:%d" % (path, *places.value("preload", at)), name)
                   for at, name in enumerate(root["preload"])]
    return agents, Warmth(
        preload, stores, os.path.dirname(os.path.abspath(path)),
        root.get("preload_timeout"),
        {name: "%s:%d:%d" % (path, *places.key("stores", name)) for name in stores},
    )
