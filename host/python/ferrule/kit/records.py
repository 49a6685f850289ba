# SPDX-License-Identifier: MIT
"""records - JSON objects with known fields: TypedDict, NamedTuple, dataclass, pydantic.

Fields that a record does not have are refused ("additionalProperties": false), for
nothing could be done with them.
"""

from ferrule.kit.schemas import (
    DEFAULT_ABSENT, MISSING, Shape, object_schema, rename, with_default,
)  # fmt: skip

__all__ = ["describe", "is_record", "of_pydantic"]


def is_record(hint):
    return (
        hasattr(hint, "__dataclass_fields__")
        or (issubclass(hint, tuple) and hasattr(hint, "_fields"))
        or (issubclass(hint, dict) and hasattr(hint, "__required_keys__"))
    )


def describe(maker, hint):
    """The Shape of a record; `maker` describes its fields."""
    import typing

    try:
        hints = typing.get_type_hints(hint, include_extras=True)
    except NameError as error:
        raise NameError(f"{hint.__qualname__}: {error}", name=error.name) from None
    fields, builds = [], {}
    for name, default, text in _fields(hint, hints):
        try:
            shape = maker.of(hints.get(name, object))
        except TypeError as error:
            raise TypeError(f"{hint.__name__}.{name}: {error}") from None
        fields.append((name, with_default(shape.schema, default, text),
                       default is MISSING))  # fmt: skip
        if shape.build is not None:
            builds[name] = shape.build
    return Shape(object_schema(fields), _maker_of(hint, builds))


def _fields(hint, hints):
    """(name, default or MISSING, description) of each field that is given."""
    if hasattr(hint, "__dataclass_fields__"):
        import dataclasses

        for field in dataclasses.fields(hint):
            if field.init:
                default = field.default
                if default is dataclasses.MISSING:
                    default = MISSING
                    if field.default_factory is not dataclasses.MISSING:
                        default = DEFAULT_ABSENT  # optional, but not to be told
                yield field.name, default, field.metadata.get("description", "")
    elif issubclass(hint, tuple):
        for name in hint._fields:
            yield name, hint._field_defaults.get(name, MISSING), ""
    else:
        for name in hints:
            required = name in hint.__required_keys__
            yield name, MISSING if required else DEFAULT_ABSENT, ""


def _maker_of(hint, builds):
    make = None if issubclass(hint, dict) else hint
    if make is None and not builds:
        return None

    def build(values):
        made = {k: builds[k](v) if k in builds else v for k, v in values.items()}
        return made if make is None else make(**made)

    return build


def of_pydantic(maker, hint):
    """A vendored pydantic model says itself what it is."""
    import copy

    schema = copy.deepcopy(hint.model_json_schema())
    names = {}
    for name, part in schema.pop("$defs", {}).items():
        names[f"#/$defs/{name}"] = free = maker.free_name(name)
        maker.definitions[free] = part
    for part in [schema, *(maker.definitions[free] for free in names.values())]:
        rename(part, names)
    return Shape(schema, hint.model_validate)
