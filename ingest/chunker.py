"""`Bulletin` → what the stores keep: one chunk an item, and the record of the issue."""

from __future__ import annotations

from ingest.footer import close_up_names
from rag.departments import DepartmentNames
from rag.schema import Bulletin, Chunk, Footer, IssueRecord, Item
from rag.text import Span, close_up, split_clauses, split_sentences

# The default model reads 512 tokens, about 800 Chinese characters; 99 % of items are shorter.
LONGEST_CHUNK = 600


def chunk_bulletin(
    bulletin: Bulletin, departments: DepartmentNames
) -> tuple[IssueRecord, list[Chunk]]:
    """The record of an issue, and its chunks in printed order.

    An item is one chunk; a longer one is split at sentence ends into parts that all carry its
    section, title and departments. Every chunk's text stands letter for letter in the record's.
    """
    chunks = [
        _chunk(bulletin, item, departments, text, part)
        for item in bulletin.items
        for text, part in _parts(item.text)
    ]
    record = IssueRecord(
        issue=bulletin.issue,
        published=bulletin.published,
        publisher=bulletin.publisher,
        footer=bulletin.footer,
        text=issue_text(bulletin),
        chunk_ids=tuple(chunk.id for chunk in chunks),
        source=bulletin.source,
        content_hash=bulletin.content_hash,
        scanned=bulletin.scanned,
    )
    return record, chunks


def issue_text(bulletin: Bulletin) -> str:
    """The whole issue to be read: head, 【栏目】, one paragraph an item, footer."""
    lines = [close_up(_close_up_title(line)) for line in bulletin.masthead]
    section = ""
    for item in bulletin.items:
        if item.section != section:
            section = item.section
            lines.append(f"【{section}】" if section else "")
        lines.append(f"{item.text}（{item.signature}）" if item.signature else item.text)
    lines.extend(_footer_lines(bulletin.footer))
    lines.extend(bulletin.tail)
    return "\n".join(line for line in lines if line)


def _footer_lines(footer: Footer) -> list[str]:
    labelled = (
        ("本期发", footer.distribution),
        ("责任编辑", footer.editor),
        ("审核", footer.reviewer),
        ("签发", footer.signer),
    )
    return [value if "\n" in value else f"{label}：{value}" for label, value in labelled if value]


def _close_up_title(line: str) -> str:
    words = line.split()
    # 延 津 政 务 快 报 is set wide; 第 18 期 and the names of offices are not.
    if len(words) > 2 and all(len(word) == 1 for word in words):
        return close_up_names("".join(words))
    return " ".join(words)


def _chunk(
    bulletin: Bulletin, item: Item, departments: DepartmentNames, text: str, part: int
) -> Chunk:
    names = tuple(dict.fromkeys(departments.canonical(name) for name in item.departments))
    suffix = f".{part}" if part else ""
    return Chunk(
        id=f"{bulletin.issue.key}-{item.ordinal:02d}{suffix}",
        issue=bulletin.issue,
        published=bulletin.published,
        section=item.section,
        title=item.title or "",
        departments=names,
        text=text,
        ordinal=item.ordinal,
        source=bulletin.source,
        printed=item.departments,
        part=part,
        scanned=bulletin.scanned,
    )


def _parts(text: str) -> list[tuple[str, int]]:
    """The text whole as part 0, or in parts of about equal length, numbered from 1."""
    if len(text) <= LONGEST_CHUNK:
        return [(text, 0)]
    pieces = [piece for span in split_sentences(text) for piece in _shorter(text, span)]
    parts = -(-len(text) // LONGEST_CHUNK)
    while parts < len(pieces) and _longest(_balanced(pieces, parts)) > LONGEST_CHUNK:
        parts += 1
    spans = _balanced(pieces, parts)
    return [(span.of(text), part) for part, span in enumerate(spans, start=1)]


def _longest(spans: list[Span]) -> int:
    return max(span.end - span.start for span in spans)


def _balanced(pieces: list[Span], parts: int) -> list[Span]:
    """The pieces put together into parts of about equal length.

    A last part of one short sentence would be found for questions about anything.
    """
    share = pieces[-1].end / parts
    spans: list[Span] = []
    for piece in pieces:
        middle = (piece.start + piece.end) / 2
        if spans and middle < share * len(spans):
            spans[-1] = Span(spans[-1].start, piece.end)
        else:
            spans.append(piece)
    return spans


def _shorter(text: str, span: Span) -> list[Span]:
    """A sentence that is too long by itself, cut at its clauses, then anywhere."""
    if span.end - span.start <= LONGEST_CHUNK:
        return [span]
    sentence = span.of(text)
    return [
        Span(start, min(start + LONGEST_CHUNK, span.start + clause.end))
        for clause in split_clauses(sentence)
        for start in range(span.start + clause.start, span.start + clause.end, LONGEST_CHUNK)
    ]
