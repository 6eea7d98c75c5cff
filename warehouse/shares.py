"""Shares of a build that makes everything anew, so that its memory is bounded.

A wave rates the series that it touches, and a country's month fits in memory.
Made anew, every month of every series would have to: then the series are taken
share by share, as if each share came as a wave of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

# What tells dbt's models which share they are to make, as "3/17".
SHARE = "PLANWATCH_BUILD_SHARE"

# Observations whose series are rated at once: a process with two such shares
# peaked at 3.1 GiB, whether DuckDB might take 2 GB or 3.
SHARE_ROWS = 2_500_000

# What is made share by share, one after the other: a warning may speak of several
# series, so all have to be rated before.
_RATED = (
    "path:models/marts/progress",
    "path:models/marts/forecast",
    "indicator_progress",
)
_WARNED = ("path:models/marts/warnings",)
# No share decides about these, and all shares read them; what follows is the rest.
_TERMS = "int_target_terms"
_FOLLOWING = "int_progress_touched+"
_VIEWS = "config.materialized:view"


def share_count(observations: int) -> int:
    """Shares for a history of so many observations; at least one."""
    return -(-max(observations, 1) // SHARE_ROWS)


def runs(count: int, layer: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """The runs of dbt that make everything anew: share ("3/17"), selection.

    All of `layer`, or of all layers: first what no share decides, then the
    shares, then what reads all of them.
    """
    within = [f"path:models/{layer}"] if layer else []
    select = ["--select", *within] if within else []
    if count == 1 or layer not in (None, "marts"):
        yield "1/1", [*select, "--full-refresh"]
        return
    yield "1/1", [*select, "--exclude", _FOLLOWING, "--full-refresh"]
    for shared in (_RATED, _WARNED):
        for number in range(1, count + 1):
            anew = ["--full-refresh"] if number == 1 else []
            views = [] if number == 1 else [_VIEWS]
            chosen = ["--select", *shared, "--exclude", _TERMS, *views]
            yield f"{number}/{count}", [*chosen, *anew]
    after = ["--select", ",".join([*within, _FOLLOWING])]
    yield "1/1", [*after, "--exclude", *_RATED, *_WARNED, "--full-refresh"]
