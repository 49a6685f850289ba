# SPDX-License-Identifier: MIT
"""shapes - from a type hint to a JSON Schema, and from JSON values back to the type.

Example:
    >>> from ferrule.kit.shapes import Shapes
    >>> Shapes().of(list[int]).schema
    {'type': 'array', 'items': {'type': 'integer'}}

Understood: None, bool, int, float, str, bytes, Any, Literal, Enum, Union and Optional,
list, tuple, set, frozenset, dict and their abstract kin, TypedDict, NamedTuple,
dataclasses, Annotated, NewType, type aliases, datetime's types, UUID, Decimal, Path and
pydantic's models. Types inside themselves become "$ref"s to "$defs".
Errors: TypeError names the hint that has no JSON form.
"""

import sys

from ferrule.kit import constraints, records
from ferrule.kit.schemas import DEFAULT_ABSENT, Shape, plain

__all__ = ["Shapes"]

_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ARRAYS = {"list", "Sequence", "MutableSequence", "Collection", "Iterable", "deque"}
_SETS = {"set", "frozenset", "Set", "MutableSet"}
_OBJECTS = {"dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict"}
# (module, name) of a type that travels as text -> (format, how text becomes it)
_TEXTS = {
    ("datetime", "datetime"): ("date-time", "fromisoformat"),
    ("datetime", "date"): ("date", "fromisoformat"),
    ("datetime", "time"): ("time", "fromisoformat"),
    ("uuid", "UUID"): ("uuid", None),
    ("decimal", "Decimal"): (None, None),
    ("pathlib", "Path"): (None, None),
    ("pathlib._local", "Path"): (None, None),
}


class Shapes:
    """Makes the shapes of one schema, whose "$defs" collect in `definitions`."""

    def __init__(self):
        self.definitions = {}
        self._open = {}  # class being described -> its name, once it is referred to
        self._builds = {}  # class -> how it is built, for those inside themselves

    def of(self, hint):
        """Return the Shape of a hint; TypeError if it has none."""
        if isinstance(hint, type) and hint in _SCALARS:
            build = float if hint is float else int if hint is int else None
            return Shape({"type": _SCALARS[hint]}, build)
        if hint is None or hint is type(None):
            return Shape({"type": "null"})
        if isinstance(hint, type) and getattr(hint, "__origin__", None) is None:
            return self._of_class(hint)
        return self._of_form(hint)

    def _of_class(self, hint):
        if hint is object or (hint.__module__, hint.__name__) == ("typing", "Any"):
            return Shape({})
        if hint is bytes:
            return Shape({"type": "string"}, str.encode)
        text = _TEXTS.get((hint.__module__, hint.__name__))
        if text:
            return _of_text(hint, *text)
        enum = sys.modules.get("enum")
        if enum and issubclass(hint, enum.Enum):
            return _of_enum(hint)
        if hasattr(hint, "model_json_schema"):
            return records.of_pydantic(self, hint)
        if records.is_record(hint):
            return self._of_record(hint)
        if hint.__name__ in _ARRAYS | _SETS | _OBJECTS or hint is tuple:
            return self._of_container(hint.__name__, hint, ())
        raise _unknown(hint)

    def _of_form(self, hint):
        """What typing makes: subscripted types, unions, aliases."""
        import typing

        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Annotated:
            return constraints.apply(self.of(arguments[0]), arguments[1:])
        if origin is typing.Literal:
            return _of_values(arguments)
        if origin is typing.Union or type(hint).__name__ == "UnionType":
            return self._of_union(arguments)
        if type(hint).__name__ == "TypeAliasType":
            return self._of_alias(hint)
        if hasattr(hint, "__supertype__"):  # NewType
            return self.of(hint.__supertype__)
        if isinstance(hint, typing.TypeVar):
            bound = hint.__constraints__ or (hint.__bound__,)
            return Shape({}) if bound == (None,) else self._of_union(bound)
        if origin in (typing.Required, typing.NotRequired, typing.Final) or (
            getattr(origin, "_name", "") == "ReadOnly"
        ):
            return self.of(arguments[0])
        if isinstance(origin, type):
            return self._of_container(origin.__name__, origin, arguments)
        raise _unknown(hint)

    def _of_container(self, name, origin, arguments):
        if name in _OBJECTS:
            return self._of_mapping(arguments)
        if origin is tuple and not (len(arguments) == 2 and arguments[1] is ...):
            return self._of_tuple(arguments)
        if name not in _ARRAYS | _SETS and origin is not tuple:
            if records.is_record(origin):
                return self.of(origin)  # a generic record: its fields say what they can
            raise _unknown(origin)
        item = self.of(arguments[0]) if arguments else Shape({})
        schema = {"type": "array", "items": item.schema}
        kind = {"tuple": tuple, "frozenset": frozenset}.get(name)
        if name in _SETS:
            schema["uniqueItems"] = True
            kind = kind or set
        if name == "deque":
            kind = origin
        return Shape(schema, _each(item.build, kind))

    def _of_tuple(self, arguments):
        if not arguments:
            return Shape({"type": "array", "items": {}}, tuple)
        if arguments == ((),):
            arguments = ()
        items = [self.of(a) for a in arguments]
        schema = {
            "type": "array",
            "prefixItems": [item.schema for item in items],
            "minItems": len(items),
            "maxItems": len(items),
        }

        def build(values):
            return tuple(
                value if item.build is None else item.build(value)
                for item, value in zip(items, values, strict=True)
            )

        return Shape(schema, build)

    def _of_mapping(self, arguments):
        key, value = (self.of(a) for a in arguments or (str, object))
        if key.schema.get("type") not in ("string", None) and "enum" not in key.schema:
            raise TypeError(f"keys of a JSON object are text, not {arguments[0]!r}")
        schema = {"type": "object"}
        if value.schema:
            schema["additionalProperties"] = value.schema
        if set(key.schema) - {"type"}:
            schema["propertyNames"] = key.schema
        if key.build is None and value.build is None:
            return Shape(schema)

        def build(values):
            return {
                (k if key.build is None else key.build(k)):
                (v if value.build is None else value.build(v))
                for k, v in values.items()
            }  # fmt: skip

        return Shape(schema, build)

    def _of_union(self, hints):
        shapes = [self.of(hint) for hint in hints]
        if len(shapes) == 1:
            return shapes[0]
        schema = {"anyOf": [shape.schema for shape in shapes]}
        if all(shape.build is None for shape in shapes):
            return Shape(schema)
        return Shape(schema, _Choice(shapes, self.definitions))

    def _of_alias(self, hint):
        return self._once(hint, hint.__name__, lambda: self.of(hint.__value__))

    def _of_record(self, hint):
        return self._once(hint, hint.__name__, lambda: records.describe(self, hint))

    def _once(self, hint, name, describe):
        """The shape of what may be inside itself: then by reference."""
        if hint in self._open:
            reference = self._open[hint] = self._open[hint] or self.free_name(name)
            return Shape(
                {"$ref": f"#/$defs/{reference}"},
                lambda value: _built(self._builds[hint], value),
            )
        self._open[hint] = None
        shape = describe()
        self._builds[hint] = shape.build
        reference = self._open.pop(hint)
        if reference:
            self.definitions[reference] = shape.schema
            return Shape({"$ref": f"#/$defs/{reference}"}, shape.build)
        return shape

    def free_name(self, name):
        taken = set(self.definitions) | set(filter(None, self._open.values()))
        free, number = name, 2
        while free in taken:
            free, number = f"{name}{number}", number + 1
        return free


