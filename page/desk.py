"""What the page works with: the engine, and what is kept for its readers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from page.audit import AuditLog
from page.chips import Chip, chips_of
from page.conversation_store import ConversationStore
from page.crowd import Crowd
from page.engine import Chain, Engine, EngineName, NotReadyError
from page.evaluating import Evaluator
from page.importing import Importer
from page.telemetry import STOPPED, Asked, Telemetry
from rag.departments import DepartmentNames, load_departments
from rag.feedback import FeedbackBook
from rag.logs import keep_out_of_log
from rag.schema import Answer, ParsedQuery
from rag.settings import Settings

log = logging.getLogger(__name__)

CLOSING = "系统正在停止，请稍后再问。"


@dataclass(frozen=True)
class Desk:
    """Everything behind the page. `reader` is a user name, or empty without accounts."""

    settings: Settings
    engine: Engine
    conversations: ConversationStore
    feedback: FeedbackBook
    audit: AuditLog
    departments: DepartmentNames
    importer: Importer
    evaluator: Evaluator
    telemetry: Telemetry
    crowd: Crowd = field(default_factory=Crowd)
    closing: threading.Event = field(default_factory=threading.Event)

    def today(self) -> date:
        return self.settings.current_date()

    def ask(
        self,
        reader: str,
        question: str,
        history: Sequence[dict[str, str]],
        way: str,
        engine: EngineName | None = None,
    ) -> Iterator[Answer]:
        """Ever more complete answers; what came of it is written to the audit log.

        `way` is where the question came in, `engine` how to answer if not as the settings say.
        """
        if self.closing.is_set():
            raise NotReadyError(CLOSING)
        keep_out_of_log(question)
        started = time.perf_counter()
        with self.telemetry.answering(way) as asked:
            try:
                with self.crowd.place():
                    for answer in self.engine.stream(question, history, engine):
                        asked.answer = answer
                        yield answer
            except GeneratorExit:
                asked.problem = STOPPED
                raise
            except Exception as error:
                asked.problem = type(error).__name__
                raise
            finally:
                spent = 1000 * (time.perf_counter() - started)
                self._note(reader, question, way, asked, spent)

    def _note(self, reader: str, question: str, way: str, asked: Asked, spent: float) -> None:
        answer = asked.answer
        self.audit.record(reader, question, answer, way, asked.problem, spent)
        told = {
            "way": way,
            "outcome": asked.outcome,
            "engine": answer.engine if answer else None,
            "figures": answer.checks.figures if answer else 0,
            "verified": answer.checks.verified if answer else 0,
            "problem": asked.problem or None,
            "ms": round(spent),
        }
        log.info("answered", extra=told)

    def chips(self, query: ParsedQuery) -> list[Chip]:
        """What was understood of a question, to be shown and changed."""
        return chips_of(query, self.today(), self.departments.aliases)


def build_desk(settings: Settings, build: Callable[[], Chain]) -> Desk:
    """A desk over the data folder; nothing is loaded yet, `build` runs when the engine starts."""
    folder = settings.data_dir
    engine, crowd = Engine(build), Crowd()
    feedback = FeedbackBook(folder / "feedback.jsonl")
    departments = load_departments(folder / "departments.toml")
    return Desk(
        settings=settings,
        engine=engine,
        conversations=ConversationStore(folder / "conversations.sqlite3"),
        feedback=feedback,
        audit=AuditLog(folder / "audit" / "audit.jsonl"),
        departments=departments,
        importer=Importer(settings, engine.archive, lambda: engine.chain().embeddings),
        evaluator=Evaluator(settings, engine, feedback, departments),
        telemetry=Telemetry(lambda: _index_size(engine), lambda: crowd.waiting),
        crowd=crowd,
    )


def _index_size(engine: Engine) -> tuple[int, int] | None:
    if engine.loading:
        return None
    try:
        holdings = engine.holdings()
    except Exception:
        return None  # what is wrong is told at /health and in the log
    return (holdings.issues, holdings.items) if holdings else (0, 0)
