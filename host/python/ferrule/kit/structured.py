# SPDX-License-Identifier: MIT
"""structured - an answer that has to fit a schema, and becomes a value."""

import json

from ferrule.guard import InvalidPayload, SchemaGuard
from ferrule.kit.errors import ModelError

__all__ = ["Wanted"]

NAME = "answer"


class Wanted:
    """A response_schema: JSON Schema (dict or text), or a type with a JSON form.

    response_format: what a server is asked with. check(answer): "" and answer.value is
    set, or what is wrong, as text for the model.
    """

    def __init__(self, given):
        self._build = None
        if isinstance(given, (str, bytes)):
            self.schema = json.loads(given)
        elif isinstance(given, (dict, bool)):
            self.schema = given
        else:
            self.schema, self._build = _of_type(given)
        self.guard = SchemaGuard(self.schema)

    @classmethod
    def of(cls, given):
        return given if isinstance(given, Wanted) else cls(given)

    @property
    def response_format(self):
        described = {"name": NAME, "strict": True, "schema": self.schema}
        return {"type": "json_schema", "json_schema": described}

    def check(self, answer):
        try:
            value = self.guard.repair(answer.text).value
        except InvalidPayload as error:
            return str(error)
        if self._build is not None:
            try:
                value = self._build(value)
            except (TypeError, ValueError) as error:
                return f"(root): {error}"
        answer.value = value
        return ""

    def correction(self, problem):
        """The message that asks for another answer."""
        return {"role": "user", "content": "That answer does not fit the JSON Schema:\n"
                f"{problem}\nAnswer again, with the corrected JSON alone."}  # fmt: skip

    def failure(self, answer, problem):
        return ModelError(
            "malformed", f"the model's answer does not fit the schema: {problem}",
            partial=answer,
        )  # fmt: skip


def _of_type(hint):
    from ferrule.kit.shapes import Shapes

    maker = Shapes()
    shape = maker.of(hint)
    schema = shape.schema
    if maker.definitions:
        schema = {**schema, "$defs": maker.definitions}
    return schema, shape.build
