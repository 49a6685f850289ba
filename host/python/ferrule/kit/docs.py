# SPDX-License-Identifier: MIT
"""docs - what a docstring says about a function and each of its parameters.

Understood: `name: text` lines under "Args:" (Google), NumPy's underlined "Parameters",
`:param name: text` (Sphinx), and plain `name: text` lines at the start of a line.
"""

__all__ = ["read"]

_SECTIONS = {"args", "arguments", "parameters", "params", "other parameters"}
_OTHER = {
    "returns", "return", "yields", "yield", "raises", "raise", "examples", "example",
    "note", "notes", "see also", "references", "warnings", "warning", "attributes",
}  # fmt: skip


def read(text, names):
    """(what the function does, {parameter: text}) of a docstring, or of None."""
    lines = _dedent(text or "")
    summary, about, current = [], {}, None
    section = "summary"
    for number, line in enumerate(lines):
        word = line.strip().rstrip(":").lower()
        heading = line.rstrip().endswith(":") or _underlined(lines, number)
        if not line.startswith(" ") and heading and word in _SECTIONS | _OTHER:
            section, current = ("args" if word in _SECTIONS else "other"), None
        elif set(line.strip()) == {"-"} and section != "summary":
            continue
        elif found := _parameter(line, names, section):
            current, said = found
            about[current] = [said] if said else []
            if section == "summary":
                section = "lines"
        elif line.strip().startswith((":return", ":raise", ":rtype", ":type")):
            section, current = "other", None
        elif current and line.strip():
            about[current].append(line.strip())
        elif not line.strip():
            current = current if section == "args" else None
            summary += [""] if section in ("summary", "lines") else []
        elif section in ("summary", "lines"):
            summary.append(line)
    return "\n".join(summary).strip(), {
        name: " ".join(said) for name, said in about.items() if said
    }


def _dedent(text):
    lines = text.expandtabs().splitlines()
    rest = [len(x) - len(x.lstrip()) for x in lines[1:] if x.strip()]
    margin = min(rest, default=0)
    return [x.strip() for x in lines[:1]] + [x[margin:].rstrip() for x in lines[1:]]


def _underlined(lines, number):
    below = lines[number + 1].strip() if number + 1 < len(lines) else ""
    return len(below) > 2 and set(below) == {"-"}


def _parameter(line, names, section):
    """(name, text) when this line begins what is said about a parameter."""
    said = line.strip()
    if said.startswith(":param "):
        head, _, text = said[7:].partition(":")
        name = head.split()[-1] if head.split() else ""
        return (name, text.strip()) if name in names else None
    if section == "other":
        return None
    head, colon, text = said.partition(":")
    name = head.split("(")[0].strip().lstrip("*`").rstrip("`")
    if section == "args" and not colon:
        return (name, "") if name in names else None  # NumPy without a type
    if not colon or name not in names:
        return None
    if section == "args" and " : " in said:  # NumPy: what follows is the type
        return name, ""
    return name, text.strip()
