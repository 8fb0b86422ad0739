"""Checks a sentence that a language model wrote against the sentences it cites; no model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from rag.departments import DepartmentNames
from rag.entities.times import find_times
from rag.schema import Chunk, Period
from rag.text import Span, fold, split_clauses
from rag.verifier.arithmetic import computed
from rag.verifier.names import Sources, unsupported_names, unsupported_words
from rag.verifier.quantities import Quantity, bare_words, read_quantities, same_amount, share

# How much better another figure's surroundings must fit before a figure counts as moved.
_MOVED = 0.12
_MIN_LABEL = 0.3
_SAME_CLAUSE = 0.5
_PLAIN = 0.75
_KIND = re.compile(
    r"(?:总|净|新增?|人均|户均|亩均|日均|年均|月均|平均|累计|完成|实际|首批|第[一二三四五]批)[一-龥]{2}"
)
_OF_REPORT = re.compile(r"快报|第\s*\d+\s*期|[刊登]载|印发|报道")
_NEGATION = re.compile(
    r"没有|没能|未(?!来|央)|无一|无需|不再|不得|不是|并非|禁止|严禁|杜绝|取消|停止|停工|暂停"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of an item."""

    chunk: Chunk
    span: Span

    @property
    def text(self) -> str:
        return self.span.of(self.chunk.text)


