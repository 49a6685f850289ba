# SPDX-License-Identifier: MIT
"""seams - where the record learns what is waited for, and what is computed.

A module's functions are replaced when the agent imports it, so nothing is imported for
the profile's sake. A wait on a descriptor is known by its peer: what was last asked over
it (a model, or another HTTP host), which program it is a pipe of, else its address. An
event loop's wait is what became ready.
"""

import _frozen_importlib
import gc
import sys

from ferrule._profile import probe
from ferrule._profile import record as rec
from ferrule._profile.peers import (
    TIMER, address_of, asked, awaited, enter_tool, leave_tool, name_peer, of_socket,
    own_tool, peers, request_label, running, see_request,
)  # fmt: skip
from ferrule._profile.record import Label, computing, record, waiting

IMPORTS = Label(rec.IMPORTS)
CACHE = Label(rec.CACHE)
GUARD = Label(rec.GUARD)
JSON = Label(rec.JSON)
GC = Label(rec.GC)
THREADS = Label(rec.THREADS)
IDLE = Label(rec.IDLE)

# ---- modules -----------------------------------------------------------------------


def _replace(owner, name, wrap):
    """Put wrap(function) in the function's place, if it is there."""
    function = getattr(owner, name, None)
    if function is not None and not hasattr(function, "__wrapped__"):
        setattr(owner, name, wrap(function))


def _in_socket(module):
    cls = module.socket

    def sending(function):
        def send(sock, data, *args):
            label = see_request(sock, data[0] if type(data) is list and data else data)
            if sock.gettimeout() == 0:
                return function(sock, data, *args)
            line = record.line()
            before = line.push_wait(label or own_tool() or TIMER)
            try:
                return function(sock, data, *args)
            finally:
                line.pop_wait(before)

        return rec._like(send, function)

    for name in ("send", "sendall", "sendmsg"):
        _replace(cls, name, sending)
    for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "accept"):
        _replace(cls, name, lambda function: waiting(function, of_socket))
    for name in ("connect", "connect_ex"):
        _replace(cls, name, lambda function: waiting(function, _of_connect))
    host = lambda host, *_, **__: own_tool() or Label(rec.TOOL, str(host))  # noqa: E731
    _replace(module, "getaddrinfo", lambda function: waiting(function, host))


def _of_connect(sock, where, *_):
    label = name_peer(sock.fileno(), Label(rec.WAIT, address_of(where)))
    return None if sock.gettimeout() == 0 else own_tool() or label


def _in_ssl(module):
    def sending(function):
        def send(sock, data, *args):
            label = see_request(sock, data)
            line = record.line()
            before = line.push_wait(label or own_tool() or TIMER)
            try:
                return function(sock, data, *args)
            finally:
                line.pop_wait(before)

        return rec._like(send, function)

    def writing(function):
        def write(self, data):
            label = request_label(data, "network")
            if label is not None:
                asked.label = label
                if label.kind == rec.MODEL:
                    record.model_call()
            return function(self, data)

        return rec._like(write, function)

    _replace(module.SSLSocket, "send", sending)  # which sendall() calls
    for name in ("read", "do_handshake"):
        _replace(module.SSLSocket, name, lambda function: waiting(function, of_socket))
    _replace(module.SSLObject, "write", writing)


def _in_selectors(module):
    def selecting(function):
        def select(self, timeout=None):
            if timeout is not None and timeout <= 0:
                return function(self, timeout)
            line = record.line()
            before = line.push_wait(TIMER)
            ready = ()
            try:
                ready = function(self, timeout)
                return ready
            finally:
                line.stack[-1] = _of_ready(ready)
                line.pop_wait(before)

        return rec._like(select, function)

    for name in ("SelectSelector", "PollSelector", "EpollSelector"):
        if hasattr(module, name):
            _replace(getattr(module, name), "select", selecting)


def _of_ready(ready):
    """What an event loop was woken by. Its own pipe is written to by other threads."""
    for key, _ in ready:
        label = peers.get(key.fd)
        if label is not None:
            return label
    if ready:
        return THREADS
    return running[-1] if running else TIMER


def _in_time(module):
    tool_or_timer = lambda *_: own_tool() or Label(rec.TOOL, "sleep")  # noqa: E731
    _replace(module, "sleep", lambda function: waiting(function, tool_or_timer))


def _in_subprocess(module):
    def program(popen):
        words = getattr(popen, "args", None) or ("subprocess",)
        first = words.split()[0] if isinstance(words, str) else str(words[0])
        return first.rpartition("/")[2]

    def label_of(popen, *_, **__):
        label = own_tool()
        if label is None:
            label = popen.__dict__.get("_ferrule_label")
        if label is None:
            label = popen.__dict__["_ferrule_label"] = Label(rec.TOOL, program(popen))
        return label

    def starting(function):
        def start(popen, args, *rest, **options):
            popen.args = args
            line = record.line()
            before = line.push_wait(label_of(popen))
            try:
                function(popen, args, *rest, **options)
            finally:
                line.pop_wait(before)
            for stream in (popen.stdin, popen.stdout, popen.stderr):
                if stream is not None:
                    name_peer(stream.fileno(), label_of(popen))
            programs[popen.pid] = label_of(popen)

        return rec._like(start, function)

    _replace(module.Popen, "__init__", starting)
    for name in ("wait", "communicate"):
        _replace(module.Popen, name, lambda function: waiting(function, label_of))


programs = {}  # pid -> Label


