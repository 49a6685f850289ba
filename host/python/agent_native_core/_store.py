# SPDX-License-Identifier: MIT
"""_store - AgentToolStore, the tool-result store of the earlier native module."""

import json

from ferrule.cache import ToolCache

# Text that is no JSON is a key by its bytes; no tool's name starts like this.
_VERBATIM = "\x00verbatim\x00"


class AgentToolStore:
    """Results by tool name and JSON arguments, bounded, for ttl_seconds.

    >>> store = AgentToolStore(100, 60)
    >>> store.set("weather", '{"city": "Oslo"}', "rain")
    >>> store.get("weather", '{"city": "Oslo"}')
    'rain'
    >>> store.get("weather", '{"city": "Rome"}') is None
    True
    """

    def __init__(self, max_capacity, ttl_seconds):
        self._cache = ToolCache(max_capacity, ttl_seconds)

    def get(self, tool_name, args_json):
        """Return the value, or None."""
        try:
            return self._cache.get(tool_name, args_json)
        except ValueError:
            return self._cache.get(_VERBATIM + tool_name, _quoted(args_json))

    def set(self, tool_name, args_json, value):
        """Store a value."""
        try:
            self._cache.set(tool_name, args_json, value)
        except ValueError:
            self._cache.set(_VERBATIM + tool_name, _quoted(args_json), value)

    def __len__(self):
        return len(self._cache)

    def stats(self):
        """Counters; see ferrule.ToolCache.stats."""
        return self._cache.stats()


def _quoted(text):
    """Any text as a JSON string."""
    return json.dumps(text if isinstance(text, str) else text.decode("latin-1"))
