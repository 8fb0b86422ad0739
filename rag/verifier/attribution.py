"""Whether the figures of a sentence are printed in its sources, and said of the same thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.schema import Chunk, Period
from rag.text import fold
from rag.verifier.arithmetic import computed
from rag.verifier.passage import Passage
from rag.verifier.quantities import Quantity, bare_words, read_quantities, same_amount, share
from rag.verifier.times import same_time

# Whether a figure of a time, None for that of the issue, answers what was asked.
FitsTime = Callable[[Period | None, Chunk], bool]

# How much better another figure's surroundings must fit before a figure counts as moved.
_MOVED = 0.12
_MIN_LABEL = 0.3
_PLAIN = 0.75
_NEAR = 5  # characters before a figure, which most often name it
_KIND = re.compile(
    r"(?:总|净|新增|人均|户均|亩均|日均|年均|月均|平均|累计|完成|实际|首批|第[一二三四五]批)[一-龥]{2}"
)


@dataclass(frozen=True, slots=True)
class _Given:
    """A figure of a cited sentence and where it stands."""

    quantity: Quantity
    passage: Passage


@dataclass(frozen=True, slots=True)
class Attribution:
    """The sentence with its figures as printed, what is wrong with them, in Chinese, and by the
    place of each figure the item that prints it."""

    text: str
    problems: tuple[str, ...]
    items: tuple[tuple[int, Chunk], ...]


def attribute(sentence: str, cited: Sequence[Passage], fits_time: FitsTime | None) -> Attribution:
    """Find every figure of the sentence in the cited passages, or compute it from theirs."""
    given = [_Given(q, passage) for passage in cited for q in _quantities_of(passage)]
    printed = "\n".join(passage.chunk.text for passage in cited)
    problems: list[str] = []
    items: list[tuple[int, Chunk]] = []
    pieces: list[str] = []
    notes: list[str] = []
    end = 0
    for claim in read_quantities(sentence, cited[0].chunk.published):
        if _idle(claim) or _part_of_name(claim, printed):
            continue
        matches = [
            g
            for g in given
            if same_amount(claim, g.quantity)
            and claim.derived in ("", "change", g.quantity.derived)
        ]
        if not matches:
            how = computed(claim, [g.quantity for g in given])
            (notes if how else problems).append(how or f"数字“{claim.text}”")
            continue
        best, why = _closest(claim, matches, given, sentence, fits_time)
        if why:
            problems.append(why)
            continue
        items.append((claim.figure.start, best.passage.chunk))
        pieces += [sentence[end : claim.figure.start], _as_printed(claim, best.quantity)]
        end = claim.figure.end
    text = "".join([*pieces, sentence[end:]])
    if notes:
        stop = re.search(r"[。！？；]*$", text)
        cut = stop.start() if stop else len(text)
        text = text[:cut] + "".join(f"（程序计算：{n}）" for n in notes) + text[cut:]
    return Attribution(text, tuple(problems), tuple(items))


def _quantities_of(passage: Passage) -> list[Quantity]:
    # Read over the whole item, where a year named before holds for a bare 一季度.
    span = passage.span
    return [
        q
        for q in read_quantities(passage.chunk.text, passage.chunk.published)
        if span.start <= q.figure.start < span.end
    ]


def _idle(claim: Quantity) -> bool:
    """一个, 一批 and their like count nothing."""
    one = claim.chinese and claim.figure.value == 1 and claim.text.startswith("一")
    return one and claim.figure.family != "percent"


def _part_of_name(claim: Quantity, printed: str) -> bool:
    """恒禾二期 and 12345热线 are names of the item; their numbers count nothing."""
    if claim.chinese:
        return claim.text in printed
    bare = not claim.figure.unit and len(claim.following) >= 2
    return bare and claim.text + claim.following[:2] in printed


def _as_printed(claim: Quantity, source: Quantity) -> str:
    same = "".join(fold(claim.text).split()) == "".join(fold(source.text).split())
    return claim.text if same else source.text


def _closest(
    claim: Quantity,
    matches: Sequence[_Given],
    given: Sequence[_Given],
    sentence: str,
    fits_time: FitsTime | None,
) -> tuple[_Given, str]:
    """The printed figure that the claim repeats, and why it does not say the same of it."""
    ranked = sorted(matches, key=lambda g: -_fit(claim, g))
    rivals = [g for g in given if g not in matches]
    judged = [(g, _difference(claim, g, rivals, sentence, fits_time)) for g in ranked]
    return next((pair for pair in judged if not pair[1]), judged[0])


def _difference(
    claim: Quantity,
    given: _Given,
    rivals: Sequence[_Given],
    sentence: str,
    fits_time: FitsTime | None,
) -> str:
    """What the claim says otherwise than the printed figure of the same amount; "" for nothing."""
    moved = f"数字“{claim.text}”说的不是这件事"
    source, passage = given.quantity, given.passage
    if any(_fits_better(claim, rival, given) for rival in rivals) or _other_kind(claim, given):
        return moved
    context = bare_words(f"{passage.text}{passage.chunk.title}{passage.chunk.header}")
    label = claim.label or claim.clause or bare_words(sentence)
    if len(label) >= 2 and share(label, context) < _MIN_LABEL:
        return moved
    if claim.following and source.following and not share(claim.following, source.following):
        # 13个检查组 for 6个检查组对13个乡镇: the noun right behind belongs to the figure.
        return moved
    if (source.planned and not claim.planned_before) or (
        claim.planned and not source.planned_before
    ):
        return f"数字“{claim.text}”是否为计划数"
    if not all(same_time(time, source.times, passage.chunk) for time in claim.times):
        return f"数字“{claim.text}”的时间"
    if fits_time and not fits_time(source.time, passage.chunk):
        return f"数字“{claim.text}”不是所问时间的"
    return ""


def _fits_better(claim: Quantity, rival: _Given, best: _Given) -> bool:
    """Whether what is said of the claimed figure is said of another printed figure."""
    if rival.quantity.figure.family == claim.figure.family:
        return _fit(claim, rival) > _fit(claim, best) + _MOVED
    # Of another unit: only where the label is plainly that of the other figure.
    here, there = (share(claim.before, g.quantity.before) for g in (best, rival))
    return there >= _PLAIN and here < _MIN_LABEL


def _other_kind(claim: Quantity, best: _Given) -> bool:
    """总投资 is another quantity than 投资, 累计完成 another than 完成."""
    printed = best.quantity.label + best.quantity.clause
    return any(m.group() not in printed for m in _KIND.finditer(claim.label))


def _fit(claim: Quantity, given: _Given) -> float:
    """How well the surroundings of a printed figure fit those of the claim."""
    source = given.quantity
    context = bare_words(given.passage.text + given.passage.chunk.title)
    return (
        0.5 * share(claim.label, source.label)
        + 0.5 * share(claim.label, source.clause)
        + 0.5 * share(claim.clause, source.clause)
        + 0.2 * share(claim.label, context)
        + 0.8 * share(claim.before[-_NEAR:], source.before[-2 * _NEAR :])
        # 处置4410亩，处置率286%，处置512亩，处置率241%: only the figure before tells them apart.
        + 0.3 * (bool(claim.previous) and claim.previous == source.previous)
    )
