"""Who wants to be told of what: `recipients.yml` of a site.

An address is only named, never written: `address: ${MINISTRY_MAIL}` with an
Apprise URL (https://github.com/caronc/apprise) in that environment variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingestion.errors import SiteError

FILE = "recipients.yml"
Language = Literal["en", "zh"]
Severity = Literal["yellow", "orange", "red"]


class Recipient(BaseModel):
    """One subscription; an empty list means no restriction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    address: str = Field(pattern=r"^\$\{[A-Z][A-Z0-9_]*\}$")
    language: Language = "en"
    # Units whose subtree is followed, and the regions in which they stand.
    units: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    min_severity: Severity = "yellow"
    # SDMX CONF_STATUS whose figures this recipient may see.
    may_see: tuple[str, ...] = ("F",)
    most_lines: int = Field(default=20, ge=1)
    most_digests_per_day: int = Field(default=4, ge=1)
    group_above: int = Field(default=5, ge=1)

    @property
    def variable(self) -> str:
        return self.address[2:-1]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recipients: tuple[Recipient, ...]


def recipients_of(folder: Path) -> tuple[Recipient, ...]:
    """Recipients that the site in `folder` declares; none without the file."""
    path = folder / FILE
    if not path.exists():
        return ()
    try:
        declared = _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SiteError(f"{path} is not valid YAML: {error}.", "correct it.") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}"
            for e in error.errors(include_input=False)
        )
        raise SiteError(
            f"{path}: {wrong}.",
            "correct the named fields; docs/warnings.md shows an example.",
        ) from error
    codes = [recipient.code for recipient in declared.recipients]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise SiteError(
            f"{path}: recipient declared twice: {', '.join(twice)}.",
            "give every recipient a code of its own.",
        )
    return declared.recipients
