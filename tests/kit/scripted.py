# SPDX-License-Identifier: MIT
"""scripted - a model server on loopback that says exactly what a test tells it to.

Each request takes the next reply: a function of the Request that writes to it. The
shapes are those that llama.cpp's server sends (see test_recorded.py), and the broken
ones that others were seen to send.
"""

import http.server
import json
import threading
import time


class Server:
    """url; requests: the bodies that came, parsed; heads: their headers."""

    def __init__(self, *replies, last=None):
        self.requests, self.heads = [], []
        self._replies, self._last = list(replies), last
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._http.handle_error = lambda *_: None  # clients that are killed or cancelled
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def wrap(self, context):
        """Speak TLS with this ssl.SSLContext from now on."""
        listener = self._http.socket
        self._http.socket = context.wrap_socket(listener, server_side=True)

    def answer(self, request):
        body = request.rfile.read(int(request.headers["content-length"]))
        with self._lock:
            self.requests.append(json.loads(body))
            self.heads.append((request.path, dict(request.headers)))
            reply = self._replies.pop(0) if self._replies else self._last
        if reply is None:
            reply = status(500, {"error": {"message": "the script has ended"}})
        try:
            reply(request)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def raw(data, close=True):
    """Bytes on the socket, whatever they are."""

    def reply(request):
        request.wfile.write(data)
        request.close_connection = close

    return reply


def status(code, body=None, **headers):
    """An answer of another status. body: JSON, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()

    def reply(request):
        request.send_response(code)
        request.send_header("Content-Type", headers.pop("content_type", "application/json"))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    return reply


def stream(*chunks, done=True, chunked=True, pause=0.0):
    """A stream of chunks: objects, or str as the data of an event, or bytes as they are."""

    def reply(request):
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Transfer-Encoding" if chunked else "Connection",
                            "chunked" if chunked else "close")  # fmt: skip
        request.end_headers()
        last = ["[DONE]"] if done else []
        for chunk in [*chunks, *last]:
            if not isinstance(chunk, bytes):
                text = chunk if isinstance(chunk, str) else json.dumps(chunk)
                chunk = f"data: {text}\n\n".encode()
            size = f"{len(chunk):x}\r\n".encode()
            request.wfile.write(size + chunk + b"\r\n" if chunked else chunk)
            request.wfile.flush()
            time.sleep(pause)
        if chunked:
            request.wfile.write(b"0\r\n\r\n")
        request.close_connection = not chunked

    return reply


def chunk(finish=None, usage=None, **delta):
    found = {"object": "chat.completion.chunk", "model": "scripted",
             "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    if usage is not None:
        found["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return found


def text(*pieces, usage=(10, 5), **options):
    """An answer in text."""
    ends = [chunk("stop"), {**chunk(usage=usage), "choices": []}]
    return stream(*(chunk(content=p) for p in pieces), *ends, **options)


def calls(*rows, usage=(10, 5), ids=None, said="", **options):
    """Tool calls: (name, arguments). arguments: object, or text as it is."""
    chunks = [chunk(role="assistant", content=said or None)]
    for index, (name, arguments) in enumerate(rows):
        given = arguments if isinstance(arguments, str) else json.dumps(arguments)
        half = len(given) // 2
        head = {"index": index, "id": ids[index] if ids else f"call_{name}_{index}",
                "type": "function", "function": {"name": name, "arguments": given[:half]}}
        rest = {"index": index, "function": {"arguments": given[half:]}}
        chunks += [chunk(tool_calls=[head]), chunk(tool_calls=[rest])]
    ends = [chunk("tool_calls"), {**chunk(usage=usage), "choices": []}]
    return stream(*chunks, *ends, **options)


def whole(content=None, tool_calls=None, usage=(10, 5)):
    """An answer in one piece."""
    message = {"role": "assistant", "content": content}
    if tool_calls:
        message["tool_calls"] = tool_calls
    return status(200, {
        "object": "chat.completion", "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]},
    })


def silent(seconds):
    """Nothing, for a while."""

    def reply(request):
        time.sleep(seconds)
        request.close_connection = True

    return reply
