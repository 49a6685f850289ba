# SPDX-License-Identifier: MIT
"""_cache_tool - the decorator behind ToolCache.tool."""

import functools
import inspect

from ferrule._cache_flights import LoadError


def decorate(
    cache,
    function,
    *,
    name=None,
    ttl=None,
    negative_ttl=None,
    ignore=(),
    tags=(),
    invalidates=(),
    encode=None,
    decode=None,
):
    """Return a function that answers from the cache where it can."""
    if not callable(function):
        raise TypeError(f"cannot decorate {type(function).__name__}")
    call = _Call(function, name, ignore, encode, decode)
    stale = (invalidates,) if isinstance(invalidates, str) else tuple(invalidates)
    failed = f"{call.name} (failed)"

    def refuse(key):
        """Raise what the loader raised not long ago."""
        if negative_ttl is not None:
            known = cache.get(failed, key)
            if known is not None:
                raise LoadError(*known.split("\n", 1))

    def remember(key, error):
        if negative_ttl is not None:
            text = f"{type(error).__qualname__}\n{error}"
            cache.set(failed, key, text, ttl=negative_ttl, tags=tags)

    def invalidate():
        for tool in stale:
            cache.invalidate(tool=tool)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer(*args, **kwargs):
            key = call.key(args, kwargs)
            refuse(key)

            async def load():
                try:
                    result = call.encoded(await function(*args, **kwargs))
                except Exception as error:
                    remember(key, error)
                    raise
                invalidate()
                return result

            value = await cache.aget_or_call(call.name, key, load, ttl=ttl, tags=tags)
            return call.decoded(value)

    else:

        @functools.wraps(function)
        def answer(*args, **kwargs):
            key = call.key(args, kwargs)
            refuse(key)

            def load():
                try:
                    result = call.encoded(function(*args, **kwargs))
                except Exception as error:
                    remember(key, error)
                    raise
                invalidate()
                return result

            value = cache.get_or_call(call.name, key, load, ttl=ttl, tags=tags)
            return call.decoded(value)

    answer.cache = cache
    answer.tool_name = call.name
    return answer


class _Call:
    """From a call to its key, and from a result to what is stored."""

    def __init__(self, function, name, ignore, encode, decode):
        if (encode is None) != (decode is None):
            raise TypeError("encode and decode go together")
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
