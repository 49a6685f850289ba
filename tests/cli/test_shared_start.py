# SPDX-License-Identifier: MIT
"""What interpreters with their own GIL share (shared-start.patch) is the same as when each
makes its own; what one of them does to it, no other sees."""

import textwrap
import unittest

from host import HostCase

# Calls look(n) in the main interpreter, in one that was made before anything was shared,
# and in two workers; prints what each returned.
EVERYWHERE = """
import _interpreters, marshal
from ferrule import interpreter_pool as pool

def look(n):
{look}

def look_in(interpreter, n):
    code = marshal.dumps(look.__code__)
    failed = _interpreters.run_string(interpreter, f'''if True:
        import marshal, types
        look = types.FunctionType(marshal.loads({{code!r}}), globals())
        with open("said", "w") as file:
            file.write(ascii(look({{n}})))
        ''')
    assert failed is None, failed.formatted
    with open("said") as file:
        return eval(file.read())

if __name__ == "__main__":
    alone = _interpreters.create()
    settings = pool._settings()
    workers = [pool._Worker(settings) for _ in range(2)]
    print(look(0))
    print(look_in(alone, 1))
    for n, worker in enumerate(workers):
        print(worker.run(look, (2 + n,), {{}}))
        worker.close()
    _interpreters.destroy(alone)
"""

TYPES = """
import hashlib
def described(value):
    parts = [type(value).__name__]
    for name in ("__name__", "__qualname__", "__doc__", "__text_signature__"):
        parts.append(repr(getattr(value, name, None)))
    if isinstance(value, (str, int, tuple, type(None))):
        parts.append(repr(value))
    return parts
kinds, found = [object], []
for kind in kinds:
    kinds += [one for one in type.__subclasses__(kind)
              if not one.__flags__ & 1 << 9 and one not in kinds]
for kind in sorted(kinds, key=lambda one: (one.__module__, one.__qualname__)):
    if kind.__module__ in ("builtins", "types"):
        # CPython gives __new__ in the main interpreter to more types than in others.
        items = sorted(item for item in kind.__dict__.items() if item[0] != "__new__")
        found.append((kind.__qualname__, [(key, described(value)) for key, value in items]))
text = repr(found)
return len(found) > 90, len(text) > 100_000, hashlib.sha256(text.encode()).hexdigest()
"""

CODES = """
import abc, codecs, encodings, encodings.utf_8, hashlib, io, types
from importlib import _bootstrap, _bootstrap_external
def plain(value):
    if isinstance(value, types.CodeType):
        return code_parts(value)
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return type(value).__name__, sorted(value) if isinstance(value, frozenset) else value
def code_parts(code):
    return [plain(getattr(code, name)) for name in sorted(dir(code))
            if name.startswith("co_") and name not in ("co_lines", "co_lnotab", "co_positions")]
functions, sets = [], 0
for module in (abc, codecs, encodings, encodings.utf_8, io, _bootstrap, _bootstrap_external):
    values = list(vars(module).values())
    for value in values:
        if isinstance(value, type):
            values += [getattr(one, "__func__", one) for one in vars(value).values()]
    functions += [one for one in values if isinstance(one, types.FunctionType)
                  and one.__globals__ is vars(module)]
for function in functions:
    sets += sum(type(one) is frozenset for one in function.__code__.co_consts)
parts = [(one.__qualname__, code_parts(one.__code__)) for one in functions]
text = repr(sorted(parts, key=repr))
return len(functions) > 200, sets > 0, hashlib.sha256(text.encode()).hexdigest()
"""

NAMES = """
import sys
def key(kind, name):
    return next(one for one in vars(kind) if one == name)
made = sys.intern("".join(["jo", "in"]))
class Late: pass
setattr(Late, "".join(["strip", "_", "all"]), 1)
return (made is key(str, "join"), sys.intern("".join(["str", "ip_all"])) is key(Late, "strip_all"),
        getattr("-", made)("ab"), {"join": 1}[made])
"""

# The same address holds one name after another.
ADDRESSES = """
import ctypes
intern = ctypes.pythonapi.PyUnicode_InternFromString
intern.restype = ctypes.py_object
buffer, said = ctypes.create_string_buffer(64), []
for _ in range(3):
    for name in (b"join", b"strip", b"nobody has this name", b"", b"j", "\\u00fc".encode()):
        buffer.value = name
        said.append(intern(buffer) == name.decode())
return len(said), all(said)
"""

