"""The question-answering chain behind the page, loaded while the page is already served."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

from page.archive import Archive
from page.examples import example_questions
from rag.errors import BulletinError, StoreUnreachableError
from rag.schema import Answer

log = logging.getLogger(__name__)

INGEST_COMMAND = "python -m ingest 快报文件或文件夹"
EMPTY_INDEX = "还没有收录任何快报。请先停止本程序，在程序所在文件夹运行下面的命令，再重新启动页面。"
UNEXPECTED = "程序内部出错，问题没有处理完。请稍后再试；仍然出错时，请管理员查看运行日志。"
LOAD_FAILED = "问答引擎没有加载成功，请管理员查看运行日志。"


EngineName = Literal["extractive", "chat"]


class Chain(Protocol):
    """What the page calls of the chain."""

    @property
    def catalog(self) -> Archive: ...
    @property
    def store(self) -> Any: ...
    @property
    def embeddings(self) -> Any: ...
    def stream(self, input: Any, *, engine: EngineName | None = None) -> Iterator[Answer]: ...


class NotReadyError(BulletinError):
    """The chain could not be loaded, or there is nothing to ask about."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the archive holds: issues, items, and the dates of the first and last issue."""

    issues: int
    items: int
    first: date
    last: date


class Engine:
    """Loads the chain in the background and hands it to whoever waits for it."""

    def __init__(self, build: Callable[[], Chain]) -> None:
        self._build = build
        self._wanted = threading.Event()
        self._loaded = threading.Event()
        self._chain: Chain | None = None
        self._problem = ""

    def start(self, wait: float = 0) -> None:
        """Begin loading after `wait` seconds, or as soon as the chain is wanted; returns at once."""

        def work() -> None:
            self._wanted.wait(wait)
            self.load()

        threading.Thread(target=work, name="load-chain", daemon=True).start()

    def load(self) -> None:
        """Build the chain and warm it up; what `start` does in a thread."""
        try:
            self._chain = self._build()
        except BulletinError as error:
            self._problem = str(error)
        except Exception:
            log.exception("问答引擎加载失败")
            self._problem = LOAD_FAILED
        finally:
            self._loaded.set()
        if self._chain is not None:
            self._warm_up(self._chain)

    def _warm_up(self, chain: Chain) -> None:
        """Ask an example, so that the first reader need not wait for what is made on demand."""
        try:
            for question in example_questions(chain.catalog)[:1]:
                for _ in chain.stream({"question": question, "history": []}):
                    pass
        except Exception:
            log.exception("预热失败，不影响使用")

    @property
    def loading(self) -> bool:
        return not self._loaded.is_set()

    def chain(self) -> Chain:
        """The chain, as soon as it is loaded; NotReadyError when it never will be."""
        self._wanted.set()
        self._loaded.wait()
        if self._chain is None:
            raise NotReadyError(self._problem)
        return self._chain

    def archive(self) -> Archive:
        """The catalogue as it is now, as soon as the chain is loaded."""
        chain = self.chain()
        # Another process may have taken in issues since; asking costs a file lookup.
        try:
            chain.catalog.sync(chain.store)
        except StoreUnreachableError:
            # What is here can be searched by words; answers and the status say so.
            if not chain.catalog.count():
                raise
        return chain.catalog

    def holdings(self) -> Holdings | None:
        """What can be asked about; None for an empty archive."""
        archive = self.archive()
        days = [day for _, day in archive.dates()]
        if not days:
            return None
        return Holdings(len(days), archive.count(), min(days), max(days))

    def stream(
        self, question: str, history: Sequence[dict[str, str]], engine: EngineName | None = None
    ) -> Iterator[Answer]:
        """Ever more complete answers to a question; NotReadyError when there is nothing to ask.

        `engine` is how to answer; None leaves it to the settings.
        """
        if not self.archive().count():
            raise NotReadyError(f"{EMPTY_INDEX}\n{INGEST_COMMAND}")
        asked = {"question": question, "history": list(history)}
        yield from self.chain().stream(asked, engine=engine)
