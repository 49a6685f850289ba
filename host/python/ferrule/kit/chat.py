# SPDX-License-Identifier: MIT
"""chat - a model behind any OpenAI-compatible endpoint.

Example:
    chat = Chat("http://127.0.0.1:8080/v1", "qwen")
    print(chat.ask("What is a ferrule?").text)
    for piece in chat.stream("Tell me more."):
        print(piece.text, end="", flush=True)

Guarantees: https is verified; a request is repeated only while nothing of its answer has
    been handed out; a key is in the Authorization header and nowhere else.
Limits: timeout: seconds without a byte (120); retries: how often a request is repeated
    (4), with growing pauses or those of Retry-After up to 120 s; an answer 64 MB.
Errors: NotConfigured when there is no URL or model; ModelError for everything that goes
    wrong on the way, with what came so far as `partial`.
Threads: a Chat may be used by several at once, and after fork().
"""

import os

from ferrule.kit.errors import NotConfigured

__all__ = ["Chat"]

TIMEOUT = 120.0  # seconds without a byte
CONNECT_TIMEOUT = 10.0  # seconds
RETRIES = 4
CORRECTIONS = 2  # how often a model may correct an answer that misses its schema
AGENT = "ferrule"


class Chat:
    """A model. url: as FERRULE_MODEL_URL has it, up to /v1; model: its name; key: text or
    Secret; each is taken from the environment (FERRULE_MODEL_URL, FERRULE_MODEL,
    FERRULE_MODEL_KEY), the key also from the desktop's keyring, when it is None.

    timeout, connect_timeout: seconds. retries: how often. proxy: URL, "" for none, None
    for the environment's. ca_file: certificates to trust besides the system's. Other
    parameters (temperature, max_tokens, seed, ...) are sent with every request.
    """

    def __init__(self, url=None, model=None, key=None, *, timeout=TIMEOUT,
                 connect_timeout=CONNECT_TIMEOUT, retries=RETRIES, proxy=None,
                 ca_file=None, **parameters):
        url = url or os.environ.get("FERRULE_MODEL_URL", "")
        model = model or os.environ.get("FERRULE_MODEL", "")
        if not url.strip() or not model.strip():
            raise NotConfigured(_what_to_set(url, model))
        # Imported when a Chat is made, so that what only imports the kit stays quick.
        from ferrule.kit import url as urls
        from ferrule.kit.connection import Server
        from ferrule.kit.secret import Secret, find

        self.model = model
        self.retries = retries
        self.parameters = parameters
        self._server = Server(
            urls.split(url, "FERRULE_MODEL_URL"), connect_timeout=connect_timeout,
            timeout=timeout, proxy=proxy, ca_file=ca_file,
        )  # fmt: skip
        self._path = _completions(self._server.url.path)
        is_local = self._server.url.is_local
        self._key = find(url.strip(), is_local) if key is None else Secret(key)

    def __repr__(self):
        return f"<Chat {self.model} at {self._server.url.authority}>"

    def stream(self, messages, *, tools=(), response_schema=None, deadline=None,
               **parameters):
        """Ask, and return a Stream: an iterator of pieces (Text, Reasoning, Retrying);
        its `answer` is whole at the end.

        messages: text, or a list of messages in the form of the API. tools: Tools,
        functions, or definitions. response_schema: JSON Schema or a type that the text
        of the answer is asked to fit. deadline: time.monotonic() at which to give up.
        """
        from ferrule.kit.streams import Stream

        body = self._body(messages, tools, response_schema, parameters)
        return Stream(self, body, deadline)

    def ask(self, messages, *, response_schema=None, **options):
        """Ask, and return the Answer; the options are those of stream().

        With a response_schema, answer.value is the checked value; a model that misses
        the schema is told how, and asked again twice.
        """
        wanted = _wanted(response_schema)
        dialogue = _dialogue(_messages(messages), wanted)
        asked = next(dialogue)
        while True:
            stream = self.stream(asked, response_schema=wanted, **options)
            try:
                asked = dialogue.send(stream.finish())
            except StopIteration as end:
                return end.value

    def astream(self, messages, **options):
        """stream() for `async for`; `answer` as there."""
        from ferrule.kit.bridge import AsyncStream

        return AsyncStream(self.stream(messages, **options))

    async def aask(self, messages, *, response_schema=None, **options):
        """ask() as a coroutine; cancelling it ends the request."""
        wanted = _wanted(response_schema)
        dialogue = _dialogue(_messages(messages), wanted)
        asked = next(dialogue)
        while True:
            stream = self.astream(asked, response_schema=wanted, **options)
            try:
                asked = dialogue.send(await stream.finish())
            except StopIteration as end:
                return end.value

    def close(self):
        """End the connections that are kept for later requests."""
        self._server.close()

    def _body(self, messages, tools, response_schema, parameters):
        body = {"model": self.model, "messages": _messages(messages), "stream": True,
                "stream_options": {"include_usage": True},
                **self.parameters, **parameters}  # fmt: skip
        body = {name: value for name, value in body.items() if value is not None}
        if tools:
            body["tools"] = [definition(tool) for tool in tools]
        wanted = _wanted(response_schema)
        if wanted is not None:
            body["response_format"] = wanted.response_format
        return body

    def post(self, body, on_socket):
        """Send one request; returns the connection.Exchange."""
        import json

        headers = {"User-Agent": AGENT, "Accept": "text/event-stream, application/json",
                   "Content-Type": "application/json"}  # fmt: skip
        if self._key:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        # Escapes keep even a lone surrogate sendable.
        data = json.dumps(body, separators=(",", ":")).encode("ascii")
        return self._server.post(self._path, headers, data, on_socket)

    @property
    def server_url(self):
        return self._server.url

    @property
    def has_key(self):
        return bool(self._key)

    def scrub(self, text):
        """The text without the key, should a server have repeated it."""
        return self._key.scrub(text)


def definition(tool):
    """What a server is told of a Tool, of a function, or of a definition itself."""
    if isinstance(tool, dict):
        return tool
    if not hasattr(tool, "definition"):
        from ferrule.kit.tools import Tool

        tool = Tool(tool)
    return tool.definition


def _messages(messages):
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    return list(messages)


def _wanted(response_schema):
    """The structured.Wanted of what a caller gave, if anything."""
    if response_schema is None:
        return None
    from ferrule.kit.structured import Wanted

    return Wanted.of(response_schema)


def _dialogue(messages, wanted):
    """Yields the messages to ask with, is sent the answers, and returns the last one."""
    for last in range(CORRECTIONS, -1, -1):
        answer = yield messages
        problem = wanted.check(answer) if wanted else ""
        if not problem:
            return answer
        if not last:
            raise wanted.failure(answer, problem)
        messages = [*messages, answer.as_message(), wanted.correction(problem)]


def _completions(path):
    """The endpoint's path: FERRULE_MODEL_URL may leave out what is always the same."""
    path, mark, query = path.partition("?")
    path = path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path = (path or "/v1") + "/chat/completions"
    return path + mark + query


def _what_to_set(url, model):
    missing = [name for name, value in
               (("FERRULE_MODEL_URL", url), ("FERRULE_MODEL", model))
               if not value.strip()]  # fmt: skip
    return (
        f"no model is configured: set {' and '.join(missing)}\n"
        "  FERRULE_MODEL_URL  any OpenAI-compatible server: http://127.0.0.1:8080/v1, "
        "https://HOST/v1\n"
        "  FERRULE_MODEL      the model's name there\n"
        "  FERRULE_MODEL_KEY  its key, if it wants one (or put it into the desktop's "
        "keyring)"
    )
