"""What an ingest found and did, file by file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ingest.changes import Changes
from rag.schema import Bulletin, Footer, IssueRef, ParseWarning

NO_FOOTER = Footer()


class Status(StrEnum):
    """What became of an issue in a file."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item as printed."""

    section: str
    title: str | None
    departments: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """One issue of one file, or a file that failed (then `issue` is None).

    `items` is empty in the report that `ingest_paths` returns, for the sake of memory; they are
    in what `on_file` gets. `changes` compares a replaced issue with what was there before.
    """

    path: str
    status: Status
    issue: IssueRef | None = None
    published: date | None = None
    footer: Footer = NO_FOOTER
    items: tuple[FoundItem, ...] = ()
    item_count: int = 0
    content_hash: str = ""
    warnings: tuple[ParseWarning, ...] = ()
    changes: Changes | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """The whole run. `warnings` are on the archive: missing numbers, dates out of order.

    `kept` counts the issues that a rebuild took over from the index without a file.
    """

    files: tuple[FileReport, ...]
    warnings: tuple[ParseWarning, ...] = ()
    kept: int = 0

    def count(self, status: Status) -> int:
        return Counter(file.status for file in self.files)[status]

    @property
    def ok(self) -> bool:
        return self.count(Status.FAILED) == 0


def file_report(path: str, bulletin: Bulletin) -> FileReport:
    """The report of an issue before it is known what becomes of it."""
    return FileReport(
        path=path,
        status=Status.UNCHANGED,
        issue=bulletin.issue,
        published=bulletin.published,
        footer=bulletin.footer,
        items=tuple(
            FoundItem(item.section, item.title, item.departments, item.body)
            for item in bulletin.items
        ),
        item_count=len(bulletin.items),
        content_hash=bulletin.content_hash,
        warnings=bulletin.warnings,
    )
