# SPDX-License-Identifier: MIT
"""hello - an agent in twenty lines: it counts days."""

import datetime
import sys

from ferrule import Agent, tool


@tool
def today() -> datetime.date:
    """Say what day it is."""
    return datetime.date.today()


@tool(cache=60)
def days_between(first: datetime.date, last: datetime.date) -> int:
    """Count the days from one day to another."""
    return (last - first).days


question = sys.argv[1:] or ["How many days is it from today to the last day of this year?"]
sys.exit(Agent(tools=[today, days_between]).main(question))
