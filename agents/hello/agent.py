# SPDX-License-Identifier: MIT
"""hello - an agent in twenty lines: it counts days."""

import datetime
import sys

from ferrule import Agent, tool


@tool(cache=60)
def day_in(days: int) -> str:
    """Say which day it is some days from today. 0 is today."""
    return f"{datetime.date.today() + datetime.timedelta(days):%A, %d %B %Y}"


question = sys.argv[1:] or ["What day of the week will it be in 100 days?"]
sys.exit(Agent(tools=[day_in]).main(question))
