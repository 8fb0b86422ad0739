"""A whole issue as a page to read, with the cited item and the quote in it marked."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from page.archive import Archive
from page.sources import chunk_span, label_html, marked
from rag.schema import Filters, IssueRecord
from rag.text import Span

GONE = "这期快报已不在库中，可能刚被移除或替换。请重新提问。"


def open_issue(archive: Archive, chunk_id: str, start: int, end: int) -> Markup:
    """The issue that holds a chunk, with chunk.text[start:end] marked.

    `chunk_id` may be an issue's key; then the offsets count in the issue's text. Offsets that
    name nothing mark nothing.
    """
    chunks = archive.chunks([chunk_id])
    if chunks:
        issue = chunks[0].issue
        for record in archive.issues(Filters(issues=(issue,))):
            if record.issue != issue:
                continue
            siblings = archive.scan(Filters(issues=(issue,)))
            item = chunk_span(record, siblings, chunk_id)
            if item is None:
                return issue_html(record, None, None)
            quote = Span(item.start + start, min(item.end, item.start + end))
            return issue_html(record, item, quote)
    for record in archive.issues():
        if record.issue.key == chunk_id:
            return issue_html(record, None, Span(start, end))
    return Markup('<p class="problem">{}</p>').format(GONE)


def issue_html(record: IssueRecord, item: Span | None, quote: Span | None) -> Markup:
    """The readable text of an issue, a paragraph a line."""
    quotes = [quote] if quote and quote.start < quote.end else []
    body = Markup("\n").join(_paragraphs(record.text, item, quotes))
    scan = Markup('<p class="remark">本期由扫描件识别而来，请以纸质件为准。</p>')
    return Markup('<h2 class="issue-label">{}</h2>{}<div class="issue-text">{}</div>').format(
        label_html(record.label), scan if record.scanned else "", body
    )


def _paragraphs(text: str, item: Span | None, quotes: list[Span]) -> Iterator[Markup]:
    at = 0
    in_masthead = True
    for line in text.split("\n"):
        start, end = at, at + len(line)
        at = end + 1
        if not line.strip():
            continue
        inside = [
            Span(max(q.start, start) - start, min(q.end, end) - start)
            for q in quotes
            if q.start < end and q.end > start
        ]
        content = marked(line, inside)
        if line.startswith("【") and line.rstrip().endswith("】"):
            in_masthead = False
            yield Markup("<h3>{}</h3>").format(content)
            continue
        kind = "masthead" if in_masthead else "item"
        if item and item.start < end and item.end > start:
            kind = "item cited"
        yield Markup('<p class="{}">{}</p>').format(kind, content)
