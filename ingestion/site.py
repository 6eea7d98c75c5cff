"""A site: everything about one deployment, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ingestion.errors import SiteError
from ingestion.registry import REGISTRIES
from ingestion.source import Source

# Answers to warnings are no site's declaration: each installation keeps its own.
ACKNOWLEDGEMENTS = Source(
    code="acknowledgements",
    kind="registry",
    connector="inbox",
    location="${PLANWATCH_HOME}/acknowledgements/acknowledgements.csv",
    format="csv",
    registry="acknowledgements",
    licence="site",
)

# A century: older bytes than that there are none.
MOST_DAYS = 36_500


class SiteFile(BaseModel):
    """site.yml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    time_zone: str = "UTC"
    default_language: str = "en"
    retention_days: int | None = Field(default=None, ge=0, le=MOST_DAYS)
    error_budget: float = Field(default=0.5, ge=0, le=1)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}") from error
        return value


class Site(SiteFile):
    """A read and checked site folder: its settings and all its sources."""

    folder: Path
    sources: dict[str, Source]

    @classmethod
    def load(cls, folder: Path) -> Site:
        """Read `folder`; SiteError names file, field and what was expected."""
        if not (folder / "site.yml").is_file():
            raise SiteError(
                f"There is no site at {folder}: site.yml is missing.",
                "give a site folder with --site DIR or PLANWATCH_SITE.",
            )
        declared = [
            *_registry_sources(folder),
            *(
                _validated(path, Source, _yaml(path))
                for path in sorted(folder.glob("sources/*.yml"))
            ),
        ]
        sources = {source.code: source for source in declared}
        if len(sources) < len(declared):
            codes = [source.code for source in declared]
            twice = sorted({code for code in codes if codes.count(code) > 1})
            raise SiteError(
                f"{folder}: source code declared twice: {', '.join(twice)}.",
                "give every source a code of its own.",
            )
        site_file = _validated(
            folder / "site.yml", SiteFile, _yaml(folder / "site.yml")
        )
        return cls(folder=folder, sources=sources, **site_file.model_dump())

    def of_kind(self, kind: str) -> list[Source]:
        """Sources of a kind; registries in the order of their dependence."""
        found = [s for s in self.sources.values() if s.kind == kind]
        order = list(REGISTRIES)
        return sorted(found, key=lambda s: order.index(s.registry) if s.registry else 0)

    def source(self, code: str) -> Source:
        if code == ACKNOWLEDGEMENTS.code:
            return ACKNOWLEDGEMENTS
        if code not in self.sources:
            raise SiteError(
                f"Site {self.name} has no source {code!r}.",
                f"choose one of: {', '.join(self.sources)}.",
            )
        return self.sources[code]


def _registry_sources(folder: Path) -> list[Source]:
    """registry/<name>.csv files travel like every other source."""
    sources = []
    for path in sorted(folder.glob("registry/*.csv")):
        if path.stem not in REGISTRIES:
            raise SiteError(
                f"{path}: {path.stem!r} is no registry.",
                f"name the file after one of: {', '.join(REGISTRIES)}.",
            )
        sources.append(
            Source(
                code=f"site_{path.stem}",
                kind="registry",
                connector="inbox",
                location=f"registry/{path.name}",
                format="csv",
                registry=path.stem,
                licence="site",
            )
        )
    return sources


def _yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SiteError(f"{path} is not valid YAML: {error}.", "correct it.") from error
    if not isinstance(content, dict):
        raise SiteError(
            f"{path} does not hold `key: value` lines.", "see the sample site."
        )
    return content


def _validated(path: Path, model: type[BaseModel], content: dict[str, Any]):
    try:
        return model.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}"
            for e in error.errors()
        )
        raise SiteError(
            f"{path}: {wrong}.", "correct the named fields; see README, Add a source."
        ) from error
