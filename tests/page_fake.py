"""A chain and an archive with two hand-written issues, for the tests of the page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from fakes import FakeEmbeddings

from rag.errors import QuestionError
from rag.schema import (
    Answer,
    Checks,
    Chunk,
    Citation,
    Evidence,
    Filters,
    Footer,
    Intent,
    IssueRecord,
    IssueRef,
    ParsedQuery,
    Period,
)

APRIL = IssueRef(2023, 18, series="延津政务快报")
NASTY = IssueRef(2024, 3, series="延津政务快报")
ATTACK = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>[点我](javascript:alert(1))'

TECH = Chunk(
    id=f"{APRIL.key}-01",
    issue=APRIL,
    published=date(2023, 4, 21),
    section="全力拼经济",
    title="县科工局加速技改助力企业转型升级",
    departments=("科学技术和工业信息化局",),
    printed=("科工局",),
    text="县科工局加速技改助力企业转型升级 建立技改项目库，加强部门联动，通过定向信息推送和入企现场"
    "对接的方式，及时动员并指导符合入库条件的企业入库，帮助企业完善技术改造项目备案等手续，做到企业"
    "实施的技改项目应备尽备、应报尽报、应统尽统。一季度，我县技改投资上报额5452万元，同比增速达到54.8%。",
    ordinal=1,
    source="2023年第18期.txt",
)
ROAD = replace(
    TECH,
    id=f"{APRIL.key}-02",
    title="县交通运输局全力推进安罗高速项目建设",
    departments=("交通运输局",),
    printed=("交通运输局",),
    text="县交通运输局全力推进安罗高速项目建设 压实工作责任。累计完成投资19.46亿元，占总投资的52.15%。",
    ordinal=2,
)
EVIL = Chunk(
    id=f"{NASTY.key}-01",
    issue=NASTY,
    published=date(2024, 1, 9),
    section="<b>安全</b>",
    title="标题",
    departments=("应急管理局",),
    printed=("应急管理局",),
    text=f"标题 检查门店30家。{ATTACK}检查完毕。",
    ordinal=1,
    source="2024年第3期.txt",
)
CHUNKS = (TECH, ROAD, EVIL)

_FILLER = "\n".join(f"第{n}段，用来把正文撑长的文字。" for n in range(60))
APRIL_RECORD = IssueRecord(
    issue=APRIL,
    published=date(2023, 4, 21),
    publisher="延津县人民政府办公室",
    footer=Footer(editor="李勉", signer="麻彦伟"),
    text=f"延津政务快报\n第18期\n延津县人民政府办公室\n2023年4月21日\n【全力拼经济】\n{_FILLER}\n"
    f"{TECH.text}（科工局）\n{ROAD.text}（交通运输局）\n{_FILLER}\n责任编辑：李勉\n签发：麻彦伟",
    chunk_ids=(TECH.id, ROAD.id),
    source="2023年第18期.txt",
    content_hash="1",
)
NASTY_RECORD = IssueRecord(
    issue=NASTY,
    published=date(2024, 1, 9),
    publisher="延津县人民政府办公室",
    footer=Footer(),
    text=f"延津政务快报\n第3期\n2024年1月9日\n【<b>安全</b>】\n{EVIL.text}（应急管理局）",
    chunk_ids=(EVIL.id,),
    source="2024年第3期.txt",
    content_hash="2",
)


class FakeArchive:
    """The two issues, or none."""

    def __init__(self, empty: bool = False) -> None:
        self._records = () if empty else (APRIL_RECORD, NASTY_RECORD)

    def sync(self, store: Any) -> bool:
        return False

    def issues(self, filters: Filters = Filters()) -> list[IssueRecord]:  # noqa: B008
        wanted = filters.issues
        return [record for record in self._records if not wanted or record.issue in wanted]

    def scan(self, filters: Filters) -> list[Chunk]:
        held = {id for record in self.issues(filters) for id in record.chunk_ids}
        return [
            chunk
            for chunk in CHUNKS
            if chunk.id in held
            and (not filters.departments or set(filters.departments) & set(chunk.departments))
            and (not filters.sections or chunk.section in filters.sections)
            and (not filters.published or filters.published.contains(chunk.published))
        ]

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        by_id = {chunk.id: chunk for chunk in self.scan(Filters())}
        return [by_id[id] for id in ids if id in by_id]

    def dates(self) -> list[tuple[IssueRef, date]]:
        return [(record.issue, record.published) for record in self._records]

    def search(
        self,
        tokens: Sequence[str],
        k: int,
        filters: Filters = Filters(),  # noqa: B008
    ) -> list[tuple[str, float]]:
        counted = [
            (chunk.id, float(sum(chunk.text.count(token) for token in tokens)))
            for chunk in self.scan(filters)
        ]
        return sorted([pair for pair in counted if pair[1]], key=lambda pair: -pair[1])[:k]

    def document_frequency(self, tokens: Sequence[str]) -> dict[str, int]:
        return {
            token: sum(token in chunk.text for chunk in self.scan(Filters())) for token in tokens
        }

    def count(self, filters: Filters = Filters()) -> int:  # noqa: B008
        return len(self.scan(filters))

    def departments(self) -> list[tuple[str, int]]:
        return [("应急管理局", 1), ("交通运输局", 1)] if self._records else []

    def sections(self) -> list[tuple[str, int]]:
        return [("全力拼经济", 2)] if self._records else []


def cite(number: int, chunk: Chunk, quote: str) -> Citation:
    """A citation of a quote that stands in the chunk."""
    start = chunk.text.index(quote)
    return Citation(
        number=number,
        chunk_id=chunk.id,
        issue=chunk.issue,
        published=chunk.published,
        section=chunk.section,
        title=chunk.title,
        departments=chunk.printed,
        label=chunk.label,
        quote=quote,
        start=start,
        end=start + len(quote),
        source=chunk.source,
    )


def query(question: str) -> ParsedQuery:
    return ParsedQuery(question=question, standalone=question, intent=Intent.FIGURE)


def figure_answer(question: str = "2023年一季度技改投资上报额是多少？") -> Answer:
    quote = "一季度，我县技改投资上报额5452万元，同比增速达到54.8%。"
    return Answer(
        question=question,
        text=f"5452万元。{quote}[1]",
        query=replace(
            query(question), periods=(Period(date(2023, 1, 1), date(2023, 3, 31), "一季度"),)
        ),
        citations=(cite(1, TECH, quote),),
        evidence=(Evidence(1, TECH),),
        checks=Checks(figures=2, verified=2),
    )


def evil_answer(question: str) -> Answer:
    quote = EVIL.text[EVIL.text.index("检查门店") :]
    return Answer(
        question=question,
        text=f"{quote}[1]",
        query=query(question),
        citations=(cite(1, EVIL, quote),),
        evidence=(Evidence(1, EVIL),),
        notices=(ATTACK,),
    )


def refusal(question: str) -> Answer:
    return Answer(
        question=question,
        text="在已收录的2期快报（2023-04-21至2024-01-09）中没有找到。",
        query=query(question),
        nearest=(Evidence(1, ROAD),),
        refusal="not_found",
    )


def masthead_answer(question: str) -> Answer:
    quote = "责任编辑：李勉"
    start = APRIL_RECORD.text.index(quote)
    citation = Citation(
        number=1,
        chunk_id=APRIL.key,
        issue=APRIL,
        published=APRIL_RECORD.published,
        section="",
        title="",
        departments=(),
        label=APRIL_RECORD.label,
        quote=quote,
        start=start,
        end=start + len(quote),
        source=APRIL_RECORD.source,
    )
    return Answer(
        question=question, text=f"{quote}[1]", query=query(question), citations=(citation,)
    )


class FakeChain:
    """Answers by a word in the question; `asked` remembers what it was given."""

    def __init__(self, empty: bool = False) -> None:
        self.catalog = FakeArchive(empty)
        self.store = None
        self.embeddings = FakeEmbeddings()
        self.asked: list[dict[str, Any]] = []

    def stream(self, input: Any, *, engine: str | None = None) -> Iterator[Answer]:
        self.asked.append(input | {"engine": engine})
        question = input["question"]
        if len(question) > 2000:
            raise QuestionError("问题太长，请控制在2000字以内。")
        if "崩溃" in question:
            raise RuntimeError("/srv/secret/path broke")
        if "慢" in question:
            whole = figure_answer(question)
            for end in range(1, len(whole.text) + 1):
                time.sleep(0.15)
                yield replace(whole, text=whole.text[:end], citations=())
        elif "GDP" in question:
            yield refusal(question)
        elif "编辑" in question:
            yield masthead_answer(question)
        elif "<" in question:
            yield evil_answer(question)
        else:
            whole = replace(figure_answer(question), engine=engine or "extractive")
            yield replace(whole, text=whole.text[:8], citations=())
            yield whole
