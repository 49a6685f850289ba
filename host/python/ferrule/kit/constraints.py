# SPDX-License-Identifier: MIT
"""constraints - what Annotated[...] adds to a schema.

A str is the description, a dict is JSON Schema as it stands, a compiled pattern is
"pattern"; objects of annotated_types, pydantic and typing.Doc are known by their
attributes, so that none of these packages has to be imported.
"""

__all__ = ["apply"]

# attribute -> keyword for numbers, texts, lists, objects
_NUMBER = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum",
           "lt": "exclusiveMaximum", "multiple_of": "multipleOf"}  # fmt: skip
_LENGTH = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


def apply(shape, metadata):
    """The shape with every piece of metadata in its schema."""
    extra = {}
    for piece in metadata:
        extra.update(_keywords(piece, shape.schema))
    if not extra:
        return shape
    return type(shape)({**shape.schema, **extra}, shape.build)


def _keywords(piece, schema):
    if isinstance(piece, str):
        return {"description": piece}
    if isinstance(piece, dict):
        return piece
    if type(piece).__name__ == "Pattern":  # of re, which is not imported for this
        return {"pattern": piece.pattern}
    found = {}
    for inner in getattr(piece, "metadata", None) or ():  # pydantic's FieldInfo
        found.update(_keywords(inner, schema))
    for attribute, keyword in _NUMBER.items():
        value = getattr(piece, attribute, None)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[keyword] = value
    names = _LENGTH.get(schema.get("type"), _LENGTH["string"])
    for attribute, keyword in zip(("min_length", "max_length"), names, strict=True):
        value = getattr(piece, attribute, None)
        if isinstance(value, int) and not (attribute == "min_length" and value == 0):
            found[keyword] = value
    pattern = getattr(piece, "pattern", None)
    if pattern is not None:
        found["pattern"] = getattr(pattern, "pattern", pattern)
    for attribute in ("description", "documentation"):  # pydantic's Field, typing.Doc
        text = getattr(piece, attribute, None)
        if isinstance(text, str):
            found["description"] = text
    return found
