"""Figures of the archive as a table: what each is of, the time it speaks of, files."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from page_fake import EVIL, ROAD, TECH, FakeArchive, FakeChain
from starlette.testclient import TestClient

from page.desk import build_desk
from page.facts import Fact, facts_of, find_facts
from page.facts_file import as_csv, as_xlsx
from page.facts_tab import Wanted, table_html
from page.server import desk_server
from rag.schema import Chunk, Filters
from rag.settings import Settings

ARCHIVE = FakeArchive()


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    desk = build_desk(Settings(data_dir=tmp_path, today=date(2025, 11, 21)), FakeChain)
    desk.engine.load()
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def item(text: str) -> Chunk:
    return replace(TECH, title="", text=text)


def labels(text: str) -> list[tuple[str, str]]:
    return [(fact.figure.text, fact.label) for fact in facts_of(item(text))]


def test_figure_is_named_by_the_words_in_front_of_it() -> None:
    assert labels("一季度，我县技改投资上报额5452万元。") == [("5452万元", "技改投资上报额")]


def test_growth_carries_the_quantity_that_grew() -> None:
    assert labels("全县用电量4.2亿千瓦时，同比增长6.1%。")[1] == ("6.1%", "用电量，同比增长")


def test_figure_at_the_start_is_named_by_what_follows() -> None:
    assert labels("30家门店接受检查。") == [("30家", "门店接受检查")]


def test_fact_speaks_of_the_time_named_in_its_sentence() -> None:
    [fact] = facts_of(item("1—3月，签约项目12个。"))
    assert fact.time is not None
    assert (fact.time.start, fact.time.end) == (date(2023, 1, 1), date(2023, 3, 31))


def test_figure_stands_in_its_sentence() -> None:
    for chunk in (TECH, ROAD, EVIL):
        for fact in facts_of(chunk):
            assert fact.figure.text in fact.sentence.of(chunk.text)


def found(words: str, filters: Filters = Filters()) -> list[Fact]:  # noqa: B008
    return find_facts(ARCHIVE, words, filters)


def test_words_find_the_figure_that_they_name_first() -> None:
    assert found("技改投资上报额")[0].figure.text == "5452万元"


def test_figure_is_found_by_its_number() -> None:
    assert found("19.46")[0].figure.text == "19.46亿元"


def test_words_that_stand_nowhere_find_nothing() -> None:
    assert found("航天") == []


def test_no_words_give_the_newest_issue_first() -> None:
    assert found("")[0].chunk.id == EVIL.id


def test_filters_leave_other_departments_out() -> None:
    facts = found("", Filters(departments=("交通运输局",)))
    assert {fact.chunk.id for fact in facts} == {ROAD.id}


def test_table_shows_markup_of_a_bulletin_as_text() -> None:
    html = str(table_html(facts_of(EVIL), Wanted()))
    assert "<script" not in html
    assert "<mark>30家</mark>" in html


def test_csv_is_read_by_excel_and_holds_no_formula() -> None:
    fact = replace(facts_of(TECH)[0], label="=HYPERLINK(1)")
    content = as_csv([fact])
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1][:5] == ["5452万元", "54520000.0", "元", "'=HYPERLINK(1)", "2023年一季度"]


def test_workbook_holds_numbers_as_numbers() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(facts_of(TECH)))).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][:3] == ["5452万元", 5452 * 10_000, "元"]
    assert [cell.value for cell in sheet[3]][:3] == ["54.8%", 54.8, "%"]


def test_page_links_the_same_search_as_a_file(client: TestClient) -> None:
    html = client.get("/desk/facts", params={"q": "技改投资", "year": "2023"}).text
    assert "5452万元" in html
    assert "desk/facts.csv?q=%E6%8A%80%E6%94%B9%E6%8A%95%E8%B5%84&amp;year=2023" in html
    rows = client.get("/desk/facts.csv", params={"q": "技改投资", "year": "2023"}).text
    assert "5452万元" in rows


def test_sorted_by_value_the_largest_is_first(client: TestClient) -> None:
    html = client.get("/desk/facts", params={"q": "", "sort": "large"}).text
    assert html.index("19.46亿元") < html.index("5452万元")


def test_nonsense_in_the_address_is_refused_without_a_trace(client: TestClient) -> None:
    assert client.get("/desk/facts", params={"sort": "x"}).status_code == 422
    assert client.get("/desk/facts", params={"year": "99999"}).status_code == 200


def test_form_offers_the_years_and_departments_of_the_archive(client: TestClient) -> None:
    html = client.get("/desk/facts/form").text
    assert '<option value="2023">2023年</option>' in html
    assert '<option value="交通运输局">' in html
