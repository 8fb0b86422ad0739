"""Checks of the model, the index and the catalogue."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rag.catalog import Catalog
from rag.catalog.database import VERSION as CATALOG_VERSION
from rag.data_folder import check_index_is_there, ingest_lock
from rag.doctor.files import delete_database
from rag.doctor.finding import Finding, fault, ok, warning
from rag.embedding_model import DEFAULT_MODEL_NAME, MARKER_FILE, ensure_default_model
from rag.embeddings import Embedder, load_embeddings
from rag.errors import BulletinError, IndexBrokenError
from rag.faults import REBUILD, REPAIR, database_problem, naming_faults
from rag.index_mending import check_vectors, rebuild_from_catalog
from rag.settings import Settings
from rag.vector_store import VectorStore

SAMPLE = 20  # items whose vector is computed again and searched for
ALIKE = 0.999  # the cosine of a vector with itself, stored in 32 bits


def check_index(settings: Settings, model: Embedder | None = None) -> Iterator[Finding]:
    """Model, index and catalogue, each only when what it rests on is sound.

    The model is loaded unless it is given.
    """
    found = model or _load_model(settings)
    if isinstance(found, Finding):
        yield found
        return
    yield ok("句向量模型", f"{found.model_id}（{found.dimension} 维）")
    yield from _check_stores(settings, found)


def _load_model(settings: Settings) -> Embedder | Finding:
    check = "句向量模型"
    folder = settings.data_dir / "models" / DEFAULT_MODEL_NAME

    def make() -> str:
        shutil.rmtree(folder, ignore_errors=True)
        ensure_default_model(folder)
        return f"已重新生成 {folder}"

    if not settings.embedding_model:
        if not folder.exists():
            return warning(check, "自带的模型还没有生成", "第一次使用时自动生成", make)
        changed = _changed_files(folder)
        if changed:
            return fault(
                check,
                f"{folder} 不完整或被改动过（{'、'.join(changed)}）",
                "删去这个文件夹，程序会重新生成",
                make,
            )
    try:
        return load_embeddings(settings.embedding_model, settings.data_dir)
    except BulletinError as error:
        return fault(check, str(error), "改正 BULLETIN_EMBEDDING_MODEL，或清空它使用自带的模型")


def _changed_files(folder: Path) -> list[str]:
    """The files of the default model that are not as they were made."""
    try:
        made = json.loads((folder / MARKER_FILE).read_text("utf-8"))["files"]
        return [name for name, (_, digest) in made.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [MARKER_FILE]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _check_stores(settings: Settings, model: Embedder) -> Iterator[Finding]:
    data_dir, server = settings.data_dir, settings.chroma_url
    place = server or str(data_dir / "chroma")
    try:
        with naming_faults(data_dir):
            if not server:
                check_index_is_there(data_dir)
            store = VectorStore.configured(settings, model.model_id, model.dimension)
            versions = store.versions()
            store.stored(list(versions)[:1])
    except IndexBrokenError as error:
        yield _broken_index(data_dir, model, str(error), server)
        return
    except BulletinError as error:
        yield fault("索引", str(error), f"照上面的话做；都不行时重新入库：{REBUILD}")
        return
    if not versions:
        yield warning("索引", f"{place}，还没有快报", "入库：python -m ingest 快报文件夹")
    catalogue = _check_catalog(data_dir, store, versions)
    yield catalogue
    if catalogue.state == "ok" and versions:
        yield _check_search(data_dir, store, model, place, len(versions), server)


def _broken_index(data_dir: Path, model: Embedder, message: str, server: str) -> Finding:
    def mend() -> str:
        with ingest_lock(data_dir):
            issues, aside = rebuild_from_catalog(data_dir, model)
            # Its vectors may be the lost ones.
            shutil.rmtree(data_dir / "catalog.index", ignore_errors=True)
        return f"已从目录库重建 {issues} 期" + (f"，原来的在 {aside.name}" if aside else "")

    catalogue = data_dir / "catalog.sqlite3"
    if server or not holds_texts(catalogue):
        return fault(
            "索引", message, f"恢复备份（python -m rag restore 文件），或重新入库：{REBUILD}"
        )
    return fault("索引", message, f"从目录库重建：{REPAIR}", mend)


def holds_texts(catalogue: Path) -> bool:
    """Whether an index can be made from the catalogue as it is."""
    if not catalogue.exists() or database_problem(catalogue):
        return False
    try:
        with closing(
            sqlite3.connect(f"{catalogue.resolve().as_uri()}?mode=ro", uri=True)
        ) as database:
            [version] = database.execute("PRAGMA user_version").fetchone()
            [issues] = database.execute("SELECT COUNT(*) FROM issues").fetchone()
    except sqlite3.Error:
        return False
    return bool(version == CATALOG_VERSION and issues)  # another version is emptied when opened


def _check_catalog(data_dir: Path, store: VectorStore, versions: dict[str, str]) -> Finding:
    check, path = "目录库", data_dir / "catalog.sqlite3"

    def rebuild() -> str:
        with ingest_lock(data_dir):
            delete_database(path)
            with closing(Catalog(path)) as catalog:
                catalog.sync(store)
                return f"已从索引重建，{catalog.count()} 条"

    if not path.exists():
        return warning(check, "没有", "下次使用时从索引自动重建", rebuild)
    problem = database_problem(path)
    if problem:
        return fault(check, f"{path} {problem}", "会从索引自动重建", rebuild)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            held = dict(database.execute("SELECT key, version FROM issues").fetchall())
            wanted = sum(
                len(json.loads(ids)) for (ids,) in database.execute("SELECT chunk_ids FROM issues")
            )
            [count] = database.execute("SELECT COUNT(*) FROM chunks").fetchone()
    except sqlite3.Error as error:
        return fault(check, f"{path} 读不出来（{error}）", "会从索引自动重建", rebuild)
    if held != versions:
        message = f"收了 {len(held)} 期，索引里是 {len(versions)} 期，或有的期不是同一版"
        return warning(check, message, "下次使用时自动补齐", rebuild)
    if count != wanted:
        return fault(check, f"应有 {wanted} 条，实有 {count} 条", "从索引重建", rebuild)
    return ok(check, f"{len(held)} 期 {wanted} 条，与索引一致")


def _check_search(
    data_dir: Path,
    store: VectorStore,
    model: Embedder,
    place: str,
    issues: int,
    server: str,
) -> Finding:
    """Items looked up by vectors computed anew are found: none is missing or another's."""
    try:
        with naming_faults(data_dir), closing(Catalog(data_dir / "catalog.sqlite3")) as catalog:
            catalog.sync(store)
            check_vectors(catalog, model.dimension, data_dir)
            chunks = catalog.scan()
            chosen = random.Random(0).sample(chunks, min(SAMPLE, len(chunks)))
            vectors = model.embed_documents([chunk.text for chunk in chosen])
            lost = [
                chunk.id
                for chunk, vector in zip(chosen, vectors, strict=True)
                for search in (store.search, catalog.nearest)
                # The same text may stand in several issues.
                if not any(score > ALIKE for _, score in search(vector, 1))
            ]
    except IndexBrokenError as error:
        return _broken_index(data_dir, model, str(error), server)
    except BulletinError as error:
        return fault("索引", str(error), f"重新入库：{REBUILD}")
    if lost:
        message = f"{place} 抽查 {len(chosen)} 条，有向量不对的，如 {lost[0]}"
        return _broken_index(data_dir, model, message, server)
    return ok("索引", f"{place}，{issues} 期，抽查 {len(chosen)} 条的向量都对")
