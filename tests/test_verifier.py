"""What a written sentence may say about the sentences it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest

from rag.departments import load_departments
from rag.entities.figures import find_figures
from rag.entities.times import year_period
from rag.extractive.reading import read_item
from rag.schema import Chunk, Citation, IssueRef
from rag.text import Span
from rag.verifier import ClaimChecker, Passage, check_figures, stands_in
from tests.archive import archive_issues

CHECKER = ClaimChecker(load_departments())


def item(department: str, title: str, body: str, ordinal: int = 1) -> Chunk:
    issue = IssueRef(2023, 18, "", "延津政务快报")
    return Chunk(
        id=f"{issue.key}-{ordinal:02d}",
        issue=issue,
        published=date(2023, 4, 21),
        section="全力拼经济",
        title=title,
        departments=(department,),
        text=f"{title} {body}",
        ordinal=ordinal,
        source="",
        printed=(department,),
    )


REFORM = item(
    "科工局",
    "县科工局加速技改助力企业转型升级",
    "建立技改项目库，加强部门联动。一季度，我县技改投资上报额5452万元，同比增速达到54.8%。",
)
ZONE = item(
    "开发区",
    "县开发区强化要素保障全力推进重点项目建设",
    "2023年，开发区在建（续建）项目共25个、总投资122.74亿元，计划新开工项目39个、总投资124.92亿元。",
    2,
)
ROAD = item(
    "交通运输局",
    "县交通运输局全力推进安罗高速项目建设",
    "累计完成投资19.46亿元，占总投资的52.15%。",
    3,
)
FLOOD = item(
    "应急管理局",
    "县应急管理局扎实开展汛前装备物资点验",
    "派出6个检查组对13个乡镇（镇、街道）、7个县防指重点成员单位汛前装备物资进行点验。"
    "当前我县配置大型救援装备30台（套）、中型抽排设施200件（个）、小型救援物资3000个（件），"
    "发现装备保养不及时47件（套），现已全部整改到位。",
    4,
)
WHEAT = item(
    "文岩街道",
    "文岩街道全力开展“割青毁麦”排查行动",
    "目前，该街道16个村（居）均建立排查专班，共排查17000亩，暂未发现“割青毁麦”现象。",
    5,
)
PESTS = item(
    "农业农村局",
    "县农业农村局加强病虫害防治工作",
    "目前，共出动技术人员100多人，联防联控10万亩，发布《病虫害简报》2期，亩产提高3—5公斤。",
    6,
)
ITEMS = (REFORM, ZONE, ROAD, FLOOD, WHEAT, PESTS)


def passages(*chunks: Chunk) -> tuple[Passage, ...]:
    return tuple(Passage(c, s.span) for c in chunks for s in read_item(c).sentences)


def verdict(sentence: str, *chunks: Chunk):
    return CHECKER.check(sentence, passages(*chunks), ITEMS)


# --- what stands ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "chunk"),
    [
        ("2023年一季度，技改投资上报额5452万元，同比增速54.8%。", REFORM),
        ("一季度，我县技改投资上报额５４５２万元。", REFORM),
        ("开发区在建（续建）项目25个、总投资122.74亿元。", ZONE),
        ("开发区计划新开工项目39个，总投资124.92亿元。", ZONE),
        ("截至2023年4月21日，安罗高速累计完成投资19.46亿元。", ROAD),
        ("县交通运输局推进安罗高速项目建设，占总投资的52.15%。", ROAD),
        ("应急管理局派出6个检查组，对13个乡镇进行点验。", FLOOD),
        ("装备保养不及时47件（套），已全部整改到位。", FLOOD),
        ("文岩街道共排查17000亩，暂未发现“割青毁麦”现象。", WHEAT),
        ("2023年第18期：出动技术人员100多人。", PESTS),
        ("共出动技术人员一百多人。", PESTS),
        ("亩产提高3—5公斤。", PESTS),
    ],
)
def test_a_sentence_that_says_what_its_source_says_stands(sentence: str, chunk: Chunk) -> None:
    assert verdict(sentence, chunk).problems == ()


@pytest.mark.parametrize(
    ("written", "shown", "chunk"),
    [
        ("技改投资上报额0.5452亿元。", "技改投资上报额5452万元。", REFORM),
        ("共排查1.7万亩。", "共排查17000亩。", WHEAT),
        ("联防联控十万亩。", "联防联控10万亩。", PESTS),
        ("技改投资上报额5452万，", "技改投资上报额5452万元，", REFORM),
    ],
)
def test_a_figure_in_another_form_is_shown_as_printed(
    written: str, shown: str, chunk: Chunk
) -> None:
    assert verdict(written, chunk).text == shown
    assert verdict(written, chunk).problems == ()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("23年一季度，技改投资上报额5452万元。", "2023年一季度，技改投资上报额5452万元。"),
        ("2023年一季度，技改投资上报额5452万元。", "2023年一季度，技改投资上报额5452万元。"),
    ],
)
def test_a_year_is_shown_in_four_digits(written: str, shown: str) -> None:
    assert verdict(written, REFORM).text == shown
    assert verdict(written, REFORM).problems == ()


# --- figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "chunk", "problem"),
    [
        ("安罗高速总投资29.46亿元。", ROAD, "数字“29.46亿元”"),
        ("技改投资上报额452万元。", REFORM, "数字“452万元”"),
        ("技改投资上报额5452元。", REFORM, "数字“5452元”"),
        ("技改投资上报额5452万美元。", REFORM, "数字“5452万美元”"),
        ("同比增速54.8个百分点。", REFORM, "数字“54.8个百分点”"),
        ("同比增速达到54.8。", REFORM, "数字“54.8”"),
        ("出动技术人员100人。", PESTS, "数字“100人”"),
        ("出动技术人员100多人次。", PESTS, "数字“100多人次”"),
        ("联防联控约10万亩。", PESTS, "数字“10万亩”"),
        ("联防联控10万多亩。", PESTS, "数字“10万多亩”"),
        ("亩产提高5公斤。", PESTS, "数字“5公斤”"),
        ("应急管理局派出六十个检查组。", FLOOD, "数字“六十个”"),
    ],
)
def test_a_figure_with_another_amount_unit_or_approximation_fails(
    sentence: str, chunk: Chunk, problem: str
) -> None:
    assert problem in verdict(sentence, chunk).problems


@pytest.mark.parametrize(
    ("sentence", "chunk"),
    [
        ("开发区计划新开工项目总投资122.74亿元。", ZONE),
        ("开发区2023年在建项目25个、总投资124.92亿元。", ZONE),
        ("安罗高速总投资19.46亿元。", ROAD),
        ("应急管理局派出13个检查组。", FLOOD),
        ("大型救援装备200件。", FLOOD),
    ],
)
def test_a_true_figure_moved_to_another_thing_fails(sentence: str, chunk: Chunk) -> None:
    assert any("说的不是这件事" in problem for problem in verdict(sentence, chunk).problems)


def test_a_plan_must_not_become_a_fact() -> None:
    problems = verdict("开发区新开工项目39个、总投资124.92亿元。", ZONE).problems

    assert "数字“39个”是否为计划数" in problems


def test_a_fact_must_not_become_a_plan() -> None:
    problems = verdict("计划完成投资19.46亿元。", ROAD).problems

    assert "数字“19.46亿元”是否为计划数" in problems


# --- times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    [
        "2023年技改投资上报额5452万元。",
        "2022年一季度，技改投资上报额5452万元。",
        "二季度，技改投资上报额5452万元。",
        "2023年1月，技改投资上报额5452万元。",
    ],
)
def test_a_figure_of_one_time_must_not_be_told_of_another(sentence: str) -> None:
    assert "数字“5452万元”的时间" in verdict(sentence, REFORM).problems


def test_a_time_that_neither_sentence_nor_issue_names_fails() -> None:
    assert "时间“2021年5月”" in verdict("2021年5月，建立技改项目库。", REFORM).problems


def test_a_figure_of_a_time_not_asked_about_fails() -> None:
    asked = year_period(2022)

    checked = CHECKER.check(
        "技改投资上报额5452万元。",
        passages(REFORM),
        ITEMS,
        lambda spoken, chunk: spoken is not None and asked.overlaps(spoken),
    )

    assert checked.problems == ("数字“5452万元”不是所问时间的",)


# --- names, ranks, negation, words ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "chunk", "problem"),
    [
        ("潭龙街道共排查17000亩。", WHEAT, "“潭龙街道”"),
        ("王楼镇共排查17000亩。", WHEAT, "“王楼镇”"),
        ("应急管理局出动技术人员100多人。", PESTS, "“应急管理局”"),
        ("县应急局出动技术人员100多人。", PESTS, "“应急局”"),
        ("第19期登载，出动技术人员100多人。", PESTS, "期号“第19期”"),
        ("2024年第18期登载，出动技术人员100多人。", PESTS, "期号“2024年第18期”"),
        ("技改投资上报额5452万元，位居全省前列。", REFORM, "“全省”"),
        ("技改投资上报额逐年增长，达到5452万元。", REFORM, "“逐年”"),
        ("技改投资上报额5452万元，同比下降54.8%。", REFORM, "“下降”"),
        ("文岩街道排查17000亩，发现“割青毁麦”现象。", WHEAT, "肯定与否定"),
        ("安罗高速没有完成投资19.46亿元。", ROAD, "肯定与否定"),
        ("项目由某建筑集团承建。", ROAD, "原文没有的说法"),
        ("工作得到群众一致好评。", WHEAT, "原文没有的说法"),
        ("技改投资上报额5452万元，局长已被免职。", REFORM, "原文没有的说法"),
        ("技改<b>投资</b>上报额5452万元。", REFORM, "格式符号"),
    ],
)
def test_a_claim_that_the_source_does_not_make_fails(
    sentence: str, chunk: Chunk, problem: str
) -> None:
    assert problem in verdict(sentence, chunk).problems


def test_an_office_may_go_by_another_of_its_names() -> None:
    assert verdict("县应急局派出6个检查组。", FLOOD).problems == ()


def test_a_sentence_without_source_fails() -> None:
    assert verdict("技改投资上报额5452万元。").problems == ("没有出处",)


# --- arithmetic ----------------------------------------------------------------------------------


def test_a_sum_of_cited_figures_stands_and_is_shown_as_computed() -> None:
    checked = verdict("在建和计划新开工项目总投资合计247.66亿元。", ZONE)

    assert checked.problems == ()
    assert checked.text == (
        "在建和计划新开工项目总投资合计247.66亿元（程序计算：122.74＋124.92＝247.66亿元）。"
    )


def test_a_wrong_sum_fails() -> None:
    problems = verdict("在建和计划新开工项目总投资合计247.76亿元。", ZONE).problems

    assert "数字“247.76亿元”" in problems


EARLIER = item(
    "科工局", "县科工局加速技改助力企业转型升级", "一季度，我县技改投资上报额4000万元。", 7
)


def test_a_difference_and_a_growth_rate_stand_when_they_are_right() -> None:
    more = verdict("技改投资上报额增加1452万元。", REFORM, EARLIER)  # 5452 − 4000
    rate = verdict("技改投资上报额增长36.3%。", REFORM, EARLIER)  # 5452 / 4000 − 1 = 0.363

    assert "（程序计算：5452－4000＝1452万元）" in more.text
    assert "（程序计算：5452÷4000－1＝36.3%）" in rate.text


def test_a_difference_is_no_sum() -> None:
    assert verdict("技改投资上报额合计1452万元。", REFORM, EARLIER).problems


# --- counting the figures of an answer -----------------------------------------------------------


def citation(quote: str) -> Citation:
    issue = IssueRef(2023, 18, "", "延津政务快报")
    return Citation(
        1, "c", issue, date(2023, 4, 21), "", "", (), "", quote, 0, len(quote), "18.txt"
    )


@pytest.mark.parametrize(
    ("text", "figures", "verified"),
    [
        ("技改投资5452万元，增速54.8%。[1]", 2, 2),
        ("技改投资5452 万元。[1]", 1, 1),
        ("技改投资452万元。[1]", 1, 0),
        ("2023年第18期（2023-04-21）：2023年4月的技改投资5452万元。[1]", 1, 1),
        ("5452万元（2023年一季度）[1]", 1, 1),
        ("合计：9452万元（程序计算：5452＋4000＝9452万元）", 1, 1),
        ("合计：9453万元（程序计算：5452＋4000＝9452万元）", 1, 0),
        ("没有数字。", 0, 0),
    ],
)
def test_figures_of_an_answer_are_counted_and_looked_up(
    text: str, figures: int, verified: int
) -> None:
    checks = check_figures(text, [citation("技改投资上报额５４５２万元，同比增速达到54.8%。")])

    assert (checks.figures, checks.verified) == (figures, verified)


def test_a_figure_does_not_stand_inside_a_longer_one() -> None:
    assert stands_in("8万亩", "共8万亩")
    assert not stands_in("8万亩", "共6.8万亩")


def test_a_figure_may_be_followed_by_another() -> None:
    assert stands_in("6支", "成立6支24小时抢修队伍")


def test_a_passage_is_a_verbatim_piece_of_its_item() -> None:
    assert Passage(ROAD, Span(0, 7)).text == "县交通运输局全"


# --- what a 1.5B model wrote ---------------------------------------------------------------------


PLANTED_2022 = replace(
    item("自然资源局", "县自然资源局推进国土绿化", "截至目前，全县完成造林2350亩。", 8),
    published=date(2022, 3, 11),
)
PLANTED_2024 = replace(
    item("自然资源局", "县自然资源局推进国土绿化", "截至目前，全县完成造林3180亩。", 9),
    published=date(2024, 3, 8),
)


def test_a_figure_of_one_year_must_not_be_told_of_two() -> None:
    problems = verdict("22年和24年都完成造林3180亩。", PLANTED_2022, PLANTED_2024).problems

    assert "数字“3180亩”的时间" in problems


def test_an_amount_must_not_become_a_difference() -> None:
    problems = verdict("完成造林相差3180亩。", PLANTED_2022, PLANTED_2024).problems

    assert "数字“3180亩”" in problems


def test_a_difference_of_two_years_is_computed() -> None:
    text = verdict("完成造林相差830亩。", PLANTED_2022, PLANTED_2024).text  # 3180 − 2350

    assert text == "完成造林相差830亩（程序计算：3180－2350＝830亩）。"


def test_a_figure_of_one_year_is_not_one_of_every_year() -> None:
    assert "“每年”" in verdict("每年完成造林3180亩。", PLANTED_2024).problems


BEGUN = replace(
    item("交通运输局", "县交通运输局推动禾澜高速开工", "10月18日，该项目举行开工仪式。", 10),
    published=date(2022, 11, 25),
)


def test_the_day_of_the_issue_is_not_the_day_of_the_event() -> None:
    problems = verdict("禾澜高速是2022年11月25日举行开工仪式的。", BEGUN).problems

    assert problems == ("时间“2022年11月25日”",)
    assert verdict("禾澜高速是2022年10月18日举行开工仪式的。", BEGUN).problems == ()


HOTLINE = item("行政审批局", "县行政审批局办好12345热线", "上半年，办结率96.3%。", 11)


def test_a_number_in_a_name_is_no_figure() -> None:
    assert verdict("12345热线上半年办结率96.3%。", HOTLINE).problems == ()


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("科工局累计完成投资19.46亿元。", "科工局"),
        ("科工局推进重点工作，累计完成投资19.46亿元。", "科工局"),
        ("安罗高速技改投资上报额5452万元。", "安罗"),
    ],
)
def test_a_figure_of_one_cited_item_must_not_be_told_of_another(sentence: str, name: str) -> None:
    assert f"“{name}”不是这个数字的" in verdict(sentence, REFORM, ROAD).problems


def test_figures_of_several_cited_items_may_stand_in_one_sentence() -> None:
    both = "科工局技改投资上报额5452万元，安罗高速累计完成投资19.46亿元。"

    assert verdict(both, REFORM, ROAD).problems == ()


# --- every sentence of an archive, as printed and falsified --------------------------------------


def archive_passages() -> list[Passage]:
    return [p for _, chunks in archive_issues() for p in passages(*chunks)]


@pytest.mark.parametrize("passage", archive_passages(), ids=lambda p: p.text[:16])
def test_every_printed_sentence_stands(passage: Passage) -> None:
    checked = CHECKER.check(passage.text, (passage,), ITEMS, lambda spoken, chunk: True)

    assert checked.problems == ()
    assert checked.text == passage.text


def falsified() -> Iterator[tuple[Passage, str]]:
    """Printed sentences with one digit changed, two figures of a kind exchanged, the year before,
    another office or the other direction."""
    for passage in archive_passages():
        text = passage.text
        for m in re.finditer(r"\d(?=[\d.]*[万亿%人个亩户家处台件公])", text):
            yield passage, f"{text[: m.start()]}{(int(m.group()) + 3) % 10}{text[m.end() :]}"
        figures = [f for f in find_figures(text, chinese=False) if f.unit]
        for first, second in combinations(figures, 2):
            if first.family == second.family and first.value != second.value:
                yield (
                    passage,
                    text[: first.start]
                    + second.text
                    + text[first.end : second.start]
                    + first.text
                    + text[second.end :],
                )
        for m in re.finditer(r"20\d\d年", text):
            yield passage, f"{text[: m.start()]}{int(m.group()[:4]) - 1}年{text[m.end() :]}"
        for name in passage.chunk.printed:
            if name in text:
                yield (
                    passage,
                    text.replace(name, "县应急管理局" if name != "应急管理局" else "县教体局"),
                )
        if "同比增长" in text:
            yield passage, text.replace("同比增长", "同比下降")


FALSIFIED = [(p, words) for p, words in falsified() if words != p.text]


def test_there_are_many_kinds_of_falsification() -> None:
    assert len(FALSIFIED) >= 100


@pytest.mark.parametrize(
    ("passage", "words"), FALSIFIED, ids=lambda x: x if isinstance(x, str) else ""
)
def test_no_falsified_sentence_stands(passage: Passage, words: str) -> None:
    assert CHECKER.check(words, (passage,), ITEMS).problems
