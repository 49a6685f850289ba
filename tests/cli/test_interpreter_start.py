# SPDX-License-Identifier: MIT
"""What an interpreter's start leaves for later, and the classes that are made with less
work (new-interpreter.patch, utf-8.patch): all is there when it is asked for."""

import mmap
import unittest
import zipfile

from host import HostCase

MADV_POPULATE_WRITE = 23

IN_ANOTHER = """
import _interpreters
code = {code!r}
exec(code, {{}})
one = _interpreters.create()
failed = _interpreters.run_string(one, code)
print(failed and failed.formatted)
_interpreters.destroy(one)
"""

NAMES = """
import codecs, encodings, sys
print("encodings.aliases" in sys.modules)
print(codecs.lookup("Latin-1").name, b"\\xfc".decode("l1") == "\\xfc")
print(encodings.aliases.aliases["u8"], encodings._aliases is encodings.aliases.aliases)
try: encodings.nothing
except AttributeError as error: print(error)
try: codecs.lookup("nothing")
except LookupError as error: print(error)
"""

ARCHIVE = """
import sys
print("zipimport" in sys.modules)
import pkgutil
sys.path[:0] = [{archive!r}, {archive!r} + "/inner", {broken!r}, {missing!r}]
import in_archive, in_folder_of_archive
print(in_archive.__loader__, in_archive.x, in_folder_of_archive.x)
print(pkgutil.get_importer({archive!r}), pkgutil.get_importer({broken!r}))
"""

COLLECTOR = """
import gc
print(gc.isenabled(), sum(one["collections"] for one in gc.get_stats()))
print(gc.get_freeze_count(), len(gc.get_objects(2)) > 3000)
class Node:
    def __del__(self): print("gone", flush=True)
node = Node(); node.me = node
del node
rest = [[] for _ in range(5000)]
"""

ARENA_PAGES = """
import posix, sys
PRESENT = 7  # bit of the last byte
pages = posix.open("/proc/self/pagemap", posix.O_RDONLY)
def is_there(page):
    return posix.pread(pages, 8, page * 8)[7] >> PRESENT
first = last = id(sys.modules) // 4096
while is_there(first - 1):
    first -= 1
while is_there(last + 1):
    last += 1
print(176 <= last - first + 1 < 200)
"""

SLOTS = """
OPERATIONS = {
    "__len__": len, "__iter__": iter, "__next__": next, "__call__": lambda o: o(),
    "__repr__": repr, "__str__": str, "__bool__": bool, "__hash__": hash, "__int__": int,
    "__getitem__": lambda o: o[0], "__contains__": lambda o: 0 in o, "__neg__": lambda o: -o,
    "__add__": lambda o: o + o, "__radd__": lambda o: None + o, "__eq__": lambda o: o == 0,
    "__lt__": lambda o: o < o, "__getattr__": lambda o: o.missing,
    "__get__": lambda o: (type("Owner", (), {"a": o})().a, 0)[1], "__iadd__": lambda o: _iadd(o),
    "__setitem__": lambda o: o.__class__.__setitem__(o, 0, 0) or _setitem(o),
    "__init__": lambda o: (type(o)(), 0)[1], "__await__": lambda o: _awaited(o),
    "__setattr__": lambda o: setattr(o, "x", 0), "__getattribute__": lambda o: (o.__module__, 0)[1],
}
def _iadd(o):
    o += None
    return o
def _setitem(o):
    o[0] = 0
def _awaited(o):
    async def wait(): return await o
    return wait().send(None)

def result(name, o):
    try: value = OPERATIONS[name](o)
    except Special as error: return error.args
    except Exception as error: return type(error), str(error).replace(type(o).__name__, "T")
    if name == "__hash__" or " at 0x" in repr(value):
        return type(value).__name__
    return repr(value).replace(type(o).__name__, "T")

class Special(Exception): pass
def special(name, said):
    def method(*arguments):
        raise Special(name, said)
    return method

count = 0
for builtin in (object, list, dict, int, tuple, str, Exception, set, bytearray):
    class First(builtin): pass
    class Second(First): pass
    class Third(Second): pass
    mixed = type("Mixed", (Third, type("Other", (), {})), {})
    kinds = (First, Second, Third, mixed)
    objects = [kind() for kind in kinds]
    # Nothing of its own: as the first class below the built-in one, made by CPython's way.
    for name in OPERATIONS:
        before = [result(name, o) for o in objects]
        assert len({str(x) for x in before}) == 1, (builtin, name, before)
        for place, kind in enumerate(kinds):
            # Set on a class, seen by all below it and by those made later; and gone again.
            setattr(kind, name, special(name, kind.__name__))
            late = type("Late", (kind,), {})
            expected = name, kind.__name__
            if name != "__init__":
                assert result(name, late()) == expected, (builtin, name, kind)
            for o in objects[place:]:
                assert result(name, o) == expected, (builtin, name, kind, o.__class__)
            delattr(kind, name)
            assert [result(name, o) for o in objects] == before, (builtin, name, kind)
            assert result(name, late()) == before[0], (builtin, name, kind)
            count += 1
print(count)
class Keyed(str):
    __slots__ = ()
Odd = type("Odd", (), {Keyed("__len__"): lambda self: 7})
print(len(Odd()), len(type("Below", (Odd,), {})()))
class Unhashable:
    def __eq__(self, other): return True
class Again(Unhashable): pass
print(Again.__hash__, Unhashable.__hash__)
"""


