"""Exchanges of a conversation as HTML. Every text goes through markupsafe, none is Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from page.conversation import Exchange
from page.engine import EMPTY_INDEX, INGEST_COMMAND, Holdings
from page.sources import Source, label_html, marked
from rag.schema import Answer, Evidence, ParsedQuery, Period
from rag.text import Span

# A question of 100,000 characters is answered with an error; the page need not repeat it whole.
SHOWN_QUESTION = 600
_EXCERPT_REACH = 60
_MARKER = re.compile(r"\[(\d{1,3})\]")

_ENGINES = {"extractive": "原文摘录", "chat": "模型撰写，出处为原文"}


def exchange_html(exchange: Exchange, sources: Sequence[Source]) -> Markup:
    """A question with its answer and, beside it, the sources."""
    shown = exchange.question
    if len(shown) > SHOWN_QUESTION:
        shown = f"{shown[:SHOWN_QUESTION]}……（问题共{len(exchange.question)}个字）"
    aside = _aside(exchange, sources)
    return Markup(
        '<article class="turn{}"><h2 class="question">{}</h2>'
        '<div class="pair"><section class="answer" aria-live="polite">{}</section>{}</div></article>'
    ).format("" if aside else " alone", shown, _answer_side(exchange, sources), aside)


def _answer_side(exchange: Exchange, sources: Sequence[Source]) -> Markup:
    answer = exchange.answer
    failure = exchange.failure or (answer.error if answer else "")
    parts: list[Markup] = []
    if answer and not failure:
        parts.append(_understood(answer.query))
        parts.extend(Markup('<p class="remark">{}</p>').format(note) for note in answer.notices)
        numbers = {source.number for source in sources}
        parts.append(
            Markup('<div class="text{}">{}</div>').format(
                " refusal" if answer.refusal else "", answer_text(shown_text(answer), numbers)
            )
        )
    if failure:
        parts.append(Markup('<div class="problem" role="alert">{}</div>').format(_lines(failure)))
    if exchange.running:
        word = "正在作答" if answer else "正在查找"
        parts.append(Markup('<p class="working" role="status">{}<i></i></p>').format(word))
    elif exchange.stopped:
        parts.append(Markup('<p class="remark">已停止，以上内容可能不完整。</p>'))
    if answer and not failure and not exchange.running:
        parts.append(_foot(answer, sources))
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


def answer_text(text: str, numbers: Iterable[int]) -> Markup:
    """The answer in paragraphs, its [n] markers as buttons where a source n exists."""
    known = set(numbers)
    paragraphs = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        parts: list[Markup] = []
        at = 0
        for match in _MARKER.finditer(line):
            number = int(match.group(1))
            if number not in known:
                continue
            parts.append(Markup("{}").format(line[at : match.start()]))
            parts.append(
                Markup(
                    '<button type="button" class="cite" data-cite="{0}"'
                    ' aria-label="看出处{0}">[{0}]</button>'
                ).format(number)
            )
            at = match.end()
        parts.append(Markup("{}").format(line[at:]))
        paragraphs.append(Markup("<p>{}</p>").format(Markup("").join(parts)))
    return Markup("").join(paragraphs)


def _lines(text: str) -> Markup:
    return Markup("").join(
        Markup("<p>{}</p>").format(line) for line in text.split("\n") if line.strip()
    )


def _understood(query: ParsedQuery) -> Markup:
    chips = []
    if query.standalone.strip() != query.question.strip():
        chips.append(("理解为", query.standalone.strip()))
    chips += [("时间", period_words(period)) for period in query.periods]
    chips += [("期号", issue.label) for issue in query.filters.issues]
    chips += [("部门", name) for name in query.filters.departments]
    chips += [("栏目", name) for name in query.filters.sections]
    chips += [("已放宽", words) for words in query.relaxed]
    if not chips:
        return Markup("")
    items = Markup("").join(
        Markup('<li><span class="kind">{}</span>{}</li>').format(kind, words)
        for kind, words in chips
    )
    return Markup('<ul class="chips" aria-label="对问题的理解">{}</ul>').format(items)


def period_words(period: Period) -> str:
    """2023-01-01 至 2023-03-31, or the one day."""
    if period.start == period.end:
        return period.start.isoformat()
    return f"{period.start.isoformat()} 至 {period.end.isoformat()}"


def _foot(answer: Answer, sources: Sequence[Source]) -> Markup:
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
    if not answer.refusal:
        facts.append(Markup('<span class="engine">{}</span>').format(_ENGINES[answer.engine]))
        facts.append(
            Markup(
                '<button type="button" class="quiet" data-copy="{}">复制回答和出处</button>'
            ).format(answer_for_clipboard(answer, sources))
        )
    foot = Markup('<footer class="answer-foot">{}</footer>') if facts else Markup("")
    return foot.format(Markup("").join(facts))


def answer_for_clipboard(answer: Answer, sources: Sequence[Source]) -> str:
    """The answer as plain text, followed by its numbered sources with their quotes."""
    notes = [
        f"[{source.number}] {source.label}：“{'……'.join(source.quotes)}”" for source in sources
    ]
    return "\n".join([answer.text.strip(), "", "出处：", *notes]) if notes else answer.text.strip()


def quote_for_clipboard(source: Source) -> str:
    """A quote with its source in brackets, as it stands in a report."""
    return f"“{'……'.join(source.quotes)}”（{source.label}）"


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


def source_card(source: Source) -> Markup:
    """A source with its quote marked in its item, the rest of the item folded away."""
    first = source.spans[0] if source.spans else None
    buttons = [
        Markup(
            '<button type="button" class="quiet" data-open="{}" data-start="{}" data-end="{}">'
            "打开原文</button>"
        ).format(source.chunk_id, first.start if first else 0, first.end if first else 0)
    ]
    if source.intact:
        body, folded = _excerpt(source)
        if folded:
            buttons.append(
                Markup('<button type="button" class="quiet" data-unfold>展开整条</button>')
            )
        buttons.append(
            Markup('<button type="button" class="quiet" data-copy="{}">复制引文</button>').format(
                quote_for_clipboard(source)
            )
        )
    else:
        body = Markup('<p class="problem">引文与库中原文不一致，请打开原文核对。</p>')
    return Markup(
        '<article class="card" data-number="{0}" tabindex="-1"><header>'
        '<span class="number">{0}</span><span class="label">{1}</span></header>'
        "{2}<footer>{3}</footer></article>"
    ).format(source.number, label_html(source.label), body, Markup("").join(buttons))


def _excerpt(source: Source) -> tuple[Markup, bool]:
    """The quotes in what stands around them, and whether something is folded away."""
    text = source.text
    begin = min(span.start for span in source.spans)
    finish = max(span.end for span in source.spans)
    if source.masthead:
        begin = text.rfind("\n", 0, begin) + 1
        finish = text.find("\n", finish)
        finish = len(text) if finish < 0 else finish
        return _excerpt_html("", text[begin:finish], "", source, begin), False
    begin = max(0, begin - _EXCERPT_REACH)
    finish = min(len(text), finish + _EXCERPT_REACH)
    before, after = text[:begin], text[finish:]
    return _excerpt_html(before, text[begin:finish], after, source, begin), bool(before or after)


def _excerpt_html(before: str, near: str, after: str, source: Source, begin: int) -> Markup:
    spans = [Span(span.start - begin, span.end - begin) for span in source.spans]
    rest = Markup('<span class="rest"><span>{}</span></span>')
    return Markup('<p class="excerpt">{}{}{}</p>').format(
        rest.format(before) if before else "",
        marked(near, spans),
        rest.format(after) if after else "",
    )


def nearest_card(evidence: Evidence) -> Markup:
    """An item offered beside a refusal."""
    chunk = evidence.chunk
    opening = chunk.text[: 2 * _EXCERPT_REACH]
    return Markup(
        '<article class="card"><header><span class="label">{}</span></header>'
        '<p class="excerpt">{}{}</p><footer>'
        '<button type="button" class="quiet" data-open="{}" data-start="0" data-end="0">打开原文'
        "</button></footer></article>"
    ).format(
        label_html(chunk.label), opening, "……" if len(opening) < len(chunk.text) else "", chunk.id
    )


def masthead_html(holdings: Holdings | None, loading: bool = False) -> Markup:
    """The page's head: its name and what the archive holds."""
    if loading:
        state = Markup("正在加载……")
    elif holdings is None:
        state = Markup("尚无数据")
    else:
        state = Markup("数据截至 <b>{}</b> · 共 {} 期 {} 条").format(
            _long_date(holdings), holdings.issues, holdings.items
        )
    return Markup(
        '<div class="brand"><h1>政务快报问答</h1><p class="holdings">{}</p></div>'
    ).format(state)


def _long_date(holdings: Holdings) -> str:
    return f"{holdings.last.year}年{holdings.last.month}月{holdings.last.day}日"


def welcome_html(examples: Sequence[str]) -> Markup:
    """What stands in an empty conversation."""
    buttons = Markup("").join(
        Markup('<li><button type="button" data-ask="{0}">{0}</button></li>').format(example)
        for example in examples
    )
    return Markup(
        '<div class="welcome"><p>就已收录的快报提问，回答逐句标明出处，点 [1] 可核对原文。</p>'
        '<ul class="examples" aria-label="示例问题">{}</ul></div>'
    ).format(buttons)


def empty_index_html() -> Markup:
    """What stands there when nothing is indexed."""
    return Markup('<div class="welcome problem" role="alert"><p>{}</p><pre>{}</pre></div>').format(
        EMPTY_INDEX, INGEST_COMMAND
    )


def not_ready_html(message: str) -> Markup:
    """What stands there when the chain could not be loaded."""
    return Markup('<div class="welcome problem" role="alert">{}</div>').format(_lines(message))