class _Choice:
    """The first of several shapes that a value has, found by their guards."""

    def __init__(self, shapes, definitions):
        self._shapes = shapes
        self._definitions = definitions
        self._guards = None

    def __call__(self, value):
        if self._guards is None:
            from ferrule.guard import SchemaGuard

            extra = {"$defs": self._definitions} if self._definitions else {}
            self._guards = [SchemaGuard({**s.schema, **extra}) for s in self._shapes]
        for shape, guard in zip(self._shapes, self._guards, strict=True):
            if guard.is_valid_object(value):
                return _built(shape.build, value)
        return value


def _built(build, value):
    return value if build is None else build(value)


def _each(build, kind):
    if build is None:
        return kind
    if kind is None:
        return lambda values: [build(value) for value in values]
    return lambda values: kind(build(value) for value in values)


def _of_text(hint, form, method):
    schema = {"type": "string", "format": form} if form else {"type": "string"}
    return Shape(schema, getattr(hint, method) if method else hint)


def _of_values(values):
    """Literal's values; members of an Enum among them travel as their values."""
    found = {}
    for value in values:
        found.setdefault(repr(plain(value)), value)
    kept = [plain(value) for value in found.values()]
    schema = _typed({"enum": kept} if len(kept) != 1 else {"const": kept[0]})
    if all(plain(value) is value for value in values):
        return Shape(schema)
    return Shape(schema, lambda value: found[repr(value)])


def _of_enum(hint):
    members = {repr(member.value): member for member in hint}
    if any(plain(member) is DEFAULT_ABSENT for member in hint):
        raise TypeError(f"{hint.__name__} has values that are no JSON")
    return Shape(
        _typed({"enum": [member.value for member in hint]}),
        lambda value: members.get(repr(value)) or hint(value),
    )


def _typed(schema):
    """With the "type" that all its values have, if there is one."""
    values = schema.get("enum") or [schema["const"]]
    kinds = {_SCALARS.get(type(value)) for value in values}
    if len(kinds) == 1 and None not in kinds:
        schema["type"] = kinds.pop()
    return schema


def _unknown(hint):
    name = hint.__name__ if isinstance(hint, type) else repr(hint)
    return TypeError(
        f"{name} has no JSON form; use str, int, float, bool, list, dict, Literal, an "
        "Enum, a TypedDict or a dataclass"
    )
