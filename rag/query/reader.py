"""Reads a question into a ParsedQuery; no model, "today" is an argument."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache

import rjieba

from rag.entities.figures import UNIT_PATTERN, Figure, find_figures, unit_family
from rag.entities.issues import IssueMention, find_issues
from rag.entities.time_mention import TimeMention
from rag.entities.times import find_times
from rag.query.colloquial import plainly
from rag.query.elsewhere import place_elsewhere, unknown_town
from rag.query.function_words import FUNCTION_WORDS
from rag.query.intent import QUANTITIES, TREND, Asked, read_as, read_intent
from rag.query.issue_resolution import resolve_issues
from rag.query.masking import CHANGED, TOGETHER, apart, mask, mask_matches, mask_wording, ruled_out
from rag.query.office_mentions import is_excluded, is_guess, named_offices
from rag.query.periods import asked_periods, printing_time
from rag.query.quantities import asked_unit, figure_parts, quantity_words
from rag.query.question_kind import KindModel, Shape, kind_of, shape_of
from rag.query.roads import as_printed
from rag.query.spelling import SoundIndex, simplify
from rag.query.vocabulary import WHOLE_COUNTY, NameMatch, Vocabulary
from rag.query.words import content_words, rejoin_separated
from rag.schema import Chunk, Filters, Intent, ParsedQuery
from rag.text import Located, Span, close_up, fold, overlap, quoted_names

REMEMBERED = 64  # readings
_LATEST = re.compile("最新|最近|近期|现在|目前|眼下|最后一次|上一?次|至今")
_LIMIT = re.compile(
    "[\\d一二三四五六七八九十百千万亿.]+[元岁亩人吨户平方公里米件个名家]{1,3}及?以[上下]"
)
_THAT_YEAR = re.compile("[当同该][年月]")
_WHICH_YEAR_MOST = re.compile("哪一?[年届期次][^，,。？?]{0,10}最")
_SO_FAR = re.compile("^(?:今年|本年|年初|今年年初)(?:以来|至今|到现在)")
_EARLIEST = re.compile(r"最早|第一次|首次|最初")
# 啥牌子, 什么颜色: the thing asked for stands right behind the interrogative.
_WHICH_THING = re.compile(r"(?:什么|啥|哪种|何种)样?的?([一-龥]{1,6})")
# A word for a quantity alone at the end: 2023 义务植树 万株.
_BARE_UNIT = re.compile(rf"[ 　]({UNIT_PATTERN})数?$")
_NAMED = (Intent.DATE, Intent.PLACE, Intent.PERSON, Intent.DEPARTMENT)
_OF_ANY_KIND = frozenset(["项目", "企业", "工程", "单位", "公司", "产品", "群众", "居民", "人员"])
# 花了多少钱建的 holds no mistyped 钱建.
_HOW_MUCH = re.compile(r"(?:多少|几个?)(?:块?钱)?")


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
        # A conversation's questions are read again and again, with each that hangs on them.
        self._read = lru_cache(maxsize=REMEMBERED)(self._read_anew)

    def read(self, question: str, today: date, year: int | None = None) -> Reading:
        """The reading of a standalone question; `year` is the one the conversation speaks of."""
        return self._read(question, today, year)

    def _read_anew(self, question: str, today: date, year: int | None) -> Reading:
        text = plainly(close_up(fold(simplify(question.strip()))))
        text = as_printed(rejoin_separated(text), self._prints)
        text, corrections = self._correct(text, today)
        times = tuple(t for t in find_times(text, today, year, question=True) if t.kind != "now")
        # 截至2024年6月末…当年目标: of the time named before.
        times = tuple(
            t for i, t in enumerate(times) if not (i and _THAT_YEAR.match(t.period.words))
        )
        issues = tuple(find_issues(text, today))
        times = tuple(t for t in times if not any(overlap(t, i) for i in issues))
        offices = named_offices(self.vocabulary, text, times, self._prints)
        excluded = tuple(n.name for n in offices if is_excluded(text, n))
        names = tuple(n for n in offices if n.name not in excluded and not is_guess(text, n))
        asked, shape = self._ask(text, times, offices, names, issues)
        refs, missing = resolve_issues(self.vocabulary, issues, times, text)
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
        masked = mask(text, [*named, *figures])
        sections = tuple(self.vocabulary.find_sections(text))
        for section in sections:
            masked = masked.replace(section, " " * len(section))
        if asked.intent is Intent.TREND:
            masked = mask_matches(TREND, masked)
        elif asked.intent in (Intent.SUM, Intent.COMPARE):
            masked = mask_matches(TOGETHER, masked)
            if asked.intent is Intent.COMPARE:
                masked = mask_matches(CHANGED, masked)
        elif asked.start >= 0 and asked.intent not in QUANTITIES:
            masked = mask(masked, [asked])
        masked = mask_wording(masked)
        parts = figure_parts(text) if asked.intent is Intent.FIGURE else []
        if len(parts) > 1:
            # The words of the second figure are no part of what the first one must hold.
            stop = re.search(r"[，,；;？?]|以及|还有|同时|$", text[parts[0].end :])
            first = masked[: parts[0].end + (stop.start() if stop else 0)]
            asked = Asked(Intent.FIGURE, parts[0].unit, parts[0].start, parts[0].end, True)
            terms = self._terms(first) or self._terms(masked)
        else:
            terms = self._terms(masked)
        # 两次洪水, 三年的…: of a table, how many lines it has.
        counts = kind_of(asked.intent) != "table"
        terms = tuple(dict.fromkeys((*self._literal(text, figures, counts), *terms)))
        asked = _as_list(asked, terms, bool(names or sections or refs))
        # 其中亿元以上的几个: what tells that figure from the others.
        limits = [words for words in _LIMIT.findall(text) if words in terms]
        named_apart = self._terms(parts[0].words) if len(parts) > 1 else ()
        focus = (*(named_apart or self._focus(masked, asked)), *limits)
        counted = self._counted(masked, asked)
        claims = tuple(f.text for f in figures)
        # 今年以来新增就业多少: the last count of the year
        until = any(t.kind == "until" or _SO_FAR.search(t.period.words) for t in times)
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
            elsewhere=self._elsewhere(mask(text, [*offices, *named_times])),
            open_year=open_year,
            excluded=excluded,
            unwanted=ruled_out(text),
            parts=tuple(
                (
                    part.unit,
                    self._terms(part.words)
                    or self._focus(
                        masked, Asked(Intent.FIGURE, part.unit, part.start, part.end, True)
                    ),
                )
                for part in parts
            ),
        )

    def _ask(
        self,
        text: str,
        times: Sequence[TimeMention],
        offices: Sequence[NameMatch],
        names: Sequence[NameMatch],
        issues: Sequence[IssueMention],
    ) -> tuple[Asked, Shape]:
        """What is asked for, by the rules and the model that corrects them; `names` are those of
        the offices that limit the question."""
        beside = _beside_county(text, names)
        distinct = len({n.name for n in names}) + beside
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
        told = asked.intent is Intent.FACT and asked.start >= 0  # 分哪几类
        table = beside or bool(_WHICH_YEAR_MOST.search(text))
        sure = plural or told or (table and asked.intent is Intent.COMPARE)
        kind = self._kinds.correction(shape) if self._kinds and not sure else None
        if kind:
            asked = read_as(kind, text, bool(issues), several, distinct)
        if asked.intent is Intent.COMPARE and asked.unit == "points":
            asked = replace(asked, unit="percent")  # 比2023年提高了几个百分点: of two percentages
        if asked.intent is Intent.FACT and (bare := _BARE_UNIT.search(text)):
            asked = Asked(Intent.FIGURE, unit_family(bare[1]), bare.start(1), bare.end())
        return asked, shape

    def _elsewhere(self, masked: str) -> str:
        town = unknown_town(masked, self._prints)
        return town or place_elsewhere(masked, self.vocabulary.county, self._prints)

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
        protected = apart(named)
        known = cache(self._known)  # a word may stand there a hundred times
        pieces: list[str] = []
        corrections: list[tuple[str, str]] = []
        position = 0
        for start, end in [*protected, (len(text), len(text))]:
            fixed, found = self._sounds().correct(text[position:start], known, self._prints)
            pieces += [fixed, text[start:end]]
            corrections += found
            position = end
        return "".join(pieces), corrections

    def _literal(self, text: str, figures: Sequence[Figure], counts: bool) -> list[str]:
        """What the evidence must hold letter for letter, as far as the archive prints it: names
        in quotation marks, and figures that the question takes from the text (逐栋检查74栋), with
        `counts` those in Chinese numerals too."""
        written = find_figures(text) if counts else []
        spelt = [f.text for f in written if f.text[0] in "两二三四五六七八九十"]
        wanted = (*quoted_names(text), *_LIMIT.findall(text), *(f.text for f in figures), *spelt)
        return [words for words in wanted if self._prints(words)]

    def _has(self, words: str) -> bool:
        return self._known(words) or self._prints(words)

    def _terms(self, masked: str) -> tuple[str, ...]:
        return content_words(masked, self.vocabulary.county, self._has, self._known)

    def _counted(self, masked: str, asked: Asked) -> tuple[str, ...]:
        """The words right behind the interrogative of a quantity, up to the clause's end."""
        if asked.intent not in (*QUANTITIES, *_NAMED) or asked.end <= 0 or not asked.counting:
            return ()
        return self._terms(re.split(r"[，。？?,的（( ]", masked[asked.end :])[0])

    def _focus(self, masked: str, asked: Asked) -> tuple[str, ...]:
        """The words that name the asked-for quantity: the noun right of 多少家, else the last
        words left of the interrogative, after the last 的."""
        if asked.intent in QUANTITIES and not asked.counting and asked.start < len(masked):
            # 历次通报的投资比例: the quantity may stand on either side
            return quantity_words(self._terms(masked))
        if asked.intent is Intent.DEPARTMENT:
            return ()  # the office signs the whole item
        if asked.start < 0 or asked.intent not in (*QUANTITIES, *_NAMED):
            thing = _WHICH_THING.search(masked)
            return self._terms(thing[1])[:2] if thing else ()
        right = (
            self._terms(re.split(r"[，。？?,的 ]", masked[asked.end :])[0]) if asked.end > 0 else ()
        )
        left_text = re.split(r"[，。？?,]", masked[: asked.start])[-1]
        segment = left_text.split("的")[-1]
        left = (self._terms(segment) or self._terms(left_text))[-2:]
        if _OF_ANY_KIND.issuperset(left):
            left = self._terms(left_text)[-3:]  # 竣工投产的项目有多少个
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
    # 全县转移多少，其中沙梁镇多少; 全县签约几个，开发区又是几个
    return bool(re.search("[和与跟同比及、]|其中|(?:多少|几).*[，,]", text[slice(*between)]))


def _as_list(asked: Asked, terms: Sequence[str], limited: bool) -> Asked:
    """A question that names an office, a section or an issue and nothing else wants its items."""
    if limited and not terms and asked.intent in (Intent.FACT, Intent.TREND, Intent.DEPARTMENT):
        return replace(asked, intent=Intent.LIST)
    return asked
