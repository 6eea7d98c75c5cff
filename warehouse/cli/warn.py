"""Commands for those who answer for warnings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from ingestion.errors import UsageError
from warehouse.cli.options import (
    HomeOption,
    JsonOption,
    SiteOption,
    print_json,
    print_table,
    remarks,
    settings_of,
)


def acknowledge(
    warning_id: Annotated[
        str, typer.Argument(help="As `planwatch warnings` prints it.")
    ],
    by: Annotated[str, typer.Option("--by", help="Who answers for it.")],
    why: Annotated[str, typer.Option("--why", help="Reason, for the record.")],
    until: Annotated[
        str, typer.Option("--until", help="Last day on which the answer holds.")
    ] = "",
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Answer for a warning: who, why, until when. Kept for good.

    It is `acknowledged` from the next build on, until that day is over, the
    warning gets worse, or it is raised anew.
    """
    from ingestion.site import Site
    from warehouse.acknowledge import Answer
    from warehouse.acknowledge import acknowledge as answer_for

    settings = settings_of(home, site)
    declared = Site.load(settings.site)
    answer = answer_for(settings, declared, warning_id, Answer(by, why, until))
    if json:
        print_json(answer)
    else:
        end = f" until {answer.until}" if answer.until else ""
        print(
            f"{warning_id} ({answer.severity}): answered by {answer.acknowledged_by}"
            f"{end}. `planwatch build` and `planwatch publish` show it."
        )


def notify(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the digests; send nothing.")
    ] = False,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Tell the recipients of the site what has changed; each change once.

    Who, in which language, of what and how much stands in recipients.yml of
    the site; see docs/warnings.md.
    """
    from ingestion.site import Site
    from warehouse.notices.notify import notify as tell

    settings = settings_of(home, site)
    told = tell(settings, Site.load(settings.site), dry_run=dry_run)
    if json:
        print_json([{**asdict(t.digest), "outcome": t.outcome} for t in told])
    else:
        for each in told:
            print(f"{each.digest.recipient} ({each.outcome}): {each.digest.title}")
            if dry_run:
                print(f"{each.digest.body}\n")
        if not told:
            print("Nobody is to be told of anything.")
    for each in told:
        if each.error:
            raise each.error


def replay(
    since: Annotated[
        str, typer.Option("--from", help="First day, such as 2016-01-01.")
    ],
    until: Annotated[str, typer.Option("--to", help="Last day.")],
    step: Annotated[str, typer.Option(help="month, quarter or year.")] = "month",
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Fire the rules as of past dates, and publish how often they were right.

    Each date sees the vintages that were known then; rules, names and plans
    are those of today. What was found is kept for good and stands in
    published.warning_track_record.
    """
    from ingestion.clock import now
    from ingestion.site import Site
    from warehouse.build import build
    from warehouse.database import reader
    from warehouse.publish import publish
    from warehouse.replay import moments
    from warehouse.replay import replay as fire
    from warehouse.warnings import track_record

    settings = settings_of(home, site)
    declared = Site.load(settings.site)
    last = _day(until, "--to")
    if last > now(settings).date():
        raise UsageError(
            f"--to {until} has not come yet.", "give today or an earlier day."
        )
    dates = moments(_day(since, "--from"), last, step)
    found = fire(settings, dates, step, lambda at: remarks.print(f"as of {at:%F} …"))
    build(settings)
    publish(settings, declared)
    with reader(settings) as connection:
        record = track_record(connection)
    if json:
        print_json({"replay": asdict(found), "track_record": record})
        return
    print(
        f"{found.replay_id}: {found.dates} dates, {found.targets} targets watched, "
        f"{found.warnings} warnings."
    )
    print_table(
        ("rule", "version", "cases", "warnings", "hits", "misses", "false alarms",
         "precision", "recall", "median lead days", "noise to signal"),
        [
            [row[name] for name in (
                "rule_id", "rule_version", "cases", "warnings", "hits", "misses",
                "false_alarms", "precision", "recall", "median_lead_days",
                "noise_to_signal",
            )]
            for row in record
        ],
    )  # fmt: skip


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r} is not a day.", "give a day such as 2016-01-01."
        ) from error
