"""Taking an issue out of the index."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing

from rag.catalog import Catalog
from rag.data_folder import check_index_is_there, ingest_lock
from rag.embeddings import Embedder, load_embeddings
from rag.errors import SourceError
from rag.schema import IssueRef
from rag.settings import Settings
from rag.text import fold, strip_space
from rag.vector_store import VectorStore

_NAMED = re.compile(
    r"(?:《?(?P<series>[^《》]*?)》?[-，]?)?(?P<year>20[0-9]{2})(?:-|年)"
    r"(?P<before>增刊|专刊)?(?:第)?0*(?P<number>[1-9][0-9]{0,3})(?:期)?(?P<after>增刊|专刊)?"
)


def remove_issue(
    name: str,
    settings: Settings,
    *,
    embeddings: Embedder | None = None,
    on_wait: Callable[[], None] = lambda: None,
) -> IssueRef:
    """Take one issue out, named as 2023-18, 2023年第18期, 《某县快报》2023年第18期 or by its key.

    Raises SourceError when the name is none, or no issue or more than one has it.
    """
    wanted = parse_issue_name(name)
    with ingest_lock(settings.data_dir, on_wait):
        model = embeddings or load_embeddings(settings.embedding_model, settings.data_dir)
        if not settings.chroma_url:
            check_index_is_there(settings.data_dir)
        store = VectorStore.configured(settings, model.model_id, model.dimension)
        with closing(Catalog(settings.data_dir / "catalog.sqlite3")) as catalog:
            catalog.sync(store)
            issue = _find(wanted, [issue for issue, _ in catalog.dates()])
            store.remove_issue(issue.key)
            catalog.sync(store)
    return issue


def parse_issue_name(name: str) -> IssueRef:
    """The issue that a person names; the series is empty when it is left out."""
    match = _NAMED.fullmatch(strip_space(fold(name)))
    if match is None:
        raise SourceError(f"“{name}”不是期号，请写成 2023-18 或 2023年第18期。")
    edition = match["before"] or match["after"] or ""
    return IssueRef(int(match["year"]), int(match["number"]), edition, match["series"] or "")


def _find(wanted: IssueRef, known: list[IssueRef]) -> IssueRef:
    found = [
        issue
        for issue in known
        if (issue.year, issue.number, issue.edition) == (wanted.year, wanted.number, wanted.edition)
        and wanted.series in ("", issue.series)
    ]
    if not found:
        raise SourceError(f"库里没有{wanted.label}，未作改动。")
    if len(found) > 1:
        names = "、".join(issue.label for issue in found)
        raise SourceError(f"有几种刊物都有这一期，请写全刊名：{names}")
    return found[0]
