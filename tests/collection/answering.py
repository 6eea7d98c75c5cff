"""Answers of the test server, written down."""

from __future__ import annotations

from collections.abc import Callable


def saying(status: int, body: bytes = b"", **headers: str) -> Callable:
    return lambda handler: handler.say(status, body, **headers)


def in_turn(*answers: Callable) -> Callable:
    """The first answer, then the second …; the last one stays."""
    left = list(answers)

    def answer(handler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer
