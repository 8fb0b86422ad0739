"""The connection to Chroma: a server, or a folder that several processes use by turns.

Two processes on one embedded folder disturb each other (chromadb 1.5.9: stale vector search,
"Error finding id"), and a process killed while Chroma saves its vector index in place leaves an
index that cannot be read (seen once in 38 kills). So, for a folder:

- a lock is held around every use, and a stamp tells whether another process has written since;
  then the client is reopened (80 ms with 10,000 items);
- Chroma's own saving is switched off by a threshold that is never reached: new vectors live in
  SQLite's log, which survives a kill. After some rows the index is saved on purpose, with a copy of the folder beside it that is put back should the process die meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary, finalize

from rag.errors import StoreError
from rag.faults import check_space
from rag.vector_store.lock import StoreLock

# Importing Chroma takes most of a second, which a start doesn't need where the catalogue is known
# to be in step with the index.
if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.config import Settings

# Every write and every reopening goes through all unsaved rows again (0.3 ms each); saving takes
# longer the more is stored (0.3 s at 8,000 rows), so it is done less often then.
CHECKPOINT_ROWS = 300
STORED_PER_UNSAVED = 200
NEVER = 1_000_000_000
BROKEN = "broken"  # the stamp of a process killed while it wrote one


class ChromaConnection(Protocol):
    """How the vector store reaches Chroma; both contexts give (client, epoch).

    What was looked up under one epoch (collections, versions) holds while the epoch is the same.
    """

    sync_threshold: int

    @property
    def fault(self) -> str: ...

    def epoch(self) -> str: ...

    def signature(self) -> str: ...

    def reading(self) -> AbstractContextManager[tuple[ClientAPI, str]]: ...

    def writing(self, rows: int) -> AbstractContextManager[tuple[ClientAPI, str]]: ...


class ChromaFolder:
    """The embedded Chroma below a data folder; use `chroma_folder`, one object a process."""

    sync_threshold = NEVER
    fault = ""

    def __init__(self, data_dir: Path) -> None:
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"数据目录 {data_dir} 无法建立：{error.strerror}") from error
        self._path = data_dir / "chroma"
        self._saved = data_dir / "chroma.before"
        self._stamp_file = data_dir / "chroma.stamp"
        self._lock = StoreLock(data_dir, "chroma", self._refresh)
        self._client: ClientAPI | None = None
        self._opening = threading.Lock()
        self._stamp = ""

    def epoch(self) -> str:
        """The stamp of the last write, or of one going on; the index isn't opened for it.

        Nobody waits for a writer: whoever finds another stamp than the last reads the index next,
        and waits then. A save doesn't change what the index holds, nor does its undoing.
        """
        stamp = self._read_stamp()[0]
        if stamp not in ("", BROKEN):
            return stamp
        with self._lock.reading():
            return self._stamp

    def signature(self) -> str:
        """The stamp with size and time of Chroma's file, which opening it changes; "" where a save
        was interrupted or nothing was ever written."""
        stamp = self._read_stamp()[0]
        try:
            file = (self._path / "chroma.sqlite3").stat()
        except OSError:
            return ""
        if stamp in ("", BROKEN) or self._saved.exists():
            return ""
        return f"{stamp}:{file.st_size}:{file.st_mtime_ns}:{file.st_ino}"

    @contextmanager
    def reading(self) -> Iterator[tuple[ClientAPI, str]]:
        with self._lock.reading(), _in_chinese(str(self._path)):
            yield self._opened(), self._stamp

    @contextmanager
    def writing(self, rows: int) -> Iterator[tuple[ClientAPI, str]]:
        """Write about `rows` rows while nobody else reads or writes; DiskError without room."""
        check_space(self._path.parent, rows)
        with self._lock.writing(), _in_chinese(str(self._path)):
            _, unsaved, stored = self._read_stamp()
            if unsaved > max(CHECKPOINT_ROWS, stored // STORED_PER_UNSAVED):
                unsaved, stored = 0, self._checkpoint()
            # Before the write, not after: a process killed half-way must not leave the others
            # with a client that knows nothing of what was written.
            self._write_stamp(unsaved + rows, stored)
            yield self._opened(), self._stamp

    def _refresh(self) -> None:
        if self._saved.exists():
            self._close()
            self._restore()
        if self._read_stamp()[0] != self._stamp:
            self._close()
            self._stamp = self._read_stamp()[0]

    def _opened(self) -> ClientAPI:
        with self._opening:
            return self._client or self._open()

    def _open(self) -> ClientAPI:
        from chromadb.errors import ChromaError

        try:
            client = _persistent_client(self._path)
        except (ValueError, ChromaError) as error:
            raise StoreError(
                f"索引 {self._path} 打不开：{error}。可将该目录移走后重新导入"
            ) from error
        # Chroma hands an unclosed client to whoever opens the same path next, even when the folder
        # has been replaced since.
        self._closing = finalize(self, client.close)  # type: ignore[attr-defined]
        self._client = client
        return client

    def _close(self) -> None:
        if self._client is not None:
            self._closing()
            self._client = None

    def _read_stamp(self) -> tuple[str, int, int]:
        """The stamp of the last write, rows not saved yet, rows stored when they last were."""
        try:
            stamp = json.loads(self._stamp_file.read_text("utf-8"))
            return str(stamp["stamp"]), int(stamp["unsaved"]), int(stamp["stored"])
        except FileNotFoundError:
            return "", 0, 0
        except (ValueError, KeyError, TypeError):
            # Killed between truncating and writing; nothing was written to Chroma after that.
            return BROKEN, CHECKPOINT_ROWS + 1, 0

    def _write_stamp(self, unsaved: int, stored: int) -> None:
        self._stamp = uuid.uuid4().hex
        self._stamp_file.write_text(
            json.dumps({"stamp": self._stamp, "unsaved": unsaved, "stored": stored}),
            encoding="utf-8",
        )

    def _checkpoint(self) -> int:
        """Let Chroma save its vector indexes, so that little is to be replayed; rows stored."""
        self._close()
        partial = self._saved.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            shutil.copytree(self._path, partial)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise StoreError(f"索引无法备份到 {partial}（磁盘空间不足？）：{error}") from error
        os.replace(partial, self._saved)
        # The threshold counts from the next opening on.
        self._set_threshold(2)
        stored = sum(collection.count() for collection in self._opened().list_collections())
        self._set_threshold(NEVER)
        self._drop_saved()
        return stored

    def _set_threshold(self, rows: int) -> None:
        for collection in self._opened().list_collections():
            collection.modify(configuration={"hnsw": {"sync_threshold": rows}})
        self._close()

    def _restore(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)
        os.replace(self._saved, self._path)
        self._write_stamp(CHECKPOINT_ROWS + 1, 0)

    def _drop_saved(self) -> None:
        # In one step: a half-deleted copy must never be taken for a whole one.
        partial = self._saved.with_suffix(".partial")
        os.replace(self._saved, partial)
        shutil.rmtree(partial, ignore_errors=True)


def _persistent_client(path: Path) -> ClientAPI:
    import chromadb

    try:
        return chromadb.PersistentClient(str(path), settings=_settings().model_copy())
    except AttributeError:
        # Chroma 1.5.9 keeps a client that could not be started, gives it to the next one who asks
        # and throws it away then.
        return chromadb.PersistentClient(str(path), settings=_settings().model_copy())


_folders: WeakValueDictionary[Path, ChromaFolder] = WeakValueDictionary()
_folders_lock = threading.Lock()


def chroma_folder(data_dir: Path) -> ChromaFolder:
    """The one connection of this process to the folder; Chroma shares its state anyway."""
    path = data_dir.resolve()
    with _folders_lock:
        folder = _folders.get(path)
        if folder is None:
            folder = _folders[path] = ChromaFolder(path)
        return folder


def connect(data_dir: Path, chroma_url: str, chroma_token: str = "") -> ChromaConnection:
    """The server at `chroma_url`, or without one the folder below `data_dir`."""
    if not chroma_url:
        return chroma_folder(data_dir)
    from rag.vector_store.server import ChromaServer

    return ChromaServer(chroma_url, chroma_token)


@cache
def _settings() -> Settings:
    from chromadb.config import Settings

    # Kept, since reading them takes 25 ms and a client is opened for every save.
    return Settings(anonymized_telemetry=False)


@contextmanager
def _in_chinese(place: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from chromadb.errors import ChromaError

        if not isinstance(error, ChromaError):
            raise
        raise StoreError(f"索引（{place}）读写失败：{error}") from error