# Whether a figure of a time, None for that of the issue, answers what was asked.
FitsTime = Callable[[Period | None, Chunk], bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` is the sentence with its figures as printed; `problems` say, in Chinese, what does
    not stand in the sources; empty when everything does."""

    text: str
    problems: tuple[str, ...] = ()


class ClaimChecker:
    """Checks sentences against what they cite."""

    def __init__(self, departments: DepartmentNames) -> None:
        self._departments = departments

    def check(
        self,
        sentence: str,
        cited: Sequence[Passage],
        others: Sequence[Chunk] = (),
        fits_time: FitsTime | None = None,
    ) -> Verdict:
        """The verdict on a sentence that rests on the passages cited.

        `others` are the items that were also in front of the writer: their names must not turn up
        in a sentence about these. A figure that follows from cited ones by one calculation stands,
        and the text shows the calculation.
        """
        if not cited:
            return Verdict(sentence, ("没有出处",))
        items = tuple(dict.fromkeys(passage.chunk for passage in cited))
        sources = Sources(
            "\n".join(passage.text for passage in cited),
            items,
            tuple(chunk for chunk in others if chunk not in items),
        )
        if any(_same_words(sentence, passage.text) for passage in cited) and fits_time is None:
            return Verdict(sentence)
        text, problems = _check_quantities(sentence, cited, fits_time)
        problems += _check_times(sentence, cited)
        problems += unsupported_names(sentence, sources, self._departments)
        problems += _check_negation(sentence, cited)
        problems += unsupported_words(sentence, sources)
        return Verdict(text, tuple(dict.fromkeys(problems)))


def _same_words(sentence: str, printed: str) -> bool:
    words, source = ("".join(fold(text).split()).rstrip("。；") for text in (sentence, printed))
    return words == source


# --- figures -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Given:
    """A figure of a cited sentence and where it stands."""

    quantity: Quantity
    passage: Passage


def _check_quantities(
    sentence: str, cited: Sequence[Passage], fits_time: FitsTime | None
) -> tuple[str, list[str]]:
    """The sentence with figures as printed, and the problems of its figures."""
    given = [_Given(q, passage) for passage in cited for q in _quantities_of(passage)]
    published = cited[0].chunk.published
    printed = "\n".join(passage.chunk.text for passage in cited)
    problems: list[str] = []
    pieces: list[str] = []
    end = 0
    notes = []
    for claim in read_quantities(sentence, published):
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
            if how:
                notes.append(how)
            else:
                problems.append(f"数字“{claim.text}”")
            continue
        best, why = _attribute(claim, matches, given, sentence, fits_time)
        if why:
            problems.append(why)
            continue
        pieces += [sentence[end : claim.figure.start], _as_printed(claim, best.quantity)]
        end = claim.figure.end
    text = "".join([*pieces, sentence[end:]])
    if notes:
        stop = re.search(r"[。！？；]*$", text)
        cut = stop.start() if stop else len(text)
        text = text[:cut] + "".join(f"（程序计算：{n}）" for n in notes) + text[cut:]
    return text, problems


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


def _attribute(
    claim: Quantity,
    matches: Sequence[_Given],
    given: Sequence[_Given],
    sentence: str,
    fits_time: FitsTime | None,
) -> tuple[_Given, str]:
    """The printed figure that the claim repeats, and why it does not say the same of it."""
    best = max(matches, key=lambda g: _fit(claim, g))
    moved = f"数字“{claim.text}”说的不是这件事"
    rivals = [g for g in given if g not in matches]
    if any(_fits_better(claim, rival, best) for rival in rivals) or _other_kind(claim, best):
        return best, moved
    context = bare_words(
        f"{best.passage.text}{best.passage.chunk.title}{best.passage.chunk.header}"
    )
    label = claim.label or claim.clause or bare_words(sentence)
    if len(label) >= 2 and share(label, context) < _MIN_LABEL:
        return best, moved
    source = best.quantity
    if claim.following and source.following and not share(claim.following, source.following):
        # 13个检查组 for 6个检查组对13个乡镇: the noun right behind belongs to the figure.
        return best, moved
    if (source.planned and not claim.planned_before) or (
        claim.planned and not source.planned_before
    ):
        return best, f"数字“{claim.text}”是否为计划数"
    if not all(_same_time(time, source.times, best.passage.chunk) for time in claim.times):
        return best, f"数字“{claim.text}”的时间"
    if fits_time and not fits_time(source.time, best.passage.chunk):
        return best, f"数字“{claim.text}”不是所问时间的"
    return best, ""


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
        # 处置4410亩，处置率286%，处置512亩，处置率241%: only the figure before tells them apart.
        + 0.3 * (bool(claim.previous) and claim.previous == source.previous)
    )


# --- times ---------------------------------------------------------------------------------------


def _same_time(claimed: Period, spoken: Sequence[Period], chunk: Chunk) -> bool:
    if not spoken:
        return _of_issue(claimed, chunk)
    return any(_equal(claimed, period) for period in spoken)


def _equal(claimed: Period, printed: Period) -> bool:
    """The same days or the same words: a bare 一季度 means what it means in its item."""
    same_words = bool(claimed.words) and claimed.words == printed.words
    return same_words or (claimed.start, claimed.end) == (printed.start, printed.end)


def _of_issue(period: Period, chunk: Chunk) -> bool:
    """The year of the issue, or the time up to its day; the day itself is that of no event."""
    day = chunk.published
    if period.end == day:
        return period.start < day
    return (period.start, period.end) == (date(day.year, 1, 1), date(day.year, 12, 31))


def _check_times(sentence: str, cited: Sequence[Passage]) -> list[str]:
    """The times named in the sentence that no cited sentence and no date of an issue gives."""
    best: list[str] | None = None
    of_report = bool(_OF_REPORT.search(sentence))
    for passage in cited:
        missing = []
        for mention in find_times(sentence, passage.chunk.published):
            if mention.kind == "now":
                continue
            if not any(_names_time(mention.period, other, of_report) for other in cited):
                missing.append(f"时间“{sentence[mention.start : mention.end]}”")
        if best is None or len(missing) < len(best):
            best = missing
    return best or []


def _names_time(period: Period, passage: Passage, of_report: bool) -> bool:
    chunk, span = passage.chunk, passage.span
    printed = [
        mention.period
        for mention in find_times(chunk.text, chunk.published)
        if span.start <= mention.start < span.end and mention.kind != "now"
    ]
    if of_report and period.start == period.end == chunk.published:
        return True
    if not printed:
        return _of_issue(period, chunk)
    return any(_equal(period, other) or _year_of(period, other) for other in printed)


def _year_of(period: Period, other: Period) -> bool:
    """2022年 for what the text dates within 2022."""
    year = period.start.year
    whole = (period.start, period.end) == (date(year, 1, 1), date(year, 12, 31))
    return whole and other.start.year == other.end.year == year


# --- negation ------------------------------------------------------------------------------------


def _check_negation(sentence: str, cited: Sequence[Passage]) -> list[str]:
    """未发现 must not become 发现, nor the other way round."""
    clauses = [
        fold(span.of(passage.text)) for passage in cited for span in split_clauses(passage.text)
    ]
    any_denied = any(_NEGATION.search(clause) for clause in clauses)
    problems = []
    for span in split_clauses(sentence):
        words = fold(span.of(sentence))
        bare = bare_words(_NEGATION.sub("", words))
        denied = bool(_NEGATION.search(words))
        near = max(clauses, key=lambda c: share(bare, bare_words(_NEGATION.sub("", c))), default="")
        close = share(bare, bare_words(_NEGATION.sub("", near))) >= _SAME_CLAUSE
        unlike = bool(_NEGATION.search(near)) != denied if close else denied and not any_denied
        if unlike:
            problems.append("肯定与否定")
    return problems
