# SPDX-License-Identifier: MIT
"""budget - what a run may use up, and what it has used."""

import time

from ferrule.kit.answer import Usage

__all__ = ["Budget", "Meter"]

TURNS = 20


class Budget:
    """Bounds of one run; None is no bound.

    turns: answers of the model (20). calls: tool calls that run. tokens: input and
    output together. seconds: wall time; a model that is answering then is cut off.
    money: in the unit of `prices`, which are (input, output) for a million tokens.
    """

    __slots__ = ("turns", "calls", "tokens", "seconds", "money", "prices")

    def __init__(self, *, turns=TURNS, calls=None, tokens=None, seconds=None, money=None,
                 prices=None):
        for name, value in (("turns", turns), ("calls", calls), ("tokens", tokens),
                            ("seconds", seconds), ("money", money)):  # fmt: skip
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if value is not None and not (is_number and value > 0):
                raise ValueError(f"budget: {name} is a number above 0, not {value!r}")
            setattr(self, name, value)
        if money is not None and prices is None:
            raise ValueError("budget: money needs prices=(input, output) for a million "
                             "tokens")  # fmt: skip
        self.prices = None if prices is None else tuple(prices)
        if self.prices is not None and not (
            len(self.prices) == 2 and all(price >= 0 for price in self.prices)
        ):
            raise ValueError(f"budget: prices are (input, output), not {prices!r}")


class Meter:
    """What a run has used of its budget."""

    def __init__(self, budget):
        self.budget = budget
        self.turns = 0
        self.calls = 0
        self.usage = Usage()
        self._started = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self._started

    @property
    def deadline(self):
        """time.monotonic() at which the run's time is over, or None."""
        limit = self.budget.seconds
        return None if limit is None else self._started + limit

    @property
    def money(self):
        """What it has cost, or None without prices."""
        if self.budget.prices is None:
            return None
        price_in, price_out = self.budget.prices
        return (self.usage.input * price_in + self.usage.output * price_out) / 1e6

    def spent(self):
        """The name of the bound that is reached, or None."""
        used = {"turns": self.turns, "tokens": self.usage.total, "seconds": self.seconds,
                "money": self.money}  # fmt: skip
        for name, value in used.items():
            limit = getattr(self.budget, name)
            if limit is not None and value >= limit:
                return name
        return None

    @property
    def may_call(self):
        return self.budget.calls is None or self.calls < self.budget.calls
