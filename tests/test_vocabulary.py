from __future__ import annotations

import pytest

from rag.query.vocabulary import Vocabulary
from tests.archive import archive_issues, reader

VOCABULARY = Vocabulary.build(
    [
        "应急管理局",
        "科工局",
        "柳河镇",
        "东关街道",
        "北塬乡",
        "石桥镇",
        "石桥街道",
        "文广旅游局",
        "卫健委",
    ],
    [
        ("应急管理局", "应急管理局"),
        ("应急局", "应急管理局"),
        ("安监局", "应急管理局"),
        ("工信局", "科工局"),
        ("文旅局", "文广旅游局"),
        ("民政局", "民政局"),
    ],
    ["安全生产", "防汛备汛", "民生实事"],
    [(record.issue, record.published) for record, _ in archive_issues()],
)


def names(text: str) -> list[str]:
    return [match.name for match in VOCABULARY.find_departments(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("应急管理局做了什么", "应急管理局"),
        ("县应急管理局做了什么", "应急管理局"),
        ("应急局做了什么", "应急管理局"),
        ("安监局2024年检查", "应急管理局"),
        ("工信局的技改", "科工局"),
        ("县科工局的技改", "科工局"),
        ("柳河镇的香菇", "柳河镇"),
        ("柳河的香菇", "柳河镇"),
        ("东关查了几家门店", "东关街道"),
        ("东关街道办查了几家门店", "东关街道"),
        ("县卫健委的体检", "卫健委"),
        ("民政局有什么信息", "民政局"),
    ],
)
def test_an_office_by_any_of_its_names(text: str, name: str) -> None:
    assert names(text) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("应急管里局做了什么", "应急管理局"),
        ("应急管局做了什么", "应急管理局"),
        ("文广旅遊局", "文广旅游局"),
        ("文广旅局的灯会", "文广旅游局"),
    ],
)
def test_an_office_with_a_slip_in_its_name(text: str, name: str) -> None:
    assert names(text) == [name]


@pytest.mark.parametrize(
    "text", ["公安局查了什么", "财政局的预算", "司法局", "教育局", "石楼镇的大棚", "开展局部整治"]
)
def test_another_office_is_not_taken_for_one_of_these(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize("text", ["柳河桥什么时候通车", "柳河路改造", "柳河村的书记"])
def test_a_river_road_or_village_is_not_the_town_of_that_name(text: str) -> None:
    assert names(text) == []


def test_a_short_name_of_two_towns_stands_for_neither() -> None:
    assert names("石桥的防火巡查") == []
    assert names("石桥镇和石桥街道") == ["石桥镇", "石桥街道"]


def test_several_offices_in_the_order_named() -> None:
    assert names("科工局、应急局和柳河镇的工作") == ["科工局", "应急管理局", "柳河镇"]


def test_the_place_of_a_name_in_the_question() -> None:
    text = "２０２４年应急局检查了几家"
    (match,) = VOCABULARY.find_departments(text)
    assert text[match.start : match.end] == match.typed == "应急局"


@pytest.mark.parametrize(
    "text", ["安全生产栏目有几条", "【安全生产】登了什么", "“安全生产”专栏", "安全生产这个栏目"]
)
def test_a_section_named_as_one(text: str) -> None:
    assert VOCABULARY.find_sections(text) == ["安全生产"]


@pytest.mark.parametrize("text", ["安全生产检查了几次", "冬季供暖栏目", "【没有这栏】"])
def test_a_topic_is_no_section(text: str) -> None:
    assert VOCABULARY.find_sections(text) == []


def test_two_sections() -> None:
    assert VOCABULARY.find_sections("【防汛备汛】和【民生实事】的信息") == ["防汛备汛", "民生实事"]


def test_the_county_is_read_off_the_name_of_the_series() -> None:
    assert VOCABULARY.county == "岚水"


def test_an_empty_archive_knows_no_names() -> None:
    empty = Vocabulary.build([], [], [], [])
    assert empty.find_departments("应急管理局") == []
    assert empty.find_sections("【安全生产】") == []


def test_the_offices_that_sign_in_the_archive_are_known() -> None:
    found = reader().vocabulary.find_departments("县消防救援大队和北塬乡")
    assert [match.name for match in found] == ["消防救援大队", "北塬乡"]
