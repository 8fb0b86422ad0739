"""Facts of the masthead and the footer: date, editor, reviewer, signer, distribution, publisher."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from rag.citations import CitationBook
from rag.extractive.wording import say_day
from rag.schema import IssueRecord
from rag.text import Span

# What is asked → (how it is said, the printed line it stands on).
_FACTS: tuple[tuple[str, re.Pattern[str], str, re.Pattern[str]], ...] = (
    (
        "责任编辑",
        re.compile(r"编辑(?!部)|责编|谁编|谁校|编的"),
        "editor",
        re.compile(r"责任编辑[：:].*|编辑[：:].*"),
    ),
    (
        "审核",
        re.compile(r"审核|审定|把关|谁审|审的"),
        "reviewer",
        re.compile(r"(?:审核|审定)[：:].*"),
    ),
    ("签发", re.compile(r"签发|谁签|谁批|签的"), "signer", re.compile(r"签发[：:].*")),
    (
        "发送范围",
        re.compile(r"本期发|发送|发给|发到|分送|抄送|主送|发哪|送到|送给|送哪|范围|谁能收到|收到"),
        "distribution",
        re.compile(r"(?:本期)?(?:发送|发|主送|分送|抄送|报|送)[：:].*"),
    ),
    (
        "印发单位",
        re.compile(r"印发单位|主办|编发|哪个单位|出版单位"),
        "publisher",
        re.compile(r"(?!)"),
    ),
)
_PEOPLE = ("editor", "reviewer", "signer")
_DATE = re.compile(r"哪天|哪一天|哪日|什么时候|何时|几号|几月|日期|时间|出的")


def masthead_lines(
    question: str, records: Sequence[IssueRecord], book: CitationBook
) -> list[tuple[IssueRecord, list[str]]]:
    """For each issue the answered facts, cited from its full text; facts not printed are left out."""
    wanted = [fact for fact in _FACTS if fact[1].search(question)]
    result = []
    for record in records:
        lines = []
        if "第几期" in question and (own := re.search(r"第\d+期", record.text)):
            whole = Span(own.start(), own.end())
            lines.append(
                f"期号：{record.issue.year}年{whole.of(record.text)}[{book.cite_masthead(record, whole)}]"
            )
        if re.search("总期号|总第", question) and (total := re.search(r"总第?\d+期", record.text)):
            whole = Span(total.start(), total.end())
            lines.append(f"总期号：{whole.of(record.text)}[{book.cite_masthead(record, whole)}]")
        for name, _, field, line in wanted:
            value = record.publisher if field == "publisher" else getattr(record.footer, field)
            span = _span(record, value, line)
            if value and span:
                lines.append(f"{name}：{value}[{book.cite_masthead(record, span)}]")
        asked = wanted or lines or re.search("总期号|总第|第几期", question)
        if _DATE.search(question) or not asked:
            span = _date_span(record)
            if span:
                lines.append(
                    f"日期：{say_day(record.published)}[{book.cite_masthead(record, span)}]"
                )
        result.append((record, lines))
    return result


_WHICH_ISSUES = re.compile("哪[几些一]?期|都有哪|几期")
# 何穗编的是哪一期
_BY_WHOM = re.compile("^([一-龥]{2,4}?)(?:编辑?|审核?|签发?)的")
_CHANGED = re.compile("换成|换了|换人|改由|从哪一?期(?:开始|起)|历任|先后")


def asks_people_of_many(question: str) -> bool:
    """Whether the editors, reviewers or signers of all issues matter: reading them takes time."""
    return bool(_WHICH_ISSUES.search(question) or _CHANGED.search(question))


def unknown_person(question: str, records: Sequence[IssueRecord]) -> str:
    """The person whose issues are asked for where no footer names them; else ""."""
    asked = _BY_WHOM.search(question)
    if asked is None or not _WHICH_ISSUES.search(question):
        return ""
    printed = any(asked[1] in "".join(r.text.split()) for r in records)
    return "" if printed else asked[1]


def records_of_people(question: str, records: Sequence[IssueRecord]) -> list[IssueRecord]:
    """The issues of the editor, reviewer or signer named (陶文彬签发的都有哪几期), or the first one of
    each where it is asked who followed whom; none for other questions."""
    roles = [f[2] for f in _FACTS if f[2] in _PEOPLE and f[1].search(question)] or list(_PEOPLE)
    if _WHICH_ISSUES.search(question):
        named = [
            record
            for record in records
            if any(
                (name := "".join(getattr(record.footer, r).split())) and name in question
                for r in roles
            )
        ]
        if named:
            return named
    if not records or not _CHANGED.search(question):
        return []
    changes = [
        record
        for before, record in itertools.pairwise(records)
        if any(getattr(before.footer, r) != getattr(record.footer, r) for r in roles)
    ]
    return [records[0], *changes]


def _span(record: IssueRecord, value: str, line: re.Pattern[str]) -> Span | None:
    if not value:
        return None
    for match in line.finditer(record.text):
        if value in match.group():
            return Span(match.start(), match.end())
    start = record.text.rfind(value)
    return Span(start, start + len(value)) if start >= 0 else None


def _date_span(record: IssueRecord) -> Span | None:
    """The line of the masthead that holds the date, in any of its printed forms."""
    for match in re.finditer(r"[^\n]+", record.text[:1000]):
        words = match.group()
        if re.search(r"年.{1,4}月.{1,4}日|\d{4}\s*[-./]\s*\d{1,2}\s*[-./]\s*\d{1,2}", words):
            return Span(match.start(), match.end())
    return None
