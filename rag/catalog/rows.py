"""Chunks, records and filters as SQLite rows and conditions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from rag.schema import Chunk, Filters, Footer, IssueRecord, IssueRef

ISSUE_COLUMNS = (
    "series, year, issue_number, edition, published, publisher, distribution, editor, reviewer,"
    " signer, text, chunk_ids, source, content_hash, scanned"
)
CHUNK_COLUMNS = (
    "series, year, issue_number, edition, published, id, section, title, departments, text,"
    " ordinal, source, printed, part, scanned"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL expression and the values of its question marks."""

    sql: str = "1"
    values: tuple[object, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return Condition(f"{self.sql} AND {other.sql}", self.values + other.values)


def chunk_condition(filters: Filters) -> Condition:
    """The filters on the columns of `chunks`."""
    condition = _common(filters, "chunks", "issue")
    if filters.sections:
        condition &= _among("chunks.section", filters.sections)
    if filters.departments:
        named = _among("name", filters.departments)
        # A subquery, so that the date index or the word index can lead.
        condition &= Condition(
            f"chunks.rowid IN (SELECT chunk FROM chunk_departments WHERE {named.sql})",
            named.values,
        )
    return condition


def issue_condition(filters: Filters) -> Condition:
    """The filters on `issues`: those that have an item under them."""
    condition = _common(filters, "issues", "key")
    if filters.sections or filters.departments:
        items = chunk_condition(Filters(sections=filters.sections, departments=filters.departments))
        condition &= Condition(
            f"issues.key IN (SELECT chunks.issue FROM chunks WHERE {items.sql})", items.values
        )
    return condition


def _common(filters: Filters, table: str, key: str) -> Condition:
    condition = Condition()
    if filters.published:
        period = filters.published
        condition &= Condition(
            f"{table}.published BETWEEN ? AND ?",
            (number_of_day(period.start), number_of_day(period.end)),
        )
    if filters.issues:
        keys = [issue.key for issue in filters.issues if issue.series]
        numbers = [_numbering(issue) for issue in filters.issues if not issue.series]
        either = [
            _among(f"{table}.{column}", values)
            for column, values in ((key, keys), ("number", numbers))
            if values
        ]
        condition &= Condition(
            f"({' OR '.join(c.sql for c in either)})",
            tuple(value for c in either for value in c.values),
        )
    return condition


def _among(column: str, values: Sequence[str]) -> Condition:
    return Condition(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, object]) -> int:
    """Write one row; gives its rowid."""
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    cursor = connection.execute(
        f"INSERT INTO {table}({names}) VALUES ({marks})", tuple(row.values())
    )
    return int(cursor.lastrowid or 0)


def issue_row(record: IssueRecord) -> dict[str, object]:
    return {
        "key": record.issue.key,
        **_numbered(record.issue),
        "published": number_of_day(record.published),
        "publisher": record.publisher,
        "distribution": record.footer.distribution,
        "editor": record.footer.editor,
        "reviewer": record.footer.reviewer,
        "signer": record.footer.signer,
        "text": record.text,
        "chunk_ids": _list(record.chunk_ids),
        "source": record.source,
        "content_hash": record.content_hash,
        "scanned": record.scanned,
    }


def read_issue(row: Sequence[Any]) -> IssueRecord:
    """From a row of ISSUE_COLUMNS."""
    series, year, number, edition, published, publisher = row[:6]
    distribution, editor, reviewer, signer, text, chunk_ids, source, content_hash, scanned = row[6:]
    return IssueRecord(
        issue=IssueRef(year, number, edition, series),
        published=read_day(published),
        publisher=publisher,
        footer=Footer(distribution, editor, reviewer, signer),
        text=text,
        chunk_ids=tuple(json.loads(chunk_ids)),
        source=source,
        content_hash=content_hash,
        scanned=bool(scanned),
    )


def chunk_row(chunk: Chunk) -> dict[str, object]:
    return {
        "id": chunk.id,
        "issue": chunk.issue.key,
        **_numbered(chunk.issue),
        "published": number_of_day(chunk.published),
        "section": chunk.section,
        "title": chunk.title,
        "departments": _list(chunk.departments),
        "text": chunk.text,
        "ordinal": chunk.ordinal,
        "source": chunk.source,
        "printed": _list(chunk.printed),
        "part": chunk.part,
        "scanned": chunk.scanned,
    }


def read_chunk(row: Sequence[Any]) -> Chunk:
    """From a row of CHUNK_COLUMNS."""
    series, year, number, edition, published, chunk_id, section, title = row[:8]
    departments, text, ordinal, source, printed, part, scanned = row[8:]
    return Chunk(
        id=chunk_id,
        issue=IssueRef(year, number, edition, series),
        published=read_day(published),
        section=section,
        title=title,
        departments=_names(departments),
        text=text,
        ordinal=ordinal,
        source=source,
        printed=_names(printed),
        part=part,
        scanned=bool(scanned),
    )


def _numbered(issue: IssueRef) -> dict[str, object]:
    return {
        "series": issue.series,
        "year": issue.year,
        "issue_number": issue.number,
        "edition": issue.edition,
        "number": _numbering(issue),
    }


def _numbering(issue: IssueRef) -> str:
    """What a question names: 2023年第18期 of whatever series."""
    return f"{issue.year}-{issue.number}{issue.edition}"


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    # The same names again and again: reading them took most of a scan of 10,000 items.
    return tuple(json.loads(text))


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def number_of_day(day: date) -> int:
    """20230421"""
    return day.year * 10000 + day.month * 100 + day.day


def read_day(number: int) -> date:
    """From 20230421."""
    return date(number // 10000, number // 100 % 100, number % 100)
