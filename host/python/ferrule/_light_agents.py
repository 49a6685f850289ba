# SPDX-License-Identifier: MIT
"""_light_agents - `ferrule run --isolation interpreter --workers N`: agents as
interpreters of one process.

Each agent is a thread with an interpreter and an interpreter lock of its own. What it
prints goes through a pipe to the main thread, which marks each line with the agent's
name and writes it whole. A crash of one is the end of all: that is what processes, the
default, are for.
"""

import marshal
import os
import select
import signal
import sys
import threading

import _ferrule_interpreters

LINE_MAX = 64 << 10  # bytes; a longer line is cut in two
GRACE_S = 5.0  # from a signal to the end of those that go on


class Agent:
    """One of them, in a thread of its own."""

    def __init__(self, label, settings):
        self.label = label
        self.code = None
        self.interpreter = None
        self.lock = threading.Lock()  # `interpreter` does not end while it is held
        self.out = Stream(label, 1)
        self.err = Stream(label, 2)
        settings = settings | {"out": self.out.writing, "err": self.err.writing}
        self.settings = marshal.dumps(settings)
        self.thread = threading.Thread(target=self.run, name=label)

    def run(self):
        try:
            code = self.live()
        except BaseException as error:
            text = f"ferrule: {self.label}: cannot run: {error}\n"
            os.write(self.err.writing, text.encode("utf-8", "replace"))
            code = 70
        self.code = code
        os.close(self.out.writing)
        os.close(self.err.writing)

    def live(self):
        interpreter = _ferrule_interpreters.Interpreter("ferrule._light_agent", "enter")
        self.interpreter = interpreter
        try:
            (code,) = interpreter.call(self.settings)
        finally:
            with self.lock:
                self.interpreter = None
            interpreter.close()
        return int(code)

    def interrupt(self):
        """KeyboardInterrupt at its next line of Python."""
        with self.lock:
            if self.interpreter is not None:
                self.interpreter.interrupt()


class Stream:
    """A pipe from an agent, and what has been read of its present line."""

    def __init__(self, label, target):
        self.reading, self.writing = os.pipe()
        self.prefix = label.encode("utf-8", "replace") + b" | "
        self.target = target
        self.line = b""

    def read(self):
        """Pass on whole lines. False at the end."""
        data = os.read(self.reading, LINE_MAX)
        *lines, self.line = (self.line + data).split(b"\n")
        if len(self.line) >= LINE_MAX or (self.line and not data):
            lines.append(self.line)
            self.line = b""
        if lines:
            _write(self.target, b"".join(self.prefix + x + b"\n" for x in lines))
        if not data:
            os.close(self.reading)
        return bool(data)


def _write(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


class Signals:
    """SIGINT and SIGTERM: agents are interrupted, and have GRACE_S to end."""

    def __init__(self, agents):
        self.agents = agents
        self.number = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.take)
        # Not a thread's timer: only the main thread may change what a signal does.
        signal.signal(signal.SIGALRM, self.end)

    def take(self, number, _frame):
        if self.number:
            self.end()
        self.number = number
        for agent in self.agents:
            # Not in the handler's thread: an agent that keeps its lock would hold it up.
            threading.Thread(target=agent.interrupt, daemon=True).start()
        signal.setitimer(signal.ITIMER_REAL, GRACE_S)

    def end(self, *_):
        signal.signal(self.number, signal.SIG_DFL)
        os.kill(os.getpid(), self.number)


def _pass_on(agents):
    """Until all have ended; returns them in the order in which they did."""
    poll = select.poll()
    streams = {}
    for agent in agents:
        for stream in (agent.out, agent.err):
            streams[stream.reading] = (agent, stream)
            poll.register(stream.reading, select.POLLIN)
    ended = []
    while streams:
        for descriptor, _ in poll.poll():
            agent, stream = streams[descriptor]
            if stream.read():
                continue
            poll.unregister(descriptor)
            del streams[descriptor]
            if agent not in ended:
                ended.append(agent)
                agent.thread.join()
                _say_end(agent)
    return ended


def _say_end(agent):
    if agent.code:
        text = f"ferrule: {agent.label}: ended with code {agent.code}\n"
        _write(2, text.encode("utf-8", "replace"))


def _code_of(path):
    with open(path, "rb") as file:
        return marshal.dumps(compile(file.read(), path, "exec", dont_inherit=True))


def _agents(count, name, script, arguments):
    path = os.path.abspath(script)
    folder = path if os.path.isdir(path) else os.path.dirname(os.path.realpath(path))
    file = os.path.join(path, "__main__.py") if os.path.isdir(path) else path
    settings = {
        "code": _code_of(file),
        "file": file,
        "path": [folder, *(x for x in sys.path if type(x) is str)],
        "argv": [script, *arguments],
    }
    for number in range(count):
        label = name if count == 1 else f"{name}[{number}]"
        env = {"FERRULE_AGENT": name, "FERRULE_WORKER": str(number)}
        yield Agent(label, settings | {"env": env})


def main(words):
    """words: how many, what they are called, the script, its arguments."""
    try:
        agents = list(_agents(int(words[0]), words[1], words[2], words[3:]))
    except SyntaxError:
        sys.excepthook(*sys.exc_info())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"ferrule: cannot run agents: {where}{error.strerror}", file=sys.stderr)
        return 70
    signals = Signals(agents)
    for agent in agents:
        agent.thread.start()
    try:
        ended = _pass_on(agents)
    except BrokenPipeError:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    if signals.number:
        signals.end()
    return next((agent.code for agent in ended if agent.code), 0)
