"""Stand-ins that are the same on every run and need no model."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from datetime import date

from langchain_core.embeddings import Embeddings

from rag.schema import Chunk, Footer, IssueRecord, IssueRef
from rag.text import search_tokens

DIMENSION = 64
SERIES = "延津政务快报"


class FakeEmbeddings(Embeddings):
    """Bags of words: each word adds ±1 at three places that its SHA-256 names.

    Texts that share words are near each other. No words give the first unit vector.
    """

    model_id = "fake-bag-of-words"
    dimension = DIMENSION

    def embed_query(self, text: str) -> list[float]:
        vector = [0.0] * self.dimension
        for token in search_tokens(text):
            digest = hashlib.sha256(token.encode()).digest()
            for place in range(0, 6, 2):
                vector[digest[place] % self.dimension] += 1.0 if digest[place + 1] & 1 else -1.0
        norm = math.sqrt(sum(x * x for x in vector))
        if norm == 0.0:
            return [1.0] + [0.0] * (self.dimension - 1)
        return [x / norm for x in vector]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


def make_issue(
    number: int,
    items: Iterable[tuple[str, str, str]],
    *,
    year: int = 2023,
    published: date | None = None,
    series: str = SERIES,
    edition: str = "",
) -> tuple[IssueRecord, list[Chunk]]:
    """An issue and its chunks from (section, department, text) of each item."""
    issue = IssueRef(year, number, edition, series)
    day = published or date(year, 1 + (number - 1) // 3 % 12, 1 + (number - 1) % 3 * 10)
    source = f"{year}年{edition}第{number}期.txt"
    chunks = [
        Chunk(
            id=f"{issue.key}-{ordinal:02d}",
            issue=issue,
            published=day,
            section=section,
            title=text[:8],
            departments=(department,) if department else (),
            text=text,
            ordinal=ordinal,
            source=source,
            printed=(department,) if department else (),
        )
        for ordinal, (section, department, text) in enumerate(items, 1)
    ]
    text = "\n".join(["延津县人民政府办公室", *(chunk.text for chunk in chunks), "责任编辑：李勉"])
    record = IssueRecord(
        issue=issue,
        published=day,
        publisher="延津县人民政府办公室",
        footer=Footer(distribution="县四大班子领导", editor="李勉"),
        text=text,
        chunk_ids=tuple(chunk.id for chunk in chunks),
        source=source,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
    )
    return record, chunks


def bulletin_text(
    number: int,
    items: Iterable[tuple[str, str, str]],
    *,
    year: int = 2023,
    day: str = "4月21日",
    editor: str = "李勉",
) -> str:
    """An issue as offices type it, from (section, department, text) of each item."""
    lines = ["延津政务快报", "", f"第{number}期", "", "延津县人民政府办公室", "", f"{year}年{day}"]
    last = ""
    for section, department, text in items:
        if section != last:
            lines += ["", f"【{section}】"]
            last = section
        lines += ["", f"{text}（{department}）" if department else text]
    return "\n".join([*lines, "", f"责任编辑：{editor}", ""])
