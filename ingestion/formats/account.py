"""The account of a file: what is present is read, skipped or refused."""

from __future__ import annotations

from ingestion.formats.intake import Intake, unreadable


def close_account(intake: Intake, number: int, read: int) -> None:
    """Prove that records read, skipped and refused are all that are present."""
    connection = intake.connection
    where = f"where file_number = {number}"
    present, skipped, refused = (
        connection.execute(f"select {asked} from {book} {where}").fetchone()[0] or 0
        for asked, book in (
            ("sum(records)", "present"),
            ("count(*)", "skipped"),
            ("count(distinct record)", "problems"),
        )
    )
    if present != read + skipped + refused:
        raise unreadable(
            intake.batch.files[number],
            f"its account does not close: {present} records present, {read} read, "
            f"{skipped} skipped, {refused} refused",
            "report this as a fault of the reader; the bytes are kept.",
        )
