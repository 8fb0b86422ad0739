"""Reads a question into a ParsedQuery; no model, "today" is an argument."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import rjieba

from rag.entities.figures import UNIT_PATTERN, Figure, find_figures, unit_family
from rag.entities.issues import IssueMention, find_issues
from rag.entities.time_mention import TimeMention
from rag.entities.times import find_times
from rag.query.elsewhere import place_elsewhere, unknown_town
from rag.query.function_words import FUNCTION_WORDS
from rag.query.intent import TREND, Asked, asked_unit, figure_parts, find_many, read_as, read_intent
from rag.query.periods import asked_periods, printing_time
from rag.query.question_kind import KindModel, Shape, kind_of, shape_of
from rag.query.roads import as_printed
from rag.query.spelling import SoundIndex, simplify
from rag.query.vocabulary import WHOLE_COUNTY, NameMatch, Vocabulary
from rag.query.words import content_words, rejoin_separated
from rag.schema import Chunk, Filters, Intent, IssueRef, ParsedQuery
from rag.text import Located, Span, close_up, fold, overlap

_POLITE = re.compile(
    r"^(?:你好|您好|请问|麻烦|劳驾|帮我|帮忙|给我|我想(?:知道|问|了解|查)|想(?:知道|问|了解)|查一?下|查查|查询|看一?下|请|一下|问一?下|告诉我|说一?说|讲一?讲)+[，,：: ]*"
)
_LATEST = re.compile("最新|最近|近期|现在|目前|眼下|最后一次|上一?次|至今")
_EARLIEST = re.compile(r"最早|第一次|首次|最初")
# 啥牌子, 什么颜色: the thing asked for stands right behind the interrogative.
_WHICH_THING = re.compile(r"(?:什么|啥|哪种|何种)样?的?([一-龥]{1,6})")
# A word for a quantity alone at the end: 2023 义务植树 万株.
_BARE_UNIT = re.compile(rf"[ 　]({UNIT_PATTERN})数?$")
_NAMED = (Intent.DATE, Intent.PLACE, Intent.PERSON, Intent.DEPARTMENT)
_QUANTITIES = (Intent.FIGURE, Intent.COMPARE, Intent.TREND, Intent.SUM)
# 多少家 and 几座 leave nothing of themselves among the terms.
_INTERROGATIVE = re.compile(
    r"(?:(?<=[一-龥])[多少](?=[一-龥]?(?:了|出)?多少))|多[大长远高重快]|相比|比起来|(?:是)?[多少高低增减升降涨快慢]了?还是[多少高低增减升降涨跌快慢]了?|一共|总共|加起来|加一?起|合一下|加一?块儿?|加在一?(?:起|块儿?)|合一?起|相加|加总|合计|总计|百分之几|哪(?:一)?[个些家年天位条期](?:时段|时间段|时期)?|比(?![例重率])"
)
# 花了多少钱建的 holds no mistyped 钱建.
_HOW_MUCH = re.compile(r"(?:多少|几个?)(?:块?钱)?")
# 总产值是多少？不是园区的
_NOT_THAT = re.compile(
    r"(?:(?<=[，,。？?])|(?<=[（(]))(?:不是|不含|不算|不要|别说)(?P<what>[^，,。？?（）()吗]{1,10}?)的?[啊哦哈]?(?=[）)]|$|[。？?]$)"
)
# 写公路那段要用，…；领导问：…: what the answer is for.
_CHATTER = re.compile(
    r"(?:^|(?<=[，,；;。：:]))(?:[^，,；;。：:？?多少几哪谁吗什啥]{0,10}(?:材料|报告|汇报|总结|领导|发言稿|县志|[^\d]志|出处|引用|核对|核实|要用|急用|要引)[^，,；;。：:？?多少几哪谁吗什啥]{0,6})(?:[，,；;。：:]|$)"
)
_QUOTED = re.compile(r"[“\"]([^”\"]{2,16})[”\"]")
_BRACKETED = re.compile(r"[【\[〖][^】\]〗]+[】\]〗]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A ParsedQuery with what the answering steps need besides."""

    query: ParsedQuery
    times: tuple[TimeMention, ...]
    issues: tuple[IssueMention, ...]
    names: tuple[NameMatch, ...]
    asked: Asked
    shape: Shape
    corrections: tuple[tuple[str, str], ...] = ()
    missing_issues: tuple[str, ...] = ()
    elsewhere: str = ""  # another county or city that the question is about
    open_year: bool = False
    excluded: tuple[str, ...] = ()  # 不是开发区
    unwanted: tuple[str, ...] = ()  # （不是中医院的）
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (unit, focus) of each figure asked for
    anchor: Chunk | None = None  # the item that the conversation speaks of
    otherwise: Reading | None = None  # what to try when the anchor holds no answer


