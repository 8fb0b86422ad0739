"""Evaluations run from the page: one at a time, in the background, kept in the data folder."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from page.engine import UNEXPECTED, Engine
from rag.departments import DepartmentNames
from rag.errors import BulletinError, QuestionError
from rag.evaluation.engines import engines
from rag.evaluation.questions import load_questions
from rag.evaluation.runner import run_evaluation, text_lookup
from rag.feedback import FeedbackBook, question_rows
from rag.settings import Settings

log = logging.getLogger(__name__)

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "qa.jsonl"
FROM_READERS = "读者评价"
# Which engines a run may put the questions to, by the names that the page shows.
WAYS = {"摘录": ("extractive",), "大模型": ("chat",), "两种都评": ("extractive", "chat")}
ENGINE_NAMES = {keys[0]: words for words, keys in WAYS.items() if len(keys) == 1}
_STAMP = re.compile(r"\d{8}-\d{6}")


@dataclass(frozen=True, slots=True)
class Progress:
    """What runs now, or how the last run ended."""

    running: bool = False
    done: int = 0
    total: int = 0
    stamp: str = ""
    problem: str = ""


class _StoppedError(Exception):
    pass


class Evaluator:
    """Runs a question set against the engine and keeps what came out."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        feedback: FeedbackBook,
        departments: DepartmentNames,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._feedback = feedback
        self._departments = departments
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._progress = Progress()

    @property
    def progress(self) -> Progress:
        return self._progress

    @property
    def _sets(self) -> Path:
        return self._settings.data_dir / "qa"

    @property
    def _runs(self) -> Path:
        return self._settings.data_dir / "evaluations"

    def sets(self) -> dict[str, Path]:
        """The question sets that can be chosen, by name."""
        found = {path.stem: path for path in sorted(self._sets.glob("*.jsonl"))}
        if SAMPLES.exists():
            found.setdefault("示例问答集", SAMPLES)
        if question_rows(self._feedback.all()):
            found.setdefault(FROM_READERS, self._sets / f"{FROM_READERS}.jsonl")
        return found

    def add_set(self, name: str, content: bytes) -> int:
        """Keep a question set; gives its number of questions. QuestionError when it is none."""
        self._sets.mkdir(parents=True, exist_ok=True)
        path = self._sets / f"{name}.jsonl"
        trial = path.with_suffix(".new")
        try:
            trial.write_bytes(content)
            count = len(load_questions(trial))
            trial.replace(path)
        except QuestionError as error:
            message = str(error).replace(str(trial), name).replace(trial.name, name)
            raise QuestionError(message) from error
        finally:
            trial.unlink(missing_ok=True)
        return count

    def runs(self) -> list[str]:
        """The stamps of the runs kept, the newest first."""
        found = self._runs.glob("*/results.json")
        return sorted((path.parent.name for path in found), reverse=True)

    def results(self, stamp: str) -> dict[str, Any]:
        """What results.json of a run holds."""
        return dict(json.loads(self._file(stamp, "results.json").read_text(encoding="utf-8")))

    def report(self, stamp: str) -> str:
        """The report of a run, a page of its own."""
        return self._file(stamp, "report.html").read_text(encoding="utf-8")

    def _file(self, stamp: str, name: str) -> Path:
        path = self._runs / stamp / name
        if not _STAMP.fullmatch(stamp) or not path.is_file():
            raise QuestionError("这次评测的结果已不在。")
        return path

    def ways(self) -> list[str]:
        """The ways to answer that can be chosen; without a chat model there is one."""
        return list(WAYS) if self._settings.chat_model else [next(iter(WAYS))]

    def start(self, name: str, compare_with: str = "", way: str = "") -> None:
        """Begin a run; QuestionError when one is under way or the set is not there."""
        if way and way not in self.ways():
            raise QuestionError("没有这种回答方式。")
        names = WAYS[way or self.ways()[0]]
        sets = self.sets()
        if name not in sets:
            raise QuestionError("没有这个问答集。")
        if name == FROM_READERS:
            rows = question_rows(self._feedback.all())
            lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            self.add_set(FROM_READERS, lines.encode())
        earlier = self._file(compare_with, "results.json") if compare_with else None
        with self._lock:
            if self._progress.running:
                raise QuestionError("评测正在进行，请等它结束，或先停止。")
            stamp = f"{datetime.now():%Y%m%d-%H%M%S}"
            self._progress = Progress(running=True, stamp=stamp)
        self._stop.clear()
        self._in_background(lambda: self._run(sets[name], stamp, earlier, names))

    def stop(self) -> None:
        """End the run under way after its present question; what was measured is dropped."""
        self._stop.set()

    def _in_background(self, work: Callable[[], None]) -> None:
        def run() -> None:
            problem = ""
            try:
                work()
            except _StoppedError:
                problem = "评测已停止。"
            except BulletinError as error:
                problem = str(error)
            except Exception:
                log.exception("评测时出错")
                problem = UNEXPECTED
            self._progress = replace(self._progress, running=False, problem=problem)

        threading.Thread(target=run, name="evaluate", daemon=True).start()

    def _run(
        self, questions: Path, stamp: str, earlier: Path | None, names: tuple[str, ...]
    ) -> None:
        chain: Any = self._engine.chain()

        def tell(engine: str, done: int, total: int) -> None:
            if self._stop.is_set():
                raise _StoppedError
            before = names.index(engine) * total
            self._progress = replace(self._progress, done=before + done, total=len(names) * total)

        run_evaluation(
            questions,
            engines(chain, names),
            day=self._settings.current_date().isoformat(),
            models={
                "embedding": getattr(chain.embeddings, "model_id", ""),
                "chat": self._settings.chat_model,
            },
            out=self._runs / stamp,
            compare_with=earlier,
            text_of=text_lookup(self._engine.archive()),
            canonical=self._departments.canonical,
            progress=tell,
        )
