"""The archive that benchmarks.scale asks: its items, issues and vectors.

Any item can be made without the others, and always in the same way. Vectors are put together:
the model's vector of an item's topic, something of its vectors of the two halves of the item's
name, and chance.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.embeddings import BulletinEmbeddings
from rag.schema import Chunk, Footer, IssueRecord, IssueRef
from rag.vector_store import StoredIssue

PER_ISSUE = 10
YEARS = range(2016, 2026)
APART = 0.4  # length of the chance part of a vector, beside the topic's of 1
NAMED = 0.4  # of the part for each half of the name
SERIES = "云禾政务快报"
# Syllables of invented names; two of them and two more make one of 2.56 million.
SYLLABLES = "恒禾澜岚泽宏裕昌瑞祥隆泰晟鼎盛嘉润丰茂源溪榆槐柏桐枫杉梓楠樟芦苇荷莲菱蒲葵蓝翠"
OFFICES = "科工局 交通运输局 应急管理局 农业农村局 自然资源局 住建城管局 生态环境局 商务局".split()  # noqa: SIM905
TOWNS = "槐浦镇 青渠镇 麦垄镇 沙垄镇 柏桥镇 芦湾镇 榆坡镇 南苇镇".split()  # noqa: SIM905
MATTERS = (  # noqa: SIM905
    "技改 高速公路 防汛物资 高标准农田 污水管网 招商引资 秸秆禁烧 安全培训 老旧小区 农村道路 职业技能 医保参保"
    " 企业走访 人居环境 养老服务 校园食堂"
).split()
VERBS = "摸排 督导 走访 改造 巡查 帮扶 整治 宣传 培训 调度".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Item:
    """One invented item with the facts that are asked for."""

    number: int
    issue: IssueRef
    published: date
    name: str
    office: str
    matter: str
    verb: str
    invested: int
    households: int

    @property
    def topic(self) -> str:
        return f"{self.office}推进{self.matter}{self.verb}"

    @property
    def title(self) -> str:
        return f"{self.office}扎实推进{self.name}{self.matter}{self.verb}工作"

    def text(self, chance: random.Random) -> str:
        return (
            f"{self.title} 成立{self.matter}工作专班，建立“{self.verb}—交办—整改—销号”机制，"
            f"抽调{chance.randint(3, 40)}名骨干分片包干，对{chance.choice(TOWNS)}等"
            f"{chance.randint(3, 13)}个乡镇逐一{self.verb}，明确责任人和完成时限，每周通报进度，"
            f"对进展缓慢的单位进行约谈，确保各项任务落到实处。目前，{self.name}项目完成投资"
            f"{self.invested}万元，同比增长{chance.randint(1, 600) / 10}%，惠及群众{self.households}户，"
            f"发现问题{chance.randint(1, 90)}处。"
        )


def make_item(number: int, items: int) -> Item:
    """Item `number` of an archive of so many items; any one can be made without the others."""
    chance = random.Random(number)
    issue = number // PER_ISSUE
    per_year = items // PER_ISSUE // len(YEARS)
    year, place = YEARS[issue // per_year], issue % per_year
    # Multiplying by a number without common factors spreads neighbours over all names.
    code = number * 1_000_003 % len(SYLLABLES) ** 4
    name = ""
    for _ in range(4):
        code, syllable = divmod(code, len(SYLLABLES))
        name += SYLLABLES[syllable]
    return Item(
        number,
        IssueRef(year, place + 1, series=SERIES),
        date(year, 1, 2) + timedelta(days=place * 362 // per_year),
        name,
        chance.choice(OFFICES + TOWNS),
        chance.choice(MATTERS),
        chance.choice(VERBS),
        chance.randint(100, 99_999),
        chance.randint(100, 20_000),
    )


def make_issue(index: int, items: int) -> tuple[IssueRecord, tuple[Chunk, ...], list[Item]]:
    made = [make_item(index * PER_ISSUE + place, items) for place in range(PER_ISSUE)]
    ref, day = made[0].issue, made[0].published
    chunks = tuple(
        Chunk(
            f"{ref.key}-{place:02d}",
            ref,
            day,
            f"{item.matter}工作",
            item.title,
            (item.office,),
            item.text(random.Random(item.number + 1)),
            place,
            f"{ref.key}.txt",
            (item.office,),
        )
        for place, item in enumerate(made)
    )
    text = "\n".join((*(chunk.text for chunk in chunks), "责任编辑：林晓", "签发：高望"))
    ids = tuple(chunk.id for chunk in chunks)
    footer = Footer("县四大班子领导", "林晓", "周明", "高望")
    return IssueRecord(ref, day, "", footer, text, ids, f"{ref.key}.txt", ref.key), chunks, made


class Topics:
    """The vectors of the items."""

    def __init__(self, embeddings: BulletinEmbeddings) -> None:
        self._embeddings = embeddings
        self._topic = lru_cache(maxsize=None)(self._embed)
        self._mean = np.mean([self._topic(a + b) for a, b in pairwise(SYLLABLES)], axis=0)

    def _embed(self, topic: str) -> NDArray[np.float32]:
        return np.asarray(self._embeddings.embed_documents([topic])[0], dtype=np.float32)

    def vectors(self, items: Sequence[Item]) -> NDArray[np.float32]:
        size = self._embeddings.dimension
        moved = [
            np.random.default_rng(item.number).standard_normal(size, dtype=np.float32)
            for item in items
        ]
        # One topic an office and matter: 256 texts for the model, and 1,600 halves of names.
        topics = [self._topic(f"{item.office}推进{item.matter}工作") for item in items]
        names = [self._topic(i.name[:2]) + self._topic(i.name[2:]) - 2 * self._mean for i in items]
        vectors = np.stack(topics) + NAMED * np.stack(names) + APART / size**0.5 * np.stack(moved)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


class Prepared:
    """What the catalogue asks of a vector store, out of the generator."""

    fault = ""

    def __init__(self, items: int, embeddings: BulletinEmbeddings) -> None:
        self._items = items
        self._topics = Topics(embeddings)
        self.model = (embeddings.model_id, embeddings.dimension)

    def epoch(self) -> str:
        return "prepared"

    def versions(self, keys: Sequence[str] | None = None) -> dict[str, str]:
        issues = range(self._items // PER_ISSUE)
        return {make_item(i * PER_ISSUE, self._items).issue.key: str(i) for i in issues}

    def stored(self, keys: Sequence[str]) -> list[StoredIssue]:
        per_year = self._items // PER_ISSUE // len(YEARS)
        found = []
        for key in keys:
            year, number = (int(part) for part in key.split("-")[1:])
            index = (year - YEARS[0]) * per_year + number - 1
            record, chunks, _ = make_issue(index, self._items)
            found.append(StoredIssue(str(index), record, chunks))
        return found

    def vectors(self, issues: Sequence[StoredIssue]) -> NDArray[np.float32]:
        numbers = [int(i.version) * PER_ISSUE + c.ordinal for i in issues for c in i.chunks]
        return self._topics.vectors([make_item(number, self._items) for number in numbers])
