"""What the page works with: the engine, and what is kept for its readers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from page.audit import AuditLog
from page.chips import Chip, chips_of
from page.conversation_store import ConversationStore
from page.engine import Chain, Engine
from page.evaluating import Evaluator
from page.importing import Importer
from rag.departments import DepartmentNames, load_departments
from rag.feedback import FeedbackBook
from rag.schema import Answer, ParsedQuery
from rag.settings import Settings


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

    def today(self) -> date:
        return self.settings.current_date()

    def ask(
        self, reader: str, question: str, history: Sequence[dict[str, str]], way: str
    ) -> Iterator[Answer]:
        """Ever more complete answers; what came of it is written to the audit log."""
        started = time.perf_counter()
        answer: Answer | None = None
        problem = ""
        try:
            for answer in self.engine.stream(question, history):
                yield answer
        except GeneratorExit:
            problem = "已停止"
            raise
        except Exception as error:
            problem = type(error).__name__
            raise
        finally:
            spent = 1000 * (time.perf_counter() - started)
            self.audit.record(reader, question, answer, way, problem, spent)

    def chips(self, query: ParsedQuery) -> list[Chip]:
        """What was understood of a question, to be shown and changed."""
        return chips_of(query, self.today(), self.departments.aliases)


def build_desk(settings: Settings, build: Callable[[], Chain]) -> Desk:
    """A desk over the data folder; nothing is loaded yet, `build` runs when the engine starts."""
    folder = settings.data_dir
    engine = Engine(build)
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
    )
