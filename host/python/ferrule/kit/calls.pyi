# SPDX-License-Identifier: MIT
class ThisCall:
    id: str
    key: str
    deadline: float | None
    is_cancelled: bool

OUTCOMES: tuple[str, ...]

def this_call() -> ThisCall | None: ...
