# SPDX-License-Identifier: MIT
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, final, overload

_Draft = Literal["2020-12", "2019-09", "draft-07", "draft-06", "draft-04"]
_Format = Literal["flag", "basic", "list", "compact"]
_Profile = Literal["openai-strict", "mcp"]
_State = Literal["valid-so-far", "invalid", "complete"]

class InvalidSchema(ValueError): ...

class InvalidPayload(ValueError):
    errors: list[Issue]
    def __init__(self, message: str, errors: Iterable[Issue] = ()) -> None: ...

class Issue:
    code: str
    keyword: str
    instance_path: str
    schema_path: str
    message: str
    offset: int
    line: int
    column: int
    expected: str | None
    got: str | None
    nearest: str | None
    branch: str | None
    evaluation_path: str
    def as_dict(self) -> dict[str, Any]: ...

class Change(NamedTuple):
    kind: str
    instance_path: str
    offset: int
    before: str
    after: str

class Repaired(NamedTuple):
    value: Any
    changes: list[Change]
    text: str

class Problem:
    is_error: bool
    code: str
    message: str
    pointer: str
    offset: int
    line: int
    column: int
    def as_dict(self) -> dict[str, Any]: ...

@final
class Stream:
    def feed(self, chunk: str | bytes, /) -> _State: ...
    def finish(self) -> _State: ...
    def errors(self) -> list[Issue]: ...
    def explain(self) -> str: ...

class SchemaGuard:
    def __init__(
        self,
        schema: object,
        *,
        draft: _Draft | None = None,
        assert_formats: bool = True,
        resources: Mapping[str, object] | None = None,
        max_depth: int = 256,
        max_bytes: int = 1073741824,
        duplicate_keys: Literal["reject", "last"] = "reject",
        mask: str | None = None,
    ) -> None: ...
    def is_valid(self, payload: str | bytes, /) -> bool: ...
    @overload
    def validate(self, payload: str | bytes, /, *, repair: Literal[False] = False) -> None: ...
    @overload
    def validate(self, payload: str | bytes, /, *, repair: Literal[True]) -> Repaired: ...
    def repair(self, payload: str | bytes) -> Repaired: ...
    def lint(self, profile: _Profile | None = None) -> list[Problem]: ...
    def errors(self, payload: str | bytes, /) -> list[Issue]: ...
    def explain(self, payload: str | bytes, /) -> str: ...
    def output(self, payload: str | bytes, format: _Format = "basic") -> dict[str, Any]: ...
    @overload
    def loads(self, payload: str | bytes, /, *, repair: Literal[False] = False) -> Any: ...
    @overload
    def loads(self, payload: str | bytes, /, *, repair: Literal[True]) -> Repaired: ...
    def is_valid_object(self, obj: object, /) -> bool: ...
    def stream(self) -> Stream: ...
    def dump(self) -> str: ...

def check(
    schema: object,
    draft: _Draft | None = None,
    assert_formats: bool = True,
    resources: Mapping[str, object] | None = None,
    max_depth: int = 256,
    max_bytes: int = 1073741824,
    duplicate_keys: Literal["reject", "last"] = "reject",
    mask: str | None = None,
) -> list[Problem]: ...
