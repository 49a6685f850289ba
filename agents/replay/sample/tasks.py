# SPDX-License-Identifier: MIT
"""The user's world, and the tasks that a desktop agent does in it.

A task is a list of (tool, arguments, result). Repeats come from the tasks themselves:
a session stays with one project, city and question, and looks the same things up again
for each task, as agents do.
"""

PROJECTS = [  # most used first
    ("Harbour", "~/projects/harbour", ["plan.md", "budget.csv", "risks.md"]),
    ("Lantern", "~/projects/lantern", ["notes.md", "survey.csv"]),
    ("Tax 2025", "~/private/tax-2025", ["receipts.csv", "letter.txt"]),
]
CITIES = ["Bergen", "Lisbon", "Utrecht", "Osaka"]
PEOPLE = [
    "priya.nair@northpier.example",
    "tom.aalto@northpier.example",
    "m.okafor@lanternlab.example",
    "vera.lind@northpier.example",
]
TOPICS = [
    ("tide tables Bergen March 2026", "https://tides.example/bergen/2026-03"),
    ("quay wall concrete C45 exposure class XS3", "https://concrete.example/xs3"),
    ("night train Utrecht Bergen timetable", "https://rail.example/night/utrecht"),
    ("home office deduction 2025 form", "https://tax.example/home-office"),
    ("survey response rate benchmarks", "https://surveys.example/benchmarks"),
]
DAYS = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]


def skewed(random, things):
    """Most often the first, seldom the last."""
    return random.choices(things, [1 / (rank + 1) for rank in range(len(things))])[0]


class Focus:
    """What a session is about; now and then it strays."""

    STRAY = 0.15

    def __init__(self, random):
        self.random = random
        self.chosen = {}

    def __call__(self, things):
        name = repr(things)
        if name not in self.chosen or self.random.random() < self.STRAY:
            self.chosen[name] = skewed(self.random, things)
        return self.chosen[name]


def morning(random, focus):
    """What is on today, and will it rain?"""
    day = focus(DAYS)
    return [
        (
            "calendar_events",
            {"from": day, "to": day, "calendar": "work"},
            "09:30 Harbour stand-up; 14:00 call with Lantern Lab",
        ),
        (
            "get_weather",
            {"city": focus(CITIES), "days": 1, "unit": "celsius"},
            "4 degrees, light rain until noon",
        ),
    ]


def project_question(random, focus):
    """Answers a question from the files of a project."""
    name, folder, files = focus(PROJECTS)
    words = skewed(random, ["deadline", "open points", "who signs", "totals"])
    steps = [
        ("list_folder", {"path": folder, "sort": "modified"}, ", ".join(files)),
        (
            "search_files",
            {"query": words, "folder": folder, "limit": 10},
            f"{len(files)} files of {name}",
        ),
    ]
    for file in random.sample(files, random.randint(1, len(files))):
        steps.append(("read_file", {"path": f"{folder}/{file}"}, f"# {name}\n..."))
    return steps


def research(random, focus):
    """Searches the web, reads the best page, sometimes twice with other words."""
    query, url = focus(TOPICS)
    steps = [
        ("web_search", {"query": query, "max_results": 5}, f"1. {url}"),
        ("fetch_page", {"url": url, "max_chars": 8000}, "Text of the page ..."),
    ]
    if random.random() < 0.3:
        steps.insert(
            1, ("web_search", {"query": query, "freshness": "year"}, f"1. {url}")
        )
    return steps


def meeting(random, focus):
    """Finds a free hour and invites the others."""
    first = random.randrange(len(DAYS) - 1)
    day, project = DAYS[first + 1], focus(PROJECTS)[0]
    week = {"from": DAYS[0], "to": DAYS[-1]}
    return [
        ("calendar_events", {**week, "calendar": "work"}, "free: Tue 10-12, Thu 15-17"),
        ("calendar_events", {**week, "calendar": "team"}, "free: Tue 9-11, Thu 15-16"),
        (
            "create_event",
            {
                "title": f"{project}: next steps",
                "start": f"{day}T10:00:00+01:00",
                "minutes": random.choice([30, 45, 60]),
                "attendees": random.sample(PEOPLE, 2),
            },
            "created",
        ),
    ]


def report(random, focus):
    """Reads a project and writes a summary, then mails it."""
    name, folder, files = focus(PROJECTS)
    week = random.randint(8, 10)
    steps = [
        ("read_file", {"path": f"{folder}/{file}"}, f"# {name}\n...") for file in files
    ]
    steps.append(
        (
            "write_file",
            {
                "path": f"{folder}/report-week-{week}.md",
                "mode": "create",
                "content": f"# {name}, week {week}\n\nOn time. Two risks are open.",
            },
            "written",
        )
    )
    steps.append(
        (
            "send_email",
            {
                "to": [skewed(random, PEOPLE)],
                "subject": f"{name}: week {week}",
                "body": "The report is in the project folder.",
            },
            "sent",
        )
    )
    return steps


def journey(random, focus):
    """Weather, price and a booking question in the other language."""
    city = focus(CITIES)
    amount = random.choice([120, 120, 89.5, 340])
    currency = {"Bergen": "NOK", "Lisbon": "EUR", "Utrecht": "EUR", "Osaka": "JPY"}[
        city
    ]
    language = {"Bergen": "no", "Lisbon": "pt-PT", "Utrecht": "nl", "Osaka": "ja"}[city]
    return [
        ("get_weather", {"city": city, "days": 5, "unit": "celsius"}, "cool, dry"),
        ("convert_currency", {"amount": amount, "from": currency, "to": "GBP"}, "..."),
        (
            "translate_text",
            {
                "text": "Is the room quiet at night?",
                "target": language,
                "tone": "formal",
            },
            "...",
        ),
    ]


def receipts(random, focus):
    """Adds up receipts in foreign money."""
    steps = [("read_file", {"path": "~/private/tax-2025/receipts.csv"}, "date,amount")]
    for amount, currency in random.sample(
        [(42, "NOK"), (18.9, "EUR"), (7600, "JPY"), (250, "SEK")], 3
    ):
        steps.append(
            (
                "convert_currency",
                {"amount": amount, "from": currency, "to": "GBP"},
                "...",
            )
        )
    return steps


TASKS = [
    (project_question, 9),
    (research, 6),
    (morning, 5),
    (meeting, 3),
    (report, 3),
    (journey, 4),
    (receipts, 2),
]
