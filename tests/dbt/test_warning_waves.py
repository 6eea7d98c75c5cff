"""Month by month, a warning is what a build of all months at once would say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import pytest
from small_world import SmallWorld, indicator, target

FOUNDED = datetime(2025, 6, 1)
MOVING = ("--select", "+early_warning", "--exclude", "config.materialized:view")
# Waves in the middle of years long past, of the present one, and from a January on.
CALENDARS = tuple(
    tuple(f"{2021 + n // 12}-{n % 12 + 1:02}" for n in range(first, first + 23))
    for first in (0, 37, 9)
)
FIRST = 15
WAVES = 8
# Of a standard of 100 that must hold: on schedule, 5 and 20 percent behind.
GREEN, YELLOW, RED = "100", "95", "80"
KINDS = ("official", "self_reported")


@dataclass(frozen=True)
class Figure:
    """One figure of one series; a later one of the same period restates it.

    Without a value it withdraws what was told.
    """

    place: str
    period: str
    value: str | None
    kind: str = "official"
    definition: str = "1"
    mark: str = "F"


def scripted() -> dict[str, list[dict[int, str | None]]]:
    """For each place what each wave brings: {number of the month: value}.

    The first wave brings fifteen months, each later one the next month, so
    that every restatement meets a state that was kept.
    """
    after, calm = FIRST, dict.fromkeys(range(FIRST), GREEN)
    bad = dict.fromkeys(range(FIRST), RED)
    coming = [{after + wave: GREEN} for wave in range(WAVES - 1)]
    worse = [{after + wave: RED} for wave in range(WAVES - 1)]
    return {
        "CALM": [calm, *coming],
        "LONG": [bad, *worse],  # older than the evidence reaches back
        "ENDS": [bad, *worse[:3], *coming[3:]],
        "FALLS": [calm, {after: YELLOW}, {after + 1: RED}, *worse[2:]],
        "SPLIT": [bad, *worse[:4], worse[4] | {after + 2: GREEN}, *worse[5:]],
        "MERGE": [
            bad | {12: GREEN}, *worse[:4], worse[4] | {12: YELLOW}, *worse[5:]
        ],
        "GONE": [
            calm | {3: RED}, {after: RED}, coming[1] | {after: GREEN}, *coming[2:]
        ],
        "DEEP": [bad, *worse[:5], worse[5] | {1: GREEN}, worse[6]],
        "TURN": [bad, *coming[:2], coming[2] | {14: GREEN}, *coming[3:]],
        "LATE": [bad, {}, {}, worse[0] | worse[2], worse[1], *coming[4:], {}],
        "TAKEN": [calm, worse[0], {after: None}, worse[1], *coming[4:], {}],
        "HOLES": [
            dict.fromkeys(range(0, FIRST, 3), RED), {}, {}, *worse[:4], coming[4]
        ],
    }  # fmt: skip


def drawn(
    seed: int, count: int, months: tuple[str, ...]
) -> Iterator[list[list[Figure]]]:
    """Series at random: two kinds of source, two definitions, marks, delays."""
    dice = Random(seed)
    for number in range(count):
        waves: list[list[Figure]] = []
        told = [(month, kind) for month in range(FIRST) for kind in KINDS]
        for wave in range(WAVES):
            last = FIRST + wave
            if wave:
                told = [(last - 1, kind) for kind in KINDS if dice.random() < 0.8]
                for back in (1, 2, 3, dice.randint(4, last - 1)):
                    if dice.random() < 0.15:
                        told.append((last - 1 - back, dice.choice(KINDS)))
            waves.append(
                [
                    Figure(
                        f"D{number}", months[month],
                        dice.choice((GREEN, YELLOW, RED, *([None] if wave else ()))),
                        kind, definition, dice.choice("FC" if number % 5 == 0 else "F"),
                    )
                    for month, kind in told
                    for definition in dice.choice(("1", "2", "12"))
                ]
            )  # fmt: skip
        yield waves


def arrivals(seed: int, months: tuple[str, ...]) -> list[list[Figure]]:
    told = [
        [
            Figure(place, months[month], value)
            for place, waves in scripted().items()
            for month, value in waves[wave].items()
        ]
        for wave in range(WAVES)
    ]
    for waves in drawn(seed, 25, months):
        for wave, figures in enumerate(waves):
            told[wave] += figures
    return told


def found(world: SmallWorld, places: set[str]) -> None:
    newer = {"definition_version": "2"}
    world.registry(
        "indicators", indicator("RATE", "higher", "M"),
        indicator("RATE", "higher", "M") | newer, at=FOUNDED,
    )  # fmt: skip
    world.registry(
        "targets",
        *(
            target("RATE", "level_floor", base, "100", region_code=place, **definition)
            for place in sorted(places)
            # A standard that must hold, or a way to go from just below it.
            for base, definition in (
                ("99" if place[:1] == "D" and place[-1:] in "135" else None, {}),
                ("98", newer),
            )
        ),
        at=FOUNDED,
    )


def tell(world: SmallWorld, figures: list[Figure], at: datetime) -> None:
    batch = world.batch(at)
    for number, figure in enumerate(figures):
        world.observe(
            "RATE", {figure.period: figure.value}, at=at + timedelta(seconds=number),
            batch=batch, region_code=figure.place, source_kind=figure.kind,
            source_code=figure.kind, definition_version=figure.definition,
            conf_status=figure.mark,
        )  # fmt: skip


def answer(world: SmallWorld, warning_id: str, at: datetime) -> None:
    """An answer whose time is over before the last wave."""
    world.registry(
        "acknowledgements",
        {
            "warning_id": warning_id, "acknowledged_at": at.isoformat(" "),
            "acknowledged_by": "desk", "why": "known", "severity": "red",
            "until": (at + timedelta(days=45)).date().isoformat(),
        },
        at=at,
    )  # fmt: skip


def build(made, wave: int) -> None:
    """One wave; the third and the fifth build are killed on their way."""
    if wave == 2:
        made.run(*MOVING, "int_warnings", "early_warning")
    elif wave == 4:
        made.run(*MOVING, "early_warning")
    else:
        made.run(*MOVING)


def warnings(made) -> Counter:
    return Counter(made.query("from marts.early_warning"))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_months_in_waves_give_the_warnings_of_all_months_at_once(early, seed):
    waves = arrivals(seed, CALENDARS[seed])
    places = {figure.place for figures in waves for figure in figures}
    early.fill(lambda world: found(world, places), FOUNDED)
    stood = {}
    for wave, figures in enumerate(waves):
        at = FOUNDED + timedelta(days=30 * (wave + 1))
        early.fill(
            lambda world, f=figures, at=at: tell(world, f, at), at + timedelta(1)
        )
        if wave == 3:
            (named,) = early.query(
                "select min(warning_id) from marts.early_warning where state = 'open'"
                " and region_code = 'LONG' and severity = 'red'"
            )[0]
            early.fill(lambda world, w=named, at=at: answer(world, w, at), early.as_of)
        build(early, wave)
        if wave not in (2, 4):
            stood[wave] = early.seq, early.as_of, warnings(early)
    states = {row[11] for _, _, rows in stood.values() for row in rows}
    assert states == {"open", "acknowledged", "resolved"}
    for wave in (WAVES - 1, 5, 3):
        early.seq, early.as_of, rows = stood[wave]
        early.run("--full-refresh", *MOVING)
        anew = warnings(early)
        assert rows - anew == anew - rows == Counter(), f"wave {wave} of seed {seed}"
    assert anew.total() > 100
