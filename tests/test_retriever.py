from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from rag.retriever import BulletinRetriever, HybridRetriever
from rag.schema import Chunk, Filters, Hit, Period
from tests.archive import chain, chunk_of


def search(question: str, k: int = 5, filters: Filters | None = None) -> list[Hit]:
    return chain().search.search(question, k, filters)


def places(hits: Sequence[Hit]) -> list[tuple[int, int, int]]:
    return [(h.chunk.issue.year, h.chunk.issue.number, h.chunk.ordinal) for h in hits]


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("青岚公路总投资", (2023, 9, 2)),
        ("元宵灯会接待了多少游客", (2025, 5, 3)),
        ("高标准农田新打机井多少眼", (2024, 26, 2)),
        ("老年人免费体检", (2025, 5, 2)),
        ("电动自行车充电棚", (2025, 5, 4)),
        ("集中供暖面积", (2022, 31, 1)),
    ],
)
def test_the_item_that_speaks_of_it_comes_first(question: str, place: tuple[int, int, int]) -> None:
    assert places(search(question))[0] == place


def test_at_most_k_items_best_first() -> None:
    hits = search("安全检查整改隐患", k=3)
    assert len(hits) == 3
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_no_item_is_found_twice() -> None:
    hits = search("防汛物资点验", k=50)
    assert len({h.chunk.id for h in hits}) == len(hits)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(departments=("科工局",)),
        Filters(sections=("安全生产",)),
        Filters(issues=(chunk_of(2024, 9, 1).issue,)),
        Filters(published=Period(date(2024, 1, 1), date(2024, 12, 31))),
        Filters(departments=("应急管理局",), sections=("防汛备汛",)),
    ],
)
def test_both_sides_of_the_search_keep_to_the_filters(filters: Filters) -> None:
    allowed = {chunk.id for chunk in chain().catalog.scan(filters)}
    found = {hit.chunk.id for hit in search("企业投资和安全隐患检查", 50, filters)}
    assert found
    assert found <= allowed


def test_nothing_under_the_filters_gives_an_empty_list() -> None:
    assert search("技改投资", filters=Filters(departments=("民政局",))) == []


@pytest.mark.parametrize(
    "question", ["", "？！", "   ", '"; DROP TABLE chunks; --', "AND OR NOT *"]
)
def test_no_question_breaks_the_search(question: str) -> None:
    assert len(search(question, 3)) <= 3


class OneVector:
    def embed_query(self, text: str) -> list[float]:
        return [1.0]


class Listed:
    """A side of the search that always answers the same."""

    def __init__(self, results: list[tuple[str, float]], chunks: Sequence[Chunk] = ()) -> None:
        self.results = results
        self.by_id = {chunk.id: chunk for chunk in chunks}

    def search(self, query: object, k: int, filters: Filters) -> list[tuple[str, float]]:
        return self.results[:k]

    def nearest(self, vector: Sequence[float], k: int, filters: Filters) -> list[tuple[str, float]]:
        return self.results[:k]

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return [self.by_id[i] for i in ids if i in self.by_id]


def test_an_item_that_both_sides_find_beats_one_that_a_single_side_finds() -> None:
    a, b, c = (chunk_of(2023, 9, n) for n in (1, 2, 3))
    vectors = Listed([(a.id, 0.90), (b.id, 0.89), (c.id, 0.80)])
    words = Listed([(b.id, 9.0), (c.id, 1.0)], [a, b, c])
    hits = HybridRetriever(OneVector(), vectors, words).search("问题", 3)
    assert hits[0].chunk == b
    assert (hits[0].vector, hits[0].lexical) == (0.89, 9.0)


def test_an_item_removed_since_the_vector_search_is_left_out() -> None:
    a, b = chunk_of(2023, 9, 1), chunk_of(2023, 9, 2)
    vectors = Listed([(a.id, 0.9), (b.id, 0.8)])
    hits = HybridRetriever(OneVector(), vectors, Listed([], [a])).search("问题", 2)
    assert [hit.chunk for hit in hits] == [a]


@pytest.mark.parametrize(("weight", "first"), [(1.0, 1), (0.0, 2)])
def test_one_side_alone_when_the_other_weighs_nothing(weight: float, first: int) -> None:
    a, b = chunk_of(2023, 9, 1), chunk_of(2023, 9, 2)
    vectors, words = Listed([(a.id, 0.9)]), Listed([(b.id, 5.0)], [a, b])
    hits = HybridRetriever(OneVector(), vectors, words, weight).search("问题", 2)
    assert [hit.chunk.ordinal for hit in hits] == [first]


def test_langchain_users_get_documents_with_the_facts_of_a_citation() -> None:
    retriever = chain().retriever(k=2)
    assert isinstance(retriever, BulletinRetriever)
    first, _ = retriever.invoke("青岚公路改建总投资")
    chunk = chunk_of(2023, 9, 2)
    assert first.page_content == chunk.text
    assert first.id == chunk.id
    facts = {
        "year": 2023,
        "issue": 9,
        "date": "2023-04-14",
        "section": "全力拼经济",
        "departments": ["交通运输局"],
        "label": "《岚水政务快报》2023年第9期（2023-04-14）【全力拼经济】交通运输局",
    }
    assert facts.items() <= first.metadata.items()
