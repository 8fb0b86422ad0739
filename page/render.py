"""Exchanges of a conversation as HTML. Every text goes through markupsafe, none is Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from page.cards import answer_for_clipboard, nearest_card, source_card
from page.chips import Chip
from page.conversation import Exchange
from page.figure_marks import verified_figures
from page.opening import lines_html
from page.sources import Source
from rag.extractive.wording import say_day
from rag.feedback import REASONS
from rag.schema import Answer, Citation, IssueRef, ParsedQuery
from rag.text import Span

# A question of 100,000 characters is answered with an error; the page need not repeat it whole.
SHOWN_QUESTION = 600
_MARKER = re.compile(r"\[(\d{1,3})\]")

_ISSUE = re.compile(r"《([^《》]{1,40})》(20\d\d)年(增刊|专刊|)第(\d{1,4})期")

_ENGINES = {"extractive": "原文摘录", "chat": "模型撰写，出处为原文"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds an exchange: where it stands and what is known besides its answer.

    `talk` and `turn` name the exchange to the server; `last` is true for the newest one.
    """

    sources: Sequence[Source] = ()
    chips: Sequence[Chip] = ()
    until: date | None = None
    talk: str = ""
    turn: int = 0
    last: bool = False


def exchange_html(exchange: Exchange, setting: Setting) -> Markup:
    """A question with its answer and, beside it, the sources."""
    shown = exchange.question
    if len(shown) > SHOWN_QUESTION:
        shown = f"{shown[:SHOWN_QUESTION]}……（问题共{len(exchange.question)}个字）"
    aside = _aside(exchange, setting.sources)
    return Markup(
        '<article class="turn{}" data-talk="{}" data-turn="{}">'
        '<div class="asked"><h2 class="question">{}</h2>{}</div>'
        '<div class="pair"><section class="answer" aria-live="polite">{}</section>{}</div></article>'
    ).format(
        "" if aside else " alone",
        setting.talk,
        setting.turn,
        shown,
        _AGAIN if setting.last and not exchange.running else "",
        _answer_side(exchange, setting),
        aside,
    )


_AGAIN = Markup(
    '<button type="button" class="quiet" data-edit>修改问题</button>'
    '<button type="button" class="quiet" data-retry>重新回答</button>'
)


def _answer_side(exchange: Exchange, setting: Setting) -> Markup:
    answer = exchange.answer
    failure = exchange.failure or (answer.error if answer else "")
    parts: list[Markup] = []
    if answer and not failure:
        parts.append(understood_html(answer.query, setting.chips))
        parts.extend(notice_html(note) for note in answer.notices)
        numbers = {source.number for source in setting.sources}
        parts.append(
            Markup('<div class="text{}">{}</div>').format(
                " refusal" if answer.refusal else "",
                answer_text(shown_text(answer), numbers, answer.citations),
            )
        )
    if failure:
        parts.append(
            Markup('<div class="problem" role="alert">{}</div>').format(lines_html(failure))
        )
    if exchange.running:
        word = "正在作答" if answer else "正在查找"
        parts.append(Markup('<p class="working" role="status">{}<i></i></p>').format(word))
    elif exchange.stopped:
        parts.append(Markup('<p class="remark">已停止，以上内容可能不完整。</p>'))
    if not exchange.running:
        parts.append(_foot(answer if not failure else None, setting))
    return Markup("").join(parts)


def shown_text(answer: Answer) -> str:
    """The answer's text, less the lines that repeat the nearest items shown beside it."""
    labels = [evidence.chunk.label for evidence in answer.nearest]
    lines: list[str] = []
    for line in answer.text.split("\n"):
        if not any(label in line for label in labels):
            lines.append(line)
        elif lines and lines[-1].endswith("："):
            lines.pop()
    return "\n".join(lines)


def answer_text(text: str, numbers: Iterable[int], citations: Sequence[Citation] = ()) -> Markup:
    """The answer in paragraphs, its [n] markers as buttons where a source n exists.

    Figures that stand in a citation's quote are marked as checked.
    """
    known = set(numbers)
    paragraphs = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        parts: list[Markup] = []
        checked = verified_figures(line, citations)
        at = 0
        for match in _MARKER.finditer(line):
            number = int(match.group(1))
            if number not in known:
                continue
            parts.append(_with_checks(line, at, match.start(), checked))
            parts.append(
                Markup(
                    '<button type="button" class="cite" data-cite="{0}"'
                    ' aria-label="看出处{0}">[{0}]</button>'
                ).format(number)
            )
            at = match.end()
        parts.append(_with_checks(line, at, len(line), checked))
        paragraphs.append(Markup("<p>{}</p>").format(Markup("").join(parts)))
    return Markup("").join(paragraphs)


def _with_checks(line: str, start: int, end: int, checked: Sequence[Span]) -> Markup:
    parts: list[Markup] = []
    for span in checked:
        if start <= span.start and span.end <= end:
            parts.append(
                Markup('{}<span class="figure" title="与原文逐字一致">{}</span>').format(
                    line[start : span.start], span.of(line)
                )
            )
            start = span.end
    parts.append(Markup("{}").format(line[start:end]))
    return Markup("").join(parts)