class Start(HostCase):
    def both(self, code, *lines):
        """As the main interpreter says, and another one after it."""
        done = self.run_code(IN_ANOTHER.format(code=code))
        self.expect(done, 0, "\n".join([*lines, *lines, "None"]) + "\n", "")

    def test_other_names_of_encodings(self):
        self.both(NAMES, "False", "iso8859-1 True", "utf_8 True",
                  "module 'encodings' has no attribute 'nothing'",
                  "unknown encoding: nothing")  # fmt: skip

    def test_archives_on_the_path(self):
        archive = self.folder / "pack.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("in_archive.py", "x = 1")
            file.writestr("inner/in_folder_of_archive.py", "x = 2")
        broken = self.write("broken.zip", "PK no archive")
        code = ARCHIVE.format(archive=str(archive), broken=str(broken),
                              missing=str(self.folder / "none.zip"))  # fmt: skip
        importer = f'<zipimporter object "{archive}/">'
        done = self.run_code(IN_ANOTHER.format(code=code))
        self.expect(done, 0, err="")
        said = done.stdout.splitlines()
        self.assertEqual(said[:3], said[3:6])
        self.assertEqual(said[0], "False")
        self.assertEqual(said[1], f"{importer} 1 2")
        self.assertTrue(said[2].startswith(importer), said)

    def test_a_new_one_has_collected_nothing_and_collects_then(self):
        code = f"""
            import _interpreters
            one = _interpreters.create()
            print(_interpreters.run_string(one, {COLLECTOR!r}))
            """
        self.expect(self.run_code(code), 0, "True 0\n0 True\ngone\nNone\n", "")

    def test_the_first_arena_of_a_worker_is_there(self):
        try:
            memory = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            memory.madvise(MADV_POPULATE_WRITE)
        except OSError as error:
            self.skipTest(f"this kernel populates nothing: {error.strerror}")
        code = f"""
            from ferrule import InterpreterPoolExecutor
            def look(code): exec(code, {{}})
            with InterpreterPoolExecutor(1) as pool:
                pool.submit(look, {ARENA_PAGES!r}).result()
            """
        self.expect(self.run_code(code), 0, "True\n", "")

    def test_classes_have_the_slots_of_what_they_inherit(self):
        self.expect(self.run_script(SLOTS), 0, "864\n7 7\nNone None\n", "")
        self.both("class A:\n    def __len__(self): return 3\n"
                  "class B(A): pass\nclass C(B): pass\nprint(len(C()))\n"
                  "A.__len__ = lambda self: 4\nprint(len(C()))", "3", "4")  # fmt: skip


if __name__ == "__main__":
    unittest.main()
