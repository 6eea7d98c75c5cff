"""The words of a digest, in English or Chinese, within the noise budget."""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import Any

from warehouse.notices.changes import Change
from warehouse.notices.outbox import Digest
from warehouse.notices.recipients import Recipient

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Planwatch: {n} changes of early warnings ({worst} worst)",
        "line": "- [{severity}] {change}: {headline} ({warning_id}{unit})",
        "unit": "; to act: {code}",
        "group": "- [{severity}] {change}: {n} warnings of rule {rule} ({ids}, …)",
        "withheld": "{name}, region {region}: figures are confidential",
        "waiting": "{n} further changes follow in the next digest.",
        "foot": "Release {release}. Why: planwatch explain WARNING. Digest {id}.",
        "red": "red", "orange": "orange", "yellow": "yellow",
        "raised": "raised", "raised_again": "raised again", "reopened": "open again",
        "worse": "worse", "better": "better", "escalated": "escalated",
        "acknowledged": "answered", "resolved": "resolved",
    },
    "zh": {
        "title": "规划监测：{n}项预警变化（最高级别：{worst}）",
        "line": "- [{severity}] {change}：{headline}（{warning_id}{unit}）",
        "unit": "；责任单位：{code}",
        "group": "- [{severity}] {change}：规则{rule}共{n}项预警（{ids}……）",
        "withheld": "{name}，地区{region}：数据涉密，不予显示",
        "waiting": "另有{n}项变化将在下一期通报。",
        "foot": "发布版本{release}。依据：planwatch explain 预警编号。通报编号{id}。",
        "red": "红", "orange": "橙", "yellow": "黄",
        "raised": "新增", "raised_again": "再次出现", "reopened": "重新开启",
        "worse": "加重", "better": "减轻", "escalated": "升级",
        "acknowledged": "已答复", "resolved": "已解除",
    },
}  # fmt: skip


def compose(
    recipient: Recipient, changes: list[Change], release: str, created_at: str
) -> Digest | None:
    """One digest of the worst changes; None when nothing has changed.

    Changes beyond the budget are no part of it: they stay untold and come
    first next time. A red warning on a plan is never folded into a group.
    """
    told: list[Change] = []
    lines: list[str] = []
    for members, text in _lines(recipient, changes):
        if len(lines) == recipient.most_lines:
            break
        lines.append(text)
        told += members
    if not told:
        return None
    notices = tuple(change.notice for change in told)
    ids = "|".join(notice.notice_id for notice in notices)
    digest_id = f"PW-{hashlib.sha256(ids.encode()).hexdigest()[:16]}"
    words = WORDS[recipient.language]
    rest = len(changes) - len(told)
    if rest:
        lines.append(words["waiting"].format(n=rest))
    lines.append(words["foot"].format(release=release, id=digest_id))
    return Digest(
        digest_id,
        recipient.code,
        created_at,
        words["title"].format(n=len(told), worst=words[notices[0].severity]),
        "\n".join(lines),
        notices,
    )


def _lines(recipient: Recipient, changes: list[Change]):
    """(changes, text) of each line; many of one kind make one line."""
    for key, found in groupby(changes, key=_kind):
        group = list(found)
        severity, change, rule, alone = key
        words = WORDS[recipient.language]
        if alone or len(group) <= recipient.group_above:
            yield from (([one], _line(recipient, one)) for one in group)
            continue
        yield (
            group,
            words["group"].format(
                severity=words[severity],
                change=words[change],
                n=len(group),
                rule=rule,
                ids=", ".join(one.notice.warning_id for one in group[:3]),
            ),
        )


def _kind(change: Change) -> tuple[str, str, str, bool]:
    notice, warning = change.notice, change.warning
    alone = notice.severity == "red" and warning["plan_code"] is not None
    return notice.severity, notice.change, warning["rule_id"], alone


def _line(recipient: Recipient, change: Change) -> str:
    words, warning = WORDS[recipient.language], change.warning
    unit = warning["escalated_to_unit_code"]
    return words["line"].format(
        severity=words[change.notice.severity],
        change=words[change.notice.change],
        headline=headline(recipient, warning),
        warning_id=warning["warning_id"],
        unit=words["unit"].format(code=unit) if unit else "",
    )


def headline(recipient: Recipient, warning: dict[str, Any]) -> str:
    """The warning's own words, unless they tell what this one may not see."""
    language = recipient.language
    if warning["conf_status"] in recipient.may_see:
        return str(warning[f"headline_{language}"])
    return WORDS[language]["withheld"].format(
        name=warning[f"name_{language}"] or warning["rule_id"],
        region=warning["region_code"] or "-",
    )
