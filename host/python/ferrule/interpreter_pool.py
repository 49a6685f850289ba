# SPDX-License-Identifier: MIT
"""interpreter_pool - CPU-bound work of one agent on all cores, without processes.

InterpreterPoolExecutor has the API of CPython 3.14's class of that name: each worker is
a thread with an interpreter and an interpreter lock of its own. Tasks and results cross
as bytes: plain values by marshal, others by pickle, large bytes beside it.

Example:
    >>> import math
    >>> with InterpreterPoolExecutor(2) as pool:
    ...     list(pool.map(math.sqrt, [4, 9]))
    [2.0, 3.0]

Functions are sent by name, as pickle does it; a function of the main script, a lambda or
a local function that needs nothing but its arguments and the builtins is sent by value.
ToolCache.open(name) is the same store in every worker.
"""

try:
    import _ferrule_interpreters
except ModuleNotFoundError:
    raise ImportError(
        "InterpreterPoolExecutor is part of the executable: start the agent with "
        "`ferrule run`; in a stock CPython use concurrent.futures, whose "
        "ProcessPoolExecutor has the same API"
    ) from None
import _interpreters
import _pickle
import builtins
import collections
import functools
import itertools
import marshal
import queue
import sys
import threading
import time
import types
import weakref
from concurrent.futures import _base
from concurrent.futures import thread as _thread

from ferrule import _interpreter_worker as _worker

NotShareableError = _interpreters.NotShareableError

PRIORITIES = ("normal", "batch")
# More large bytes than this in one task go inside its pickle.
BUFFERS_MAX = 1000
# Functions that a module and a name can stand for.
NAMED = frozenset((types.FunctionType, types.BuiltinFunctionType, type))


class ExecutionFailed(_interpreters.InterpreterError):
    """An exception that was not caught in another interpreter; .excinfo describes it.

    It is the cause of the exception that a future raises, and shows where that
    happened. It is raised itself when the exception cannot be sent.
    """

    def __init__(self, excinfo):
        super().__init__(excinfo.formatted or excinfo.msg)
        self.excinfo = excinfo

    def __str__(self):
        shown = getattr(self.excinfo, "errdisplay", None)
        if not shown:
            return super().__str__()
        return f"{super().__str__()}\n\nUncaught in the interpreter:\n\n{shown.strip()}"


class BrokenInterpreterPool(_thread.BrokenThreadPool):
    """A worker of the pool could not start, or its initializer failed."""


# ---- sending -----------------------------------------------------------------------


class _ByValue:
    """A function that is sent as its code."""

    def __init__(self, function):
        self.parts = (
            marshal.dumps(function.__code__), function.__name__, function.__qualname__,
            function.__defaults__, function.__kwdefaults__,
        )  # fmt: skip

    def __reduce__(self):
        return _worker.function_of, self.parts


def _by_value(function):
    """`function`, or what stands for it where pickle would not find it by its name."""
    code = getattr(function, "__code__", None)
    if type(function) is not types.FunctionType or type(code) is not types.CodeType:
        return function
    if function.__module__ != "__main__" and "<" not in function.__qualname__:
        return function
    if code.co_freevars or _needs_globals(function):
        return function
    return _ByValue(function)


def _needs_globals(function):
    """Whether it uses a global name that is not simply a builtin."""
    own = function.__globals__
    return any(
        name in own or not hasattr(builtins, name)
        for name in _global_names(function.__code__)
    )


@functools.lru_cache(maxsize=256)
def _global_names(code):
    import dis

    names = {
        step.argval
        for step in dis.get_instructions(code)
        if step.opname.endswith(("_GLOBAL", "LOAD_NAME"))
    }
    inner = (x for x in code.co_consts if type(x) is types.CodeType)
    return names.union(*(_global_names(x) for x in inner))


def _beside(value):
    """Large bytes, wrapped so that pickle leaves them out."""
    if type(value) is bytes and len(value) > _worker.LARGE:
        return _pickle.PickleBuffer(value)
    return value


def _packed(function, args, kwargs):
    """([operation, data, buffer, ...] of a task, whether it names what is in __main__)."""
    function = _by_value(function)
    target = _plain_target(function)
    if target and _all_plain(args) and _all_plain(kwargs.values()):
        data = marshal.dumps((target, args, kwargs))
        return [b"plain", data], target[0] == "__main__"
    buffers = []

    def keep(buffer):
        inside = len(buffers) >= BUFFERS_MAX
        if not inside:
            buffers.append(buffer.raw())
        return inside

    beside = {name: _beside(value) for name, value in kwargs.items()}
    task = (function, tuple(_beside(value) for value in args), beside)
    try:
        data = _pickle.dumps(task, _worker.PROTOCOL, buffer_callback=keep)
    except Exception as error:
        what = _unsendable(*task) or "the task"
        raise NotShareableError(f"args not shareable: {what}: {error}") from error
    return [b"pickled", data, *buffers], b"__main__" in data


