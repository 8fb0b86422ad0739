"""A chat model's prose over the extractive answer, every sentence checked before it is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

from prompts import load_prompt
from rag.departments import DepartmentNames
from rag.errors import ChatModelError
from rag.extractive.reading import time_match
from rag.generative.composer import Composer
from rag.generative.material import QUANTITIES, TABLES, Material, material_for
from rag.generative.reply import Draft, ReplyReader
from rag.generative.writer import Cost, Turns
from rag.schema import Answer, Chunk, Intent, ModelCost, Period
from rag.verifier import ClaimChecker, FitsTime

UNAVAILABLE = "{reason}，以下为原文摘录。"
NOT_FOUND = "语言模型没有在材料中找到答案，以下为程序找到的原文摘录，请留意是否切题。"
NOT_VERIFIED = "语言模型的回答没有通过核对，以下为原文摘录。"
# The table is all that was asked for; prose would only repeat its head or its total.
_ALONE = (Intent.COUNT, Intent.SUM, Intent.MASTHEAD)
_WEEKDAYS = "一二三四五六日"
log = logging.getLogger(__name__)


class Writer(Protocol):
    def write(
        self, turns: Turns, config: Any = None, cost: Cost | None = None
    ) -> Iterator[str]: ...


class GenerativeEngine:
    """Writes over extractive answers; whatever the model does, what is shown stands in quotes."""

    def __init__(
        self, writer: Writer, departments: DepartmentNames, today: Callable[[], date]
    ) -> None:
        self.writer = writer
        self._departments = departments
        self._checker = ClaimChecker(departments)
        self._today = today

    def writing_with(self, writer: Writer) -> GenerativeEngine:
        """The same engine with another writer."""
        return GenerativeEngine(writer, self._departments, self._today)

    def answers(self, extractive: Answer, config: Any = None) -> Iterator[Answer]:
        """Ever more complete answers; the last one is final.

        A refusal, an error and what is complete as a table stay as they are, without asking the
        model. When the model fails, the extractive answer with a notice.
        """
        material = self.material(extractive)
        if material is None:
            yield extractive
            return
        cost = Cost()
        composer = Composer(extractive, material, self._checker, _fits_time(extractive))
        try:
            for draft in self.drafts(extractive, material, config, cost):
                if draft.not_found and not composer.ready:
                    raise ChatModelError(NOT_FOUND)
                if composer.add(draft) and composer.ready:
                    yield composer.partial()
                if composer.full:
                    break
            final = composer.final()
            if final is None:
                raise ChatModelError(NOT_VERIFIED)
        except ChatModelError as error:
            notice = str(error)
            if not notice.endswith("。"):
                notice = UNAVAILABLE.format(reason=notice)
            log.warning("改用原文摘录：%s", notice)
            final = replace(extractive, notices=(*extractive.notices, notice))
        yield replace(final, model_cost=as_cost(cost))

    def material(self, extractive: Answer) -> Material | None:
        """The numbered sentences to write from; None when the model is not to be asked."""
        if extractive.outcome != "answered" or extractive.query.intent in _ALONE:
            return None
        return material_for(extractive)

    def drafts(
        self, extractive: Answer, material: Material, config: Any, cost: Cost
    ) -> Iterator[Draft]:
        """The sentences of the reply, unchecked; raises ChatModelError."""
        table = extractive.query.intent in TABLES
        day = self._today()
        turns = load_prompt("summary" if table else "answer").fill(
            today=f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）",
            evidence=material.render(),
            question=" ".join(extractive.query.standalone.split()),
        )
        reader = ReplyReader()
        for piece in self.writer.write(turns, config, cost):
            yield from reader.feed(piece)
        yield from reader.finish()


def _fits_time(extractive: Answer) -> FitsTime | None:
    """A figure of another time than the one asked about is no answer, except in a table."""
    query = extractive.query
    if not query.periods or query.intent in TABLES:
        return None
    quantity = query.intent in QUANTITIES

    def fits(spoken: Period | None, chunk: Chunk) -> bool:
        return any(time_match(asked, spoken, chunk, quantity) > 0 for asked in query.periods)

    return fits


def as_cost(cost: Cost) -> ModelCost:
    return ModelCost(cost.prompt_tokens, cost.reply_tokens, cost.characters, cost.seconds)
