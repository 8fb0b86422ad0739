"""The things a comparison sets side by side, each with the question put to it alone."""

from __future__ import annotations

import re
from dataclasses import replace

import rjieba

from rag.entities import ordinals
from rag.extractive.wording import say_period
from rag.query.reader import Reading
from rag.query.vocabulary import WHOLE_COUNTY
from rag.schema import Intent, ParsedQuery


def compared(query: ParsedQuery) -> list[tuple[str, ParsedQuery]]:
    """(name, question) of each period, issue, office or thing; fewer than two when there is nothing
    to compare."""
    figure = replace(query, intent=Intent.FIGURE, order="")
    if len(query.periods) >= 2:
        return [(say_period(p), replace(figure, periods=(p,))) for p in query.periods]
    if len(query.filters.issues) >= 2:
        return [
            (
                f"{i.year}年第{i.number}期",
                replace(figure, filters=replace(query.filters, issues=(i,))),
            )
            for i in query.filters.issues
        ]
    if len(query.filters.departments) >= 2:
        return [
            (name, replace(figure, filters=replace(query.filters, departments=(name,))))
            for name in query.filters.departments
        ]
    if query.filters.departments and WHOLE_COUNTY in query.standalone:
        whole = replace(figure, filters=replace(query.filters, departments=()))
        return [(WHOLE_COUNTY, whole), (query.filters.departments[0], figure)]
    return named(query)


def paired(reading: Reading) -> list[tuple[str, ParsedQuery]]:
    """(name, question) of each office with the time that stands beside it (青禾街道2024年和望堤街道
    2025年); none where they don't come by turns."""
    query = reading.query
    marks = sorted(
        [(n.start, "office") for n in reading.names] + [(t.start, "time") for t in reading.times]
    )
    kinds = [kind for _, kind in marks]
    count = len(reading.names)
    by_turns = kinds in (["office", "time"] * count, ["time", "office"] * count)
    if count < 2 or not by_turns or len(query.periods) != count:
        return []
    return [
        (
            f"{name.name}{say_period(period)}",
            replace(
                query,
                intent=Intent.FIGURE,
                order="",
                periods=(period,),
                filters=replace(query.filters, departments=(name.name,)),
            ),
        )
        for name, period in zip(reading.names, query.periods, strict=True)
    ]


# 恒禾二期和禾澜高速，哪个总投资大
_PAIR = re.compile(
    r"^([^，,。？?和与跟、]{2,14})(?:和|与|跟|同|、)([^，,。？?和与跟]{2,14}?)(?:这?两[条个家座届所项处]|相比|比较|比|的|，|,|哪|谁|加(?=在|一?[起块]|总))"
)


def named(query: ParsedQuery) -> list[tuple[str, ParsedQuery]]:
    """The question put to each of the things named in it (一期二期, 第七、八届, 甲和乙); none when it
    names no two things."""
    if named := ordinals.stages(query.standalone) or ordinals.enumerated(query.standalone):
        written, names = named
        others = tuple(t for t in query.terms if t not in written)
        return [
            (
                name,
                replace(
                    query,
                    intent=Intent.FIGURE,
                    order="",
                    terms=(*others, name),
                    standalone=query.standalone.replace(written, name),
                ),
            )
            for name in names
        ]
    first, second, rest = _pair(query.standalone)
    parts = []
    for name, other in ((first, second), (second, first)):
        terms = tuple(t for t in query.terms if t not in other or t in name)
        if terms == query.terms:
            return []
        parts.append(
            (
                name,
                replace(query, intent=Intent.FIGURE, order="", terms=terms, standalone=name + rest),
            )
        )
    return parts


def pair(query: ParsedQuery) -> tuple[str, ...]:
    """The names of two things set side by side (甲和乙哪个…), as the question writes them."""
    named_so = ordinals.stages(query.standalone) or ordinals.enumerated(query.standalone)
    limited = query.filters.departments or len(query.filters.issues) > 1 or len(query.periods) > 1
    return () if named_so or limited else tuple(n for n in _pair(query.standalone)[:2] if n)


def key_word(query: ParsedQuery, name: str) -> str:
    """The word that tells a thing from others: 玉屏寨 of 2024年国庆玉屏寨, 禾澜 of 禾澜高速."""
    words = [term for term in query.terms if term in name]
    return next((word for word in words if not rjieba.has_word(word)), (words or [name])[0])


def _pair(question: str) -> tuple[str, str, str]:
    """Both names and what follows them; empty strings where the question names no two things."""
    match = _PAIR.search(question)
    return (match[1], match[2], question[match.end(2) :]) if match else ("", "", "")
