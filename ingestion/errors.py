"""The one error tree. Every message says what is wrong and how to mend it.

Exit codes are part of the command line's contract (see `planwatch --help`).
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_REJECTED = 1
EXIT_USAGE = 2
EXIT_SITE = 3
EXIT_SOURCE = 4
EXIT_INTEGRITY = 5
EXIT_MACHINE = 6


class PlanwatchError(Exception):
    """A fault that a person can act on: `message` what and where, `remedy` how."""

    exit_code = EXIT_REJECTED

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} To mend it: {self.remedy}"


class Transient(PlanwatchError):
    """May pass by itself: a task that meets it is tried again."""


class Terminal(PlanwatchError):
    """Stays until somebody acts: a task that meets it fails at once."""


class UsageError(Terminal):
    """The call itself is wrong: unknown name, missing argument."""

    exit_code = EXIT_USAGE


class SiteError(Terminal):
    """The site's own files are wrong: site.yml, a source, a registry."""

    exit_code = EXIT_SITE


class ContentRejected(Terminal):
    """Content arrived and was read, and the gate refuses it whole."""

    exit_code = EXIT_REJECTED


class SourceUnavailable(Transient):
    """No usable answer now: connection, time-out, 429, 5xx."""

    exit_code = EXIT_SOURCE


class SourceRefused(Terminal):
    """The source answered and said no (401, 403, 404), or broke a limit."""

    exit_code = EXIT_SOURCE


class Damaged(Terminal):
    """Kept bytes or state are not what was written."""

    exit_code = EXIT_INTEGRITY


class MachineRefused(Terminal):
    """The machine says no: disk full, no permission, port in use."""

    exit_code = EXIT_MACHINE


class Busy(Transient):
    """Another process holds the lock that this one needs, or is half way."""

    exit_code = EXIT_MACHINE
