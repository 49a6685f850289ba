# SPDX-License-Identifier: MIT
"""Verdicts in the output formats of JSON Schema."""


def render(errors, format):
    if format not in _RENDERERS:
        known = ", ".join(f'"{name}"' for name in _RENDERERS)
        raise ValueError(f"unknown output format {format!r}: known are {known}")
    verdict = {"valid": not errors}
    return verdict if not errors else verdict | _RENDERERS[format](errors)


def _flag(errors):
    return {}


def _said(error):
    """The message with the branch it was held against."""
    branch = error.branch
    return error.message if branch is None else f"{error.message} (branch {branch})"


def _basic(errors):
    return {"errors": [_unit(error) for error in errors]}


def _unit(error):
    unit = {
        "keywordLocation": error.evaluation_path,
        "instanceLocation": error.instance_path,
        "error": _said(error),
    }
    if error.schema_path != error.evaluation_path:
        unit["absoluteKeywordLocation"] = _location(error.schema_path)
    return unit


def _location(schema_path):
    """A pointer into the schema itself has no URI before it: give it the fragment."""
    return schema_path if "#" in schema_path else f"#{schema_path}"


def _list(errors):
    """One entry for each pair of schema and value, with the messages by keyword."""
    details = {}
    for error in errors:
        below = f"/{error.keyword}" if error.evaluation_path.endswith(
            f"/{error.keyword}") and error.keyword else ""
        way = error.evaluation_path.removesuffix(below)
        entry = details.setdefault((way, error.instance_path), {
            "valid": False,
            "evaluationPath": way,
            "schemaLocation": _location(error.schema_path.removesuffix(below)),
            "instanceLocation": error.instance_path,
            "errors": {},
        })
        said = entry["errors"]
        # Text that is no JSON fails before any keyword.
        keyword = error.keyword or error.code
        said[keyword] = f"{said[keyword]}; {_said(error)}" if keyword in said else _said(
            error)
    return {"details": list(details.values())}


def _compact(errors):
    said = {}
    for error in errors:
        said.setdefault(error.instance_path, []).append(_said(error))
    return {"errors": said}


_RENDERERS = {"flag": _flag, "basic": _basic, "list": _list, "compact": _compact}
