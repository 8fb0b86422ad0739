"""What a careful clerk tells apart: a correction and what it corrects, planned and finished, one
holiday and another, a town that signs and a town that is written about."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rag.chain import BulletinChain
from tests.archive import ask_chain, issue_of, open_archive

ISSUES = [
    issue_of(
        2023,
        12,
        date(2023, 5, 12),
        "周启明",
        "高望山",
        [
            (
                "茶产业",
                "春茶采摘进入尾声",
                "目前，全县茶园面积18.6万亩，春茶产量2100吨。",
                ("农业农村局",),
            ),
            (
                "文旅融合",
                "县文广旅游局做好假日保障",
                "“五一”5天，全县接待游客38.6万人次，实现旅游收入2.1亿元。",
                ("文广旅游局",),
            ),
            (
                "防汛备汛",
                "县应急管理局组织滩区转移演练",
                "6月16日，在郭渡镇举行滩区转移实战演练，转移群众420人。",
                ("应急管理局",),
            ),
            ("防汛备汛", "郭渡镇备足防汛物资", "储备编织袋3万条、木桩800根。", ("郭渡镇",)),
        ],
    ),
    issue_of(
        2023,
        20,
        date(2023, 7, 21),
        "周启明",
        "高望山",
        [
            (
                "更正",
                "关于茶园面积的更正",
                "本刊2023年第12期“全县茶园面积18.6万亩”应为“全县茶园面积16.8万亩”，特此更正。",
                ("政府办",),
            ),
            (
                "项目建设",
                "老旧小区改造全面开工",
                "今年计划改造老旧小区12个，惠及居民1418户。",
                ("住建局",),
            ),
            (
                "项目建设",
                "森岳竹业项目进展顺利",
                "项目累计完成投资2.86亿元，吸纳就业312人。",
                ("开发区",),
            ),
            (
                "项目建设",
                "食品产业园入驻企业增至37家",
                "其中规上企业25家，完成产值74.2亿元。",
                ("开发区",),
            ),
            (
                "经济运行",
                "上半年经济稳中有进",
                "2022年全县地区生产总值126.3亿元，同比增长4.9%。其中，第一产业增加值24.7亿元。",
                ("统计局",),
            ),
        ],
    ),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> BulletinChain:
    return open_archive(Path(tmp_path_factory.mktemp("distinctions")), ISSUES)


def test_a_corrected_figure_never_stands_without_its_correction(own: BulletinChain) -> None:
    answer = ask_chain(own, "2023年5月报的全县茶园面积是多少万亩")
    assert answer.text.index("16.8万亩") < answer.text.index("更正前的原文")
    assert {c.issue.number for c in answer.citations} == {12, 20}


def test_a_figure_that_was_not_corrected_stands_alone(own: BulletinChain) -> None:
    answer = ask_chain(own, "春茶产量多少吨")
    assert "2100吨" in answer.text
    assert "更正" not in answer.text


def test_one_holiday_is_not_another(own: BulletinChain) -> None:
    assert "38.6万人次" in ask_chain(own, "2023年五一接待游客多少人次").text
    refused = ask_chain(own, "2023年国庆接待游客多少人次")
    assert refused.outcome == "not_found"
    assert "38.6" not in refused.text


def test_a_plan_is_no_result(own: BulletinChain) -> None:
    assert "12个" in ask_chain(own, "2023年计划改造老旧小区多少个").text
    assert ask_chain(own, "老旧小区改造实际完成了多少个").outcome == "not_found"


def test_the_part_done_is_not_the_total_investment(own: BulletinChain) -> None:
    assert "2.86亿元" in ask_chain(own, "森岳竹业项目累计完成投资多少").text
    assert ask_chain(own, "森岳竹业项目总投资多少").outcome == "not_found"


def test_a_town_may_be_the_place_that_another_office_writes_about(own: BulletinChain) -> None:
    answer = ask_chain(own, "郭渡镇转移演练转移群众多少人")
    assert "420人" in answer.text
    assert answer.query.relaxed == ("部门：郭渡镇",)
    assert any("其他单位供稿" in notice for notice in answer.notices)


def test_what_the_town_signs_itself_is_answered_under_its_name(own: BulletinChain) -> None:
    answer = ask_chain(own, "郭渡镇储备编织袋多少条")
    assert "3万条" in answer.text
    assert answer.query.relaxed == ()


def test_a_figure_may_stand_in_the_title_alone(own: BulletinChain) -> None:
    assert "37家" in ask_chain(own, "食品产业园入驻企业多少家").text


def test_where_of_it_goes_on_in_the_time_of_the_sentence_before(own: BulletinChain) -> None:
    assert "24.7亿元" in ask_chain(own, "2022年第一产业增加值多少").text
    assert ask_chain(own, "2023年第一产业增加值多少").outcome == "not_found"


def test_short_words_of_the_office_are_understood(own: BulletinChain) -> None:
    assert "126.3亿元" in ask_chain(own, "2022年GDP是多少").text


def test_a_whole_year_is_not_its_first_half(own: BulletinChain) -> None:
    assert ask_chain(own, "2023年全年GDP是多少").outcome == "not_found"


def test_the_issue_just_named_is_the_one_meant(own: BulletinChain) -> None:
    answer = ask_chain(
        own, "签发人是谁", "茶园面积更正登在哪期", "登在2023年第20期（2023年7月21日）。"
    )
    assert [c.issue.number for c in answer.citations] == [20]


def test_short_lists_are_quoted_whole(own: BulletinChain) -> None:
    text = ask_chain(own, "郭渡镇登过哪几件事").text
    assert "编织袋3万条" in text


def test_several_topics_of_one_list_are_each_listed(own: BulletinChain) -> None:
    text = ask_chain(own, "梳理2023年第20期更正、老旧小区两条要点").text
    assert "16.8万亩" in text
    assert "12个" in text
    assert "森岳" not in text


def test_the_whole_year_told_in_february_is_the_year_before(tmp_path: Path) -> None:
    port = (
        "海洋经济",
        "岚水港生产平稳",
        "全年完成货物吞吐量756万吨，同比增长7.7%。",
        ("交通运输局",),
    )
    issue = issue_of(2024, 5, date(2024, 2, 8), "周启明", "高望山", [port])
    chain = open_archive(tmp_path, [issue])
    assert "756万吨" in ask_chain(chain, "2023年岚水港货物吞吐量").text
    assert ask_chain(chain, "2024年一季度岚水港货物吞吐量").outcome == "not_found"


def test_the_day_it_was_is_not_the_day_hoped_for(tmp_path: Path) -> None:
    hoped = ("项目建设", "滨湖大道加快建设", "滨湖大道路基完工，力争10月底通车。", ("交通运输局",))
    done = (
        "项目建设",
        "滨湖大道10月26日建成通车",
        "已开通公交专线1条，设站18个。",
        ("交通运输局",),
    )
    issues = [
        issue_of(2024, 28, date(2024, 7, 25), "周启明", "高望山", [hoped]),
        issue_of(2024, 41, date(2024, 11, 7), "周启明", "高望山", [done]),
    ]
    assert "10月26日" in ask_chain(open_archive(tmp_path, issues), "滨湖大道哪天通车的").text
