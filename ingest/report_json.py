"""Reports as JSON, in the form that other programs rely on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ingest.changes import Changes
from ingest.report import FileReport, FoundItem, IngestReport, Status
from rag.schema import Footer, IssueRef, ParseWarning

Json = dict[str, Any]


def file_json(file: FileReport) -> Json:
    """One element of `files`."""
    issue = file.issue
    return {
        "path": file.path,
        "status": file.status.value,
        "series": issue.series if issue else None,
        "year": issue.year if issue else None,
        "issue": issue.number if issue else None,
        "edition": issue.edition if issue else None,
        "date": file.published.isoformat() if file.published else None,
        "footer": {
            "distribution": file.footer.distribution,
            "editor": file.footer.editor,
            "reviewer": file.footer.reviewer,
            "signer": file.footer.signer,
        },
        "items": [
            {
                "section": item.section,
                "title": item.title,
                "departments": list(item.departments),
                "body": item.body,
            }
            for item in file.items
        ],
        "content_hash": file.content_hash or None,
        "warnings": warnings_json(file.warnings),
        "changes": _changes_json(file.changes),
        "error": file.error or None,
    }


def summary_json(report: IngestReport) -> Json:
    """Everything beside `files`."""
    counts = {status.value: report.count(status) for status in Status}
    return {**counts, "kept": report.kept, "warnings": warnings_json(report.warnings)}


def warnings_json(warnings: Iterable[ParseWarning]) -> list[Json]:
    return [{"code": w.code, "message": w.message, "line": w.line} for w in warnings]


def read_file_json(row: Json, path: str) -> FileReport:
    """The report of an issue kept earlier; status and changes are those of another run."""
    return FileReport(
        path=path,
        status=Status(row["status"]),
        issue=IssueRef(row["year"], row["issue"], row["edition"], row["series"]),
        published=date.fromisoformat(row["date"]),
        footer=Footer(**row["footer"]),
        items=tuple(
            FoundItem(item["section"], item["title"], tuple(item["departments"]), item["body"])
            for item in row["items"]
        ),
        item_count=len(row["items"]),
        content_hash=row["content_hash"],
        warnings=tuple(ParseWarning(**warning) for warning in row["warnings"]),
    )


def _changes_json(changes: Changes | None) -> Json | None:
    if changes is None:
        return None
    return {
        "added": list(changes.added),
        "removed": list(changes.removed),
        "revised": [
            {
                "item": revision.name,
                "figures_before": list(revision.figures_before),
                "figures_after": list(revision.figures_after),
            }
            for revision in changes.revised
        ],
    }
