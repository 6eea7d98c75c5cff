"""Chance that falls the same way on every machine and Python version.

Only `random.Random.random` is promised to repeat across versions, and only
basic arithmetic is the same on every machine: nothing else is used.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any


class Dice:
    """Named stream of chance: the same name gives the same throws."""

    def __init__(self, name: str) -> None:
        self.roll = random.Random(name).random

    def between(self, low: int, high: int) -> int:
        """Whole number from `low` to `high`, both included."""
        return low + int(self.roll() * (high - low + 1))

    def within(self, low: float, high: float) -> float:
        return low + self.roll() * (high - low)

    def choice(self, options: Sequence[Any]) -> Any:
        return options[int(self.roll() * len(options))]

    def shuffle(self, items: list[Any]) -> None:
        """Fisher-Yates, in place."""
        for last in range(len(items) - 1, 0, -1):
            other = int(self.roll() * (last + 1))
            items[last], items[other] = items[other], items[last]

    def distinct(self, count: int, below: int) -> list[int]:
        """`count` different numbers from 0 to `below` - 1, in drawn order."""
        drawn: dict[int, None] = {}
        while len(drawn) < count:
            drawn[int(self.roll() * below)] = None
        return list(drawn)