class QuestionReader:
    """Reads questions against the vocabulary of one archive."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        sounds: Callable[[], SoundIndex],
        known: Callable[[str], bool],
        prints: Callable[[str], bool],
        kinds: KindModel | None = None,
    ) -> None:
        """`sounds` is called only when a question holds a stretch that is no word; `known`
        tells whether the index has a word, `prints` whether some item holds a stretch of text;
        `kinds` corrects what the rules say of a question's kind."""
        self._prints = prints
        self._kinds = kinds
        self.vocabulary = vocabulary
        self._sounds = sounds
        self._known = known

    def read(self, question: str, today: date, year: int | None = None) -> Reading:
        """The reading of a standalone question; `year` is the one the conversation speaks of."""
        text = close_up(fold(simplify(question.strip())))
        text = _POLITE.sub("", text) or text
        text = as_printed(rejoin_separated(text), self._prints)
        text, corrections = self._correct(text, today)
        times = tuple(t for t in find_times(text, today, year, question=True) if t.kind != "now")
        issues = tuple(find_issues(text, today))
        times = tuple(t for t in times if not any(overlap(t, i) for i in issues))
        names = tuple(
            n
            for n in self.vocabulary.find_departments(text)
            if not any(overlap(n, t) for t in times)
        )
        # 人大代表建议: an office that signs nothing, in two characters of a longer word.
        names = tuple(n for n in names if len(n.typed) > 2 or n.name in self.vocabulary.indexed)
        offices = names
        excluded = tuple(n.name for n in names if _EXCLUDED.search(text[: n.start]))
        guessed = [n for n in names if _GUESSED.match(text[n.end :]) and text[n.start - 1] == "是"]
        names = tuple(n for n in names if n.name not in excluded and n not in guessed)
        distinct = len({n.name for n in names}) + _beside_county(text, names)
        years = {
            year
            for t in times
            for year in range(max(t.period.start.year, 2000), t.period.end.year + 1)
        }
        spans = {(t.period.start, t.period.end) for t in times}  # 2024年…，当年: one time
        several = max(len(spans), sum(i.number is not None for i in issues))
        asked = read_intent(text, bool(issues), several, distinct, len(years))
        shape = shape_of(text, asked.intent, times, offices, issues)
        plural = asked.unit in ("departments", "issues")  # 哪几个乡镇: a list of its own kind
        kind = self._kinds.correction(shape) if self._kinds and not plural else None
        if kind:
            asked = read_as(kind, text, bool(issues), several, distinct)
        if asked.intent is Intent.FACT and (bare := _BARE_UNIT.search(text)):
            asked = Asked(Intent.FIGURE, unit_family(bare[1]), bare.start(1), bare.end())
        refs, missing = self._resolve_issues(issues, times, text)
        named_times = times
        published, times = printing_time(times, text)
        if kind_of(asked.intent) != "table":
            # 今年为什么比去年少 asks about this year.
            later = [t for t in times if not text[: t.start].endswith("比")]
            times = tuple(later) or times
        periods, open_year = asked_periods(times, self.vocabulary.first_year)
        if refs and any(m.relative in ("latest", "first", "this") for m in issues):
            periods = ()  # 2023年最后一期: the time has done its work
        named: list[Located] = [*named_times, *issues, *offices]
        figures = [
            f
            for f in find_figures(text, chinese=False)
            if (f.unit or f.text[-1] in "万亿") and not any(overlap(f, x) for x in named)
        ]
        masked = _mask(text, [*named, *figures])
        sections = tuple(self.vocabulary.find_sections(text))
        for section in sections:
            masked = masked.replace(section, " " * len(section))
        if asked.intent is Intent.TREND:
            masked = _mask_matches(TREND, masked)
        elif asked.start >= 0 and asked.intent not in _QUANTITIES:
            masked = _mask(masked, [asked])
        for many in find_many(masked):
            if re.match("多少|几", many.words):
                end = many.end + masked.startswith("钱", many.end)
                masked = _mask(masked, [Span(many.start, end)])
        masked = _mask_matches(_INTERROGATIVE, masked)
        masked = _mask_matches(_NOT_THAT, masked)
        masked = _mask_matches(_CHATTER, masked)
        masked = _mask_matches(_BRACKETED, masked)
        parts = figure_parts(text) if asked.intent is Intent.FIGURE else []
        if len(parts) > 1:
            # The words of the second figure are no part of what the first one must hold.
            stop = re.search(r"[，,；;？?]|以及|还有|同时|$", text[parts[0].end :])
            first = masked[: parts[0].end + (stop.start() if stop else 0)]
            asked = Asked(Intent.FIGURE, parts[0].unit, parts[0].start, parts[0].end)
            terms = self._terms(first) or self._terms(masked)
        else:
            terms = self._terms(masked)
        terms = tuple(dict.fromkeys((*self._literal(text, figures), *terms)))
        asked = _as_list(asked, terms, bool(names or sections or refs))
        focus = self._focus(masked, asked)
        counted = self._counted(masked, asked)
        claims = tuple(f.text for f in figures)
        until = any(t.kind == "until" for t in times)
        order = (
            "latest"
            if until or _LATEST.search(text)
            else "earliest"
            if _EARLIEST.search(text)
            else ""
        )
        query = ParsedQuery(
            question=question,
            standalone=text,
            intent=asked.intent,
            periods=periods,
            filters=Filters(
                published=published,
                issues=refs,
                departments=tuple(dict.fromkeys(n.name for n in names)),
                sections=sections,
            ),
            order=order,  # type: ignore[arg-type]
            terms=terms,
            focus=focus,
            counted=counted,
            unit=asked.unit or ("" if len(parts) > 1 else asked_unit(text)),
            claims=claims,
        )
        return Reading(
            query,
            times,
            issues,
            names,
            asked,
            shape,
            corrections=tuple(corrections),
            missing_issues=missing,
            elsewhere=unknown_town(_mask(text, [*offices, *named_times]), self._prints)
            or place_elsewhere(
                _mask(text, [*offices, *named_times]), self.vocabulary.county, self._prints
            ),
            open_year=open_year,
            excluded=excluded,
            unwanted=tuple(m["what"] for m in _NOT_THAT.finditer(text)),
            parts=tuple(
                (
                    part.unit,
                    self._focus(masked, Asked(Intent.FIGURE, part.unit, part.start, part.end)),
                )
                for part in parts
            ),
        )

    def _correct(self, text: str, today: date) -> tuple[str, list[tuple[str, str]]]:
        loose = [
            word
            for word in rjieba.cut(text, True)
            if "一" <= word[0] <= "龥"
            and word not in FUNCTION_WORDS
            and not (len(word) > 1 and self._known(word))
        ]
        if not loose:
            return text, []
        named: list[Located] = [
            *self.vocabulary.find_departments(text),
            *find_issues(text, today),
            *find_times(text, today),
            *(Span(m.start(), m.end()) for m in _HOW_MUCH.finditer(text)),
        ]
        protected = _apart(named)
        pieces: list[str] = []
        corrections: list[tuple[str, str]] = []
        position = 0
        for start, end in [*protected, (len(text), len(text))]:
            fixed, found = self._sounds().correct(text[position:start], self._known, self._prints)
            pieces += [fixed, text[start:end]]
            corrections += found
            position = end
        return "".join(pieces), corrections

    def _resolve_issues(
        self, mentions: Sequence[IssueMention], times: Sequence[TimeMention], text: str
    ) -> tuple[tuple[IssueRef, ...], tuple[str, ...]]:
        """The issues meant, and the labels of those that the archive doesn't have."""
        records = self.vocabulary.issues
        found: list[IssueRef] = []
        missing: list[str] = []
        for mention in mentions:
            if mention.number is not None:
                year = mention.year
                if (
                    year is None
                    and times
                    and not re.search(r"期[^，。]{0,4}", text[: mention.start])
                ):
                    years = {t.period.start.year for t in times if t.has_year and t.kind == "range"}
                    year = years.pop() if len(years) == 1 else None
                hits = [
                    issue
                    for issue in self.vocabulary.numbered.get(mention.number, ())
                    if year is None or issue.year == year
                ]
                found += hits
                if not hits:
                    missing.append(
                        f"{year}年第{mention.number}期" if year else f"第{mention.number}期"
                    )
            elif mention.relative == "previous" and len(records) > 1:
                found.append(records[-2].issue)
            elif mention.relative in ("latest", "first", "this"):
                before = [t for t in times if t.has_year and t.end <= mention.start]
                periods = [t.period for t in before[-1:]]  # 2022年…（10月那期）
                within = [r for r in records if any(p.contains(r.published) for p in periods)]
                if mention.relative == "this":
                    found += [r.issue for r in within]
                else:
                    among = within if periods else list(records)
                    place = -1 if mention.relative == "latest" else 0
                    found += [among[place].issue] if among else []
                missing += [p.words + "的快报" for p in periods if not within]
        return tuple(dict.fromkeys(found)), tuple(missing)

    def _literal(self, text: str, figures: Sequence[Figure]) -> list[str]:
        """What the evidence must hold letter for letter, as far as the archive prints it: names
        in quotation marks, and figures that the question takes from the text (逐栋检查74栋)."""
        quoted = [m[1] for m in _QUOTED.finditer(text)]
        counts = [f.text for f in find_figures(text) if f.text[0] in "两二三四五六七八九十"]
        wanted = (*quoted, *(f.text for f in figures), *counts)
        return [words for words in wanted if self._prints(words)]

    def _has(self, words: str) -> bool:
        return self._known(words) or self._prints(words)

    def _terms(self, masked: str) -> tuple[str, ...]:
        return content_words(masked, self.vocabulary.county, self._has)

    def _counted(self, masked: str, asked: Asked) -> tuple[str, ...]:
        """The words right behind the interrogative of a quantity, up to the clause's end."""
        if asked.intent not in (*_QUANTITIES, *_NAMED) or asked.end <= 0 or not asked.counting:
            return ()
        return self._terms(re.split(r"[，。？?,的（( ]", masked[asked.end :])[0])

    def _focus(self, masked: str, asked: Asked) -> tuple[str, ...]:
        """The words that name the asked-for quantity: the noun right of 多少家, else the last
        words left of the interrogative, after the last 的."""
        if asked.intent in _QUANTITIES and not asked.counting and asked.start < len(masked):
            return ()  # 历次通报的投资比例: the quantity may stand on either side
        if asked.intent is Intent.DEPARTMENT:
            return ()  # the office signs the whole item
        if asked.start < 0 or asked.intent not in (*_QUANTITIES, *_NAMED):
            thing = _WHICH_THING.search(masked)
            return self._terms(thing[1])[:2] if thing else ()
        right = (
            self._terms(re.split(r"[，。？?,的 ]", masked[asked.end :])[0]) if asked.end > 0 else ()
        )
        left_text = re.split(r"[，。？?,]", masked[: asked.start])[-1]
        segment = left_text.split("的")[-1]
        left = (self._terms(segment) or self._terms(left_text))[-2:]
        if right:
            # What is counted stands right behind 多少.
            return tuple(dict.fromkeys((*left[-1:], *right)))
        return left


