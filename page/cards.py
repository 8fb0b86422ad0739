"""Sources and nearest items as cards, and what is copied from them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from page.sources import Source, label_html, marked
from rag.schema import Answer, Evidence
from rag.text import Span

_EXCERPT_REACH = 60


def answer_for_clipboard(answer: Answer, sources: Sequence[Source]) -> str:
    """The answer as plain text, followed by its numbered sources with their quotes."""
    notes = [
        f"[{source.number}] {source.reference}：“{'……'.join(source.quotes)}”" for source in sources
    ]
    return "\n".join([answer.text.strip(), "", "出处：", *notes]) if notes else answer.text.strip()


def quote_for_clipboard(source: Source) -> str:
    """A quote with its source in brackets, as it stands in a report."""
    return f"“{'……'.join(source.quotes)}”（来源：{source.reference}）"


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
    """An item offered beside a refusal, as one button that opens it."""
    chunk = evidence.chunk
    opening = chunk.text[: 2 * _EXCERPT_REACH]
    return Markup(
        '<button type="button" class="card" data-open="{}" data-start="0" data-end="0">'
        '<span class="label">{}</span><span class="excerpt">{}{}</span></button>'
    ).format(
        chunk.id, label_html(chunk.label), opening, "……" if len(opening) < len(chunk.text) else ""
    )
