"""One conversation on the page, as frozen values."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from rag.schema import Answer
from rag.text import encodable


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it: no answer yet, a partial one, a whole one, or a failure.

    `alone`: asked as if nothing had been said before.
    """

    question: str
    answer: Answer | None = None
    failure: str = ""
    running: bool = True
    stopped: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """Exchanges in the order asked; only the last one can be running.

    `id` names it in the reader's list; it is empty until the first question.
    """

    exchanges: tuple[Exchange, ...] = ()
    id: str = ""

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def earlier(self) -> tuple[Exchange, ...]:
        return self.exchanges[:-1]

    @property
    def title(self) -> str:
        return self.exchanges[0].question if self.exchanges else ""

    def asking(self, question: str, alone: bool = False) -> Conversation:
        """With a new running exchange; one that was left running counts as stopped."""
        asked = Exchange(encodable(question), alone=alone)
        return Conversation((*self.stopped().exchanges, asked), self.id or uuid.uuid4().hex)

    def without_last(self) -> Conversation:
        """Before the last question was asked."""
        return replace(self, exchanges=self.earlier)

    def answering(self, answer: Answer) -> Conversation:
        return self._with_last(replace(self.last, answer=answer))

    def finished(self) -> Conversation:
        return self._with_last(replace(self.last, running=False))

    def failed(self, message: str) -> Conversation:
        return self._with_last(replace(self.last, failure=message, running=False))

    def stopped(self) -> Conversation:
        """With the running exchange ended by the reader."""
        if not self.exchanges or not self.last.running:
            return self
        return self._with_last(replace(self.last, running=False, stopped=True))

    def history(self) -> list[dict[str, str]]:
        """The earlier messages in the form that the chain takes; failures are left out."""
        if self.last.alone:
            return []
        return messages_before(self, len(self.exchanges) - 1)

    def _with_last(self, exchange: Exchange) -> Conversation:
        return replace(self, exchanges=(*self.earlier, exchange))


def messages_before(talk: Conversation, turn: int) -> list[dict[str, str]]:
    """What was said before an exchange, failures left out."""
    messages: list[dict[str, str]] = []
    for exchange in talk.exchanges[:turn]:
        if exchange.answer is None or exchange.failure or exchange.answer.error:
            continue
        messages.append({"role": "user", "content": exchange.question})
        messages.append({"role": "assistant", "content": exchange.answer.text})
    return messages
