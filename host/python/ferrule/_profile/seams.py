# SPDX-License-Identifier: MIT
"""seams - where the record learns what is waited for, and what is computed.

A module's functions are replaced when the agent imports it, so nothing is imported for
the profile's sake. A wait on a descriptor is known by its peer: what was last asked over
it (a model, or another HTTP host), which program it is a pipe of, else its address. An
event loop's wait is what became ready.
"""

import _frozen_importlib
import _thread
import gc
import sys

from ferrule._profile import probe
from ferrule._profile import record as rec
from ferrule._profile.record import Label, computing, record, waiting

IMPORTS = Label(rec.IMPORTS)
CACHE = Label(rec.CACHE)
GUARD = Label(rec.GUARD)
JSON = Label(rec.JSON)
GC = Label(rec.GC)
TIMER = Label(rec.WAIT, "timer")
THREADS = Label(rec.THREADS)
IDLE = Label(rec.IDLE)

# Ends of the paths of requests that ask a model.
MODEL_PATHS = (
    "/chat/completions", "/completions", "/responses", "/messages", "/api/chat",
    "/api/generate", ":generateContent", ":streamGenerateContent",
)  # fmt: skip
METHODS = (b"POST", b"GET ", b"PUT ", b"DELE", b"PATC", b"HEAD", b"OPTI")
PEERS_MAX = 10_000  # descriptors with a known peer

# ---- what a descriptor is for ------------------------------------------------------

peers = {}  # descriptor -> Label
_asked = _thread._local()  # .label: of a request on its way into a TLS socket
_tool = None  # ContextVar: name of the tool whose loader runs


def _name_peer(descriptor, label):
    if len(peers) < PEERS_MAX or descriptor in peers:
        peers[descriptor] = label
    return label


def _own_tool():
    """The label of the tool whose code runs, or None."""
    return None if _tool is None else _tool.get(None)


def _request_label(data, address):
    """The label of the HTTP request that begins in data, or None."""
    try:
        head = bytes(data[:400])
    except (TypeError, ValueError):
        return None
    if head[:4] not in METHODS or b" HTTP/1." not in head:
        return None
    method, path = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")[:2]
    if method == "POST" and path.partition("?")[0].endswith(MODEL_PATHS):
        return Label(rec.MODEL, address)
    return Label(rec.TOOL, address)


def _see_request(sock, data):
    """Note what a socket is asked; a model's call begins a turn."""
    descriptor = sock.fileno()
    label = getattr(_asked, "label", None)
    _asked.label = None
    before = peers.get(descriptor)
    if label is None:
        label = _request_label(data, before.name if before else "network")
        if label is None:
            return before
        if label.kind == rec.MODEL:
            record.model_call()
    label.name = before.name if before else label.name
    tool = _own_tool()
    if tool is not None and label.kind == rec.TOOL:
        label = tool
    elif before is not None and before.kind == rec.WAIT:
        # The connection was made for this request.
        before.kind, before.name = label.kind, label.name
    return _name_peer(descriptor, label)


def _of_socket(sock, *_args, **_kwargs):
    """The label of a wait on a socket; None for one that does not block."""
    if sock.gettimeout() == 0:
        return None
    return _own_tool() or peers.get(sock.fileno()) or TIMER


def _address(where):
    if isinstance(where, tuple) and len(where) >= 2:
        return f"{where[0]}:{where[1]}"
    return where if isinstance(where, str) else "network"


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
            label = _see_request(sock, data[0] if type(data) is list and data else data)
            if sock.gettimeout() == 0:
                return function(sock, data, *args)
            line = record.line()
            before = line.push_wait(label or _own_tool() or TIMER)
            try:
                return function(sock, data, *args)
            finally:
                line.pop_wait(before)

        return rec._like(send, function)

    for name in ("send", "sendall", "sendmsg"):
        _replace(cls, name, sending)
    for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "accept"):
        _replace(cls, name, lambda function: waiting(function, _of_socket))
    for name in ("connect", "connect_ex"):
        _replace(cls, name, lambda function: waiting(function, _of_connect))
    host = lambda host, *_, **__: _own_tool() or Label(rec.TOOL, str(host))  # noqa: E731
    _replace(module, "getaddrinfo", lambda function: waiting(function, host))


def _of_connect(sock, where, *_):
    label = _name_peer(sock.fileno(), Label(rec.WAIT, _address(where)))
    return None if sock.gettimeout() == 0 else _own_tool() or label


def _in_ssl(module):
    def sending(function):
        def send(sock, data, *args):
            label = _see_request(sock, data)
            line = record.line()
            before = line.push_wait(label or _own_tool() or TIMER)
            try:
                return function(sock, data, *args)
            finally:
                line.pop_wait(before)

        return rec._like(send, function)

    def writing(function):
        def write(self, data):
            label = _request_label(data, "network")
            if label is not None:
                _asked.label = label
                if label.kind == rec.MODEL:
                    record.model_call()
            return function(self, data)

        return rec._like(write, function)

    _replace(module.SSLSocket, "send", sending)
    _replace(module.SSLSocket, "sendall", sending)
    for name in ("read", "do_handshake"):
        _replace(module.SSLSocket, name, lambda function: waiting(function, _of_socket))
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
    return THREADS if ready else TIMER


def _in_time(module):
    tool_or_timer = lambda *_: _own_tool() or Label(rec.TOOL, "sleep")  # noqa: E731
    _replace(module, "sleep", lambda function: waiting(function, tool_or_timer))


def _in_subprocess(module):
    def program(popen):
        words = getattr(popen, "args", None) or ("subprocess",)
        first = words.split()[0] if isinstance(words, str) else str(words[0])
        return first.rpartition("/")[2]

    def label_of(popen, *_, **__):
        label = _own_tool()
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
                    _name_peer(stream.fileno(), label_of(popen))
            programs[popen.pid] = label_of(popen)

        return rec._like(start, function)

    _replace(module.Popen, "__init__", starting)
    for name in ("wait", "communicate"):
        _replace(module.Popen, name, lambda function: waiting(function, label_of))


programs = {}  # pid -> Label


def _in_os(module):
    def of_pid(pid, *_):
        return _own_tool() or programs.get(pid) or Label(rec.TOOL, "subprocess")

    def of_command(command, *_):
        return _own_tool() or Label(rec.TOOL, str(command).split(" ")[0])

    def opening(function):
        def pidfd_open(pid, *flags):
            descriptor = function(pid, *flags)
            _name_peer(descriptor, of_pid(pid))
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
    _replace(module.Thread, "start", _starting_thread)


def _starting_thread(function):
    def start(thread):
        probe.start()
        return function(thread)

    return rec._like(start, function)


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
        token = _enter_tool(tool)
        try:
            return function(self, tool, *rest)
        finally:
            _tool.reset(token)

    return rec._like(load, function)


def _aloading(function):
    async def aload(self, tool, *rest):
        token = _enter_tool(tool)
        try:
            return await function(self, tool, *rest)
        finally:
            _tool.reset(token)

    return rec._like(aload, function)


_tools = {}


def _enter_tool(name):
    global _tool
    if _tool is None:
        from _contextvars import ContextVar

        _tool = ContextVar("ferrule-tool")
    if name not in _tools:
        _tools[name] = Label(rec.TOOL, str(name))
    return _tool.set(_tools[name])


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
    for name, seam in (("time", _in_time), ("os", _in_os)):
        seam(sys.modules[name])
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
