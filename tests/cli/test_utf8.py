# SPDX-License-Identifier: MIT
"""UTF-8 without a codec written in Python (utf-8.patch): nobody imports one to start or
to print, and streams of that encoding do what those with a codec do."""

import unittest

from host import HostCase, run

SCRIPT = """
import sys
def loaded(): return [name for name in ("abc", "codecs", "encodings", "io") if name in sys.modules]
print("ä€𐍈", loaded())
text = sys.stdin.readline()
print(ascii(text), loaded())
import io
print(isinstance(sys.stdout, io.TextIOBase), isinstance(sys.stdin.buffer, io.BufferedIOBase))
"""

WORKER = """
from ferrule import InterpreterPoolExecutor
def loaded():
    import sys
    print("ä€𐍈", file=sys.stderr)
    return [name for name in ("abc", "codecs", "encodings", "io") if name in sys.modules]
if __name__ == "__main__":
    with InterpreterPoolExecutor(1) as pool:
        print(pool.submit(loaded).result())
"""

UNSUPPORTED = """
import sys
try: sys.stdout.read()
except OSError as error:
    kind = type(error)
    print(kind, error, "io" in sys.modules)
import pickle
print(pickle.loads(pickle.dumps(kind)) is kind)
"""

ENDING = """
class Last:
    def __del__(self): print("ä at the end")
last = Last(); last.me = last
"""

REGISTERED = """
import _codecs, sys
asked = []
_codecs.register(lambda name: asked.append(name))
print("encodings" in sys.modules, "ä".encode("latin2"), asked)
try: "".encode("nothing")
except LookupError as error: print(error, asked)
"""

# Threads that look up at the same time, while nothing is imported.
AT_ONCE = """
import _thread
done, found = _thread.allocate_lock(), []
start = _thread.allocate_lock(); start.acquire()
def look_up():
    with start: pass
    found.append(b"\\xe4".decode("cp1252"))
    if len(found) == 8: done.release()
done.acquire()
for _ in range(8): _thread.start_new_thread(look_up, ())
start.release()
print(done.acquire(timeout=60), found == ["ä"] * 8)
"""

BROKEN = """
import sys
print("written", flush=True)
sys.modules["encodings"] = None
for _ in range(2):
    try: sys.stdin.read()
    except ImportError as error: print(error)
del sys.modules["encodings"]
print(ascii(sys.stdin.read()))
"""

# The same operations on two files, of which one has its codec by another name of it.
SAME = """
import _io, random
random.seed(20261130)
PARTS = ["a", "ä", "€", "𐍈", "\\n", "\\r\\n", "\\r", "line\\n", "x" * 9000, "ü" * 5000, "\\udc80"]
ERRORS = ["strict", "replace", "surrogateescape", "backslashreplace", "surrogatepass", "nothing"]

def act(file, name, *arguments):
    try: return getattr(file, name)(*arguments)
    except (OSError, ValueError, LookupError) as error: return type(error), str(error)

def steps():
    places = [0]
    for _ in range(random.randrange(1, 25)):
        kind = random.choice(["write", "read", "readline", "tell", "seek", "end", "start",
                              "flush", "newlines", "truncate", "reconfigure", "rest"])
        yield kind, random.choice(PARTS), random.randrange(40), random.choice(ERRORS)

def step(file, places, kind, text, number, errors):
    if kind == "write": return act(file, "write", text)
    if kind == "read": return act(file, "read", number)
    if kind == "rest": return act(file, "read")
    if kind == "end": return act(file, "seek", 0, 2)
    if kind == "start": return act(file, "seek", 0)
    if kind == "seek": return act(file, "seek", places[number % len(places)])
    if kind == "newlines": return file.newlines
    if kind == "truncate": return act(file, "truncate")
    if kind == "reconfigure": return act(file, "reconfigure"), act(reconfigure(file, errors), "tell")
    answer = act(file, kind)
    if kind == "tell" and isinstance(answer, int): places.append(answer)
    return answer

def reconfigure(file, errors):
    try: file.reconfigure(errors=errors)
    except OSError: pass  # something was read
    return file

count = 0
for round in range(600):
    mode = random.choice(["w+", "w+", "w", "r", "r+", "a+"])
    newline = random.choice([None, "", "\\n", "\\r\\n", "\\r"])
    errors = random.choice(ERRORS[:5])
    begins = "".join(random.choices(PARTS[:-1], k=8)).encode() + random.choice([b"", b"\\xff\\xe2\\x82"])
    files, places, work = [], ([0], [0]), list(steps())
    for name, encoding in (("a", "utf-8"), ("b", "utf8")):
        with _io.open(name, "wb") as file: file.write(begins)
        files.append(_io.open(name, mode, encoding=encoding, errors=errors, newline=newline))
    for one in work:
        first, second = (step(f, p, *one) for f, p in zip(files, places))
        assert first == second, (round, mode, newline, errors, one, first, second, work)
        count += 1
    for file in files: act(file, "close")
    assert _io.open("a", "rb").read() == _io.open("b", "rb").read(), (round, work)
print(count > 5000)
"""


class Utf8(HostCase):
    def test_printing_imports_no_codec_and_reading_does(self):
        done = self.run_script(SCRIPT, input="ä€\n")
        self.expect(done, 0, "ä€𐍈 []\n'\\xe4\\u20ac\\n' ['codecs', 'encodings']\n"
                             "True True\n", "")  # fmt: skip

    def test_an_interpreter_begins_without_codecs(self):
        self.expect(self.run_script(WORKER), 0, "[]\n", "ä€𐍈\n")

    def test_the_error_of_what_a_stream_cannot_do_is_that_of_io(self):
        self.expect(self.run_code(UNSUPPORTED), 0,
                    "<class 'io.UnsupportedOperation'> not readable False\nTrue\n", "")  # fmt: skip

    def test_first_words_while_the_interpreter_ends(self):
        self.expect(self.run_script(ENDING), 0, "ä at the end\n", "")

    def test_search_functions_come_after_that_of_encodings(self):
        self.expect(self.run_code(REGISTERED), 0,
                    "True b'\\xe4' []\nunknown encoding: nothing ['nothing']\n", "")  # fmt: skip

    def test_threads_that_look_up_first_at_once(self):
        for _ in range(5):
            self.expect(self.run_code(AT_ONCE), 0, "True True\n", "")

    def test_a_decoder_that_cannot_be_made_can_be_later(self):
        done = self.run_code(BROKEN, input="ä")
        said = "import of encodings halted; None in sys.modules\n"
        self.expect(done, 0, f"written\n{said}{said}'\\xe4'\n", "")

    def test_streams_do_what_those_with_a_codec_do(self):
        self.expect(run(self.write("same.py", SAME), cwd=self.folder), 0, "True\n", "")


if __name__ == "__main__":
    unittest.main()
