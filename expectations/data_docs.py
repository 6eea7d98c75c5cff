"""Data Docs of Great Expectations, mended so that they are readable offline.

Its pages load styles and scripts from public networks; without them they are
bare. Ours carry one small style sheet and no address of anybody else.
"""

from __future__ import annotations

import html
import json
import re
import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

from expectations.verdict import FILE, Verdict
from ingestion.durable import held, machine_faults
from ingestion.errors import UsageError
from ingestion.settings import Settings

_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; margin: 2rem auto;
  max-width: 72rem; padding: 0 1rem; color: #1c2430; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; }
td, th { border-bottom: 1px solid #d5dbe3; padding: .35rem .6rem; text-align: left;
  vertical-align: top; }
.failed, .text-danger { color: #a3231f; } .passed, .text-success { color: #1d6b3a; }
.badge { background: #eef1f5; border-radius: 3px; padding: 0 .4em; }
code, pre { font-family: ui-monospace, monospace; white-space: pre-wrap; }
.fa-check-circle::before { content: "✓"; } .fa-times::before { content: "✗"; }
.d-none, .modal, nav.navbar, button, .col-lg-2, a[aria-expanded] { display: none; }
"""
_OUTSIDE = re.compile(
    r"<footer\b.*?</footer\s*>|<script\b.*?</script\s*>|<link\b[^>]*>|<style\b.*?</style\s*>|<img\b[^>]*>",
    re.S | re.I,
)
# Links to pages of a site that is not built, and to the network; not to `#…`.
_ADDRESS = re.compile(r"""\s(?:href|src|action|data-[\w-]+)=(["'])(?!#).*?\1""", re.S)
_LINE = re.compile(r"^<tr><td>[^<]*</td><!-- (.*?) -->.*</tr>$", re.M)
_DOCTYPE = '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'


def build_data_docs(settings: Settings, batch_id: str = "") -> Path:
    """Build the pages of all verdicts, or of one; gives their index page.

    Folder `data_docs` under home; a page a verdict and `index.html`.
    """
    verdicts = [
        Verdict.open(path.parent) for path in settings.verdicts.glob(f"*/{FILE}")
    ]
    if batch_id:
        verdicts = [verdict for verdict in verdicts if verdict.batch_id == batch_id]
        if not verdicts:
            raise UsageError(
                f"Batch {batch_id!r} has no verdict.",
                "check the name, or judge it first: `planwatch gate BATCH`.",
            )
        return write_pages(settings, verdicts)
    with _index_held(settings):
        _index_path(settings).unlink(missing_ok=True)
    return write_pages(settings, verdicts)


def write_pages(settings: Settings, verdicts: Iterable[Verdict]) -> Path:
    """Write the pages of verdicts and list them in the index page.

    A page that is younger than its verdict stays. Costs what the verdicts
    cost, however many others there are: the index keeps its other lines.
    """
    listed = list(verdicts)
    index = _index_path(settings)
    with machine_faults(index):
        index.parent.mkdir(parents=True, exist_ok=True)
    for verdict in listed:
        page = index.with_name(f"{verdict.batch_id}.html")
        if not _is_fresh(page, verdict):
            _write(page, _page(verdict))
    with _index_held(settings):
        before = _lines(index)
        lines = before | {v.batch_id: _line(v) for v in listed}
        if lines != before or not index.exists():
            _write(index, _index(lines.values()))
    return index


def _index_path(settings: Settings) -> Path:
    return settings.home / "data_docs" / "index.html"


def _index_held(settings: Settings) -> AbstractContextManager[None]:
    """Workers that judge side by side list their pages one after the other."""
    return held(settings.locks / "data-docs.lock")


def _is_fresh(page: Path, verdict: Verdict) -> bool:
    return page.exists() and (
        page.stat().st_mtime_ns >= (verdict.folder / FILE).stat().st_mtime_ns
    )


def _write(path: Path, text: str) -> None:
    with machine_faults(path):
        temporary = path.with_name(f".{path.name}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _lines(index: Path) -> dict[str, str]:
    """Lines of the index page by their batches."""
    if not index.exists():
        return {}
    found = _LINE.finditer(index.read_text(encoding="utf-8"))
    return {html.unescape(line[1]): line[0] for line in found}


def _line(verdict: Verdict) -> str:
    """One verdict in the index; begins with what the lines are sorted by."""
    name = html.escape(verdict.batch_id)
    word, mark = ("accepted", "passed") if verdict.accepted else ("refused", "failed")
    cells = (
        f'<a href="{name}.html">{name}</a>', f'<b class="{mark}">{word}</b>',
        verdict.rows_received, verdict.rows_rejected, verdict.warnings,
    )  # fmt: skip
    others = "".join(f"<td>{cell}</td>" for cell in cells)
    return (
        f"<tr><td>{html.escape(verdict.received_at)}</td><!-- {name} -->{others}</tr>"
    )


def _index(lines: Iterable[str]) -> str:
    head = "".join(
        f"<th>{name}</th>"
        for name in ("received", "batch", "verdict", "rows", "rejected", "warnings")
    )
    rows = "\n".join(sorted(lines, reverse=True))
    return (
        f"{_DOCTYPE}<title>Verdicts of the gate</title><style>{_STYLE}</style></head>"
        f"<body><h1>Verdicts of the gate</h1><table><tr>{head}</tr>\n{rows}\n"
        "</table></body></html>\n"
    )


def _page(verdict: Verdict) -> str:
    """The page that Great Expectations renders, without what lies elsewhere."""
    path = verdict.folder / "validation.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        page = mended(_rendered(verdict, kept))
    # Rules first: they say in two languages what the checks below look at.
    return page.replace("<body>", f"<body>{_head(verdict)}{_rules(kept)}", 1)


def _head(verdict: Verdict) -> str:
    return (
        f'<p><a href="index.html">index</a></p><h1>{html.escape(verdict.batch_id)}</h1>'
        f"<p>{verdict.rows_received} rows received, {verdict.rows_accepted} accepted, "
        f"{verdict.rows_rejected} rejected; {verdict.warnings} warnings.</p>"
    )


def _rules(kept: list[dict[str, Any]]) -> str:
    """The checks by their rules, which the pages themselves do not name."""
    rows = [
        f'<tr><td class="{"passed" if entry["success"] else "failed"}">'
        f"{html.escape(entry['rule_id'])}</td><td>{html.escape(entry['field'])}</td>"
        f"<td>{entry['severity']}</td><td>{entry['unexpected_count']}</td>"
        f"<td>{html.escape(entry['message_en'])}<br>"
        f"{html.escape(entry['message_zh'])}</td></tr>"
        for entry in kept
    ]
    head = "<th>rule</th><th>field</th><th>severity</th><th>failing</th><th></th>"
    return f"<h2>Rules</h2><table><tr>{head}</tr>{''.join(rows)}</table>"


def mended(page: str) -> str:
    """Without scripts, styles and addresses from outside; with our own style."""
    page = _ADDRESS.sub("", _OUTSIDE.sub("", page))
    style = f"<style>{_STYLE}</style>"
    return page.replace("</head>", f"{style}</head>", 1)


def _rendered(verdict: Verdict, kept: list[dict[str, Any]]) -> str:
    from expectations.suites import imported

    imported()
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    document = ValidationResultsPageRenderer().render(_result(verdict, kept))
    return _view().render(document)


@cache
def _view() -> Any:
    """One for all pages: each view compiles its templates anew."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


def _result(verdict: Verdict, kept: list[dict[str, Any]]) -> Any:
    """The kept account as a validation result of Great Expectations."""
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    from expectations.suites import imported

    results = []
    for entry in kept:
        rows = entry["rows_received"]
        results.append(
            ExpectationValidationResult(
                success=entry["success"],
                expectation_config=ExpectationConfiguration(
                    type=entry["expectation"],
                    kwargs=entry["kwargs"],
                    meta={"rule_id": entry["rule_id"]},
                ),
                result={
                    "element_count": rows,
                    "unexpected_count": entry["unexpected_count"],
                    "unexpected_percent": 100
                    * entry["unexpected_count"]
                    / max(rows, 1),
                    "partial_unexpected_list": [],
                },
                exception_info={
                    "raised_exception": False,
                    "exception_traceback": None,
                    "exception_message": None,
                },
            )
        )
    passed = sum(bool(result.success) for result in results)
    return ExpectationSuiteValidationResult(
        success=passed == len(results),
        results=results,
        suite_name=verdict.source_code,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(results) - passed,
            "success_percent": 100 * passed / max(len(results), 1),
        },
        meta={
            "run_id": {"run_name": verdict.batch_id, "run_time": verdict.received_at},
            "batch_kwargs": {"data_asset_name": verdict.batch_id},
            "great_expectations_version": imported().__version__,
            "validation_time": verdict.received_at,
        },
    )
