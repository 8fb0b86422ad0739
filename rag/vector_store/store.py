"""What is indexed: chunks with vectors, and one record an issue, in Chroma.

An issue counts as indexed from the moment its record is written. A stored chunk carries the
version of its issue's record, so that the old and the new chunks of a replaced issue never mix:
what does not match the record is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.schema import Chunk, Filters, IssueRecord
from rag.settings import Settings
from rag.vector_store.connection import connect
from rag.vector_store.current_set import Collections, CurrentSet
from rag.vector_store.rows import (
    PAGE,
    Metadata,
    chunk_metadata,
    chunk_row_id,
    chunk_row_ids,
    content_version,
    get_rows,
    public_id,
    read_chunk,
    read_record,
    record_metadata,
    stale_chunks,
    where_clause,
)
from rag.vector_store.sets import Model

NO_FILTERS = Filters()


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
    """The indexed issues. Safe for many threads, and for several processes on one folder."""

    def __init__(self, current: CurrentSet) -> None:
        self._current = current

    @classmethod
    def open(
        cls,
        data_dir: Path,
        chroma_url: str,
        model_id: str,
        dimension: int,
        chroma_token: str = "",
        *,
        at_once: bool = True,
    ) -> VectorStore:
        """The index, made when there is none; IndexMismatchError when of another model.

        With `at_once` false it is looked for at its first use: it may be out of reach now.
        """
        connection = connect(data_dir, chroma_url, chroma_token)
        store = cls(CurrentSet(connection, (model_id, dimension)))
        if at_once:
            store.prepare()
        return store

    @classmethod
    def configured(
        cls, settings: Settings, model_id: str, dimension: int, *, at_once: bool = True
    ) -> VectorStore:
        """`open` with the data folder and the Chroma server of the settings."""
        token = settings.chroma_token.get_secret_value()
        url = settings.chroma_url
        return cls.open(settings.data_dir, url, model_id, dimension, token, at_once=at_once)

    def prepare(self) -> None:
        """Look for the index and make it when there is none; what `open` does."""
        self._current.prepare()

    def begin_rebuild(self) -> tuple[VectorStore, VectorStore | None]:
        """An empty store that readers do not see before `activate`, and the index until then.

        The index may be of another model than this store, which then was not opened at once.
        """
        following, index = self._current.begin_next()
        return VectorStore(following), VectorStore(index) if index is not None else None

    @property
    def model(self) -> Model:
        """Id and dimension of the model of the vectors."""
        return self._current.model

    def activate(self) -> None:
        """Make a rebuilt store the index, in one step, and delete the one before it."""
        self._current.activate()

    def discard(self) -> None:
        """Give up a rebuild; the index stays as it is."""
        self._current.discard()

    def add_issue(
        self, record: IssueRecord, chunks: Sequence[Chunk], vectors: Sequence[Sequence[float]]
    ) -> None:
        """Add an issue or replace the one of the same key; readers see the old or the new one."""
        self.add_issues([NewIssue(record, chunks, vectors)])

    def add_issues(self, issues: Sequence[NewIssue]) -> None:
        """Add or replace several issues of different keys, each of them whole or not at all."""
        versions = {new.record.issue.key: content_version(new.record, new.chunks) for new in issues}
        if not issues:
            return
        if len(versions) < len(issues):
            raise ValueError("the same issue twice")
        rows = [
            (chunk, versions[new.record.issue.key], vector)
            for new in issues
            for chunk, vector in zip(new.chunks, new.vectors, strict=True)
        ]
        with self._current.writing(rows=len(rows) + len(issues)) as found:
            for start in range(0, len(rows), PAGE):
                page = rows[start : start + PAGE]
                found.chunks.upsert(
                    ids=[chunk_row_id(chunk.id, version) for chunk, version, _ in page],
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
        with self._current.writing(rows=1) as found:
            known = self._versions(found, [key])[key] is not None
            if known:
                found.records.delete(ids=[key])
            found.chunks.delete(where={"issue": key})
            found.versions[key] = None
            return known

    def clear(self) -> None:
        """Take every issue out."""
        self._current.clear()

    def hashes(self) -> dict[str, str]:
        """Issue key → content hash of every indexed issue."""
        return {key: str(meta["content_hash"]) for key, meta in self._all_records()}

    def versions(self, keys: Sequence[str] | None = None) -> dict[str, str]:
        """Issue key → version of the stored form; of all issues, or of those asked for.

        It changes when an issue is cut into other chunks, while the content hash stays.
        """
        if keys is None:
            return {key: str(meta["version"]) for key, meta in self._all_records()}
        with self._current.reading() as found:
            known = self._versions(found, list(keys))
        return {key: version for key, version in known.items() if version is not None}

    def records(self, keys: Sequence[str]) -> list[IssueRecord]:
        """The indexed issues among `keys`, in the order asked."""
        with self._current.reading() as found:
            rows = get_rows(found.records, list(dict.fromkeys(keys)))
        return [read_record(meta, text) for _, meta, text in rows]

    def chunks(self, keys: Sequence[str]) -> list[Chunk]:
        """The chunks of these issues, issue by issue, in printed order."""
        return [chunk for stored in self.stored(keys) for chunk in stored.chunks]

    def stored(self, keys: Sequence[str]) -> list[StoredIssue]:
        """The indexed issues among `keys` with their chunks, in the order asked."""
        with self._current.reading() as found:
            records = get_rows(found.records, list(dict.fromkeys(keys)))
            ids = [i for _, meta, _ in records for i in chunk_row_ids(meta)]
            rows = {row[0]: row for row in get_rows(found.chunks, ids)}
        return [
            StoredIssue(
                str(meta["version"]),
                read_record(meta, text),
                tuple(
                    read_chunk(public_id(i), *rows[i][1:]) for i in chunk_row_ids(meta) if i in rows
                ),
            )
            for _, meta, text in records
        ]

    def vectors(self, issues: Sequence[StoredIssue]) -> NDArray[np.float32]:
        """One row a chunk, issue by issue; zeros for a chunk that is no longer stored."""
        ids = [chunk_row_id(c.id, stored.version) for stored in issues for c in stored.chunks]
        places = {stored_id: place for place, stored_id in enumerate(ids)}
        vectors = np.zeros((len(ids), self.model[1]), dtype=np.float32)
        with self._current.reading() as found:
            for start in range(0, len(ids), PAGE):
                page = found.chunks.get(ids=ids[start : start + PAGE], include=["embeddings"])
                if page["ids"]:
                    vectors[[places[i] for i in page["ids"]]] = page["embeddings"]
        return vectors

    def epoch(self) -> str:
        """Stays the same while nobody writes."""
        return self._current.epoch()

    def signature(self) -> str:
        """The index as its files stand, told without opening it; "" when that can't be told."""
        return self._current.signature()

    @property
    def fault(self) -> str:
        """Why the Chroma server could not be used the last time; empty when it could."""
        return self._current.fault

    def search(
        self, vector: Sequence[float], k: int, filters: Filters = NO_FILTERS
    ) -> list[tuple[str, float]]:
        """The `k` nearest chunks under the filters as (chunk id, cosine similarity), best first."""
        if k <= 0:
            return []
        if len(vector) != self.model[1]:
            raise ValueError(f"a vector of {len(vector)}, the index has {self.model[1]}")
        where = where_clause(filters)
        wanted = k
        with self._current.reading() as found:
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
                    (public_id(stored), 1.0 - distance)
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
        with self._current.reading() as found:
            return found.chunks.count()

    def _versions(self, found: Collections, keys: list[str]) -> dict[str, str | None]:
        """The version of each issue's record; None where there is none."""
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in found.versions]
        if missing:
            rows = {
                key: str(meta["version"])
                for key, meta, _ in get_rows(found.records, missing, False)
            }
            found.versions.update({key: rows.get(key) for key in missing})
        return {key: found.versions[key] for key in wanted}

    def _all_records(self) -> list[tuple[str, Metadata]]:
        rows: list[tuple[str, Metadata]] = []
        with self._current.reading() as found:
            while True:
                page = found.records.get(limit=PAGE, offset=len(rows), include=["metadatas"])
                metas: list[Any] = page["metadatas"] or []
                rows.extend(zip(page["ids"], metas, strict=True))
                if len(page["ids"]) < PAGE:
                    return rows
