# SPDX-License-Identifier: MIT
"""tools - @tool: a function that a model can call.

Example:
    >>> from ferrule import tool
    >>> @tool(cache=60)
    ... def weather(city: str, unit: str = "C") -> str:
    ...     '''Say what the weather is like.
    ...
    ...     city: name of the place
    ...     '''
    ...     return f"21 {unit} in {city}"
    >>> weather("Oslo")
    '21 C in Oslo'
    >>> weather.schema["required"]
    ['city']
    >>> weather.guard.is_valid('{"city": 7}')
    False

Guarantees: a Tool is called, awaited, pickled and bound to an object like the function
    it is made from; calling it checks nothing. What a model sends is checked by `guard`
    before the function sees it, and becomes the hinted types.
Errors: TypeError at the decorator, with file and line, for a parameter that has no JSON
    form, and for `*args`; ValueError for a name that no server takes.
"""

import sys

from ferrule.kit import parameters, schemas
from ferrule.kit.shapes import Shapes

__all__ = ["Tool", "tool"]

NAME_MAX = 64  # characters, as the servers have it
TIMEOUT = 60.0  # seconds for a call
RESULT_MAX = 24_000  # characters of a result that the model is given
KEYED = "keyed"


def tool(function=None, **options):
    """Make a Tool of a function or coroutine function; with or without arguments.

    name, description: by default the function's own. cache: seconds that a result is
    kept in the agent's store, True for the store's own time. side_effects: True when a
    call changes something: it is never cached, never run twice for one decision of the
    model, never beside another call; "keyed" when repeating it with the same
    `this_call().key` is harmless. timeout: seconds a call may take (60), None for no
    limit. max_result: characters of a result that the model is given (24,000).
    """
    if function is not None:
        return Tool(function, **options)
    return lambda function: Tool(function, **options)


class Tool:
    """A function with its schema and guard; see `tool`.

    schema: JSON Schema (dict) of the object of arguments. guard: its SchemaGuard.
    definition: what a server is told: {"type": "function", "function": {...}}.
    """

    def __init__(self, function, *, name=None, description=None, cache=None,
                 side_effects=False, timeout=TIMEOUT, max_result=RESULT_MAX):
        if isinstance(function, Tool):
            function = function.__wrapped__
        if not callable(function):
            raise TypeError(f"@tool makes tools of functions, not of {function!r}")
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.__module__ = getattr(function, "__module__", None)
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.__qualname__ = getattr(function, "__qualname__", self.__name__)
        self.name = _checked_name(name or self.__name__)
        self.cache = _checked_cache(cache, side_effects, self.name)
        self.side_effects = _checked_effects(side_effects)
        self.timeout = _positive("timeout", timeout)
        self.max_result = _positive("max_result", max_result)
        self.is_coroutine = parameters.is_coroutine(function)
        if self.is_coroutine:
            _mark_coroutine(self)
        self._description = description
        self._made = self._guard = self._cache_name = None
        try:
            self._describe()
        except NameError:
            pass  # a hint names what is defined later: described when first needed

    def __call__(self, *arguments, **named):
        return self.__wrapped__(*arguments, **named)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return Tool(
            self.__wrapped__.__get__(instance, owner), name=self.name,
            description=self._description, cache=self.cache,
            side_effects=self.side_effects, timeout=self.timeout,
            max_result=self.max_result,
        )  # fmt: skip

    def __reduce__(self):
        return self.__qualname__

    def __repr__(self):
        return f"<tool {self.name}>"

    @property
    def description(self):
        return self._describe()[0]

    @property
    def schema(self):
        return self._describe()[1]

    @property
    def guard(self):
        if self._guard is None:
            from ferrule.guard import SchemaGuard

            self._guard = SchemaGuard(self.schema)
        return self._guard

    @property
    def definition(self):
        described = {"name": self.name, "parameters": self.schema}
        if self.description:
            described["description"] = self.description
        return {"type": "function", "function": described}

    @property
    def cache_name(self):
        """What results are filed under: changes with the code of the function."""
        if self._cache_name is None:
            from ferrule.kit import identity

            self._cache_name = f"{self.name} {identity.of(self.__wrapped__)}"
        return self._cache_name

    def bind(self, values):
        """(positional, named) arguments of the function from checked JSON values."""
        builds, positional = self._describe()[2:]
        made = {
            name: builds[name](value) if name in builds else value
            for name, value in values.items()
        }
        first = [made.pop(name) for name in positional if name in made]
        return first, made

    def _describe(self):
        """(description, schema, {parameter: build}, positional-only names)"""
        if self._made is None:
            try:
                self._made = _described(self.__wrapped__, self._description)
            except TypeError as error:
                raise TypeError(f"{_place(self.__wrapped__)}{error}") from None
        return self._made


