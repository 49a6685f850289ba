# SPDX-License-Identifier: MIT
"""ToolCache as a dictionary: what any correct cache may answer, and must.

Eviction is a matter of policy, so a full cache has freedom: any entry may be gone.
What no policy may do is invent, mix up or resurrect. `allowed` therefore returns the
set of right answers, which has one member except where time or capacity leave a choice.
"""

import time
from collections import OrderedDict

from parity.reference_json import key, parse

MISS = None


class ReferenceCache:
    def __init__(self, max_entries, ttl, *, clock=time.monotonic, slack=0.0):
        self.max_entries = max_entries
        self.ttl = ttl
        self.clock = clock
        self.slack = slack  # seconds that a clock may be off
        self.entries = OrderedDict()  # key -> (value, deadline)
        self.evicting = False

    def set(self, tool, args, value, ttl=None):
        self.drop_expired()
        name = self._key(tool, args)
        self.entries.pop(name, None)
        self.entries[name] = value, self.clock() + (self.ttl if ttl is None else ttl)
        if len(self.entries) > self.max_entries:
            self.evicting = True  # from here on, any entry may be the one that went

    def allowed(self, tool, args):
        found = self.entries.get(self._key(tool, args))
        if found is None:
            return {MISS}
        value, deadline = found
        now = self.clock()
        if now >= deadline + self.slack:
            return {MISS}
        if now < deadline - self.slack and not self.evicting:
            return {value}
        return {value, MISS}

    def delete(self, tool, args):
        self.entries.pop(self._key(tool, args), None)

    def invalidate(self, tool):
        for name in [name for name in self.entries if name[0] == tool]:
            del self.entries[name]

    def clear(self):
        self.entries.clear()
        self.evicting = False

    def drop_expired(self):
        now = self.clock()
        for name in [
            n
            for n, (_, deadline) in self.entries.items()
            if now >= deadline + self.slack
        ]:
            del self.entries[name]

    @staticmethod
    def _key(tool, args):
        return tool, key(parse(args) if isinstance(args, (str, bytes)) else args)
