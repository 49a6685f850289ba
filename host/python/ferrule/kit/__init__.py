# SPDX-License-Identifier: MIT
"""ferrule.kit - from a function with type hints to an agent that uses it.

Example:
    from ferrule import Agent, tool

    @tool
    def weather(city: str) -> str:
        "Say what the weather is like in a city."
        return look_up(city)

    print(Agent(tools=[weather]).run("Do I need an umbrella in Bergen?").text)

The model is the one of FERRULE_MODEL_URL, FERRULE_MODEL and FERRULE_MODEL_KEY, or the
`Chat` that is given. What agents import is in `ferrule` itself; events, shapes, terminal
and the rest are modules here. None imports inspect, http.client, asyncio or ssl before
it is needed: a request to a local model is on its way 30 ms after the process began.
"""
