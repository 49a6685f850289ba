# SPDX-License-Identifier: MIT
"""ferrule - what an agent gets from the executable it runs in.

Example:
    >>> from ferrule import SchemaGuard
    >>> SchemaGuard('{"type": "integer"}').is_valid("3")
    True

Each name is imported from its own module when it is first used, so that
`import ferrule` costs nothing.
"""

_HOME = {
    "ToolCache": "ferrule.cache",
    "SchemaGuard": "ferrule.guard",
    "InvalidPayload": "ferrule.guard",
    "InvalidSchema": "ferrule.guard",
    "InterpreterPoolExecutor": "ferrule.interpreter_pool",
    "BrokenInterpreterPool": "ferrule.interpreter_pool",
    "ExecutionFailed": "ferrule.interpreter_pool",
    "Channel": "ferrule.channel",
    "turn": "ferrule.turns",
    "tool": "ferrule.kit.tools",
    "Agent": "ferrule.kit.agent",
    "Budget": "ferrule.kit.budget",
    "Chat": "ferrule.kit.chat",
    "ModelError": "ferrule.kit.errors",
    "NotConfigured": "ferrule.kit.errors",
    "this_call": "ferrule.kit.calls",
}

__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'ferrule' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))
