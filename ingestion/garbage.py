"""How often a process looks for garbage among its objects."""

from __future__ import annotations

import gc


def look_seldom() -> None:
    """Look for garbage fifty times less often than Python by itself.

    Airflow and dbt make many objects that stay: to look through them again and
    again takes a twelfth of a small build, and finds next to nothing. Memory
    is still given back when the last name of an object goes; only circles wait.
    """
    gc.set_threshold(50_000, 20, 20)