def _in_os(module):
    def of_pid(pid, *_):
        return own_tool() or programs.get(pid) or Label(rec.TOOL, "subprocess")

    def of_command(command, *_):
        return own_tool() or Label(rec.TOOL, str(command).split(" ")[0])

    def opening(function):
        def pidfd_open(pid, *flags):
            descriptor = function(pid, *flags)
            name_peer(descriptor, of_pid(pid))
            return descriptor

        return rec._like(pidfd_open, function)

    _replace(module, "waitpid", lambda function: waiting(function, of_pid))
    _replace(module, "system", lambda function: waiting(function, of_command))
    _replace(module, "pidfd_open", opening)


def _in_threading(module):
    def of_condition(condition, timeout=None):
        return THREADS

    _replace(module.Condition, "wait", lambda function: waiting(function, of_condition))
    _replace(module.Thread, "join", lambda function: waiting(function, of_condition))
    _replace(module.Thread, "_bootstrap_inner", _living)


def _living(function):
    """A thread's life: its past begins and ends with it, whatever it does."""

    def live(thread):
        probe.start()
        line = record.line()
        try:
            return function(thread)
        finally:
            line.change(rec.clock())
            line.is_over = True

    return rec._like(live, function)


def _in_queue(module):
    class SimpleQueue(module.SimpleQueue):
        """The queue whose get() is a wait; worker threads idle in it."""

        def get(self, block=True, timeout=None):
            if not block:
                return super().get(False)
            line = record.line()
            before = line.push_wait(THREADS if line is record.main else IDLE)
            try:
                return super().get(block, timeout)
            finally:
                line.pop_wait(before)

    module.SimpleQueue = SimpleQueue


def _in_json(module):
    for owner, name in ((module.JSONDecoder, "decode"), (module.JSONEncoder, "encode"),
                        (module, "dump")):  # fmt: skip
        _replace(owner, name, lambda function: computing(function, JSON))


def _in_other_json(module):
    for name in ("loads", "dumps", "decode", "encode"):
        _replace(module, name, lambda function: computing(function, JSON))


def _in_cache(module):
    for name in ("get", "set", "delete", "_invalidate", "clear", "items", "__contains__"):
        _replace(module.ToolCache, name, lambda function: computing(function, CACHE))
    flights = sys.modules["ferrule._cache_flights"].Flights
    _replace(flights, "load", _loading)
    _replace(flights, "aload", _aloading)


def _loading(function):
    """get_or_call(): what the loader waits for is the tool's."""

    def load(self, tool, *rest):
        token = enter_tool(tool)
        try:
            return function(self, tool, *rest)
        finally:
            leave_tool(token)

    return rec._like(load, function)


def _aloading(function):
    async def aload(self, tool, *rest):
        return await awaited(function(self, tool, *rest), tool)

    return rec._like(aload, function)


def _in_kit_tools(module):
    _replace(module.Tool, "__call__", lambda f: _calling(f, lambda tool: tool.name))


def _in_kit_calls(module):
    _replace(module.Job, "call_function", lambda f: _calling(f, lambda job: job.tool.name))


def _calling(function, name_of):
    """A call of a tool; a coroutine is the tool's when it runs."""

    def call(self, *args, **kwargs):
        name = name_of(self)
        token = enter_tool(name)
        try:
            result = function(self, *args, **kwargs)
        finally:
            leave_tool(token)
        return awaited(result, name) if hasattr(result, "__await__") else result

    return rec._like(call, function)


def _in_guard(module):
    for name in ("is_valid", "validate", "errors", "explain", "loads", "report",
                 "is_valid_object"):  # fmt: skip
        _replace(module.SchemaGuard, name, lambda function: computing(function, GUARD))

    def streaming(function):
        def __init__(self, stream):
            function(self, stream)
            self.feed = computing(self.feed, GUARD)
            self.finish = computing(self.finish, GUARD)

        return rec._like(__init__, function)

    _replace(module.Stream, "__init__", streaming)
    _replace(module.SchemaGuard, "__init__",
             lambda function: computing(function, GUARD))  # fmt: skip


def _in_request_guard(module):
    _replace(module.RequestSchemaGuard, "validate",
             lambda function: computing(function, GUARD))  # fmt: skip


MODULES = {
    "os": _in_os,
    "socket": _in_socket,
    "ssl": _in_ssl,
    "selectors": _in_selectors,
    "subprocess": _in_subprocess,
    "threading": _in_threading,
    "queue": _in_queue,
    "json": _in_json,
    "orjson": _in_other_json,
    "ujson": _in_other_json,
    "rapidjson": _in_other_json,
    "msgspec.json": _in_other_json,
    "ferrule.cache": _in_cache,
    "ferrule.guard": _in_guard,
    "agent_native_core._schema": _in_request_guard,
    "ferrule.kit.tools": _in_kit_tools,
    "ferrule.kit.calls": _in_kit_calls,
}

# ---- imports, the collector --------------------------------------------------------


def _importing(find_and_load):
    def found_and_loaded(name, import_):
        line = record.line()
        before = line.push_wait(IMPORTS)
        try:
            return find_and_load(name, import_)
        finally:
            line.pop_wait(before)
            seam = MODULES.get(name)
            if seam is not None and name in sys.modules and name not in _done:
                _done.add(name)
                seam(sys.modules[name])

    return found_and_loaded


_done = set()


def _collecting(phase, _info):
    line = record.line()
    if phase == "start":
        line.push(GC)
    elif line.stack[-1] is GC:
        line.pop()


def install():
    record.main = record.line()
    _in_time(sys.modules["time"])
    for name, seam in MODULES.items():
        if name in sys.modules:
            _done.add(name)
            seam(sys.modules[name])
    _frozen_importlib._find_and_load = _importing(_frozen_importlib._find_and_load)
    gc.callbacks.append(_collecting)


def remove():
    """What would count our own work after the run."""
    if _collecting in gc.callbacks:
        gc.callbacks.remove(_collecting)
