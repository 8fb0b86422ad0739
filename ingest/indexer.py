"""Files → the index, issue by issue: each one is there whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from ingest.gaps import review_archive
from ingest.manifest import Manifest
from ingest.report import FileReport, IngestReport, Status
from ingest.run import Progress, Run, embed
from rag.catalog import Catalog
from rag.data_folder import check_index_is_there, ingest_lock
from rag.departments import load_departments
from rag.embeddings import Embedder, load_embeddings
from rag.errors import IndexBrokenError
from rag.faults import naming_faults
from rag.index_mending import rebuild_from_catalog
from rag.settings import Settings
from rag.vector_store import NewIssue, VectorStore

log = logging.getLogger(__name__)

KEPT_ISSUES = 20  # taken over at a time by a rebuild


def ingest_paths(
    paths: Sequence[Path],
    settings: Settings,
    *,
    embeddings: Embedder | None = None,
    rebuild: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_file: Callable[[FileReport], None] = lambda file: None,
    on_wait: Callable[[], None] = lambda: None,
) -> IngestReport:
    """Take files and folders into the index; whatever fails is reported, the rest goes in.

    With `rebuild` everything is read and embedded anew, with whatever model is set; issues whose
    file is not given or fails are kept as they are. `on_file` gets each report with its items;
    `on_wait` is called when another ingest has to end first. Raises StoreError, ModelError,
    SettingsError when nothing can be done; what was committed until then stays.
    """
    with ingest_lock(settings.data_dir, on_wait):
        model = embeddings or load_embeddings(settings.embedding_model, settings.data_dir)
        with (
            Manifest(settings.data_dir / "files.sqlite3") as manifest,
            closing(Catalog(settings.data_dir / "catalog.sqlite3")) as catalog,
        ):
            if rebuild:
                store, before = _begin_rebuild(settings, model)
            else:
                if not settings.chroma_url:
                    check_index_is_there(settings.data_dir)
                store = before = VectorStore.configured(settings, model.model_id, model.dimension)
                catalog.sync(store)
            run = Run(
                store=store,
                before=before,
                catalog=None if rebuild else catalog,
                manifest=manifest,
                embedder=model,
                departments=load_departments(settings.data_dir / "departments.toml"),
                on_progress=on_progress,
                on_file=on_file,
            )
            kept = 0
            if rebuild:
                kept = _rebuild(run, paths, catalog)
            else:
                run.take_all(paths)
                manifest.commit()
            report = IngestReport(tuple(run.reports), review_archive(catalog.dates()), kept)
    _note(report)
    return report


def _note(report: IngestReport) -> None:
    counts = {status.value: report.count(status) for status in Status}
    log.info("ingested", extra={**counts, "kept": report.kept})
    for file in report.files:
        if file.status is Status.FAILED:
            log.warning("没有入库：%s", file.error)


def _begin_rebuild(settings: Settings, model: Embedder) -> tuple[VectorStore, VectorStore | None]:
    """The store to be filled and the index so far; a broken one is first mended from the catalogue.

    Otherwise the issues whose file is not given could not be kept.
    """

    def begin() -> tuple[VectorStore, VectorStore | None]:
        store = VectorStore.configured(settings, model.model_id, model.dimension, at_once=False)
        return store.begin_rebuild()

    try:
        with naming_faults(settings.data_dir):
            if not settings.chroma_url:
                check_index_is_there(settings.data_dir)
            store, before = begin()
            if before is not None:
                before.stored(list(before.hashes())[:1])
            return store, before
    except IndexBrokenError:
        if settings.chroma_url:
            raise
    rebuild_from_catalog(settings.data_dir, model)
    return begin()


def _rebuild(run: Run, paths: Sequence[Path], catalog: Catalog) -> int:
    """Fill the new store and switch to it; gives the number of issues kept without a file.

    When no file could be read, or anything breaks off, the index stays as it was.
    """
    try:
        run.take_all(paths)
        if not run.written:
            run.store.discard()
            return 0
        kept = _keep_the_rest(run)
        run.store.activate()
    except BaseException:
        run.store.discard()
        raise
    run.manifest.commit()
    catalog.sync(run.store)
    return kept


def _keep_the_rest(run: Run) -> int:
    if run.before is None:
        return 0
    keys = sorted(run.before.hashes().keys() - run.written)
    for start in range(0, len(keys), KEPT_ISSUES):
        stored = run.before.stored(keys[start : start + KEPT_ISSUES])
        vectors = iter(embed(run.embedder, [c.text for issue in stored for c in issue.chunks]))
        run.store.add_issues(
            [
                NewIssue(issue.record, issue.chunks, [next(vectors) for _ in issue.chunks])
                for issue in stored
            ]
        )
    return len(keys)
