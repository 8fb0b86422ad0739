"""The index made anew from the catalogue, which holds every text; only vectors are computed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rag.backup import copy_file, renew_stamp
from rag.catalog import Catalog
from rag.data_folder import put_aside
from rag.embeddings import Embedder
from rag.faults import broken_index
from rag.schema import Filters
from rag.vector_store import NewIssue, VectorStore
from rag.vector_store.lock import StoreLock

BATCH = 20
PROBED = 10


def check_vectors(catalog: Catalog, dimension: int, data_dir: Path) -> None:
    """IndexBrokenError when items have no vectors, as when Chroma's vector files were lost.

    Chroma reports nothing then (1.5.9): it gives fewer items, or none.
    """
    wanted = min(PROBED, catalog.count())
    found = catalog.nearest([1.0] + [0.0] * (dimension - 1), wanted)
    if len(found) < wanted or (found and not any(score for _, score in found)):
        raise broken_index(data_dir, "的向量不全")


def rebuild_from_catalog(data_dir: Path, embeddings: Embedder) -> tuple[int, Path | None]:
    """Replace the index by one made from the catalogue; issues, and where the old one is now.

    Call it under the ingest lock. The old index stays in place until the new one is whole. A page
    that runs goes on with the new one.
    """
    fresh, index = data_dir / "rebuilding", data_dir / "chroma"
    shutil.rmtree(fresh, ignore_errors=True)
    with closing(Catalog(data_dir / "catalog.sqlite3")) as catalog:
        issues = _fill(fresh, catalog, embeddings)
    with StoreLock(data_dir, "chroma", lambda: None).writing():
        copied = data_dir / "chroma.partial"
        shutil.rmtree(copied, ignore_errors=True)
        # Copied, not moved: this process still has the new one open.
        _copy_folder(fresh / "chroma", copied)
        aside = put_aside(index) if index.exists() else None
        os.replace(copied, index)
        shutil.copy2(fresh / "chroma.stamp", data_dir / "chroma.stamp")
        renew_stamp(data_dir)
    shutil.rmtree(fresh, ignore_errors=True)
    return issues, aside


def _fill(folder: Path, catalog: Catalog, embeddings: Embedder) -> int:
    store = VectorStore.open(folder, "", embeddings.model_id, embeddings.dimension)
    records = catalog.issues()
    for start in range(0, len(records), BATCH):
        batch = []
        for record in records[start : start + BATCH]:
            chunks = catalog.scan(Filters(issues=(record.issue,)))
            batch.append(NewIssue(record, chunks, _vectors(embeddings, [c.text for c in chunks])))
        store.add_issues(batch)
    return len(records)


def _vectors(embeddings: Embedder, texts: Sequence[str]) -> list[list[float]]:
    return embeddings.embed_documents(list(texts)) if texts else []


def _copy_folder(source: Path, target: Path) -> None:
    target.mkdir()
    for path in sorted(source.rglob("*")):
        if path.is_dir():
            (target / path.relative_to(source)).mkdir(exist_ok=True)
        elif not path.name.endswith(("-wal", "-shm", "-journal")):
            copy_file(path, target / path.relative_to(source))
