"""How a source's files are read: the part of a declaration about bytes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A piece of a declaration: unknown keys are errors, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Format = Literal["csv", "submission-json", "sdmx-csv", "sdmx-json"]


class Mapping(Strict):
    """Canonical column <- source column, constants, and columns left unread."""

    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    ignored: tuple[str, ...] = ()
