# SPDX-License-Identifier: MIT
"""_interpreter_worker - what runs inside each interpreter of a pool.

The pool calls enter() with memory views of bytes; they end with the call, so nothing
keeps one. Little is imported here: each interpreter imports it anew, and pickle alone
would double the time to a worker's first line. So plain tasks and results cross by
marshal and only the others by pickle.
"""

import _imp
import marshal
import sys

PROTOCOL = 5
# Bytes above this size go beside a pickle: one copy instead of three.
LARGE = 64 * 1024
# What marshal gives back as it was: these exact types, and flat lists and tuples of them.
PLAIN = frozenset((bool, bytes, complex, float, int, str, type(None)))

setup = {}  # what start() got; empty in an interpreter that is no worker
importing_main = False

# What the modules say that cannot live beside another interpreter.
_REFUSAL = "does not support loading in subinterpreters"
REMEDY = (
    "{package} does not load in an interpreter with its own lock ({module} refuses): use "
    "processes, that is `--isolation process` for agents and "
    "concurrent.futures.ProcessPoolExecutor for a pool"
)


def is_plain(value):
    kind = type(value)
    return kind in PLAIN or (kind in (list, tuple) and PLAIN.issuperset(map(type, value)))


# ---- the pool's calls --------------------------------------------------------------


def enter(operation, *views):
    """Called from outside with views of bytes; returns a tuple of bytes."""
    return _OPERATIONS[bytes(operation)](*views)


def _start(settings):
    """Take over what the pool's interpreter has: paths, arguments, its main script."""
    setup.update(marshal.loads(settings))
    sys.path[:] = setup["path"]
    sys.argv[:] = setup["argv"]
    _imp.create_dynamic = create_dynamic
    return ()


def _plain_task(data):
    return _run(_plain_call, data)


def _pickled_task(data, *views):
    return _run(_unpickled_call, data, *views)


def _import_main_first():
    try:
        _import_main()
    except BaseException as error:
        return (b"raised", *_packed_exception(plain_refusal(error)))
    return (b"ready",)


_OPERATIONS = {
    b"start": _start,
    b"main": _import_main_first,
    b"plain": _plain_task,
    b"pickled": _pickled_task,
}


def _run(decode, *parts):
    try:
        function, args, kwargs = decode(*parts)
    except BaseException as error:
        return (b"not-decoded", *_packed_exception(plain_refusal(error)))
    try:
        return _packed(function(*args, **kwargs))
    except BaseException as error:
        return (b"raised", *_packed_exception(plain_refusal(error)))


def _plain_call(data):
    target, args, kwargs = marshal.loads(data)
    return (_named(*target) if len(target) == 2 else function_of(*target)), args, kwargs


def _unpickled_call(data, *views):
    import _pickle

    return _pickle.loads(data, buffers=[bytes(view) for view in views])


def _named(module, qualname):
    if module not in sys.modules:
        __import__(module)
    found = sys.modules[module]
    for name in qualname.split("."):
        found = getattr(found, name)
    return found


def _packed(result):
    if type(result) is bytes:
        return (b"bytes", result)
    if is_plain(result):
        return (b"plain", marshal.dumps(result))
    import _pickle

    try:
        return (b"pickled", _pickle.dumps(result, PROTOCOL))
    except Exception as error:
        return (b"not-packed", *_packed_exception(error), type(result).__name__.encode())


def _packed_exception(error):
    """(pickle or b"", pickle of a description with the formatted traceback)."""
    import _interpreters
    import _pickle

    error.__traceback__ = _theirs(error.__traceback__)
    described = _pickle.dumps(_interpreters.capture_exception(error), PROTOCOL)
    try:
        pickled = _pickle.dumps(error, PROTOCOL)
    except Exception:
        pickled = b""
    return pickled, described


def _theirs(traceback):
    """A traceback without our own frames at its top."""
    while traceback is not None and traceback.tb_frame.f_globals is globals():
        traceback = traceback.tb_next
    return traceback


# ---- functions by value ------------------------------------------------------------


def function_of(code, name, qualname, defaults, kwdefaults):
    """A function that was sent as its code, see interpreter_pool._by_value()."""
    import builtins

    names = {"__builtins__": builtins, "__name__": "__main__"}
    function = type(is_plain)(marshal.loads(code), names, name, defaults)
    function.__kwdefaults__ = kwdefaults
    function.__qualname__ = qualname
    return function


def run_chunk(function, chunk):
    """One task of map(chunksize=...)."""
    return [function(*args) for args in chunk]


# ---- the main script ---------------------------------------------------------------


def _import_main():
    """Run the pool's main script here, as `__mp_main__` and not as `__main__`, and let
    both names mean it: what multiprocessing does in a process it started."""
    global importing_main
    if setup["main"] is None or "__mp_main__" in sys.modules:
        return
    code, file, package = setup["main"]
    module = type(sys)("__mp_main__")
    module.__file__ = file
    module.__package__ = package
    before = sys.modules["__main__"]
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module
    importing_main = True
    try:
        exec(marshal.loads(code), module.__dict__)
    except BaseException:
        del sys.modules["__mp_main__"]
        sys.modules["__main__"] = before
        raise
    finally:
        importing_main = False


# ---- modules that refuse -----------------------------------------------------------

_imp_create_dynamic = _imp.create_dynamic


def create_dynamic(spec, file=None):
    """_imp.create_dynamic() that says what to do about a module that refuses."""
    try:
        return _imp_create_dynamic(spec, file)
    except ImportError as error:
        if _REFUSAL not in str(error):
            raise
        package = spec.name.partition(".")[0]
        text = REMEDY.format(package=package, module=spec.name)
        raise ImportError(text, name=spec.name, path=spec.origin) from None


def plain_refusal(error):
    """The refusal itself, where a package wrapped it in advice of its own (numpy does)."""
    if not isinstance(error, ImportError):
        return error
    plain, inner, seen = error, error, set()
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        if isinstance(inner, ImportError) and "--isolation process" in str(inner):
            plain = inner
        inner = inner.__cause__ or inner.__context__
    return plain