def _beside_county(text: str, names: Sequence[NameMatch]) -> bool:
    """Whether the one office named is set beside the whole county: 全县和开发区各是多少."""
    county = text.find(WHOLE_COUNTY)
    if county < 0 or len({n.name for n in names}) != 1:
        return False
    between = sorted((county, names[0].start))
    return bool(re.search("[和与跟同比及、]", text[slice(*between)]))


# 是哪个单位报的，是水利局吗: a guess limits nothing.
_GUESSED = re.compile(r"(?:吗|么|吧|还是别的)")
# 全县（不是开发区）
_EXCLUDED = re.compile(r"(?:不是|不含|不包括|而非|除了?)$")


def _as_list(asked: Asked, terms: Sequence[str], limited: bool) -> Asked:
    """A question that names an office, a section or an issue and nothing else wants its items."""
    if limited and not terms and asked.intent in (Intent.FACT, Intent.TREND, Intent.DEPARTMENT):
        return replace(asked, intent=Intent.LIST)
    return asked


def _apart(named: Sequence[Located]) -> list[tuple[int, int]]:
    """The places in order, overlapping ones merged."""
    merged: list[tuple[int, int]] = []
    for place in sorted(named, key=lambda p: p.start):
        if merged and place.start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], place.end))
        else:
            merged.append((place.start, place.end))
    return merged


def _mask(text: str, mentions: Sequence[Located]) -> str:
    chars = list(text)
    for mention in mentions:
        chars[mention.start : mention.end] = " " * (mention.end - mention.start)
    return "".join(chars)


def _mask_matches(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: " " * len(match.group()), text)