def _described(function, description):
    from ferrule.kit import docs

    found = _without_receiver(function, parameters.of(function))
    said, about = docs.read(function.__doc__, {p.name for p in found})
    hints = _hints(function, found)
    maker, fields, builds, others = Shapes(), [], {}, None
    for parameter in found:
        shape = _shape(maker, parameter, hints)
        if parameter.kind == "others":
            others = shape
            continue
        is_required = parameter.default is parameters.EMPTY
        default = schemas.MISSING if is_required else parameter.default
        text = shape.schema.get("description") or about.get(parameter.name, "")
        schema = schemas.with_default(shape.schema, default, text)
        fields.append((parameter.name, schema, is_required))
        if shape.build is not None:
            builds[parameter.name] = shape.build
    schema = schemas.object_schema(fields)
    if others is not None:
        schema["additionalProperties"] = others.schema or True
    if maker.definitions:
        schema["$defs"] = maker.definitions
    return said if description is None else description, schema, builds, _first(function)


def _first(function):
    """The names of positional-only parameters."""
    plain = getattr(function, "__func__", function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return ()
    skip = 1 if plain is not function else 0
    return code.co_varnames[skip : code.co_posonlyargcount]


def _shape(maker, parameter, hints):
    if parameter.kind == "rest":
        raise TypeError(
            f"parameter *{parameter.name}: a model names its arguments; take a list"
        )
    hint = hints.get(parameter.name, parameters.EMPTY)
    if hint is parameters.EMPTY:
        hint = _hint_of_default(parameter.default)
    try:
        return maker.of(hint)
    except TypeError as error:
        raise TypeError(f"parameter {parameter.name}: {error}") from None


def _hint_of_default(default):
    """A parameter without a hint has its default's type, if that is a plain one."""
    kind = type(default)
    return kind if kind in (str, int, float, bool) else object


def _without_receiver(function, found):
    """A method in its class body: the first parameter is the object."""
    scope = getattr(function, "__qualname__", "").rpartition(".")[0]
    is_method = scope and not scope.endswith("<locals>")
    if is_method and found and found[0].name in ("self", "cls") and (
        found[0].hint is parameters.EMPTY and not hasattr(function, "__self__")
    ):
        return found[1:]
    return found


def _hints(function, found):
    """{name: hint}, with texts evaluated where there are any."""
    hints = {p.name: p.hint for p in found}
    if all(isinstance(hint, type) for hint in hints.values()):
        return hints
    import typing

    source = getattr(function, "__func__", function)
    if not hasattr(source, "__annotations__"):
        source = type(function).__call__
    return typing.get_type_hints(source, include_extras=True)


def _place(function):
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return ""
    return f"{code.co_filename}:{code.co_firstlineno}: {code.co_name}(): "


def _checked_name(name):
    if not (isinstance(name, str) and 0 < len(name) <= NAME_MAX):
        raise ValueError(f"a tool's name has 1 to {NAME_MAX} characters: {name!r}")
    if not all(c.isascii() and (c.isalnum() or c in "_-") for c in name):
        raise ValueError(
            f"a tool's name has letters, digits, _ and - only, not {name!r}: give name="
        )
    return name


def _checked_cache(cache, side_effects, name):
    if cache is None or cache is False:
        return None
    if side_effects:
        raise ValueError(f"{name} has side effects: its results cannot be cached")
    return True if cache is True else _positive("cache", cache)


def _checked_effects(side_effects):
    if side_effects in (True, False, KEYED):
        return side_effects
    raise ValueError(f'side_effects is True, False or "keyed", not {side_effects!r}')


def _positive(name, value):
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is a number, not {value!r}")
    if not value > 0:
        raise ValueError(f"{name} is above 0, not {value!r}")
    return value


def _mark_coroutine(instance):
    """So that inspect.iscoroutinefunction() says yes; asyncio's own mark likewise."""
    mark = getattr(sys.modules.get("inspect"), "markcoroutinefunction", None)
    if mark:  # since 3.12
        mark(instance)
