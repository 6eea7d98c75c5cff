"""A border around libraries that parse other people's bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ingestion.errors import PlanwatchError
from ingestion.formats.intake import unreadable
from ingestion.landing import LandedFile


@contextmanager
def guarded(library: str, file: LandedFile) -> Iterator[None]:
    """Whatever `library` raises on a broken file becomes a reason.

    Their parsers fail with any exception class at all (KeyError, a Rust
    panic, …), and none of them means that our program is wrong: the bytes
    are not of the format. What ends the process is let through.
    """
    try:
        yield
    except (PlanwatchError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        words = " ".join(str(error).split())[:300]
        raise unreadable(
            file,
            f"{library} cannot read it ({type(error).__name__}"
            + (f": {words})" if words else ")"),
        ) from error
