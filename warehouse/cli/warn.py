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
