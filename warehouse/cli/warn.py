"""Commands for those who answer for warnings."""

from __future__ import annotations

from typing import Annotated

import typer

from warehouse.cli.options import (
    HomeOption,
    JsonOption,
    SiteOption,
    print_json,
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
    from dataclasses import asdict

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