# Its own: what is specialised, referred to, traced and set belongs to one of them.
OWN = """
import codecs, sys, weakref
from importlib import _bootstrap_external
def constants(function):
    return [one for one in function.__code__.co_consts if type(one) is frozenset]
code = codecs.make_identity_dict.__code__
before = code._co_code_adaptive.hex()
if n == 2:  # worker 3 is asked after it
    for _ in range(100):
        codecs.make_identity_dict(range(20))
    assert code._co_code_adaptive.hex() != before
sets = [one for value in vars(_bootstrap_external).values() if hasattr(value, "__code__")
        for one in constants(value)]
counts = [weakref.getweakrefcount(one) for one in sets]
sys.kept = [weakref.ref(one) for one in sets]
return (before, len(sets) > 0, set(counts), str.join.__qualname__, str.maketrans("a", "b"),
        str.__new__(str, 7))
"""

OBJECTS = """
import gc
return len(gc.get_objects())
"""

# Where the shared objects lie, and whether their bytes stay what they are while two others
# use them as they do theirs, and end.
UNCHANGED = """
import ctypes, threading
from ferrule import interpreter_pool as pool

IMMORTAL, HEAD = 1 << 31, 16

def places():
    import abc, codecs, io, sys, types
    found = {}
    def visit(one):
        if sys.getrefcount(one) < IMMORTAL or id(one) in found:
            return
        if isinstance(one, (str, bytes, tuple, type(str.join), type(str.__add__))):
            found[id(one)] = sys.getsizeof(one)
        if isinstance(one, tuple):
            for part in one:
                visit(part)
    for kind in (str, list, dict, type, OSError, property, types.FunctionType):
        for key, value in vars(kind).items():
            visit(key), visit(value)
    for module in (abc, codecs, io):
        for value in vars(module).values():
            if isinstance(value, types.FunctionType):
                code = value.__code__
                for name in ("co_consts", "co_names", "co_varnames", "co_linetable"):
                    visit(getattr(code, name))
    return list(found.items())

def use(number):
    import codecs, gc, inspect, io, json, logging, sys
    for kind in (str, list, dict, type, OSError, property):
        for key, value in vars(kind).items():
            sys.intern(key), hash(value), repr(value)
            getattr(value, "__qualname__", None), getattr(value, "__doc__", None)
    inspect.signature(str.join), codecs.lookup("latin-1"), io.StringIO("a").read()
    sys.setprofile(lambda *_: None)
    class Below(dict, metaclass=type): keys = dict.keys
    Below(a=json.dumps([number])).keys()
    sys.setprofile(None)
    gc.collect(), gc.freeze(), gc.unfreeze()
    return number

def live(number):
    worker = pool._Worker(settings)
    assert worker.run(use, (number,), {}) == number
    worker.close()

if __name__ == "__main__":
    settings = pool._settings()
    first = pool._Worker(settings)
    known = first.run(places, (), {})
    seen = [ctypes.string_at(place - HEAD, HEAD + size) for place, size in known]
    first.run(use, (0,), {})
    threads = [threading.Thread(target=live, args=(n,)) for n in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    live(3)
    again = [ctypes.string_at(place - HEAD, HEAD + size) for place, size in known]
    print(len(known) > 300, again == seen)
"""


class SharedStart(HostCase):
    def everywhere(self, look):
        done = self.run_script(
            EVERYWHERE.format(look=textwrap.indent(look, "    ")), cwd=self.folder)
        self.expect(done, 0, err="")
        said = done.stdout.splitlines()
        self.assertEqual(len(said), 4, done.stdout)
        return said

    def same_everywhere(self, look):
        main, *others = self.everywhere(look)
        self.assertEqual(others, [main] * 3)
        return main

    def test_types_have_the_same_attributes(self):
        # Not as in one that shares nothing: there CPython adds an __init__ to some.
        main, _, *workers = self.everywhere(TYPES)
        self.assertEqual(workers, [main] * 2)
        self.assertTrue(main.startswith("(True, True, '"), main)

    def test_functions_have_the_same_code(self):
        self.assertTrue(self.same_everywhere(CODES).startswith("(True, True, '"))

    def test_a_name_is_one_string(self):
        self.assertEqual(self.same_everywhere(NAMES), "(True, True, 'a-b', 1)")

    def test_names_at_an_address_that_is_used_again(self):
        self.assertEqual(self.same_everywhere(ADDRESSES), "(18, True)")

    def test_what_one_does_no_other_sees(self):
        said = "', True, {0}, 'str.join', {97: 98}, '7')"
        self.assertTrue(self.same_everywhere(OWN).endswith(said))

    def test_nothing_writes_to_it(self):
        self.expect(self.run_script(UNCHANGED), 0, "True True\n", "")

    def test_one_that_shares_has_fewer_objects_of_its_own(self):
        _, alone, *workers = map(int, self.everywhere(OBJECTS))
        for objects in workers:
            self.assertLess(objects, 0.75 * alone)


if __name__ == "__main__":
    unittest.main()
