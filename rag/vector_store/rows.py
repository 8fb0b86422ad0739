"""Chunks, records and filters in the form that Chroma stores; nothing outside sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from chromadb import Where

from rag.schema import Chunk, Filters, Footer, IssueRecord, IssueRef

Metadata = dict[str, Any]


def stale_chunks(versions: Mapping[str, str]) -> Where:
    """The chunks of these issues that are not of the version given for each."""
    # Versions are digests, so that of one issue is never that of another.
    return cast(
        Where,
        {
            "$and": [
                {"issue": {"$in": list(versions)}},
                {"version": {"$nin": list(versions.values())}},
            ]
        },
    )


def where_clause(filters: Filters) -> Where | None:
    """The filters as Chroma wants them; `$and` and `$or` need two clauses or more."""
    clauses: list[Any] = []
    if filters.published:
        clauses.append({"published": {"$gte": _number(filters.published.start)}})
        clauses.append({"published": {"$lte": _number(filters.published.end)}})
    if filters.issues:
        clauses.append(
            _any(
                {"issue": issue.key} if issue.series else {"number": _numbering(issue)}
                for issue in filters.issues
            )
        )
    if filters.departments:
        clauses.append(_any({"departments": {"$contains": name}} for name in filters.departments))
    if filters.sections:
        clauses.append({"section": {"$in": list(filters.sections)}})
    if not clauses:
        return None
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def _any(clauses: Iterable[Any]) -> Any:
    either = list(clauses)
    return either[0] if len(either) == 1 else {"$or": either}


def _numbering(issue: IssueRef) -> str:
    return f"{issue.year}-{issue.number}{issue.edition}"


def _number(day: date) -> int:
    return day.year * 10000 + day.month * 100 + day.day


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)


def _issue_metadata(issue: IssueRef) -> Metadata:
    return {
        "series": issue.series,
        "year": issue.year,
        "issue_number": issue.number,
        "edition": issue.edition,
    }


def _issue(meta: Metadata) -> IssueRef:
    return IssueRef(meta["year"], meta["issue_number"], meta["edition"], meta["series"])


def chunk_metadata(chunk: Chunk, version: str) -> Metadata:
    lists = {"departments": chunk.departments, "printed": chunk.printed}
    return {
        **_issue_metadata(chunk.issue),
        "issue": chunk.issue.key,
        "number": _numbering(chunk.issue),
        "version": version,
        "published": _number(chunk.published),
        "section": chunk.section,
        "title": chunk.title,
        "ordinal": chunk.ordinal,
        "part": chunk.part,
        "source": chunk.source,
        "scanned": chunk.scanned,
        # Chroma takes no empty lists.
        **{name: list(values) for name, values in lists.items() if values},
    }


def read_chunk(chunk_id: str, meta: Metadata, text: str) -> Chunk:
    return Chunk(
        id=chunk_id,
        issue=_issue(meta),
        published=_day(meta["published"]),
        section=meta["section"],
        title=meta["title"],
        departments=tuple(meta.get("departments", ())),
        text=text,
        ordinal=meta["ordinal"],
        source=meta["source"],
        printed=tuple(meta.get("printed", ())),
        part=meta["part"],
        scanned=meta["scanned"],
    )


def record_metadata(record: IssueRecord, version: str) -> Metadata:
    return {
        **_issue_metadata(record.issue),
        "version": version,
        "published": _number(record.published),
        "publisher": record.publisher,
        "distribution": record.footer.distribution,
        "editor": record.footer.editor,
        "reviewer": record.footer.reviewer,
        "signer": record.footer.signer,
        "source": record.source,
        "content_hash": record.content_hash,
        "scanned": record.scanned,
        **({"chunk_ids": list(record.chunk_ids)} if record.chunk_ids else {}),
    }


def read_record(meta: Metadata, text: str) -> IssueRecord:
    return IssueRecord(
        issue=_issue(meta),
        published=_day(meta["published"]),
        publisher=meta["publisher"],
        footer=Footer(meta["distribution"], meta["editor"], meta["reviewer"], meta["signer"]),
        text=text,
        chunk_ids=tuple(meta.get("chunk_ids", ())),
        source=meta["source"],
        content_hash=meta["content_hash"],
        scanned=meta["scanned"],
    )
