# SPDX-License-Identifier: MIT
"""BFCL's functions and ground truth, as JSON Schemas and calls.

The Berkeley Function Calling Leaderboard describes functions in a dialect of its own:
types carry Python, Java and JavaScript names, and a ground truth lists, for each
argument, the values that count as right ("" among them: may be left out).
"""

import json

# None: any value will do, so the keyword goes.
TYPES = {
    "dict": "object",
    "HashMap": "object",
    "float": "number",
    "double": "number",
    "long": "integer",
    "tuple": "array",
    "Array": "array",
    "ArrayList": "array",
    "String": "string",
    "char": "string",
    "Boolean": "boolean",
    "any": None,
    "": None,
}
LEFT_OUT = ""  # BFCL's mark for an argument that need not be there


def schema(parameters):
    """A function's parameters as JSON Schema."""
    if not isinstance(parameters, dict):
        return parameters
    mapped = {}
    for keyword, rule in parameters.items():
        if keyword == "type":
            rule = TYPES.get(rule, rule) if isinstance(rule, str) else rule
            if rule is None:
                continue
        elif keyword == "properties":
            rule = {name: schema(inner) for name, inner in rule.items()}
        elif keyword == "items":
            rule = schema(rule)
        mapped[keyword] = rule
    return mapped


def arguments(accepted):
    """The call of a ground truth: the first right value of each argument."""
    chosen = {}
    for name, values in accepted.items():
        value = values
        if isinstance(values, list):
            value = values[0] if values else LEFT_OUT
        if value != LEFT_OUT:
            chosen[name] = _value(value)
    return chosen


def _value(value):
    """Objects inside a value list their right values again, at every depth."""
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return arguments(value)
    return value


class Catalogue:
    """Distinct functions; one name may stand for several schemas."""

    def __init__(self):
        self.tools = []
        self._names = {}  # (name, parameters) -> name in the catalogue
        self._variants = {}  # name -> how many schemas it has

    def add(self, function):
        """Returns the name under which the function is known here."""
        name = function["name"]
        identity = name, json.dumps(function["parameters"], sort_keys=True)
        if identity not in self._names:
            self._variants[name] = number = self._variants.get(name, 0) + 1
            self._names[identity] = name if number == 1 else f"{name}~{number}"
            self.tools.append(
                {
                    "name": self._names[identity],
                    "description": function.get("description", ""),
                    "parameters": schema(function["parameters"]),
                }
            )
        return self._names[identity]


def read(data):
    """Returns (tools, calls) of a `data` folder of the package (a zipfile.Path too)."""
    catalogue, calls = Catalogue(), []
    for file in sorted(data.iterdir(), key=lambda file: file.name):
        if file.name.startswith("BFCL_v4_") and file.name not in NOT_QUESTIONS:
            calls += _read_questions(
                file, data / "possible_answer" / file.name, catalogue
            )
    for file in sorted((data / "multi_turn_func_doc").iterdir(), key=lambda f: f.name):
        for function in _lines(file):
            catalogue.add(function)
    return catalogue.tools, calls


NOT_QUESTIONS = {"BFCL_v4_format_sensitivity.json"}  # names of other files' questions


def _read_questions(file, answers, catalogue):
    names = {}
    for question in _lines(file):
        known = names[question["id"]] = {}
        for function in question.get("function", ()):
            known[function["name"]] = catalogue.add(function)
    if not any(names.values()) or not answers.exists():
        return
    for answer in _lines(answers):
        for number, call in enumerate(answer["ground_truth"]):
            [(function, accepted)] = call.items()
            yield {
                "id": f"{answer['id']}/{number}",
                "tool": names[answer["id"]][function],
                "arguments": arguments(accepted),
            }


def _lines(file):
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]
