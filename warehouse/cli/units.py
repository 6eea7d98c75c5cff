"""Commands for the unit that reports: bundle, template, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from warehouse.cli.options import (
    HomeOption,
    JsonOption,
    SiteOption,
    print_json,
    print_table,
    settings_of,
)

UnitOption = Annotated[str, typer.Option("--unit", help="Code of the unit.")]
FormOption = Annotated[str, typer.Option("--form", help="Code of the form.")]
PeriodOption = Annotated[
    str, typer.Option("--period", help="2025, 2025-S1, 2025-Q3 or 2025-07.")
]
BundleOption = Annotated[
    Path | None,
    typer.Option("--bundle", help="Use this bundle instead of the installation."),
]


def bundle(
    unit: UnitOption,
    output: Annotated[
        Path | None, typer.Option(help="File to write (default: UNIT.bundle.zip).")
    ] = None,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write one small file with which a unit checks its reports offline.

    It holds the rules, the registries in force cut to that unit, and what it
    reported before: nothing about other units, no contacts.
    """
    from expectations.bundle import write_bundle
    from ingestion.site import Site

    settings = settings_of(home, site)
    path = write_bundle(
        settings, Site.load(settings.site), unit, output or Path(f"{unit}.bundle.zip")
    )
    if json:
        print_json({"unit_code": unit, "file": path, "bytes": path.stat().st_size})
    else:
        print(f"{path}: rules and registries for {unit}, {path.stat().st_size:,} bytes")


def check(
    file: Annotated[Path, typer.Argument(help="Submission: .csv, .xlsx or .json.")],
    unit: UnitOption,
    form: FormOption,
    period: PeriodOption,
    bundle: BundleOption = None,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Judge a file as the server would, and send and store nothing.

    Exit code 0: all of it would be accepted; 1: rows or the file would be
    rejected, every reason is listed; 2: wrong usage.
    """
    from expectations.check import check as judge
    from expectations.check import only_on_the_server
    from expectations.submission_file import Envelope

    receipt = judge(settings_of(home, site), file, Envelope(unit, form, period), bundle)
    if json:
        print_json({**receipt, "only_on_the_server": only_on_the_server()})
    else:
        _tell(receipt)
        print(
            "Warnings that compare with others come from the server alone: "
            f"{', '.join(only_on_the_server())}."
        )
    if receipt["verdict"] != "accepted":
        raise typer.Exit(1)


def _tell(receipt: dict[str, Any]) -> None:
    words = receipt["verdict"].replace("_", " ")
    print(
        f"Would be {words}: {receipt['rows_accepted']} of {receipt['rows_received']} "
        f"rows (rules {receipt['rule_set_version']})."
    )
    if receipt["errors"]:
        print_table(
            ("row", "field", "value", "rule", "severity", "expected", "how to fix"),
            [
                (e["row_number"], e["field"], e["offending_value"], e["rule_id"],
                 e["severity"], f"{e['expected']} ({e['expected_from']})",
                 f"{e['how_to_fix']['en']} {e['how_to_fix']['zh']}")
                for e in receipt["errors"]
            ],
        )  # fmt: skip


def template(
    form: FormOption,
    unit: UnitOption,
    period: PeriodOption,
    output: Annotated[
        Path | None,
        typer.Option(help="File to write, .xlsx or .csv (default: by its codes)."),
    ] = None,
    bundle: BundleOption = None,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the form to fill in: expected rows, locked codes, drop-downs."""
    from expectations.submission_file import Envelope
    from expectations.template import write_template

    path = output or Path(f"{form}_{unit}_{period}.xlsx")
    envelope = Envelope(unit, form, period)
    rows = write_template(settings_of(home, site), path, envelope, bundle)
    if json:
        print_json({"file": path, "rows": rows})
    else:
        print(f"{path}: {rows} rows to fill in. Then: planwatch check {path} …")


def deliver(
    site: SiteOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Post receipts to units that declared a web address; once each.

    An address stands in registry units, column contact, or as `callback` of
    the source. What fails is recorded and tried again by the next run.
    """
    from dataclasses import asdict

    from expectations.delivery import deliver as post
    from ingestion.site import Site

    settings = settings_of(home, site)
    outcomes = post(settings, Site.load(settings.site))
    if json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        print_table(
            ("submission", "address", "outcome", "attempts", "message"),
            [(o.submission_id, o.address, o.outcome, o.attempts, o.message)
             for o in outcomes],
        )  # fmt: skip
