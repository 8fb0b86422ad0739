"""The engines that `evaluate` can put side by side, one of them for comparison only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, Protocol

from rag.answer_json import answer_to_json
from rag.citations import CitationBook
from rag.errors import ChatModelError, SettingsError
from rag.evaluation.questions import Question
from rag.evaluation.runner import Ask, chain_engine
from rag.evaluation.scoring import Prediction
from rag.generative import GenerativeEngine
from rag.generative.engine import Writer, as_cost
from rag.generative.material import TABLES
from rag.generative.writer import Cost, Turns
from rag.schema import Answer
from rag.text import Span
from rag.verifier import check_figures

NAMES = ("extractive", "chat", "chat-unverified")


class Chain(Protocol):
    """What is needed of the chain."""

    @property
    def generative(self) -> GenerativeEngine | None: ...
    def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> Answer: ...


def engines(chain: Chain, names: Sequence[str]) -> dict[str, Ask]:
    """The named engines in the order given, each as a function of a question.

    `chat-unverified` shows the model's words as they come, with the sentence numbers as citations:
    what the verification is measured against. Both chat engines are given the same reply of the
    model, and the seconds that it took. Raises SettingsError for an unknown name, and for a chat
    engine when no chat model is set.
    """
    for name in names:
        if name not in NAMES:
            raise SettingsError(f"不认识回答方式 {name}；可用的有：{'、'.join(NAMES)}")
    if chain.generative is None:
        if set(names) - {"extractive"}:
            raise SettingsError("没有设置对话模型；请设置 BULLETIN_CHAT_MODEL。")
        return {"extractive": chain_engine(lambda q: chain.invoke(q, engine="extractive"))}
    remembered = RememberedReplies(chain.generative.writer)
    generative = chain.generative.writing_with(remembered)

    def chat(extractive: Answer) -> Answer:
        return list(generative.answers(extractive))[-1]

    def unverified(extractive: Answer) -> Answer:
        return unverified_answer(generative, extractive)

    asks: dict[str, Ask] = {
        "extractive": chain_engine(lambda q: chain.invoke(q, engine="extractive")),
        "chat": _over_extractive(chain, chat, remembered),
        "chat-unverified": _over_extractive(chain, unverified, remembered),
    }
    return {name: asks[name] for name in names}


def _over_extractive(
    chain: Chain, improve: Callable[[Answer], Answer], replies: RememberedReplies
) -> Ask:
    def ask(question: Question) -> Prediction:
        started = time.perf_counter()
        answer = improve(
            chain.invoke(
                {"question": question.question, "history": [dict(t) for t in question.history]},
                engine="extractive",
            )
        )
        spent = time.perf_counter() - started + replies.saved()
        prediction = answer_to_json(answer, question.id, 1000 * spent)
        if answer.model_cost:
            prediction["model_cost"] = asdict(answer.model_cost)
        return prediction

    return ask


class RememberedReplies:
    """A writer that asks its model the same thing only once."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._replies: dict[Turns, tuple[list[str], Cost, ChatModelError | None]] = {}
        self._saved = 0.0

    def saved(self) -> float:
        """Seconds saved since the last call of this."""
        saved, self._saved = self._saved, 0.0
        return saved

    def write(self, turns: Turns, config: Any = None, cost: Cost | None = None) -> Iterator[str]:
        key = tuple(turns)
        spent = cost if cost is not None else Cost()
        if key not in self._replies:
            yield from self._recorded(key, config, spent)
            return
        pieces, known, error = self._replies[key]
        self._saved += known.seconds
        for name, value in asdict(known).items():
            setattr(spent, name, value)
        yield from pieces
        if error:
            raise error

    def _recorded(self, turns: Turns, config: Any, cost: Cost) -> Iterator[str]:
        pieces: list[str] = []
        failure: ChatModelError | None = None
        try:
            for piece in self._writer.write(turns, config, cost):
                pieces.append(piece)
                yield piece
        except ChatModelError as error:
            failure = error
            raise
        finally:
            # Also when the reader has had enough, as of a reply that repeats itself.
            self._replies[tuple(turns)] = (pieces, cost, failure)


def unverified_answer(generative: GenerativeEngine, extractive: Answer) -> Answer:
    """What the model says, shown as it is; a failed reply gives the extractive answer."""
    material = generative.material(extractive)
    if material is None:
        return extractive
    cost = Cost()
    try:
        drafts = list(generative.drafts(extractive, material, None, cost))
    except ChatModelError:
        return replace(extractive, model_cost=as_cost(cost))
    spent = as_cost(cost)
    if drafts and drafts[0].not_found:
        return replace(
            extractive,
            text=drafts[0].text,
            citations=(),
            evidence=(),
            refusal="not_found",
            engine="chat",
            model_cost=spent,
        )
    book = CitationBook()
    table = extractive.query.intent in TABLES
    if table:
        chunks = {evidence.chunk.id: evidence.chunk for evidence in extractive.evidence}
        for c in extractive.citations:
            book.cite(chunks[c.chunk_id], Span(c.start, c.end))
    text = "".join(
        draft.text
        + "".join(f"[{book.cite(p.chunk, p.span)}]" for p in material.numbered(draft.numbers))
        for draft in drafts
    )
    if table:
        text = f"{text}\n\n{extractive.text}"
    return replace(
        extractive,
        text=text,
        citations=book.citations,
        evidence=book.evidence,
        engine="chat",
        checks=check_figures(text, book.citations),
        model_cost=spent,
    )
