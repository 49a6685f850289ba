# SPDX-License-Identifier: MIT
"""parameters - the parameters of a function, without the 17 ms that inspect takes to
be imported. Callables that are no Python functions are left to inspect."""

__all__ = ["EMPTY", "Parameter", "of", "is_coroutine"]

EMPTY = object()
_VARARGS, _VARKEYWORDS = 0x04, 0x08  # CPython's CO_ flags
_COROUTINE = 0x80


class Parameter:
    """name; hint (EMPTY, an object, or its source text); default (EMPTY: required);
    kind: "positional", "named", "rest" (*args) or "others" (**kwargs)."""

    __slots__ = ("name", "hint", "default", "kind")

    def __init__(self, name, hint, default, kind):
        self.name = name
        self.hint = hint
        self.default = default
        self.kind = kind


def of(function):
    """The Parameters of a callable; a bound method's first is not among them."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    plain = getattr(function, "__func__", function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return _inspected(function)
    skip = 1 if plain is not function else 0
    return list(_of_code(plain, code))[skip:]


def _of_code(function, code):
    hints = function.__annotations__
    positional = code.co_argcount
    named = positional + code.co_kwonlyargcount
    names = code.co_varnames
    defaults = function.__defaults__ or ()
    first = positional - len(defaults)
    for index, name in enumerate(names[:positional]):
        default = defaults[index - first] if index >= first else EMPTY
        yield Parameter(name, hints.get(name, EMPTY), default, "positional")
    for name in names[positional:named]:
        default = (function.__kwdefaults__ or {}).get(name, EMPTY)
        yield Parameter(name, hints.get(name, EMPTY), default, "named")
    rest = iter(names[named:])
    for flag, kind in ((_VARARGS, "rest"), (_VARKEYWORDS, "others")):
        if code.co_flags & flag:
            name = next(rest)
            yield Parameter(name, hints.get(name, EMPTY), EMPTY, kind)


def _inspected(function):
    import inspect

    kinds = {"VAR_POSITIONAL": "rest", "VAR_KEYWORD": "others", "KEYWORD_ONLY": "named"}
    empty = inspect.Parameter.empty
    return [
        Parameter(
            p.name,
            EMPTY if p.annotation is empty else p.annotation,
            EMPTY if p.default is empty else p.default,
            kinds.get(p.kind.name, "positional"),
        )
        for p in inspect.signature(function).parameters.values()
    ]


def is_coroutine(function):
    """Whether calling it makes a coroutine."""
    plain = getattr(function, "__func__", function)
    if hasattr(plain, "func"):  # functools.partial
        return is_coroutine(plain.func)
    code = getattr(plain, "__code__", None)
    if code is None:
        code = getattr(getattr(type(plain), "__call__", None), "__code__", None)
    return code is not None and bool(code.co_flags & _COROUTINE)
