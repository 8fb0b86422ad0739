"""Which issues of the archive a question's references mean (第18期, 最近一期, 那一期)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.entities.issues import IssueMention
from rag.entities.time_mention import TimeMention
from rag.query.vocabulary import Vocabulary
from rag.schema import IssueRef


def resolve_issues(
    vocabulary: Vocabulary,
    mentions: Sequence[IssueMention],
    times: Sequence[TimeMention],
    text: str,
) -> tuple[tuple[IssueRef, ...], tuple[str, ...]]:
    """The issues meant, and the labels of those that the archive doesn't have."""
    records = vocabulary.issues
    found: list[IssueRef] = []
    missing: list[str] = []
    for mention in mentions:
        if mention.number is not None:
            year = mention.year
            if year is None and times and not re.search(r"期[^，。]{0,4}", text[: mention.start]):
                years = {t.period.start.year for t in times if t.has_year and t.kind == "range"}
                year = years.pop() if len(years) == 1 else None
            hits = [
                issue
                for issue in vocabulary.numbered.get(mention.number, ())
                if year is None or issue.year == year
            ]
            found += hits
            if not hits:
                missing.append(f"{year}年第{mention.number}期" if year else f"第{mention.number}期")
        elif mention.relative == "previous" and len(records) > 1:
            found.append(records[-2].issue)
        elif mention.relative in ("latest", "first", "this"):
            before = [t for t in times if t.has_year and t.end <= mention.start]
            periods = [t.period for t in before[-1:]]  # 2022年…（10月那期）
            within = [r for r in records if any(p.contains(r.published) for p in periods)]
            if mention.relative == "this":
                found += [r.issue for r in within]
            else:
                among = within if periods else list(records)
                place = -1 if mention.relative == "latest" else 0
                found += [among[place].issue] if among else []
            missing += [p.words + "的快报" for p in periods if not within]
    return tuple(dict.fromkeys(found)), tuple(missing)
