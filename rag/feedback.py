"""Readers' verdicts on answers, and question-set rows made from them."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rag.entities.figures import find_figures

log = logging.getLogger(__name__)

REASONS = {
    "wrong_figure": "数字不对",
    "wrong_source": "出处不对",
    "off_topic": "答非所问",
    "incomplete": "不完整",
    "should_find": "快报里有，却说没有",
    "should_refuse": "快报里没有，不该回答",
}
_TYPES = {
    "figure": "number",
    "date": "date",
    "person": "footer_meta",
    "masthead": "footer_meta",
    "place": "place_name",
    "department": "department",
    "issue": "issue",
    "reason": "reason_how",
    "manner": "reason_how",
    "list": "list",
    "count": "aggregate",
    "sum": "aggregate",
    "compare": "compare",
    "trend": "trend",
    "digest": "digest",
}


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict. `id` names the answer, so that a second verdict replaces the first.

    `answer` is the answer in the form of OUT.jsonl. `correct` is the right answer in the
    reader's words, when one was given; `reason` is a key of REASONS or empty.
    """

    id: str
    time: str
    reader: str
    helpful: bool
    question: str
    answer: Mapping[str, Any]
    history: tuple[Mapping[str, str], ...] = ()
    reason: str = ""
    correct: str = ""


@dataclass
class FeedbackBook:
    """Verdicts as JSON lines in a file; safe for many threads of one process."""

    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, feedback: Feedback) -> None:
        line = json.dumps(asdict(feedback), ensure_ascii=False)
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def all(self) -> list[Feedback]:
        """The last verdict on each answer, in the order of the first ones."""
        if not self.path.exists():
            return []
        last: dict[str, Feedback] = {}
        for line in self.path.read_text(encoding="utf-8").split("\n"):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                last[row["id"]] = Feedback(**{**row, "history": tuple(row["history"])})
            except (ValueError, TypeError, KeyError):
                # A line cut off by a full disk must not hide the others.
                log.warning("%s 里有一行读不出来，已跳过", self.path.name)
        return list(last.values())


def question_rows(feedback: Iterable[Feedback]) -> list[dict[str, Any]]:
    """Rows of a question set. A verdict that does not say what would be right gives none.

    A helpful answer asks for its first figure and its sources again; a wrong one asks for what
    the reader gave as right, or for a refusal.
    """
    rows = []
    for each in feedback:
        answer = each.answer
        refused = answer["outcome"] in ("not_found", "out_of_scope")
        if each.helpful:
            answerable, include = not refused, [] if refused else _lead(answer["answer"])
        elif each.correct:
            answerable, include = True, _figures(each.correct) or [[each.correct]]
        elif each.reason == "should_refuse":
            answerable, include = False, []
        else:
            continue
        kind = _TYPES.get(answer["query"]["intent"], "paraphrase")
        cited = answer["citations"] if each.helpful and answerable else []
        rows.append(
            {
                "id": f"feedback-{each.id}",
                "type": kind if answerable else "unanswerable_near",
                "question": each.question,
                "history": [dict(turn) for turn in each.history],
                "answerable": answerable,
                "must_include": include,
                "must_not_include": [],
                "correction_ok": [],
                "gold": _gold(cited),
                "gold_quote": cited[0]["quote"] if cited else "",
            }
        )
    return rows


def _lead(text: str) -> list[list[str]]:
    return _figures(text)[:1]


def _figures(text: str) -> list[list[str]]:
    return [[figure.text] for figure in find_figures(text, chinese=False) if figure.unit]


def _gold(citations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    items = [
        {
            "year": citation["year"],
            "issue": citation["issue"],
            "section": citation["section"],
            "department": "、".join(citation["departments"]),
        }
        for citation in citations
    ]
    return [item for i, item in enumerate(items) if item not in items[:i]]
