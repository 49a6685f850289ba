# SPDX-License-Identifier: MIT
"""The mistakes that models make in tool calls: one table, one row a mistake.

Each row names the tool, what kind of mistake it is, and how it spoils good arguments.
"""


def _with(**changes):
    return lambda arguments: {**arguments, **changes}


def _without(name):
    return lambda arguments: {k: v for k, v in arguments.items() if k != name}


def _renamed(old, new):
    return lambda arguments: {(new if k == old else k): v for k, v in arguments.items()}


MISTAKES = [
    ("read_file", "unknown property", _renamed("path", "file_path")),
    ("read_file", "pattern", lambda a: {**a, "path": a["path"].removeprefix("~/")}),
    ("read_file", "wrong type", _with(max_bytes="4096")),
    ("read_file", "out of range", _with(max_bytes=1048576)),
    ("search_files", "missing", _without("query")),
    ("search_files", "wrong type", _with(limit="10")),
    ("search_files", "enum", _with(kind="documents")),
    ("search_files", "out of range", _with(limit=500)),
    ("list_folder", "enum", _with(sort="date")),
    ("list_folder", "wrong type", _with(hidden="true")),
    ("web_search", "unknown property", _renamed("max_results", "num_results")),
    ("web_search", "enum", _with(freshness="last_week")),
    ("fetch_page", "format", lambda a: {**a, "url": a["url"].split("://")[1]}),
    ("get_weather", "enum", _with(unit="C")),
    ("get_weather", "wrong type", _with(days="5")),
    ("get_weather", "unknown property", _renamed("city", "location")),
    ("calendar_events", "format", _with(to="next Friday")),
    ("calendar_events", "missing", _without("to")),
    (
        "create_event",
        "wrong type",
        lambda a: {**a, "attendees": ", ".join(a["attendees"])},
    ),
    ("create_event", "format", lambda a: {**a, "start": a["start"][:10] + " 10:00"}),
    ("create_event", "out of range", _with(minutes=0)),
    ("send_email", "wrong type", lambda a: {**a, "to": a["to"][0]}),
    ("send_email", "format", _with(to=["Priya"])),
    ("convert_currency", "pattern", lambda a: {**a, "from": a["from"].lower()}),
    ("convert_currency", "wrong type", lambda a: {**a, "amount": str(a["amount"])}),
    ("translate_text", "pattern", _with(target="Norwegian")),
    # Cut off in the middle: the log holds the text as the model wrote it.
    (
        "write_file",
        "not JSON",
        lambda a: '{"path": "%s", "mode": "create", "content": "# Har' % a["path"],
    ),
]