def understood_html(query: ParsedQuery, chips: Sequence[Chip]) -> Markup:
    """What was understood, each part to be changed or taken out with a click."""
    items: list[Markup] = []
    if query.standalone.strip() != query.question.strip():
        items.append(_plain_chip("理解为", query.standalone.strip()))
    for number, chip in enumerate(chips):
        drop = (
            Markup(
                '<button type="button" class="drop" data-chip="{}" data-words=""'
                ' aria-label="去掉{}：{}" title="去掉后重新提问">×</button>'
            ).format(number, chip.kind, chip.words)
            if chip.spans
            else ""
        )
        items.append(
            Markup(
                '<li><span class="kind">{0}</span><button type="button" class="value"'
                ' data-change="{1}" data-kind="{0}" title="点击修改后重新提问">{2}</button>{3}</li>'
            ).format(chip.kind, number, chip.words, drop)
        )
    items += [_plain_chip("已放宽", words) for words in query.relaxed]
    if not items:
        return Markup("")
    return Markup('<ul class="chips" aria-label="对问题的理解">{}</ul>').format(
        Markup("").join(items)
    )


def _plain_chip(kind: str, words: str) -> Markup:
    return Markup('<li><span class="kind">{}</span>{}</li>').format(kind, words)


def notice_html(words: str) -> Markup:
    """A remark, the issues that it names as buttons that open them."""
    parts: list[Markup] = []
    at = 0
    for match in _ISSUE.finditer(words):
        issue = IssueRef(int(match[2]), int(match[4]), match[3], match[1])
        parts.append(
            Markup(
                '{}<button type="button" class="quiet" data-open="{}" data-start="0" data-end="0">'
                "{}</button>"
            ).format(words[at : match.start()], issue.key, match.group())
        )
        at = match.end()
    parts.append(Markup("{}").format(words[at:]))
    return Markup('<p class="remark">{}</p>').format(Markup("").join(parts))


def _foot(answer: Answer | None, setting: Setting) -> Markup:
    facts: list[Markup] = []
    if answer:
        facts += _facts_about(answer, setting)
    if answer and not answer.refusal:
        facts.append(
            Markup(
                '<button type="button" class="quiet" data-copy="{}">复制回答和出处</button>'
            ).format(answer_for_clipboard(answer, setting.sources))
        )
    if answer:
        facts.append(_VERDICT)
    if not facts:
        return Markup("")
    return Markup('<footer class="answer-foot">{}</footer>{}').format(
        Markup("").join(facts), _complaint_html() if answer else ""
    )


def _facts_about(answer: Answer, setting: Setting) -> list[Markup]:
    facts: list[Markup] = []
    checks = answer.checks
    if checks.figures and not answer.refusal:
        whole = checks.verified == checks.figures
        words = (
            f"{checks.figures}个数字均与原文一致"
            if whole
            else f"{checks.figures}个数字中有{checks.figures - checks.verified}个未能在原文中核对"
        )
        facts.append(
            Markup('<span class="{}">{}</span>').format("checked" if whole else "unchecked", words)
        )
    if setting.until:
        facts.append(Markup("<span>数据截至{}</span>").format(say_day(setting.until)))
    if not answer.refusal:
        facts.append(Markup('<span class="engine">{}</span>').format(_ENGINES[answer.engine]))
    return facts


# Drawn, because the fonts of many office machines hold no such sign.
_THUMB = Markup(
    '<svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path fill="none"'
    ' stroke="currentColor" stroke-width="1.8" stroke-linejoin="round" d="M3 10h4v11H3zM7 10l5-8'
    'c1.6 0 2.6 1.1 2.3 2.7L13.6 9H19c1.4 0 2.3 1.2 2 2.5l-1.7 7.3c-.3 1.3-1.2 2.2-2.5 2.2H7"/></svg>'
)
_VERDICT = Markup(
    '<span class="verdict"><button type="button" class="quiet" data-verdict="up"'
    ' aria-label="回答有用" title="有用">{0}</button><button type="button" class="quiet"'
    ' data-verdict="down" aria-label="回答有误" title="有误">{0}</button></span>'
).format(_THUMB)


def _complaint_html() -> Markup:
    options = Markup("").join(
        Markup('<option value="{}">{}</option>').format(key, words)
        for key, words in REASONS.items()
    )
    return Markup(
        '<form class="complaint" hidden><select name="reason" aria-label="哪里不对">{}</select>'
        '<input name="correct" maxlength="500" placeholder="正确的回答（可不填）"'
        ' aria-label="正确的回答"><button type="submit">提交</button></form>'
    ).format(options)


def _aside(exchange: Exchange, sources: Sequence[Source]) -> Markup:
    answer = exchange.answer
    if answer is None or exchange.failure or answer.error:
        return Markup("")
    if sources:
        cards = Markup("").join(source_card(source) for source in sources)
        return Markup('<aside class="sources" aria-label="出处"><h3>出处</h3>{}</aside>').format(
            cards
        )
    if answer.nearest:
        cards = Markup("").join(nearest_card(evidence) for evidence in answer.nearest)
        return Markup(
            '<aside class="sources nearest" aria-label="最接近的内容">'
            "<h3>最接近的内容（不是答案）</h3>{}</aside>"
        ).format(cards)
    return Markup("")
