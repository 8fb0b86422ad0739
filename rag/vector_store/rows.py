"""Chunks, records and filters in the form that Chroma stores; nothing outside sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from rag.schema import Chunk, Filters, Footer, IssueRecord, IssueRef

if TYPE_CHECKING:
    from chromadb import Where
    from chromadb.api.models.Collection import Collection

PAGE = 2000  # `get` of more than 32,000 rows fails

Metadata = dict[str, Any]


def stale_chunks(versions: Mapping[str, str]) -> Where:
    """The chunks of these issues that are not of the version given for each."""
    # Versions are digests, so that of one issue is never that of another.
    return cast(
        "Where",
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


def content_version(record: IssueRecord, chunks: Sequence[Chunk]) -> str:
    return hashlib.sha256(repr((record, tuple(chunks))).encode()).hexdigest()[:16]


def chunk_row_id(chunk_id: str, version: str) -> str:
    return f"{chunk_id}#{version}"


def chunk_row_ids(meta: Metadata) -> list[str]:
    """The chunks that the metadata of a record names."""
    return [chunk_row_id(i, str(meta["version"])) for i in meta.get("chunk_ids", ())]


def public_id(row_id: str) -> str:
    return row_id.rpartition("#")[0]


def get_rows(
    collection: Collection, ids: list[str], text: bool = True
) -> list[tuple[str, Metadata, str]]:
    """(id, metadata, document) of the rows that exist, in the order asked."""
    rows: dict[str, tuple[str, Metadata, str]] = {}
    for start in range(0, len(ids), PAGE):
        page = collection.get(
            ids=ids[start : start + PAGE],
            include=["metadatas", "documents"] if text else ["metadatas"],
        )
        metas: list[Any] = page["metadatas"] or []
        documents = (page["documents"] if text else None) or [""] * len(metas)
        for row in zip(page["ids"], metas, documents, strict=True):
            rows[row[0]] = row
    return [rows[i] for i in ids if i in rows]
