"""Figures for monitoring, in Prometheus' text form at /metrics."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from rag.data_folder import program_version
from rag.schema import Answer

BUSY = "BusyError"  # the queue was full
STOPPED = "已停止"  # the problem of an answer that the reader did not wait for
# Extractive answers take tens of milliseconds, a chat model takes seconds.
SECONDS = (0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


@dataclass
class Asked:
    """A question being answered; what is set last is counted."""

    answer: Answer | None = None
    problem: str = ""

    @property
    def outcome(self) -> str:
        if self.problem in (STOPPED, BUSY):
            return "stopped" if self.problem == STOPPED else "busy"
        return "error" if self.problem or self.answer is None else self.answer.outcome


class Telemetry:
    """The counters of one page.

    `index_size` gives issues and items, None while it loads; `waiting` the length of the queue.
    """

    def __init__(
        self,
        index_size: Callable[[], tuple[int, int] | None],
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        self._index_size = index_size
        # One of its own: the library's global one would count the pages of all tests together.
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._questions = Counter(
            "bulletin_questions",
            "回答过的问题",
            ["way", "engine", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "bulletin_answer_seconds", "回答一题的时间", ["way"], buckets=SECONDS, registry=registry
        )
        self._figures = Counter("bulletin_figures", "回答里的数字", registry=registry)
        self._verified = Counter(
            "bulletin_figures_verified", "其中在引文里核对到的", registry=registry
        )
        self._lock = threading.Lock()
        self._under_way = 0
        busy = Gauge("bulletin_questions_in_progress", "正在回答的问题", registry=registry)
        busy.set_function(lambda: self._under_way)
        queue = Gauge("bulletin_questions_waiting", "其中排队等待的", registry=registry)
        queue.set_function(waiting)
        self._issues = Gauge("bulletin_index_issues", "已收录的期数", registry=registry)
        self._items = Gauge("bulletin_index_items", "已收录的条数", registry=registry)
        self._ready = Gauge("bulletin_ready", "能回答为 1，正在加载或出错为 0", registry=registry)
        Info("bulletin_build", "程序版本", registry=registry).info({"version": program_version()})

    @contextmanager
    def answering(self, way: str) -> Iterator[Asked]:
        """Count and time a question; `way` is page, api or chat."""
        asked = Asked()
        started = time.perf_counter()
        with self._lock:
            self._under_way += 1
        try:
            yield asked
        finally:
            with self._lock:
                self._under_way -= 1
            self._seconds.labels(way).observe(time.perf_counter() - started)
            self._count(way, asked)

    def _count(self, way: str, asked: Asked) -> None:
        answer = asked.answer
        if answer is not None and not asked.problem:
            self._figures.inc(answer.checks.figures)
            self._verified.inc(answer.checks.verified)
        self._questions.labels(way, answer.engine if answer else "", asked.outcome).inc()

    @property
    def in_progress(self) -> int:
        """Questions being answered now."""
        return self._under_way

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        size = self._index_size()
        self._ready.set(size is not None)
        if size is not None:
            self._issues.set(size[0])
            self._items.set(size[1])
        return generate_latest(self._registry)


def telemetry_routes(telemetry: Telemetry) -> APIRouter:
    """GET /metrics; where visitors sign in, with the key of an account."""
    router = APIRouter()

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(telemetry.text(), media_type=CONTENT_TYPE_LATEST)

    return router