def _plain_target(function):
    """How marshal can name the function: (module, qualname), the parts of one that goes
    by value, or None."""
    if type(function) is _ByValue:
        *_, defaults, kwdefaults = function.parts
        values = (*(defaults or ()), *(kwdefaults or {}).values())
        return function.parts if _all_plain(values) else None
    name = getattr(function, "__qualname__", None)
    module = sys.modules.get(getattr(function, "__module__", None))
    if type(function) not in NAMED or module is None or "." in name:
        return None
    return (function.__module__, name) if vars(module).get(name) is function else None


def _all_plain(values):
    return all(
        _worker.is_plain(value) and not (type(value) is bytes and len(value) > _worker.LARGE)
        for value in values
    )


def _unsendable(function, args, kwargs):
    """Which part of a task it was."""
    parts = {"the function": function}
    parts |= {f"argument {i}": value for i, value in enumerate(args, 1)}
    parts |= {f"argument {name}": value for name, value in kwargs.items()}
    for what, value in parts.items():
        try:
            _pickle.dumps(value, _worker.PROTOCOL, buffer_callback=lambda buffer: False)
        except Exception:
            name = getattr(value, "__qualname__", type(value).__name__)
            return f"{what} ({name})"
    return None


# ---- the main script ---------------------------------------------------------------


def _main_script():
    """(marshalled code, file, package) of the script that runs, None for none."""
    if _worker.setup:
        return _worker.setup["main"]
    main = sys.modules["__main__"]
    # What a worker's __mp_main__ pickles has to be found here.
    sys.modules.setdefault("__mp_main__", main)
    spec = getattr(main, "__spec__", None)
    file = getattr(main, "__file__", None)
    try:
        if spec is not None:
            code = spec.loader.get_code(spec.name)
        elif file is not None:
            with open(file, "rb") as source:
                code = compile(source.read(), file, "exec", dont_inherit=True)
        else:
            code = None
    except (OSError, SyntaxError, ImportError, ValueError):
        code = None  # not a script in Python, or no longer there
    if code is None:
        return None
    return marshal.dumps(code), file, getattr(main, "__package__", None)


def _settings():
    path = [entry for entry in sys.path if type(entry) is str]
    return marshal.dumps({"path": path, "argv": sys.argv, "main": _main_script()})


# ---- one worker --------------------------------------------------------------------


class _Worker:
    """An interpreter, for the thread that made it."""

    def __init__(self, settings, is_batch=False):
        self.interpreter = _ferrule_interpreters.Interpreter(
            "ferrule._interpreter_worker", "enter", is_batch
        )
        self.interpreter.call(b"start", settings)
        self.has_main = False

    def run(self, function, args, kwargs):
        parts, needs_main = _packed(function, args, kwargs)
        if needs_main and not self.has_main:
            self.has_main = self._ask(b"main") is None
        return self._ask(*parts)

    def _ask(self, *parts):
        how, *rest = self.interpreter.call(*parts)
        if how == b"plain":
            return marshal.loads(rest[0])
        if how == b"bytes":
            return rest[0]
        if how == b"pickled":
            return _received(rest[0])
        if how == b"ready":
            return None
        error, failure = _exception(*rest[:2])
        if how == b"not-decoded":
            raise NotShareableError(_undecoded(error or failure)) from error or failure
        if how == b"not-packed":
            text = f"result not shareable: {rest[2].decode()}: {error or failure}"
            raise NotShareableError(text) from error or failure
        if error is None:
            raise failure
        raise error from failure

    def close(self):
        self.interpreter.close()


def _undecoded(error):
    text = f"args not shareable: not unpickled in the interpreter: {error}"
    if isinstance(error, AttributeError) and "__main__" in str(error):
        text += (
            "; what a task names in __main__ is found there when the main script is a file "
            "that defines it at its top level"
        )
    return text


def _received(data):
    try:
        return _pickle.loads(data)
    except Exception as error:
        raise NotShareableError(f"result not shareable: {error}") from error


def _exception(pickled, described):
    """(the exception or None, ExecutionFailed)."""
    failure = ExecutionFailed(_pickle.loads(described))
    try:
        error = _pickle.loads(pickled) if pickled else None
    except Exception as reason:
        failure.add_note(f"The exception itself could not be sent: {reason!r}")
        error = None
    return (error if isinstance(error, BaseException) else None), failure


_here = threading.local()  # .worker: of this thread


def _run(function, args, kwargs):
    return _here.worker.run(function, args, kwargs)


