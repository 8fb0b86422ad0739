"""A small archive of an invented county, 岚水县: five issues of four years, eighteen items.

Two series of figures come back year after year (技改投资, 救援装备), two issues carry the number 9,
towns and offices sign beside one another, and one item is signed by two offices.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.answer_model import AnswerModel
from rag.catalog import Catalog
from rag.chain import BulletinChain
from rag.departments import load_departments
from rag.query.conversation import resolve
from rag.query.reader import QuestionReader, Reading
from rag.schema import Answer, Chunk, Filters, Footer, IssueRecord, IssueRef, Turn
from rag.settings import Settings
from rag.vector_store import StoredIssue
from tests.fakes import FakeEmbeddings

COUNTY_SERIES = "岚水政务快报"
PUBLISHER = "岚水县人民政府办公室"
TODAY = date(2025, 3, 20)
DISTRIBUTION = (
    "县委常委，县人大正副主任，副县长，县政协正副主席，各乡（镇）政府、街道办事处主要领导。"
)

# (year, number, day, reviewer, signer), then (section, title, body, departments) of each item.
_ISSUES: tuple[
    tuple[tuple[int, int, date, str, str], tuple[tuple[str, str, str, tuple[str, ...]], ...]], ...
] = (
    (
        (2022, 31, date(2022, 11, 18), "周启明", "高望山"),
        (
            (
                "冬季供暖",
                "县住建城管局全力保障冬季供暖",
                "成立供暖保障专班，储备燃煤4.2万吨，检修供热管网56公里，开通24小时服务热线。"
                "目前，全县集中供暖面积达到310万平方米。",
                ("住建城管局",),
            ),
            (
                "安全生产",
                "石桥镇开展冬季防火巡查",
                "组建护林防火队伍6支，在重点林区设立检查站9处，发放防火宣传单8000余份。",
                ("石桥镇",),
            ),
        ),
    ),
    (
        (2023, 9, date(2023, 4, 14), "周启明", "高望山"),
        (
            (
                "全力拼经济",
                "县科工局推进企业技术改造",
                "建立技改项目库，逐月跟踪入库项目进展，帮助企业完善备案手续。"
                "一季度，全县技改投资完成3280万元，同比增长21.5%。",
                ("科工局",),
            ),
            (
                "全力拼经济",
                "县交通运输局加快青岚公路改建",
                "针对雨季长、土方运输难的问题，实行清单制管理，每天一调度、每周一会商。"
                "青岚公路全长38.6公里，总投资12.4亿元，目前累计完成投资6.2亿元，占总投资的50%。",
                ("交通运输局",),
            ),
            (
                "防汛备汛",
                "县应急管理局开展汛前物资点验",
                "派出4个检查组对11个乡镇的防汛物资进行点验，发现账目不规范问题5处，均已整改到位。"
                "全县现有大型救援装备22台（套）、抽排设施150件（个）。",
                ("应急管理局",),
            ),
            (
                "安全生产",
                "东关街道开展消防安全隐患排查",
                "联合派出所对商场、养老院、网吧等场所开展检查，对发现的问题下达整改通知书。"
                "2月份以来，共检查门店46家、企业12家，整改隐患31处。",
                ("东关街道",),
            ),
        ),
    ),
    (
        (2024, 9, date(2024, 4, 12), "周启明", "沈砚秋"),
        (
            (
                "全力拼经济",
                "县科工局持续推进企业技术改造",
                "落实设备更新补贴政策，组织专家入企诊断。"
                "一季度，全县技改投资完成4110万元，同比增长25.3%。",
                ("科工局",),
            ),
            (
                "民生实事",
                "县教体局新建第三实验小学",
                "为解决城区学生入学难问题，在城东新区兴岚路北侧新建第三实验小学，占地42亩，"
                "设36个教学班，可容纳学生1620人。学校预计8月底建成投用。",
                ("教体局",),
            ),
            (
                "防汛备汛",
                "县应急管理局开展汛前物资点验",
                "派出5个检查组对11个乡镇的防汛物资进行点验，发现账目不规范问题3处，均已整改到位。"
                "全县现有大型救援装备30台（套）、抽排设施180件（个）。",
                ("应急管理局",),
            ),
            (
                "麦田管理",
                "北塬乡抓好小麦春季管理",
                "组织农技人员进村入户，指导农户浇水追肥。目前，全乡2.6万亩小麦已浇水1.9万亩、"
                "追肥1.4万亩，开展技术培训12场次。",
                ("北塬乡",),
            ),
        ),
    ),
    (
        (2024, 26, date(2024, 10, 18), "罗静", "沈砚秋"),
        (
            (
                "乡村振兴",
                "柳河镇发展食用菌产业",
                "采取“村集体+合作社+农户”模式，流转土地320亩，建设大棚86座，引进省农科院优良菌种。"
                "截至目前，年产香菇1500吨，带动210户群众就业，户均增收1.8万元。",
                ("柳河镇",),
            ),
            (
                "乡村振兴",
                "县农业农村局、县自然资源局联合推进高标准农田建设",
                "通过清淤沟渠、新打机井、硬化道路，改善农田生产条件。"
                "2024年，全县建成高标准农田5.6万亩，新打机井240眼，硬化田间道路73公里。",
                ("农业农村局", "自然资源局"),
            ),
            (
                "城市建设",
                "县住建城管局加快老旧小区改造",
                "坚持先地下后地上，同步改造水、电、气管网。2024年，计划改造老旧小区18个，"
                "目前已完工13个，惠及居民3600余户。",
                ("住建城管局",),
            ),
            (
                "安全生产",
                "县应急管理局开展危化企业夜查",
                "聘请安全专家4名，采取不打招呼、直奔现场的方式开展夜间检查。"
                "9月份，共检查危化企业27家，查出隐患64条，已整改58条。",
                ("应急管理局",),
            ),
        ),
    ),
    (
        (2025, 5, date(2025, 3, 7), "罗静", "沈砚秋"),
        (
            (
                "生态环境",
                "县生态环境局深入打好蓝天保卫战",
                "开展扬尘、餐饮油烟、秸秆焚烧专项治理。2024年，全县优良天数278天，"
                "PM2.5平均浓度42微克/立方米，同比下降8.7%。",
                ("生态环境局",),
            ),
            (
                "民生实事",
                "县卫健委做实老年人健康管理",
                "组织医务人员进村入户，为65岁以上老年人免费体检。2024年，共体检2.3万人次，"
                "建立健康档案1.9万份。",
                ("卫健委",),
            ),
            (
                "文化旅游",
                "县文广旅游局举办元宵灯会",
                "2月12日，元宵灯会在柳河镇古街开幕，展出花灯260组。活动期间，共接待游客5.8万人次，"
                "实现旅游收入860万元。",
                ("文广旅游局",),
            ),
            (
                "安全生产",
                "县消防救援大队整治电动自行车充电隐患",
                "联合社区对楼道停放、飞线充电等问题开展集中整治，新建充电棚75处、充电端口900个，"
                "劝导清理楼道违规停放车辆430辆。",
                ("消防救援大队",),
            ),
        ),
    ),
)


class CrowdedEmbeddings(FakeEmbeddings):
    """The bag of words with the similarities of an e5 model: unrelated texts are at 0.84."""

    dimension = 257
    floor = 0.84

    def embed_query(self, text: str) -> list[float]:
        words = list(_Bag().embed_query(text))
        return [self.floor**0.5, *((1 - self.floor) ** 0.5 * value for value in words)]


class _Bag(FakeEmbeddings):
    dimension = 256  # a byte of the digest names a place: different words seldom share two


def archive_issues() -> list[tuple[IssueRecord, list[Chunk]]]:
    """The issues by date, each with its items in printed order."""
    return [issue_of(*head, items) for head, items in _ISSUES]


def issue_of(
    year: int,
    number: int,
    published: date,
    reviewer: str,
    signer: str,
    items: Sequence[tuple[str, str, str, tuple[str, ...]]],
) -> tuple[IssueRecord, list[Chunk]]:
    issue = IssueRef(year, number, "", COUNTY_SERIES)
    source = f"{year}年第{number}期.txt"
    chunks = [
        Chunk(
            id=f"{issue.key}-{ordinal:02d}",
            issue=issue,
            published=published,
            section=section,
            title=title,
            departments=departments,
            text=f"{title} {body}",
            ordinal=ordinal,
            source=source,
            printed=departments,
        )
        for ordinal, (section, title, body, departments) in enumerate(items, 1)
    ]
    day = f"{published.year}年{published.month}月{published.day}日"
    lines = [COUNTY_SERIES, f"第{number}期", PUBLISHER, day]
    section = ""
    for chunk in chunks:
        if chunk.section != section:
            section = chunk.section
            lines.append(f"【{section}】")
        lines.append(f"{chunk.text}（{' '.join(chunk.printed)}）")
    lines += [f"本期发：{DISTRIBUTION}", "责任编辑：赵敏", f"审核：{reviewer}", f"签发：{signer}"]
    text = "\n".join(lines)
    record = IssueRecord(
        issue=issue,
        published=published,
        publisher=PUBLISHER,
        footer=Footer(DISTRIBUTION, "赵敏", reviewer, signer),
        text=text,
        chunk_ids=tuple(chunk.id for chunk in chunks),
        source=source,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
    )
    return record, chunks


class MemoryStore:
    """The vector store's part in answering, over lists."""

    fault = ""

    def __init__(self, embeddings: CrowdedEmbeddings) -> None:
        self._embeddings = embeddings
        self._issues: dict[str, StoredIssue] = {}
        self._vectors: dict[str, list[float]] = {}
        self._epoch = 0

    def add(self, record: IssueRecord, chunks: Sequence[Chunk]) -> None:
        self._epoch += 1
        self._issues[record.issue.key] = StoredIssue(record.content_hash, record, tuple(chunks))
        vectors = self._embeddings.embed_documents([chunk.text for chunk in chunks])
        self._vectors.update((c.id, v) for c, v in zip(chunks, vectors, strict=True))

    @property
    def model(self) -> tuple[str, int]:
        return self._embeddings.model_id, self._embeddings.dimension

    def vectors(self, issues: Sequence[StoredIssue]) -> NDArray[np.float32]:
        ids = [chunk.id for stored in issues for chunk in stored.chunks]
        return np.asarray([self._vectors[i] for i in ids], dtype=np.float32)

    def epoch(self) -> str:
        return str(self._epoch)

    def versions(self, keys: Sequence[str] | None = None) -> dict[str, str]:
        wanted = self._issues if keys is None else keys
        return {key: self._issues[key].version for key in wanted if key in self._issues}

    def stored(self, keys: Sequence[str]) -> Iterator[StoredIssue]:
        return (self._issues[key] for key in keys if key in self._issues)

    def search(self, vector: Sequence[float], k: int, filters: Filters) -> list[tuple[str, float]]:
        chunks = (chunk for stored in self._issues.values() for chunk in stored.chunks)
        scores = [
            (chunk.id, sum(a * b for a, b in zip(vector, self._vectors[chunk.id], strict=True)))
            for chunk in chunks
            if _under(chunk, filters)
        ]
        return sorted(scores, key=lambda pair: -pair[1])[:k]


