"""The set of collections that a store works on: the index, or one filled to take its place.

Collections come in numbered sets. The highest set marked ready is the index; a rebuild fills the
next one and marks it last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.errors import IndexMismatchError, StoreError
from rag.vector_store.connection import ChromaConnection
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

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection


@dataclass
class Collections:
    """One set of collections, valid under one epoch, and the versions looked up in it."""

    epoch: str
    serial: int
    chunks: Collection
    records: Collection
    versions: dict[str, str | None] = field(default_factory=dict)


class CurrentSet:
    """Gives the collections to read and write; `serial` names one set, else it is the index."""

    def __init__(
        self, connection: ChromaConnection, model: Model, serial: int | None = None
    ) -> None:
        self.model = model
        self._connection = connection
        self._serial = serial
        self._cache: Collections | None = None

    def prepare(self) -> None:
        """Look for the index and make it when there is none."""
        with self._connection.reading() as (client, epoch):
            exists = latest_serial(client) is not None
            if exists:
                self._resolve(client, epoch)
        if not exists:
            with self._connection.writing(0) as (client, epoch):
                if latest_serial(client) is None:
                    self._create(client, 1, ready=True)

    def begin_next(self) -> tuple[CurrentSet, CurrentSet | None]:
        """An empty set that is not the index before `activate`, and the index until then."""
        with self._connection.writing(0) as (client, _):
            latest = latest_serial(client)
            for serial in serials(client):
                if serial != latest:
                    drop(client, serial)
            following = CurrentSet(self._connection, self.model, serial=(latest or 0) + 1)
            self._create(client, (latest or 0) + 1, ready=False)
            if latest is None:
                return following, None
            model = built_with(open_set(client, latest)[1])
            return following, CurrentSet(self._connection, model, serial=latest)

    def activate(self) -> None:
        """Make this set the index, in one step, and delete the one before it."""
        with self._connection.writing(0) as (client, epoch):
            found = self._resolve(client, epoch)
            mark_ready(found.records)
            self._serial = self._cache = None  # from here on `discard` has nothing to give up
            for serial in serials(client):
                if serial != found.serial:
                    drop(client, serial)

    def discard(self) -> None:
        """Delete this set; nothing once it is the index."""
        if self._serial is not None:
            with self._connection.writing(0) as (client, _):
                drop(client, self._serial)

    def clear(self) -> None:
        """Replace the index by an empty one."""
        with self._connection.writing(0) as (client, _):
            before = serials(client)
            self._create(client, max(before, default=0) + 1, ready=True)
            for serial in before:
                drop(client, serial)

    def epoch(self) -> str:
        return self._connection.epoch()

    def signature(self) -> str:
        """The index as its files stand, told without opening it; "" when that can't be told."""
        return self._connection.signature()

    @property
    def fault(self) -> str:
        return self._connection.fault

    @contextmanager
    def reading(self) -> Iterator[Collections]:
        with self._connection.reading() as (client, epoch):
            yield self._resolve(client, epoch)

    @contextmanager
    def writing(self, rows: int) -> Iterator[Collections]:
        with self._connection.writing(rows) as (client, epoch):
            found = self._resolve(client, epoch)
            # Reading first: when the first thing a client does is to write, its second write
            # builds the whole vector index again (1.5 s at 2,500 chunks).
            found.chunks.count()
            found.records.count()
            yield found

    def _resolve(self, client: ClientAPI, epoch: str) -> Collections:
        from chromadb.errors import NotFoundError

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
        if built_with(records) != self.model:
            raise IndexMismatchError(
                f"索引是用模型 {built_with(records)[0]} 建的，当前模型是 {self.model[0]}。"
                "请改回原来的 BULLETIN_EMBEDDING_MODEL，或重建索引：python -m ingest PATH --rebuild"
            )
        self._cache = Collections(epoch, serial, chunks, records)
        return self._cache

    def _create(self, client: ClientAPI, serial: int, *, ready: bool) -> None:
        create(client, serial, self.model, self._connection.sync_threshold, ready=ready)
