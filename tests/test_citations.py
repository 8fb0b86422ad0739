from __future__ import annotations

from dataclasses import replace

import pytest

from rag.citations import CitationBook
from rag.errors import StoreError
from rag.text import Span
from tests.archive import archive_issues, chunk_of

ROAD = chunk_of(2023, 9, 2)
SCHOOL = chunk_of(2024, 9, 2)


def span_of(text: str, words: str) -> Span:
    start = text.index(words)
    return Span(start, start + len(words))


def test_a_citation_quotes_the_item_letter_for_letter() -> None:
    book = CitationBook()
    span = span_of(ROAD.text, "总投资12.4亿元")
    assert book.cite(ROAD, span) == 1
    (citation,) = book.citations
    assert citation.quote == "总投资12.4亿元" == ROAD.text[citation.start : citation.end]


def test_a_citation_names_issue_date_section_and_office() -> None:
    book = CitationBook()
    book.cite(ROAD, span_of(ROAD.text, "38.6公里"))
    (citation,) = book.citations
    assert citation.label == "《岚水政务快报》2023年第9期（2023-04-14）【全力拼经济】交通运输局"
    assert (citation.section, citation.departments) == ("全力拼经济", ("交通运输局",))
    assert (citation.chunk_id, citation.source) == (ROAD.id, "2023年第9期.txt")


def test_the_office_is_cited_as_printed() -> None:
    book = CitationBook()
    book.cite(replace(ROAD, printed=("县交通局",)), span_of(ROAD.text, "38.6公里"))
    assert book.citations[0].departments == ("县交通局",)


def test_numbers_follow_the_order_of_first_use() -> None:
    book = CitationBook()
    first = book.cite(ROAD, span_of(ROAD.text, "38.6公里"))
    second = book.cite(SCHOOL, span_of(SCHOOL.text, "占地42亩"))
    again = book.cite(ROAD, span_of(ROAD.text, "38.6公里"))
    assert (first, second, again) == (1, 2, 1)
    assert [c.number for c in book.citations] == [1, 2]


def test_two_quotes_of_one_item_have_two_numbers_and_one_evidence() -> None:
    book = CitationBook()
    book.cite(ROAD, span_of(ROAD.text, "38.6公里"))
    book.cite(ROAD, span_of(ROAD.text, "总投资12.4亿元"))
    assert [c.number for c in book.citations] == [1, 2]
    assert [(e.number, e.chunk) for e in book.evidence] == [(1, ROAD)]


def test_evidence_carries_the_number_of_its_first_quote() -> None:
    book = CitationBook()
    book.cite(ROAD, span_of(ROAD.text, "38.6公里"))
    book.cite(ROAD, span_of(ROAD.text, "总投资12.4亿元"))
    book.cite(SCHOOL, span_of(SCHOOL.text, "占地42亩"))
    assert [e.number for e in book.evidence] == [1, 3]


def test_a_masthead_fact_is_cited_from_the_whole_issue_without_an_item() -> None:
    record = archive_issues()[1][0]
    book = CitationBook()
    book.cite_masthead(record, span_of(record.text, "签发：高望山"))
    (citation,) = book.citations
    assert record.text[citation.start : citation.end] == citation.quote == "签发：高望山"
    assert (citation.section, citation.title, citation.departments) == ("", "", ())
    assert citation.chunk_id == record.issue.key
    assert book.evidence == ()


@pytest.mark.parametrize(
    "span", [Span(0, 0), Span(5, 5), Span(9000, 9010), Span(0, 9000), Span(10, 4), Span(-6, -2)]
)
def test_a_place_outside_the_text_is_never_cited(span: Span) -> None:
    book = CitationBook()
    with pytest.raises(StoreError, match="2023年第9期"):
        book.cite(ROAD, span)
    assert book.citations == ()
