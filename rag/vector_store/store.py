"""What is indexed: chunks with vectors, and one record an issue, in Chroma.

An issue counts as indexed from the moment its record is written. A stored chunk carries the
version of its issue's record, so that the old and the new chunks of a replaced issue never mix:
what does not match the record is passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.models.Collection import Collection
from chromadb.errors import NotFoundError
from numpy.typing import NDArray

from rag.errors import IndexMismatchError, StoreError
from rag.schema import Chunk, Filters, IssueRecord
from rag.vector_store.connection import ChromaConnection, connect
from rag.vector_store.rows import (
    Metadata,
    chunk_metadata,
    read_chunk,
    read_record,
    record_metadata,
    stale_chunks,
    where_clause,
)
from rag.vector_store.sets import (
    Model,
    built_with,
    create,
    drop,
    latest_serial,
    mark_ready,
    open_set,
    serials,
)

PAGE = 2000  # `get` of more than 32,000 rows fails

NO_FILTERS = Filters()


@dataclass
class _Collections:
    """One set of collections, valid under one epoch, and the versions looked up in it."""

    epoch: str
    serial: int
    chunks: Collection
    records: Collection
    versions: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredIssue:
    """An indexed issue; `version` changes with anything in it."""

    version: str
    record: IssueRecord
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class NewIssue:
    """An issue to be indexed; one vector a chunk, and the record names these chunks."""

    record: IssueRecord
    chunks: Sequence[Chunk]
    vectors: Sequence[Sequence[float]]

    def __post_init__(self) -> None:
        if len(self.chunks) != len(self.vectors):
            raise ValueError(f"{len(self.chunks)} chunks with {len(self.vectors)} vectors")
        if self.record.chunk_ids != tuple(chunk.id for chunk in self.chunks):
            raise ValueError("record.chunk_ids are not the ids of the chunks")


class VectorStore:
    """The indexed issues. Safe for many threads, and for several processes on one folder.

    Collections come in numbered sets. The highest set marked ready is the index; a rebuild fills
    the next one and marks it last.
    """

    def __init__(
        self,
        connection: ChromaConnection,
        model: Model,
        serial: int | None = None,
    ) -> None:
        self._connection = connection
        self._model = model
        self._serial = serial
        self._cache: _Collections | None = None

    @classmethod
    def open(
        cls,
        data_dir: Path,
        chroma_url: str,
        model_id: str,
        dimension: int,
        chroma_token: str = "",
    ) -> VectorStore:
        """The index, made when there is none.

        Raises IndexMismatchError when it was built with another model.
        """
        store = cls.unopened(data_dir, chroma_url, model_id, dimension, chroma_token)
        store.prepare()
        return store

    @classmethod
    def unopened(
        cls,
        data_dir: Path,
        chroma_url: str,
        model_id: str,
        dimension: int,
        chroma_token: str = "",
    ) -> VectorStore:
        """The index, looked for at its first use: it may be out of reach now."""
        return cls(connect(data_dir, chroma_url, chroma_token), (model_id, dimension))

    def prepare(self) -> None:
        """Look for the index and make it when there is none; what `open` does."""
        with self._connection.reading() as (client, epoch):
            exists = latest_serial(client) is not None
            if exists:
                self._resolve(client, epoch)
        if not exists:
            with self._connection.writing(0) as (client, epoch):
                if latest_serial(client) is None:
                    self._create(client, 1, ready=True)

    @classmethod
    def begin_rebuild(
        cls,
        data_dir: Path,
        chroma_url: str,
        model_id: str,
        dimension: int,
        chroma_token: str = "",
    ) -> tuple[VectorStore, VectorStore | None]:
        """An empty store that readers do not see before `activate`, and the index until then."""
        connection = connect(data_dir, chroma_url, chroma_token)
        with connection.writing(0) as (client, _):
            latest = latest_serial(client)
            for serial in serials(client):
                if serial != latest:
                    drop(client, serial)
            store = cls(connection, (model_id, dimension), serial=(latest or 0) + 1)
            store._create(client, (latest or 0) + 1, ready=False)
            if latest is None:
                return store, None
            model = built_with(open_set(client, latest)[1])
            return store, cls(connection, model, serial=latest)

    @property
    def model(self) -> Model:
        """Id and dimension of the model of the vectors."""
        return self._model

    def activate(self) -> None:
        """Make a rebuilt store the index, in one step, and delete the one before it."""
        with self._connection.writing(0) as (client, epoch):
            found = self._resolve(client, epoch)
            mark_ready(found.records)
            self._serial = self._cache = None  # from here on `discard` has nothing to give up
            for serial in serials(client):
                if serial != found.serial:
                    drop(client, serial)

    def discard(self) -> None:
        """Give up a rebuild; the index stays as it is."""
        if self._serial is not None:
            with self._connection.writing(0) as (client, _):
                drop(client, self._serial)

    def add_issue(
        self, record: IssueRecord, chunks: Sequence[Chunk], vectors: Sequence[Sequence[float]]
    ) -> None:
        """Add an issue or replace the one of the same key; readers see the old or the new one."""
        self.add_issues([NewIssue(record, chunks, vectors)])

    def add_issues(self, issues: Sequence[NewIssue]) -> None:
        """Add or replace several issues of different keys, each of them whole or not at all."""
        versions = {new.record.issue.key: _version(new.record, new.chunks) for new in issues}
        if not issues:
            return
        if len(versions) < len(issues):
            raise ValueError("the same issue twice")
        rows = [
            (chunk, versions[new.record.issue.key], vector)
            for new in issues
            for chunk, vector in zip(new.chunks, new.vectors, strict=True)
        ]
        with self._writing(rows=len(rows) + len(issues)) as found:
            for start in range(0, len(rows), PAGE):
                page = rows[start : start + PAGE]
                found.chunks.upsert(
                    ids=[_stored_id(chunk.id, version) for chunk, version, _ in page],
                    embeddings=np.asarray([vector for _, _, vector in page], dtype=np.float32),
                    documents=[chunk.text for chunk, _, _ in page],
                    metadatas=[chunk_metadata(chunk, version) for chunk, version, _ in page],
                )
            # The commit point.
            found.records.upsert(
                ids=list(versions),
                embeddings=np.asarray(
                    [[new.record.published.toordinal(), new.record.issue.number] for new in issues],
                    dtype=np.float32,
                ),
                documents=[new.record.text for new in issues],
                metadatas=[
                    record_metadata(new.record, versions[new.record.issue.key]) for new in issues
                ],
            )
            found.chunks.delete(where=stale_chunks(versions))
            found.versions.update(versions)

    def remove_issue(self, key: str) -> bool:
        """Take an issue out; False when there was none."""
        with self._writing(rows=1) as found:
            known = self._versions(found, [key])[key] is not None
            if known:
                found.records.delete(ids=[key])
            found.chunks.delete(where={"issue": key})
            found.versions[key] = None
            return known

    def clear(self) -> None:
        """Take every issue out."""
        with self._connection.writing(0) as (client, _):
            before = serials(client)
            self._create(client, max(before, default=0) + 1, ready=True)
            for serial in before:
                drop(client, serial)

    def hashes(self) -> dict[str, str]:
        """Issue key → content hash of every indexed issue."""
        return {key: str(meta["content_hash"]) for key, meta in self._all_records()}

    def versions(self, keys: Sequence[str] | None = None) -> dict[str, str]:
        """Issue key → version of the stored form; of all issues, or of those asked for.

        It changes when an issue is cut into other chunks, while the content hash stays.
        """
        if keys is None:
            return {key: str(meta["version"]) for key, meta in self._all_records()}
        with self._reading() as found:
            known = self._versions(found, list(keys))
        return {key: version for key, version in known.items() if version is not None}

    def records(self, keys: Sequence[str]) -> list[IssueRecord]:
        """The indexed issues among `keys`, in the order asked."""
        with self._reading() as found:
            rows = _get(found.records, list(dict.fromkeys(keys)))
        return [read_record(meta, text) for _, meta, text in rows]

    def chunks(self, keys: Sequence[str]) -> list[Chunk]:
        """The chunks of these issues, issue by issue, in printed order."""
        return [chunk for stored in self.stored(keys) for chunk in stored.chunks]

    def stored(self, keys: Sequence[str]) -> list[StoredIssue]:
        """The indexed issues among `keys` with their chunks, in the order asked."""
        with self._reading() as found:
            records = _get(found.records, list(dict.fromkeys(keys)))
            ids = [i for _, meta, _ in records for i in _stored_ids(meta)]
            rows = {row[0]: row for row in _get(found.chunks, ids)}
        return [
            StoredIssue(
                str(meta["version"]),
                read_record(meta, text),
                tuple(
                    read_chunk(_public_id(i), *rows[i][1:]) for i in _stored_ids(meta) if i in rows
                ),
            )
            for _, meta, text in records
        ]

    def vectors(self, issues: Sequence[StoredIssue]) -> NDArray[np.float32]:
        """One row a chunk, issue by issue; zeros for a chunk that is no longer stored."""
        ids = [_stored_id(c.id, stored.version) for stored in issues for c in stored.chunks]
        places = {stored_id: place for place, stored_id in enumerate(ids)}
        vectors = np.zeros((len(ids), self._model[1]), dtype=np.float32)
        with self._reading() as found:
            for start in range(0, len(ids), PAGE):
                page = found.chunks.get(ids=ids[start : start + PAGE], include=["embeddings"])
                if page["ids"]:
                    vectors[[places[i] for i in page["ids"]]] = page["embeddings"]
        return vectors

    def epoch(self) -> str:
        """Stays the same while nobody writes."""
        with self._connection.reading() as (_, epoch):
            return epoch

    @property
    def fault(self) -> str:
        """Why the Chroma server could not be used the last time; empty when it could."""
        return self._connection.fault

    def search(
        self, vector: Sequence[float], k: int, filters: Filters = NO_FILTERS
    ) -> list[tuple[str, float]]:
        """The `k` nearest chunks under the filters as (chunk id, cosine similarity), best first."""
        if k <= 0:
            return []
        if len(vector) != self._model[1]:
            raise ValueError(f"a vector of {len(vector)}, the index has {self._model[1]}")
        where = where_clause(filters)
        wanted = k
        with self._reading() as found:
            while True:
                answer = found.chunks.query(
                    query_embeddings=np.asarray([vector], dtype=np.float32),
                    n_results=wanted,
                    where=where,
                    include=["metadatas", "distances"],
                )
                ids = answer["ids"][0]
                metas: list[Any] = (answer["metadatas"] or [[]])[0]
                distances = (answer["distances"] or [[]])[0]
                current = self._versions(found, [str(meta["issue"]) for meta in metas])
                hits = [
                    (_public_id(stored), 1.0 - distance)
                    for stored, meta, distance in zip(ids, metas, distances, strict=True)
                    if meta["version"] == current[str(meta["issue"])]
                ]
                if len(hits) >= k or len(ids) < wanted:
                    return hits[:k]
                # Leftovers of an interrupted run took places: look further.
                found.versions.clear()
                wanted *= 2

    def count(self) -> int:
        """How many chunks are stored."""
        with self._reading() as found:
            return found.chunks.count()

    @contextmanager
    def _reading(self) -> Iterator[_Collections]:
        with self._connection.reading() as (client, epoch):
            yield self._resolve(client, epoch)

    @contextmanager
    def _writing(self, rows: int) -> Iterator[_Collections]:
        with self._connection.writing(rows) as (client, epoch):
            found = self._resolve(client, epoch)
            # Reading first: when the first thing a client does is to write, its second write
            # builds the whole vector index again (1.5 s at 2,500 chunks).
            found.chunks.count()
            found.records.count()
            yield found

    def _resolve(self, client: ClientAPI, epoch: str) -> _Collections:
        cached = self._cache
        if cached is not None and cached.epoch == epoch:
            return cached
        serial = self._serial if self._serial is not None else latest_serial(client)
        try:
            if serial is None:
                raise NotFoundError("no index")
            chunks, records = open_set(client, serial)
        except NotFoundError as error:
            raise StoreError("索引不见了，请重新导入：python -m ingest PATH") from error
        if built_with(records) != self._model:
            raise IndexMismatchError(
                f"索引是用模型 {built_with(records)[0]} 建的，当前模型是 {self._model[0]}。"
                "请改回原来的 BULLETIN_EMBEDDING_MODEL，或重建索引：python -m ingest PATH --rebuild"
            )
        self._cache = _Collections(epoch, serial, chunks, records)
        return self._cache

    def _create(self, client: ClientAPI, serial: int, *, ready: bool) -> None:
        create(client, serial, self._model, self._connection.sync_threshold, ready=ready)

    def _versions(self, found: _Collections, keys: list[str]) -> dict[str, str | None]:
        """The version of each issue's record; None where there is none."""
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in found.versions]
        if missing:
            rows = {
                key: str(meta["version"]) for key, meta, _ in _get(found.records, missing, False)
            }
            found.versions.update({key: rows.get(key) for key in missing})
        return {key: found.versions[key] for key in wanted}

    def _all_records(self) -> list[tuple[str, Metadata]]:
        rows: list[tuple[str, Metadata]] = []
        with self._reading() as found:
            while True:
                page = found.records.get(limit=PAGE, offset=len(rows), include=["metadatas"])
                metas: list[Any] = page["metadatas"] or []
                rows.extend(zip(page["ids"], metas, strict=True))
                if len(page["ids"]) < PAGE:
                    return rows


def _get(
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


def _version(record: IssueRecord, chunks: Sequence[Chunk]) -> str:
    return hashlib.sha256(repr((record, tuple(chunks))).encode()).hexdigest()[:16]


def _stored_id(chunk_id: str, version: str) -> str:
    return f"{chunk_id}#{version}"


def _stored_ids(meta: Metadata) -> list[str]:
    """The chunks that the metadata of a record names."""
    return [_stored_id(i, str(meta["version"])) for i in meta.get("chunk_ids", ())]


def _public_id(stored: str) -> str:
    return stored.rpartition("#")[0]
