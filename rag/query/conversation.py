"""Follow-up questions: what the conversation supplies is filled into a standalone question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import rjieba

from rag.entities.figures import find_figures
from rag.entities.issues import find_issues
from rag.entities.time_mention import TimeMention
from rag.query.reader import QuestionReader, Reading
from rag.schema import Chunk, DatedIssue, Filters, Hit, Intent, Turn
from rag.text import fold, strip_space

Search = Callable[..., list[Hit]]  # (text, k, filters)

_POINTING = re.compile(
    r"它们?|[该其此]|这个|那个|这[一项条次家]|那[一项条次家]|上述|前面|刚才|上面|这里|那里|这(?=是|里|次|期|事|块|方面)|同一"
)
_OPENING = re.compile(r"^(?:那么?|还有|再|另外|然后|嗯|好的?|哦|对了|以及|同比呢|顺便)[，, ]*")
_CLOSING = re.compile(r"呢[？?。]*$|^[^，,？?]{1,8}呢[，,]")
_OTHERS = re.compile(
    r"(?:还有|别的|其他|其它|另外)(?:有)?(?:没有)?(?:别的|其他|其它|哪些|哪个|谁)?"
)
_OF_NAMED = re.compile("(?:那个|那边|那家|那里|那儿|这个|这边)(?=呢?[?？。]*$)")  # 麻园镇那个呢
_YEAR_WORDS = re.compile(r"(?:20)?\d\d年|[今去前]年|二[〇零]..年")
# With an office or a time these need no more: 应急管理局最近做了哪些工作.
_COMPLETE = (Intent.LIST, Intent.DIGEST, Intent.COUNT)
_SAME_TIME = re.compile("(?P<year>年的?)?(?<!比)(?:同期|同一个?(?:时间段?|时段|时期))的?")
_THAT_YEAR = re.compile("同一?年|(?<!去)那一?年(?![份级代])|该年")
_NEXT_YEAR = re.compile("转过?年来?|第二年|次年|翌年|下一年|转年")
_WHOLE_YEAR = re.compile("(?<!年)(?:全年|整年)")
_SAME_INDICATOR = re.compile("(?:同一|同样的?|[该这]个?|这项|上述)项?(?:指标|口径)的?[，, ]*")
_YEAR_BEFORE = re.compile("(?:[前上]一年|上年|去年|头年)(?=的?同期)")
_SAME_ISSUE = re.compile("(?:同一期|同期快报|(?<![年月日周份])[那这]一?期|该期)里?(?!工程|项目)")
# 后来什么时候投产的: another item tells it.
_LATER = re.compile("后来|最终|最后|到头来")
_MARKS = re.compile(r"\[\d+\]")


def resolve(
    reader: QuestionReader,
    question: str,
    history: Sequence[Turn],
    today: date,
    search: Search,
) -> Reading:
    """The reading of the question in its conversation; without history, of the question alone."""
    standalone = ""
    exchange: list[Turn] = []
    for turn in history:
        if turn.role == "user":
            asked = _in_that_year(reader, turn.content, standalone, today)
            asked = _at_same_time(reader, asked, standalone, today)
            standalone = _merge(reader, asked, standalone, today)[0]
            exchange = [turn]
        else:
            exchange.append(turn)
    if not standalone:
        return reader.read(question, today)
    question = _in_that_year(reader, question, standalone, today)
    question = _at_same_time(reader, question, standalone, today)
    question = _in_that_issue(question, exchange)
    merged, kind = _merge(reader, question, standalone, today)
    reading = reader.read(merged, today)
    if kind == "own":
        # 正式启用以后先开了多少床位: when it finds nothing alone, it may hang on what came before.
        named = reading.names or reading.issues or reading.query.filters.sections
        if named or (reading.times and _names_a_thing(reading)):
            return reading
        if reading.times:  # 今年换到哪儿演的
            standalone = _without_times(reader, standalone, today)
        fuller = reader.read(_subject(reader, standalone, today) + question, today)
        return replace(reading, otherwise=fuller)
    if kind in ("attribute", "pointer") and not _LATER.search(question):
        anchor = _anchor(standalone, exchange, search, reader.vocabulary.issues)
        alone = reader.read(question, today, _year(reader, standalone, today))
        if anchor and _of_another_time(alone, anchor):
            return replace(reading, otherwise=alone)
        if anchor:
            return _anchored(alone, anchor, reading, kind)
    return reading


def _names_a_thing(reading: Reading) -> bool:
    """Whether the question has a noun of its own."""
    tags = [rjieba.tag(term)[0][1] for term in reading.query.terms if len(term) > 1]
    return any(tag.startswith(("n", "eng", "j", "l")) for tag in tags)


def _of_another_time(alone: Reading, anchor: Chunk) -> bool:
    """Whether the question names a year in which the item was neither printed nor the year after:
    前年办的那次."""
    years = {year for p in alone.query.periods for year in (p.start.year, p.end.year)}
    return bool(years) and not years & {anchor.published.year, anchor.published.year - 1}


def _in_that_issue(question: str, exchange: Sequence[Turn]) -> str:
    """The question with the one issue that the last answer names for 同一期."""
    said = " ".join(turn.content for turn in exchange if turn.role == "assistant")
    named = {(i.year, i.number) for i in find_issues(said, date.max) if i.year and i.number}
    if len(named) != 1:
        return question
    year, number = named.pop()
    return _SAME_ISSUE.sub(f"{year}年第{number}期", question)


def _in_that_year(reader: QuestionReader, question: str, before: str, today: date) -> str:
    """The question with the year asked about before for 同一年, the next one for 第二年; 全年 alone
    is that of the same year."""
    named = any(p.search(question) for p in (_THAT_YEAR, _NEXT_YEAR, _WHOLE_YEAR))
    year = _year(reader, before, today) if named and before else None
    if year is None:
        return question
    question = _NEXT_YEAR.sub(f"{year + 1}年", _THAT_YEAR.sub(f"{year}年", question))
    return _WHOLE_YEAR.sub(f"{year}年全年", question)


def _at_same_time(reader: QuestionReader, question: str, before: str, today: date) -> str:
    """The question with the time asked about before for 同期: 2024年同期 takes the part of the year."""
    if not _SAME_TIME.search(question):
        return question
    earlier = reader.read(before, today)
    words = "".join(earlier.query.standalone[t.start : t.end] for t in earlier.times[:1])
    if not words:
        return question
    part = _YEAR_WORDS.sub("", words)
    year = earlier.times[0].period.start.year
    earlier_year = _YEAR_BEFORE.search(question)
    if earlier_year and (earlier_year.group() != "去年" or year == today.year - 1):
        return _SAME_TIME.sub(f"{year - 1}年{part}", _YEAR_BEFORE.sub("", question))
    return _SAME_TIME.sub(lambda m: "年" + part if m["year"] else words, question)


def _year(reader: QuestionReader, text: str, today: date) -> int | None:
    times = [t for t in reader.read(text, today).times if t.has_year]
    return times[-1].period.start.year if times else None


def _merge(reader: QuestionReader, question: str, before: str, today: date) -> tuple[str, str]:
    """The question with what it leaves out, and how it hangs on the one before:

    own (stands alone), time, name, issue (one of them replaced), others (more of the same),
    attribute (another quantity of the same thing), pointer (asks about the thing just named).
    """
    if not before:
        return question, "own"
    question = _SAME_INDICATOR.sub("", question)
    reading = reader.read(question, today, _year(reader, before, today))
    text = reading.query.standalone
    pointing = bool(_POINTING.search(_OF_NAMED.sub("", text) if reading.names else text))
    leaning = bool(_OPENING.search(text) or _CLOSING.search(text))
    terms = reading.query.terms
    if _OTHERS.search(text) and len(terms) <= 1 and not reading.issues:
        earlier = reader.read(before, today)
        topic = "".join(t for t in earlier.query.terms if t not in earlier.query.focus) or "".join(
            earlier.query.terms
        )
        return f"{topic}{text}", "others"
    if _NEWEST.search(text) and not reading.times:
        before = _without_times(reader, before, today)
    intent = reading.query.intent
    whole = reading.names or reading.times or reading.query.filters.sections
    if intent in _COMPLETE and len(terms) >= 2 and not pointing:
        return text, "own"
    if not terms and not pointing and whole and not leaning and intent in _COMPLETE:
        return text, "own"
    if not terms and not pointing:
        if reading.issues and intent is not Intent.FACT and not leaning:
            return text, "own"
        if reading.times and not reading.names:
            return _replace_times(before, reader.read(before, today).times, reading, today), "time"
        if reading.names and not reading.times:
            return _replace_names(before, reader, reading, today), "name"
        if reading.issues:
            return _replace_issues(before, reader, reading, today), "issue"
    if not terms and not reading.issues:
        if reading.times:
            before = _without_times(reader, before, today)  # 2024年那次呢
        return _subject(reader, before, today) + text, "pointer"
    verb = len(terms) == 1 and rjieba.tag(terms[0])[0][1].startswith("v")
    if verb and reading.times and not reading.names and intent is Intent.FIGURE:
        # 25年完成了多少公里 goes on with the roads spoken of.
        return _subject(
            reader, _replace_times(before, reader.read(before, today).times, reading, today), today
        ) + text, "attribute"
    if pointing or leaning or _elliptic(reading):
        bare = _OPENING.sub("", text)
        if swapped := _swapped(before, reader.read(before, today), terms):
            return swapped, "time"
        if (
            reading.names
            and leaning
            and not pointing
            and len(terms) <= 2
            and reading.query.intent is not Intent.FACT
        ):
            return text, "own"
        if reading.times:
            before = _without_times(reader, before, today)  # 前年办的那次
        return _subject(reader, before, today) + bare, "attribute"
    return text, "own"


_NEWEST = re.compile("最新|现在|目前|眼下|最近一次|后来|随后|再往后")


def _without_times(reader: QuestionReader, before: str, today: date) -> str:
    """The question before, of no time: the newest is asked for now, or what came later."""
    earlier = reader.read(before, today)
    text = earlier.query.standalone
    for mention in sorted(earlier.times, key=lambda m: -m.start):
        text = text[: mention.start] + text[mention.end :]
    return text


def _swapped(before: str, earlier: Reading, terms: Sequence[str]) -> str:
    """省级非遗有几个 / 市级的呢: a word of the same make takes the place of the one before it."""
    if len(terms) != 1 or len(terms[0]) < 2:
        return ""
    for old in earlier.query.terms:
        if old != terms[0] and len(old) == len(terms[0]) and old[-1] == terms[0][-1]:
            return earlier.query.standalone.replace(old, terms[0])
    return ""


def _elliptic(reading: Reading) -> bool:
    """A question that names neither a time, an office, an issue nor more than one thing."""
    query = reading.query
    named = reading.times or reading.names or reading.issues or query.filters.sections
    return not named and len(query.terms) <= 2 and len(query.standalone) <= 12


def _subject(reader: QuestionReader, before: str, today: date) -> str:
    """The time, names and things of the question before, without the quantity it asked for."""
    reading = reader.read(before, today)
    times = "".join(dict.fromkeys(reading.query.standalone[t.start : t.end] for t in reading.times))
    names = "".join(n.typed for n in reading.names)
    asked = reading.query.focus
    if reading.query.intent in (Intent.PLACE, Intent.PERSON):
        # 综合演练在哪儿办的: the verb is asked about, the thing stays.
        asked = tuple(word for word in asked if rjieba.tag(word)[0][1] == "v")
    things = [t for t in reading.query.terms if t not in asked]
    if not things:
        things = list(reading.query.terms)
    return times + names + "".join(things)


def _replace_times(before: str, old: Sequence[TimeMention], reading: Reading, today: date) -> str:
    text = reading.query.standalone
    new = [text[t.start : t.end] for t in reading.times]
    words = "和".join(dict.fromkeys(new))
    words = re.sub("[当同那该]年", f"{reading.times[0].period.start.year}年", words)
    if not old:
        return words + before
    base = fold(before)
    start, end = old[0].start, old[-1].end
    old_words = base[start:end]
    period = reading.times[0].period
    whole = (period.start.month, period.start.day, period.end.month, period.end.day) == (
        1,
        1,
        12,
        31,
    )
    whole = whole and "全年" not in words
    if whole and _YEAR_WORDS.search(old_words) and _YEAR_WORDS.fullmatch(old_words) is None:
        return base[:start] + _YEAR_WORDS.sub(words, old_words, count=1) + base[end:]
    if not _YEAR_WORDS.search(words) and (year := _YEAR_WORDS.search(old_words)):
        words = year.group() + words
    return base[:start] + words + base[end:]


def _replace_names(before: str, reader: QuestionReader, reading: Reading, today: date) -> str:
    earlier = reader.read(before, today)
    text = earlier.query.standalone
    words = "和".join(n.typed for n in reading.names)
    if not earlier.names:
        return words + text
    start, end = earlier.names[0].start, earlier.names[-1].end
    return text[:start] + words + text[end:]


def _replace_issues(before: str, reader: QuestionReader, reading: Reading, today: date) -> str:
    earlier = reader.read(before, today)
    text, new = earlier.query.standalone, reading.query.standalone
    words = "和".join(new[i.start : i.end] for i in reading.issues)
    if not earlier.issues:
        return words + text
    return text[: earlier.issues[0].start] + words + text[earlier.issues[-1].end :]


def _anchor(
    standalone: str, exchange: Sequence[Turn], search: Search, records: Sequence[DatedIssue]
) -> Chunk | None:
    """The item that the last answer spoke of: found by its words, confirmed by its figures."""
    said = " ".join(_MARKS.sub("", turn.content) for turn in exchange if turn.role == "assistant")
    hits = search(f"{standalone} {said}"[:600], 5)
    # 登在2025年第23期 says which issue is meant.
    named = {(i.year, i.number) for i in find_issues(said, date.max) if i.year and i.number}
    if named:
        within = tuple(r.issue for r in records if (r.issue.year, r.issue.number) in named)
        hits = (
            search(f"{standalone} {said}"[:600], 5, Filters(issues=within)) if within else []
        ) or hits
    if not hits:
        return None
    figures = [strip_space(fold(f.text)) for f in find_figures(said, chinese=False) if f.unit]

    def held(hit: Hit) -> int:
        plain = strip_space(fold(hit.chunk.text))
        return sum(figure in plain for figure in figures)

    return max(hits, key=lambda hit: (held(hit), hit.score)).chunk


def _anchored(alone: Reading, anchor: Chunk, merged: Reading, kind: str) -> Reading:
    """The bare question put to the item just spoken of; `merged` is tried when that has no answer."""
    filters = alone.query.filters
    title = anchor.title or "、".join(anchor.printed)
    query = replace(
        alone.query,
        standalone=f"（{anchor.issue.year}年第{anchor.issue.number}期“{title}”）{alone.query.standalone}",
        filters=replace(filters, issues=filters.issues or (anchor.issue,)),
    )
    return replace(
        alone, query=query, anchor=anchor, otherwise=None if kind == "pointer" else merged
    )
