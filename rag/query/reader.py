"""Reads a question into a ParsedQuery; no model, "today" is an argument."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import rjieba

from rag.entities.figures import UNIT_PATTERN, Figure, find_figures
from rag.entities.issues import IssueMention, find_issues
from rag.entities.times import TimeMention, find_times
from rag.query.intent import Asked, asked_unit, read_intent
from rag.query.spelling import SoundIndex, simplify
from rag.query.vocabulary import NameMatch, Vocabulary
from rag.schema import Filters, Intent, IssueRef, ParsedQuery, Period
from rag.text import close_up, fold

# Words that ask, point or glue; they say nothing about what the evidence must hold.
_FUNCTION_WORDS = frozenset(
    """
的 了 是 在 有 和 与 及 对 对于 为 把 被 到 从 就 都 也 还 又 很 最 更 该 其 此 这 那 这个 那个 这些 那些 个 我 你 您 我们 咱 咱们 他 它 他们 它们 她
吗 呢 吧 啊 呀 嘛 么 哦 嗯 着 过 得 地 之 等 等等 以 于 由 让 给 向 跟 同 或 或者 还是 而 且 并 但 可 可以 能 能不能 会 要 想 请 请问 帮 帮忙 麻烦 劳驾 一下 下
多少 几 几个 哪 哪个 哪些 哪里 哪儿 哪家 哪年 哪天 哪位 什么 啥 谁 怎么 怎样 怎么样 如何 为什么 为何 为啥 咋 咋样 何 何时 多 大 若干
查 查查 查询 查找 找 找找 看 看看 看下 问 问下 说 说说 讲 讲讲 告诉 知道 了解 列 列出 列举 总结 概括 梳理 汇总 归纳 归总 整理 盘点 介绍 回答
情况 内容 方面 相关 有关 关于 具体 主要 一些 一共 总共 共 共有 合计 分别 各 每 全部 所有 都有 里 里面 上 中 内 时 时候 期间 左右 大概 大约 约
快报 政务 政务快报 报道 提到 提及 刊登 登 登过 刊发 写 上面 这里 哪期 期 第 次 条 篇 份 年 月 日 号 季度 我县 全县 县里 县 本县 咱县
达到 达 占 是否 有没有 有无 是不是 没有 没 不 不是 对吗 吗 对 目前 现在 当前 截至 截止 最近 最新 近期 以来 至今 今年 去年 已经 已 曾 曾经 后来 然后 那么
用 用了 做 做了 干 干了 搞 弄 些 东西 事 事情 啥时候 什么时候 数 数字 数据 数量 多久 进行 开展 出 地方 结果 部门 单位 乡镇 机构 哪一个 一个 两个 比 比较 相比 谁家 来 去 里头 呗 哈 咱们县 人 个人 其中 一下子 到底 究竟 属于 属 叫 称 名称 名字 干嘛 干什么
""".split()
)
_POLITE = re.compile(
    r"^(?:你好|您好|请问|麻烦|劳驾|帮我|帮忙|给我|我想(?:知道|问|了解|查)|想(?:知道|问|了解)|查一?下|查查|查询|看一?下|请|一下|问一?下|(?:请)?告诉我|说一?说|讲一?讲)+[，,：: ]*"
)
_LATEST = re.compile(r"最近一次|最近的?一[期回]|最新|最近|近期|现在|目前|眼下|最后一次|上一?次|至今")
_EARLIEST = re.compile(r"最早|第一次|首次|最初")
_TAIL_LAG = timedelta(days=120)
# 多少家 and 几座 leave nothing of themselves among the terms.
_INTERROGATIVE = re.compile(rf"(?:多少|几)(?:{UNIT_PATTERN})?|百分之几|哪(?:一)?[个些家年天位条期]")
# 总投资 is another quantity than 投资, 新开工 another than 开工.
_PREFIXES = frozenset("总 新 年 月 日 人均 户均 亩均 单 净 未 非 再 续".split())
_WORD = re.compile(r"[0-9A-Za-z一-龥㐀-䶿.%]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """A ParsedQuery with what the answering steps need besides."""

    query: ParsedQuery
    times: tuple[TimeMention, ...]
    issues: tuple[IssueMention, ...]
    names: tuple[NameMatch, ...]
    asked: Asked
    corrections: tuple[tuple[str, str], ...] = ()
    missing_issues: tuple[str, ...] = ()
    open_year: bool = False


class QuestionReader:
    """Reads questions against the vocabulary of one archive."""

    def __init__(
        self, vocabulary: Vocabulary, sounds: Callable[[], SoundIndex], known: Callable[[str], bool]
    ) -> None:
        """`sounds` is called only when a question holds a stretch that is no word; `known`
        tells whether the index has a word."""
        self.vocabulary = vocabulary
        self._sounds = sounds
        self._known = known

    def read(self, question: str, today: date, year: int | None = None) -> Reading:
        """The reading of a standalone question; `year` is the one the conversation speaks of."""
        text = close_up(fold(simplify(question.strip())))
        text = _POLITE.sub("", text) or text
        text, corrections = self._correct(text)
        times = tuple(t for t in find_times(text, today, year) if t.kind != "now")
        issues = tuple(find_issues(text, today))
        times = tuple(t for t in times if not any(_overlap(t, i) for i in issues))
        names = tuple(
            n
            for n in self.vocabulary.find_departments(text)
            if not any(_overlap(n, t) for t in times)
        )
        distinct = len({n.name for n in names})
        asked = read_intent(text, bool(issues), len(times), distinct)
        refs, missing = self._resolve_issues(issues, times, text, today)
        periods, open_year = self._periods(times, text)
        masked = _mask(text, [*times, *issues, *names])
        sections = tuple(self.vocabulary.find_sections(text))
        masked = _INTERROGATIVE.sub(lambda m: " " * len(m.group()), masked)
        masked = re.sub(r"[【\[〖][^】\]〗]+[】\]〗]", lambda m: " " * len(m.group()), masked)
        terms = self._terms(masked)
        focus = self._focus(masked, asked)
        claims = tuple(
            f.text
            for f in find_figures(text, chinese=False)
            if (f.unit or f.value >= 10) and not any(_overlap(f, x) for x in (*times, *issues, *names))
        )
        order = "latest" if _LATEST.search(text) else "earliest" if _EARLIEST.search(text) else ""
        query = ParsedQuery(
            question=question,
            standalone=text,
            intent=asked.intent,
            periods=periods,
            filters=Filters(
                issues=refs,
                departments=tuple(dict.fromkeys(n.name for n in names)),
                sections=sections,
            ),
            order=order,  # type: ignore[arg-type]
            terms=terms,
            focus=focus,
            unit=asked.unit or asked_unit(text),
            claims=claims,
        )
        return Reading(query, times, issues, names, asked, tuple(corrections), missing, open_year)

    def _correct(self, text: str) -> tuple[str, list[tuple[str, str]]]:
        loose = [
            word
            for word in rjieba.cut(text, True)
            if "一" <= word[0] <= "龥"
            and word not in _FUNCTION_WORDS
            and not (len(word) > 1 and (rjieba.has_word(word) or self._known(word)))
        ]
        if not loose:
            return text, []
        protected = [(n.start, n.end) for n in self.vocabulary.find_departments(text)]
        pieces: list[str] = []
        corrections: list[tuple[str, str]] = []
        position = 0
        for start, end in [*protected, (len(text), len(text))]:
            fixed, found = self._sounds().correct(text[position:start], self._known)
            pieces += [fixed, text[start:end]]
            corrections += found
            position = end
        return "".join(pieces), corrections

    def _resolve_issues(
        self, mentions: Sequence[IssueMention], times: Sequence[TimeMention], text: str, today: date
    ) -> tuple[tuple[IssueRef, ...], tuple[str, ...]]:
        """The issues meant, and the labels of those that the archive doesn't have."""
        records = self.vocabulary.issues
        found: list[IssueRef] = []
        missing: list[str] = []
        for mention in mentions:
            if mention.number is not None:
                year = mention.year
                if year is None and times and not re.search(r"期[^，。]{0,4}" , text[: mention.start]):
                    years = {t.period.start.year for t in times if t.has_year and t.kind == "range"}
                    year = years.pop() if len(years) == 1 else None
                hits = [
                    r.issue
                    for r in records
                    if r.issue.number == mention.number and (year is None or r.issue.year == year)
                ]
                found += hits
                if not hits:
                    missing.append(f"{year}年第{mention.number}期" if year else f"第{mention.number}期")
            elif mention.relative in ("latest", "first") and records:
                found.append(records[-1 if mention.relative == "latest" else 0].issue)
            elif mention.relative == "this":
                days = [t.period for t in times if t.period.start == t.period.end]
                hits = [r.issue for r in records if any(r.published == d.start for d in days)]
                found += hits
                missing += [d.words for d in days if not hits]
        return tuple(dict.fromkeys(found)), tuple(missing)

    def _periods(self, times: Sequence[TimeMention], text: str) -> tuple[tuple[Period, ...], bool]:
        """The periods asked about; a part without a year stands for that part of every year."""
        periods: list[Period] = []
        open_year = False
        first = min((r.published.year for r in self.vocabulary.issues), default=None)
        for mention in times:
            period = mention.period
            if mention.has_year or first is None or mention.kind != "range":
                periods.append(period)
                continue
            open_year = True
            span = period.end.year - period.start.year
            for year in range(period.start.year, first - 1, -1):
                start = period.start.replace(year=year)
                end_year = year + span
                end = (
                    date(end_year, period.end.month + 1, 1) - timedelta(days=1)
                    if period.start.day == 1 and period.end.day >= 28 and period.end.month < 12
                    else period.end.replace(year=end_year)
                )
                periods.append(Period(start, end, period.words))
        return tuple(periods), open_year

    def _terms(self, masked: str) -> tuple[str, ...]:
        county = self.vocabulary.county
        words: list[str] = []
        for piece in _WORD.findall(masked):
            for word in _joined_prefixes(rjieba.cut(piece, True)):
                word = word.strip().lower()
                if county and word in (county, county + "县", county.removesuffix("县")):
                    continue
                for part in _split_function(word):
                    if part and part not in _FUNCTION_WORDS and not part.isdecimal():
                        words.append(part)
        return tuple(dict.fromkeys(words))

    def _focus(self, masked: str, asked: Asked) -> tuple[str, ...]:
        """The words that name the asked-for quantity: the noun right of 多少家, else the last
        words left of the interrogative, after the last 的."""
        if asked.intent not in (Intent.FIGURE, Intent.COMPARE, Intent.TREND) or asked.start < 0:
            return ()
        right = self._terms(re.split(r"[，。？?,的 ]", masked[asked.end :])[0]) if asked.end > 0 else ()
        left_text = re.split(r"[，。？?,]", masked[: asked.start])[-1]
        segment = left_text.split("的")[-1].strip() or left_text
        left = self._terms(segment)[-2:]
        if right:
            return tuple(dict.fromkeys((*left[-1:], *right)))
        return left


def _joined_prefixes(words: Sequence[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in _PREFIXES and word not in _FUNCTION_WORDS:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _split_function(word: str) -> list[str]:
    """额是 → 额: the segmenter glues a function word to its neighbour now and then."""
    if word in _FUNCTION_WORDS or rjieba.has_word(word) or len(word) > 4:
        return [word]
    return [part for part in re.split("[的了是在有吗呢吧多少几哪]", word) if part]


def _overlap(
    a: TimeMention | IssueMention | NameMatch | Figure, b: TimeMention | IssueMention | NameMatch
) -> bool:
    return a.start < b.end and b.start < a.end


def _mask(text: str, mentions: Sequence[TimeMention | IssueMention | NameMatch]) -> str:
    chars = list(text)
    for mention in mentions:
        chars[mention.start : mention.end] = " " * (mention.end - mention.start)
    return "".join(chars)


def with_filters(query: ParsedQuery, **changes: object) -> ParsedQuery:
    """The query with some of its filters changed."""
    return replace(query, filters=replace(query.filters, **changes))  # type: ignore[arg-type]
