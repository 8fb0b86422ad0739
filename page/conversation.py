"""One conversation on the page, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rag.schema import Answer


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it: no answer yet, a partial one, a whole one, or a failure."""

    question: str
    answer: Answer | None = None
    failure: str = ""
    running: bool = True
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """Exchanges in the order asked; only the last one can be running."""

    exchanges: tuple[Exchange, ...] = ()

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def earlier(self) -> tuple[Exchange, ...]:
        return self.exchanges[:-1]

    def asking(self, question: str) -> Conversation:
        """With a new running exchange; one that was left running counts as stopped."""
        return Conversation((*self.stopped().exchanges, Exchange(question)))

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
        messages: list[dict[str, str]] = []
        for exchange in self.earlier:
            if exchange.answer is None or exchange.failure or exchange.answer.error:
                continue
            messages.append({"role": "user", "content": exchange.question})
            messages.append({"role": "assistant", "content": exchange.answer.text})
        return messages

    def _with_last(self, exchange: Exchange) -> Conversation:
        return Conversation((*self.earlier, exchange))
