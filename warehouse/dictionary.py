"""The data dictionary and the diagrams, written from dbt's manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingestion.settings import ROOT

DICTIONARY = ROOT / "docs" / "dictionary.md"
DIAGRAM = ROOT / "docs" / "entities.md"
LAYERS = ("core", "marts", "published")
HEADS = {
    "core": "Core: facts and dimensions, each row with its date of knowledge",
    "marts": "Marts: what is computed from core",
    "published": "Published: stable names for readers",
}
NOTE = "<!-- Written by `planwatch docs`; edit the descriptions in dbt_project. -->\n"


def write_documents(manifest: Any, folder: Path | None = None) -> list[Path]:
    """Write dictionary.md and entities.md; gives their paths."""
    written = []
    for path, text in (
        (DICTIONARY, dictionary(manifest)),
        (DIAGRAM, diagram(manifest)),
    ):
        target = (folder or path.parent) / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def dictionary(manifest: Any) -> str:
    """Every model and column of core, marts and published."""
    parts = [NOTE, "# Data dictionary\n"]
    parts.append(
        "Tables of a release, by schema. The grain names what one row is; columns"
        " may be added, never renamed.\n"
    )
    for layer in LAYERS:
        parts.append(f"## {HEADS[layer]}\n")
        parts += [
            _brief(model) if _is_stable_name(model) else _full(model)
            for model in _models(manifest, layer)
        ]
    return "\n".join(parts)


def _models(manifest: Any, layer: str) -> list[Any]:
    found = [
        node
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.schema == layer
    ]
    return sorted(found, key=lambda node: node.alias)


def _is_stable_name(model: Any) -> bool:
    return model.schema == "published" and not model.alias.endswith("_v1")


def _brief(model: Any) -> str:
    return f"### {model.schema}.{model.alias}\n\n{_text(model.description)}\n"


def _full(model: Any) -> str:
    lines = [_brief(model)]
    grain = model.config.meta.get("grain") or []
    lines.append(f"One row per {', '.join(f'`{name}`' for name in grain)}.\n")
    lines += ["| column | type | what |", "|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.data_type or ''} | {_text(column.description)} |"
        for column in model.columns.values()
    ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def diagram(manifest: Any) -> str:
    """Tables of core and marts with the columns of their grain, and the joins.

    A line stands where a table has every column of another one's grain, apart
    from the date of knowledge.
    """
    models = [*_models(manifest, "core"), *_models(manifest, "marts")]
    lines = ["erDiagram"]
    for model in models:
        grain = model.config.meta.get("grain") or []
        lines.append(f"    {model.alias} {{")
        lines += [f"        {_type(model.columns[name])} {name} PK" for name in grain]
        lines.append("    }")
    lines += [f"    {line}" for line in _joins(models)]
    return (
        f"{NOTE}# Entities\n\nKeys of the tables of core and marts, and along which"
        " of them they join.\n\n```mermaid\n" + "\n".join(lines) + "\n```\n"
    )


def _type(column: Any) -> str:
    return (column.data_type or "varchar").split("(")[0]


def _joins(models: list[Any]) -> list[str]:
    """Dimensions to what refers to them."""
    joins = []
    for parent in models:
        if not parent.alias.startswith("dim_"):
            continue
        key = set(parent.config.meta.get("grain") or ()) - {"known_from"}
        for child in models:
            if child is not parent and key and key <= set(child.columns):
                label = ", ".join(sorted(key))
                joins.append(f'{parent.alias} ||--o{{ {child.alias} : "{label}"')
    return joins
