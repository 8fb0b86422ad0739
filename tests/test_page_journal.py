"""Issues by year with gaps, digests, departments and sections, and topics over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from page_fake import APRIL, NASTY, ROAD, TECH, FakeArchive, FakeChain
from starlette.testclient import TestClient

from page.desk import build_desk
from page.facts import facts_of
from page.journal_tab import digest_html, timeline_html, years_html
from page.server import desk_server
from page.topic import Series, kind_of, topic_series
from rag.schema import Chunk, IssueRef
from rag.settings import Settings

ARCHIVE = FakeArchive()


def issue(number: int, edition: str = "") -> tuple[IssueRef, date]:
    return IssueRef(2023, number, edition, "延津政务快报"), date(2023, 4, number)


def printed(day: date, text: str) -> Chunk:
    ref = IssueRef(day.year, day.month, series="延津政务快报")
    return replace(ROAD, id=f"{ref.key}-01", issue=ref, published=day, title="", text=text)


class Topics(FakeArchive):
    """An archive of the given items."""

    def __init__(self, *chunks: Chunk) -> None:
        super().__init__()
        self._chunks = chunks

    def scan(self, filters: object) -> list[Chunk]:
        return list(self._chunks)


def test_missing_numbers_are_shown_between_the_issues() -> None:
    html = str(years_html([issue(2), issue(3), issue(6)]))
    assert "缺第1期" in html
    assert "缺第4—5期" in html
    assert html.index("第3期<") < html.index("缺第4—5期") < html.index("第6期<")


def test_special_issues_are_numbered_on_their_own() -> None:
    html = str(years_html([issue(1), issue(1, "增刊")]))
    assert "缺" not in html
    assert "2023年增刊" in html


def test_digest_lists_items_by_section_with_their_figures() -> None:
    html = str(digest_html(ARCHIVE, APRIL.key))
    assert "【全力拼经济】" in html
    assert "技改投资上报额 5452万元" in html
    assert html.count("<details>") == 1


def test_digest_shows_markup_as_text() -> None:
    html = str(digest_html(ARCHIVE, NASTY.key))
    assert "<script" not in html
    assert "<b>安全" not in html


def test_issue_that_is_gone_is_said_to_be_gone() -> None:
    assert "已不在库中" in str(digest_html(ARCHIVE, "no-such-issue"))


def road(day: date, invested: str) -> Chunk:
    return printed(day, f"安罗高速项目累计完成投资{invested}亿元。")


def test_one_quantity_is_followed_from_issue_to_issue() -> None:
    archive = Topics(road(date(2024, 5, 10), "30.5"), road(date(2023, 4, 21), "19.46"))
    [series] = topic_series(archive, "安罗高速")
    assert [fact.figure.text for fact in series.facts] == ["19.46亿元", "30.5亿元"]


def test_the_same_quantity_of_another_project_is_left_out() -> None:
    other = printed(date(2023, 9, 1), "县医院项目累计完成投资1.55亿元。")
    archive = Topics(road(date(2023, 4, 21), "19.46"), other, road(date(2024, 5, 10), "30.5"))
    [series] = topic_series(archive, "安罗高速 投资")
    assert [fact.figure.text for fact in series.facts] == ["19.46亿元", "30.5亿元"]


def test_quantity_printed_once_is_no_timeline() -> None:
    assert topic_series(Topics(road(date(2023, 4, 21), "19.46")), "安罗高速") == []


def test_figures_of_different_units_are_different_quantities() -> None:
    texts = "安罗高速完成投资3亿元，占总投资的52%。", "安罗高速完成投资4亿元，占总投资的61%。"
    archive = Topics(printed(date(2023, 4, 1), texts[0]), printed(date(2023, 8, 1), texts[1]))
    assert [
        [fact.figure.text for fact in series.facts] for series in topic_series(archive, "安罗高速")
    ] == [["3亿元", "4亿元"], ["52%", "61%"]]


def test_first_quarter_and_first_half_are_not_joined_by_a_line() -> None:
    quarter = facts_of(printed(date(2023, 5, 1), "一季度，用电量4亿千瓦时。"))[0]
    half = facts_of(printed(date(2023, 8, 1), "上半年，用电量9亿千瓦时。"))[0]
    next_year = facts_of(printed(date(2024, 5, 1), "一季度，用电量5亿千瓦时。"))[0]
    assert kind_of(quarter) == kind_of(next_year) != kind_of(half)
    html = str(timeline_html([Series("用电量", (quarter, half, next_year))], "用电", 0))
    [line] = [part for part in html.split("<") if part.startswith("polyline")]
    assert line.count(",") == 2


def test_every_point_of_the_chart_opens_its_sentence() -> None:
    facts = (
        facts_of(road(date(2023, 4, 21), "19.46"))[0],
        facts_of(road(date(2024, 5, 10), "30.5"))[0],
    )
    html = str(timeline_html([Series("完成投资", facts)], "高速", 0))
    for fact in facts:
        assert f'<g role="button" tabindex="0" data-open="{fact.chunk.id}"' in html


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    desk = build_desk(Settings(data_dir=tmp_path, today=date(2025, 11, 21)), FakeChain)
    desk.engine.load()
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def test_items_of_a_department_and_of_a_section_are_listed(client: TestClient) -> None:
    address = "/desk/journal/items"
    html = client.get(address, params={"by": "department", "name": "交通运输局"}).text
    assert "共1条" in html
    assert ROAD.title in html
    html = client.get(address, params={"by": "section", "name": "全力拼经济"}).text
    assert html.index(ROAD.title) < html.index(TECH.title)


def test_every_view_is_served(client: TestClient) -> None:
    for view in ("", "/years", "/department", "/section", "/topic", "/timeline?q=技改"):
        assert client.get(f"/desk/journal{view}").status_code == 200
    assert client.get("/desk/journal/nonsense").status_code == 422
