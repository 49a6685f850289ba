# SPDX-License-Identifier: MIT
"""peers - what a descriptor is for: who is asked over it, which program it belongs to."""

import _thread

from ferrule._profile import record as rec
from ferrule._profile.record import Label, record

TIMER = Label(rec.WAIT, "timer")

# Ends of the paths of requests that ask a model.
MODEL_PATHS = (
    "/chat/completions", "/completions", "/responses", "/messages", "/api/chat",
    "/api/generate", ":generateContent", ":streamGenerateContent",
)  # fmt: skip
METHODS = (b"POST", b"GET ", b"PUT ", b"DELE", b"PATC", b"HEAD", b"OPTI")
PEERS_MAX = 10_000  # descriptors with a known peer

peers = {}  # descriptor -> Label
asked = _thread._local()  # .label: of a request on its way into a TLS socket
_tool = None  # ContextVar: name of the tool whose loader runs


def name_peer(descriptor, label):
    if len(peers) < PEERS_MAX or descriptor in peers:
        peers[descriptor] = label
    return label


def own_tool():
    """The label of the tool whose code runs, or None."""
    return None if _tool is None else _tool.get(None)


def request_label(data, address):
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


def see_request(sock, data):
    """Note what a socket is asked; a model's call begins a turn."""
    descriptor = sock.fileno()
    label = getattr(asked, "label", None)
    asked.label = None
    before = peers.get(descriptor)
    if label is None:
        label = request_label(data, before.name if before else "network")
        if label is None:
            return before
        if label.kind == rec.MODEL:
            record.model_call()
    label.name = before.name if before else label.name
    tool = own_tool()
    if tool is not None and label.kind == rec.TOOL:
        label = tool
    elif before is not None and before.kind == rec.WAIT:
        # The connection was made for this request.
        before.kind, before.name = label.kind, label.name
    return name_peer(descriptor, label)


def of_socket(sock, *_args, **_kwargs):
    """The label of a wait on a socket; None for one that does not block."""
    if sock.gettimeout() == 0:
        return None
    return own_tool() or peers.get(sock.fileno()) or TIMER


def address_of(where):
    if isinstance(where, tuple) and len(where) >= 2:
        return f"{where[0]}:{where[1]}"
    return where if isinstance(where, str) else "network"


_tools = {}
running = []  # labels of the coroutines of tools that have begun and not ended


async def awaited(coroutine, name):
    """A tool's coroutine; what an event loop's timer is for meanwhile is its wait."""
    token = enter_tool(name)
    label = _tools[name]
    running.append(label)
    try:
        return await coroutine
    finally:
        running.remove(label)
        leave_tool(token)


def enter_tool(name):
    global _tool
    if _tool is None:
        from _contextvars import ContextVar

        _tool = ContextVar("ferrule-tool")
    if name not in _tools:
        _tools[name] = Label(rec.TOOL, str(name))
    return _tool.set(_tools[name])


def leave_tool(token):
    _tool.reset(token)
