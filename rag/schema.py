"""The frozen types that pass between the stages. No framework types in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True, order=True)
class IssueRef:
    """One issue of one bulletin series. Numbers restart every year.

    `edition` is empty for the regular sequence and 增刊 or 专刊 for a sequence of its own.
    """

    year: int
    number: int
    edition: str = ""
    series: str = ""

    @property
    def key(self) -> str:
        """Identifier used by the stores, unique over series, years and editions."""
        return f"{self.series}-{self.year}-{self.number:03d}{self.edition}"

    @property
    def label(self) -> str:
        """《延津政务快报》2023年第18期; without a series 2023年第18期."""
        name = f"《{self.series}》" if self.series else ""
        return f"{name}{self.year}年{self.edition}第{self.number}期"


@dataclass(frozen=True, slots=True)
class Footer:
    """The lines below the last item; an absent line is an empty string."""

    distribution: str = ""
    editor: str = ""
    reviewer: str = ""
    signer: str = ""


@dataclass(frozen=True, slots=True)
class ParseWarning:
    """Something that a person should look at; `line` counts from 1, 0 is the whole file."""

    code: str
    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One short report of an issue.

    `text` is the stored form: heading and body in one line of running text, white space from
    typesetting removed, every other character as printed, without the signature. `title` and
    `body` are parts of it. `departments` are the names as printed in `signature`.
    """

    section: str
    ordinal: int
    title: str | None
    body: str
    departments: tuple[str, ...]
    text: str
    signature: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One parsed issue. `masthead` holds the lines above the first section as printed."""

    issue: IssueRef
    publisher: str
    published: date
    items: tuple[Item, ...]
    footer: Footer
    source: str
    content_hash: str
    masthead: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    warnings: tuple[ParseWarning, ...] = ()
    scanned: bool = False

    @property
    def series(self) -> str:
        return self.issue.series


@dataclass(frozen=True, slots=True)
class Chunk:
    """One item (or one part of a very long item), the unit that is embedded and cited.

    `departments` are canonical names, `printed` the names as they stand in the issue.
    `part` is 0 for a whole item and counts from 1 for the parts of a split one.
    """

    id: str
    issue: IssueRef
    published: date
    section: str
    title: str
    departments: tuple[str, ...]
    text: str
    ordinal: int
    source: str
    printed: tuple[str, ...] = ()
    part: int = 0
    scanned: bool = False

    @property
    def label(self) -> str:
        """《延津政务快报》2023年第18期（2023-04-21）【全力拼经济】科工局"""
        section = f"【{self.section}】" if self.section else ""
        scan = "（扫描识别）" if self.scanned else ""
        names = "、".join(self.printed or self.departments)
        return f"{self.issue.label}（{self.published.isoformat()}）{section}{names}{scan}"

    @property
    def header(self) -> str:
        """The words a reader sees above the item; indexed for lexical search only."""
        names = " ".join(dict.fromkeys((*self.printed, *self.departments)))
        day = self.published
        return (
            f"{self.issue.series} {self.issue.year}年第{self.issue.number}期 "
            f"{day.year}年{day.month}月{day.day}日 {self.section} {names}"
        )


@dataclass(frozen=True, slots=True)
class IssueRecord:
    """What the stores keep of a whole issue; its presence means the issue is committed.

    `text` is the readable full text; every chunk's text stands in it letter for letter.
    """

    issue: IssueRef
    published: date
    publisher: str
    footer: Footer
    text: str
    chunk_ids: tuple[str, ...]
    source: str
    content_hash: str
    scanned: bool = False

    @property
    def label(self) -> str:
        return f"{self.issue.label}（{self.published.isoformat()}）"


class DatedIssue(NamedTuple):
    """An issue and its date, without its text."""

    issue: IssueRef
    published: date


class Intent(StrEnum):
    """What a question asks for."""

    FACT = "fact"
    FIGURE = "figure"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    DEPARTMENT = "department"
    ISSUE = "issue"
    REASON = "reason"
    MANNER = "manner"
    LIST = "list"
    COUNT = "count"
    COMPARE = "compare"
    SUM = "sum"
    TREND = "trend"
    DIGEST = "digest"
    MASTHEAD = "masthead"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A closed range of days, and the words that named it."""

    start: date
    end: date
    words: str = field(default="", compare=False)

    def overlaps(self, other: Period) -> bool:
        return self.start <= other.end and other.start <= self.end

    def contains(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Limits on the items to be looked at. An empty tuple or None means no limit.

    `published` and `spoken` are the two clocks: the issue's date, and the time the text speaks of.
    """

    published: Period | None = None
    issues: tuple[IssueRef, ...] = ()
    departments: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.published or self.issues or self.departments or self.sections)


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found by the retriever; `score` is the fused one, in 0..1, higher is better."""

    chunk: Chunk
    score: float
    vector: float = 0.0
    lexical: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A chunk with the number under which an answer cites it (from 1)."""

    number: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote. `text[start:end] == quote`, where text is the chunk's text, or the
    issue's full text for a masthead fact (then section, title and departments are empty and
    `chunk_id` is the issue's key)."""

    number: int
    chunk_id: str
    issue: IssueRef
    published: date
    section: str
    title: str
    departments: tuple[str, ...]
    label: str
    quote: str
    start: int
    end: int
    source: str


@dataclass(frozen=True, slots=True)
class Checks:
    """How many figures the answer text holds, and how many stand in its citations."""

    figures: int = 0
    verified: int = 0


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What one reply of the chat model cost; tokens are 0 where the server doesn't count them."""

    prompt_tokens: int = 0
    reply_tokens: int = 0
    characters: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What was understood of a question.

    `standalone` is the question with what the conversation supplies filled in. `periods` is the
    time asked about, in the order named. `terms` are the content words that evidence should
    hold; `focus` are those of them that name the asked-for quantity, `counted` those that stand
    right behind 多少 (多少名医生), `unit` is its unit family
    (`rag.entities.figures`), `claims` are the figures that the question itself asserts.
    `relaxed` names, in Chinese, the filters that were dropped because nothing matched.
    """

    question: str
    standalone: str
    intent: Intent
    periods: tuple[Period, ...] = ()
    filters: Filters = Filters()
    order: Literal["", "latest", "earliest"] = ""
    terms: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    unit: str = ""
    claims: tuple[str, ...] = ()
    relaxed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer with everything needed to check it.

    `retrieved` is what the search found, best first; `nearest` are items offered beside a refusal
    (they are not cited). `refusal` and `error` are empty for an ordinary answer; an error is a
    Chinese sentence for the reader. `notices` are remarks such as 语言模型不可用，以下为原文摘录.
    """

    question: str
    text: str
    query: ParsedQuery
    citations: tuple[Citation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    retrieved: tuple[Hit, ...] = ()
    nearest: tuple[Evidence, ...] = ()
    engine: Literal["extractive", "chat"] = "extractive"
    checks: Checks = Checks()
    refusal: Literal["", "not_found", "out_of_scope"] = ""
    error: str = ""
    notices: tuple[str, ...] = ()
    model_cost: ModelCost | None = None  # None when the chat model was not asked

    @property
    def outcome(self) -> Literal["answered", "not_found", "out_of_scope", "error"]:
        if self.error:
            return "error"
        return self.refusal or "answered"