def _under(chunk: Chunk, filters: Filters) -> bool:
    return (
        (filters.published is None or filters.published.contains(chunk.published))
        and (not filters.issues or chunk.issue in filters.issues)
        and (not filters.departments or bool({*filters.departments} & {*chunk.departments}))
        and (not filters.sections or chunk.section in filters.sections)
    )


def open_archive(
    folder: Path,
    issues: Sequence[tuple[IssueRecord, list[Chunk]]] | None = None,
    answers: AnswerModel | None = None,
) -> BulletinChain:
    """A chain over the archive (or other issues), written below `folder`."""
    embeddings = CrowdedEmbeddings()
    store = MemoryStore(embeddings)
    for record, chunks in archive_issues() if issues is None else issues:
        store.add(record, chunks)
    catalog = Catalog(folder / "catalog.sqlite3")
    catalog.sync(store)  # type: ignore[arg-type]
    settings = Settings(data_dir=folder, today=TODAY)  # type: ignore[call-arg]
    return BulletinChain(
        settings,
        catalog,
        store,  # type: ignore[arg-type]
        embeddings,
        load_departments(),
        answers=answers,
    )


@lru_cache(maxsize=1)
def chain() -> BulletinChain:
    """The archive's chain, built once a test run; tests only ask it."""
    folder = Path(tempfile.mkdtemp(prefix="archive-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return open_archive(folder)


def ask(question: str, *history: str) -> Answer:
    """The answer of this archive; `history` are the messages before, by turns."""
    return ask_chain(chain(), question, *history)


def ask_chain(asked: BulletinChain, question: str, *history: str) -> Answer:
    """The answer; `history` are the messages before, the user's and the program's by turns."""
    roles = ("user", "assistant")
    turns = [{"role": roles[i % 2], "content": words} for i, words in enumerate(history)]
    return asked.invoke({"question": question, "history": turns})


def converse(*questions: str) -> Answer:
    """The answer to the last question of a conversation in which the program answered the rest."""
    said: list[str] = []
    for question in questions[:-1]:
        said += [question, ask(question, *said).text]
    return ask(questions[-1], *said)


def reader() -> QuestionReader:
    """The reader over the names of the archive."""
    return chain()._current().reader


def read(question: str, *history: str, today: date = TODAY) -> Reading:
    """What is understood of a question in its conversation."""
    turns = [Turn("user" if i % 2 == 0 else "assistant", words) for i, words in enumerate(history)]  # type: ignore[arg-type]
    return resolve(reader(), question, turns, today, chain().search.search)


def chunk_of(year: int, number: int, ordinal: int) -> Chunk:
    """An item of the archive by its place."""
    return next(
        chunk
        for _, chunks in archive_issues()
        for chunk in chunks
        if (chunk.issue.year, chunk.issue.number, chunk.ordinal) == (year, number, ordinal)
    )


def cited(answer: Answer) -> set[tuple[int, int, int]]:
    """(year, number, place in the issue) of the items cited; place 0 is a masthead."""
    places = {chunk.id: chunk.ordinal for _, chunks in archive_issues() for chunk in chunks}
    return {(c.issue.year, c.issue.number, places.get(c.chunk_id, 0)) for c in answer.citations}


def texts() -> dict[str, str]:
    """The stored text behind every id that a citation may carry."""
    stored = {}
    for record, chunks in archive_issues():
        stored[record.issue.key] = record.text
        stored.update({chunk.id: chunk.text for chunk in chunks})
    return stored
