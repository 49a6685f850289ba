# SPDX-License-Identifier: MIT
from ferrule.kit.answer import Answer

KINDS: tuple[str, ...]

class ModelError(Exception):
    kind: str
    status: int | None
    retry_after: float | None
    partial: Answer | None
    @property
    def exit_code(self) -> int: ...

class NotConfigured(ModelError): ...
