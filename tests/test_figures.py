from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.entities.figures import find_figures, unit_family


def figures(text: str) -> list[tuple[str, Decimal, str]]:
    return [(f.text, f.value, f.family) for f in find_figures(text)]


def printed(text: str) -> list[str]:
    return [f.text for f in find_figures(text)]


@pytest.mark.parametrize(
    ("text", "value", "family"),
    [
        ("技改投资上报额5452万元", 5452 * 10**4, "money"),
        ("技改投资上报额 5452 万元", 5452 * 10**4, "money"),
        ("累计完成投资19.46亿元", 1946 * 10**6, "money"),
        ("投入1,234万元", 1234 * 10**4, "money"),
        ("投入１２３４万元", 1234 * 10**4, "money"),
        ("同比增长54.8%", Decimal("54.8"), "percent"),
        ("同比增长54.8％", Decimal("54.8"), "percent"),
        ("占比百分之五十", 50, "percent"),
        ("处置闲置土地559亩", 559, "area"),
        ("联防联控10万亩", 10 * 10**4, "area"),
        ("浇水6.8万亩", 68000, "area"),
        ("占地2公顷", 2 * 15, "area"),
        ("全长38.6公里", 38600, "length"),
        ("改造管网14976余米", 14976, "length"),
        ("年产香菇1500吨", 1500, "weight"),
        ("亩产1200斤", Decimal("0.6"), "weight"),
        ("接待游客5.8万人次", 58000, "people"),
        ("培训约110人", 110, "people"),
        ("走访100余户", 100, "household"),
        ("开展检查7次", 7, "times"),
        ("翻了2倍", 2, "multiple"),
        ("配置救援装备30台（套）", 30, "台"),
        ("抽排设施200件（个）", 200, "件"),
        ("张贴挂图900余张", 900, "张"),
        ("发放明白纸2万多份", 2 * 10**4, "份"),
        ("发现问题7处", 7, "处"),
        ("三千二百户群众", 3200, "household"),
        ("两万元奖金", 2 * 10**4, "money"),
        ("浓度42微克/立方米", 42, "微克/立方米"),
    ],
)
def test_a_figure_with_its_unit(text: str, value: int | Decimal, family: str) -> None:
    ((_, found, unit),) = figures(text)
    assert (found, unit) == (value, family)


def test_the_unit_and_the_word_for_about_belong_to_the_figure() -> None:
    assert printed("检查门店30余家，企业 10 余家，发放明白纸2万多份") == [
        "30余家",
        "10 余家",
        "2万多份",
    ]


def test_all_figures_of_a_sentence_in_order() -> None:
    text = "在建项目共25个、总投资122.74亿元，计划新开工项目39个、总投资124.92亿元。"
    assert printed(text) == ["25个", "122.74亿元", "39个", "124.92亿元"]


def test_a_longer_unit_wins_over_a_shorter_one() -> None:
    assert printed("供暖310万平方米，绿地2平方公里，水3立方米") == [
        "310万平方米",
        "2平方公里",
        "3立方米",
    ]


@pytest.mark.parametrize(
    "text", ["PM2.5", "A4纸", "G30高速", "万无一失", "千家万户", "十万火急", "统一思想"]
)
def test_names_and_sayings_are_no_figures(text: str) -> None:
    assert figures(text) == []


def test_a_third_is_no_three_points() -> None:
    assert all(value != 3 for _, value, _ in figures("面积占全县的三分之一"))


def test_several_tens_are_not_ten() -> None:
    assert all(value != 10 for _, value, _ in figures("带动数十家企业、几十户群众"))


def test_chinese_numerals_are_left_out_when_not_wanted() -> None:
    found = find_figures("建立三项制度，培训110人", chinese=False)
    assert [f.text for f in found] == ["110人"]


@pytest.mark.parametrize(
    ("unit", "family"),
    [
        ("亩", "area"),
        ("万元", "money"),
        ("亿元", "money"),
        ("人次", "people"),
        ("家", "家"),
        ("艘次", "艘次"),
    ],
)
def test_a_unit_belongs_to_a_family(unit: str, family: str) -> None:
    assert unit_family(unit) == family


PIECES = st.text("12.5,，万亿元余多亩%％０三百分之千个点人次第两/户台（套） ", max_size=14)


@given(st.one_of(PIECES, st.text(max_size=30)))
def test_any_text_gives_figures_inside_it_in_order(text: str) -> None:
    end = 0
    for figure in find_figures(text):
        assert end <= figure.start < figure.end <= len(text)
        assert figure.text == text[figure.start : figure.end]
        assert figure.value >= 0
        end = figure.end


@given(st.integers(0, 10**7), st.sampled_from(["家", "户", "万元", "亩", "%", "台（套）", "人次"]))
def test_a_printed_integer_is_found_whole(number: int, unit: str) -> None:
    assert printed(f"目前，共完成{number}{unit}，") == [f"{number}{unit}"]
