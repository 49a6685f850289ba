# SPDX-License-Identifier: MIT
"""_cache_tool - the decorator behind ToolCache.tool."""

import functools

_MISSING = object()


def decorate(cache, function, **options):
    """Return a function that answers from the cache where it can; options: those of
    get_or_call and of ToolCache.tool."""
    if isinstance(function, (classmethod, staticmethod)):
        return type(function)(decorate(cache, function.__func__, **options))
    if not callable(function):
        raise TypeError(f"cannot decorate {type(function).__name__}")
    return _decorated(cache, function, **options)


def _decorated(
    cache,
    function,
    *,
    name=None,
    ignore=(),
    invalidates=(),
    encode=None,
    decode=None,
    **options,
):
    import inspect  # not before somebody decorates: it takes longer than all of ferrule

    call = _Call(function, name, ignore, encode, decode)
    plan = cache._plan(**options)
    stale = (invalidates,) if isinstance(invalidates, str) else tuple(invalidates)

    def invalidate():
        for tool in stale:
            cache.invalidate(tool=tool)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer(*args, **kwargs):
            async def load():
                result = call.encoded(await function(*args, **kwargs))
                invalidate()
                return result

            key = call.key(args, kwargs)
            if not cache._wait_loaded(0):
                import asyncio

                await asyncio.to_thread(cache._wait_loaded, 1e6)
            try:
                value = cache.get(call.name, key, _MISSING)
            except TypeError as error:
                raise call.refusal(key, error) from None
            if value is _MISSING:
                value = await cache._flights.aload(call.name, key, load, plan, None)
            return call.decoded(value)

    else:

        @functools.wraps(function)
        def answer(*args, **kwargs):
            def load():
                result = call.encoded(function(*args, **kwargs))
                invalidate()
                return result

            key = call.key(args, kwargs)
            try:
                value = cache.get(call.name, key, _MISSING)
            except TypeError as error:
                raise call.refusal(key, error) from None
            if value is _MISSING:
                value = cache._flights.load(call.name, key, load, plan, None)
            return call.decoded(value)

    answer.cache = cache
    answer.tool_name = call.name
    return answer


class _Call:
    """From a call to its key, and from a result to what is stored."""

    def __init__(self, function, name, ignore, encode, decode):
        if (encode is None) != (decode is None):
            raise TypeError("encode and decode go together")
        import inspect

        if name is None and not hasattr(function, "__name__"):
            raise TypeError(f"a {type(function).__name__} has no name: give name=")
        self.name = name if name is not None else function.__name__
        self._signature = inspect.signature(function)
        self._ignore = {ignore} if isinstance(ignore, str) else set(ignore)
        unknown = self._ignore - set(self._signature.parameters)
        if unknown:
            raise ValueError(f"{self.name} has no parameter {sorted(unknown)[0]!r}")
        self._encode = encode
        self._decode = decode

    def key(self, args, kwargs):
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return {
            name: value
            for name, value in bound.arguments.items()
            if name not in self._ignore
        }

    def refusal(self, key, error):
        """The error for the user, when a key cannot be JSON."""
        import json

        for name, value in key.items():
            try:
                json.dumps(value)
            except TypeError:
                return TypeError(
                    f"{self.name}: its argument {name!r} is {type(value).__name__}, "
                    f"which is no JSON; ignore={name!r} leaves it out of the key"
                )
        return error

    def encoded(self, result):
        if self._encode is not None:
            result = self._encode(result)
        if not isinstance(result, (str, bytes)):
            raise TypeError(
                f"{self.name} returned {type(result).__name__}; a kept result is str "
                "or bytes: give encode and decode"
            )
        return result

    def decoded(self, value):
        return value if self._decode is None else self._decode(value)