def _serve(executor_reference, work_queue, settings, initializer, is_batch):
    """The life of a worker's thread."""
    worker = None
    try:
        worker = _here.worker = _Worker(settings, is_batch)
        if initializer is not None:
            worker.run(*initializer)
    except BaseException:
        _base.LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = executor_reference()
        if executor is not None:
            executor._initializer_failed()
        if worker is not None:
            worker.close()
        return
    try:
        _thread._worker(executor_reference, work_queue, None, ())
    finally:
        del _here.worker
        worker.close()


# ---- the pool ----------------------------------------------------------------------


class InterpreterPoolExecutor(_thread.ThreadPoolExecutor):
    """Runs calls in a pool of interpreters, each with its own lock and thread.

    max_workers, thread_name_prefix, initializer, initargs: as for ThreadPoolExecutor;
    the initializer runs in each interpreter. priority="batch" lets the workers give way
    to everything else that wants a core (nice 10 and SCHED_IDLE).

    submit() and map() raise nothing for what cannot be sent: the future does,
    NotShareableError. An exception of a task is raised by its future, with an
    ExecutionFailed as its cause that shows the traceback. map(chunksize=N) sends N calls
    at a time.
    """

    BROKEN = BrokenInterpreterPool
    _counter = itertools.count().__next__

    def __init__(
        self, max_workers=None, thread_name_prefix="", initializer=None, initargs=(),
        *, priority="normal",
    ):  # fmt: skip
        if priority not in PRIORITIES:
            raise ValueError(f'priority is "normal" or "batch", not {priority!r}')
        if max_workers is not None and not hasattr(max_workers, "__index__"):
            raise TypeError(f"max_workers is a whole number, not {max_workers!r}")
        _check_not_importing_main()
        prefix = thread_name_prefix or f"InterpreterPoolExecutor-{self._counter()}"
        super().__init__(max_workers, prefix, initializer, initargs)
        self._task = None if initializer is None else (initializer, initargs, {})
        self._is_batch = priority == "batch"
        self._settings = None

    def submit(self, fn, /, *args, **kwargs):
        if isinstance(fn, str):
            raise TypeError("scripts are not supported: submit() takes a function")
        try:
            return super().submit(_run, fn, args, kwargs)
        except _thread.BrokenThreadPool as error:
            raise self.BROKEN(*error.args) from None

    submit.__doc__ = _base.Executor.submit.__doc__

    def map(self, fn, *iterables, timeout=None, chunksize=1, buffersize=None):
        """As Executor.map(); at most `buffersize` calls wait for being fetched."""
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1")
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
        end = None if timeout is None else timeout + time.monotonic()
        calls = zip(*iterables)
        if chunksize == 1:
            return self._results(fn, calls, end, buffersize)
        fn = _by_value(fn)
        chunks = ((fn, chunk) for chunk in itertools.batched(calls, chunksize))
        results = self._results(_worker.run_chunk, chunks, end, buffersize)
        return itertools.chain.from_iterable(results)

    def _results(self, fn, calls, end, buffersize):
        first = calls if buffersize is None else itertools.islice(calls, buffersize)
        futures = collections.deque(self.submit(fn, *args) for args in first)
        return _each(futures, weakref.ref(self), fn, calls, end)

    def _adjust_thread_count(self):
        if self._idle_semaphore.acquire(timeout=0):
            return
        count = len(self._threads)
        if count >= self._max_workers:
            return
        if self._settings is None:
            self._settings = _settings()

        def wake(_, work_queue=self._work_queue):
            work_queue.put(None)

        thread = threading.Thread(
            name=f"{self._thread_name_prefix}_{count}",
            target=_serve,
            args=(weakref.ref(self, wake), self._work_queue, self._settings,
                  self._task, self._is_batch),
        )  # fmt: skip
        thread.start()
        self._threads.add(thread)
        _thread._threads_queues[thread] = self._work_queue

    def _initializer_failed(self):
        with self._shutdown_lock:
            self._broken = "a worker could not start, the pool is not usable any more"
            while True:
                try:
                    work_item = self._work_queue.get_nowait()
                except queue.Empty:
                    return
                if work_item is not None:
                    work_item.future.set_exception(self.BROKEN(self._broken))


def _each(futures, executor_reference, fn, calls, end):
    """The results in order; the next call is submitted as one is fetched."""
    try:
        while futures:
            executor = executor_reference()
            args = next(calls, None) if executor is not None else None
            if args is not None:
                futures.append(executor.submit(fn, *args))
            del executor, args
            left = None if end is None else end - time.monotonic()
            yield _base._result_or_cancel(futures.popleft(), left)
    finally:
        for future in futures:
            future.cancel()


def _check_not_importing_main():
    if not _worker.importing_main:
        return
    raise RuntimeError(
        "the main script makes a pool while a worker imports it, which would never end: "
        'put what only the script itself does below `if __name__ == "__main__":`'
    )
