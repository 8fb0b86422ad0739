"""Each measure on small cases with the expected number worked out by hand."""

import pytest

from rag.metrics import (
    ItemKey,
    Quote,
    answer_correct,
    citation_precision,
    citation_recall,
    comparable,
    contains,
    figure_exactness,
    figures,
    first_rank,
    forbidden_found,
    hit_at,
    is_verbatim,
    missing_groups,
    quotes_verbatim,
    reciprocal_rank,
    same_item,
    unsupported_figures,
    wrong_year,
)

TECH = ItemKey(2023, 18, "全力拼经济", frozenset({"科工局"}))
ZONE = ItemKey(2023, 18, "全力拼经济", frozenset({"开发区"}))
FLOOD = ItemKey(2023, 18, "防汛备汛", frozenset({"应急管理局"}))
SAFETY_2025 = ItemKey(2025, 14, "安全生产", frozenset({"应急管理局"}))
MASTHEAD = ItemKey(2023, 18)


# --- comparing text


def test_full_width_white_space_and_thousands_commas_do_not_count():
    assert comparable("共 排场１７，０００ 亩") == "共排场17000亩"
    assert comparable("1,234,567元") == "1234567元"


def test_a_comma_between_years_is_not_a_thousands_comma():
    assert comparable("2022,2023年") == "2022,2023年"


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("种植6.8万亩", "8万亩", False),
        ("种植8万亩", "8万亩", True),
        ("种植18万亩", "8万亩", False),
        ("投资5452万元，增长", "5452万", True),
        ("投资5452万元，增长", "5452", True),
        ("增速达到54.8%", "54", False),
        ("增速达到54.8%", "54.8", True),
        ("增速达到54.85%", "54.8", False),
        ("共54.", "54", True),
        ("排查 17,000 亩", "17000亩", True),
        ("先是6.8万亩，后来8万亩", "8万亩", True),
        ("责任编辑：李 勉", "李勉", True),
        ("任意文字", "", False),
    ],
)
def test_contains_respects_digit_boundaries(text, wanted, found):
    assert contains(text, wanted) is found


# --- the answer


def test_every_group_needs_one_of_its_alternatives():
    groups = [["5452万元", "5452万"], ["54.8%"]]

    assert missing_groups("技改投资5452万，增长54.8%", groups) == []
    assert missing_groups("技改投资5452万", groups) == [("54.8%",)]


def test_forbidden_words_are_reported_as_they_are_named():
    assert forbidden_found("总投资122.74亿元", ["124.92亿元", "122.74亿元"]) == ["122.74亿元"]


@pytest.mark.parametrize(
    ("outcome", "answer", "right"),
    [
        ("answered", "5452万元", True),
        ("answered", "5000万元", False),
        ("answered", "5452万元，不是3496万元", False),
        ("not_found", "没有找到。最近的是5452万元", False),
        ("error", "5452万元", False),
    ],
)
def test_an_answerable_question_needs_the_facts_in_an_answer_given(outcome, answer, right):
    assert (
        answer_correct(
            outcome,
            answer,
            answerable=True,
            must_include=[["5452万元"]],
            must_not_include=["3496万元"],
        )
        is right
    )


@pytest.mark.parametrize(
    ("outcome", "answer", "right"),
    [
        ("not_found", "没有找到", True),
        ("out_of_scope", "不在快报范围内", True),
        ("answered", "快报写的是19.46亿元", True),
        ("answered", "是的，52.15亿元", False),
        ("not_found", "没有找到，2024年是99亿元", False),
        ("error", "没有找到", False),
    ],
)
def test_an_unanswerable_question_wants_a_refusal_or_the_correction(outcome, answer, right):
    assert (
        answer_correct(
            outcome,
            answer,
            answerable=False,
            must_not_include=["99亿元"],
            correction_ok=[["19.46亿元"]],
        )
        is right
    )


def test_an_answerable_question_with_a_correction_only_needs_the_correction():
    assert not answer_correct("answered", "是的", answerable=True, correction_ok=[["55.15%"]])
    assert answer_correct("answered", "应为55.15%", answerable=True, correction_ok=[["55.15%"]])


# --- citations and retrieval


def test_items_are_told_apart_by_section_and_department():
    assert same_item(TECH, TECH)
    assert not same_item(TECH, ZONE)
    assert not same_item(FLOOD, SAFETY_2025)


def test_gold_without_a_section_is_met_by_anything_of_its_issue():
    assert same_item(MASTHEAD, TECH)
    assert same_item(MASTHEAD, MASTHEAD)
    assert not same_item(MASTHEAD, SAFETY_2025)


def test_a_masthead_citation_does_not_meet_an_item():
    assert not same_item(TECH, MASTHEAD)


def test_a_jointly_signed_item_is_met_by_one_of_its_departments():
    joint = ItemKey(2023, 18, "全力拼经济", frozenset({"科工局", "开发区"}))

    assert same_item(TECH, joint)


def test_citation_precision_is_the_gold_share_of_distinct_cited_items():
    # Cited: TECH twice, ZONE, FLOOD → three items, one of them gold.
    assert citation_precision([TECH], [TECH, TECH, ZONE, FLOOD]) == pytest.approx(1 / 3)


def test_citation_recall_is_the_cited_share_of_gold_items():
    assert citation_recall([TECH, FLOOD], [TECH, ZONE]) == 1 / 2
    assert citation_recall([TECH], []) == 0


def test_citations_without_gold_are_not_measured():
    assert citation_precision([], [TECH]) is None
    assert citation_recall([], [TECH]) is None


def test_retrieval_counts_the_first_gold_item():
    retrieved = [ZONE, FLOOD, TECH, SAFETY_2025]

    assert first_rank([TECH], retrieved) == 3
    assert hit_at(1, [TECH], retrieved) == 0
    assert hit_at(3, [TECH], retrieved) == 1
    assert reciprocal_rank([TECH, SAFETY_2025], retrieved) == 1 / 3
    assert reciprocal_rank([TECH], [ZONE]) == 0
    assert hit_at(5, [], retrieved) is None


def test_a_quote_is_verbatim_only_at_its_own_place():
    text_of = {"a-01": "投资上报额5452万元"}.get

    assert is_verbatim(Quote("a-01", "5452万元", 5, 11), text_of)
    assert not is_verbatim(Quote("a-01", "5452万元", 4, 10), text_of)
    assert not is_verbatim(Quote("a-01", "9999万元", 5, 11), text_of)
    assert not is_verbatim(Quote("b-01", "5452万元", 5, 11), text_of)
    assert not is_verbatim(Quote("a-01", "", 5, 5), text_of)


def test_quotes_verbatim_is_the_share_of_true_quotes():
    text_of = {"a-01": "投资上报额5452万元"}.get
    true, false = Quote("a-01", "投资", 0, 2), Quote("a-01", "上报", 0, 2)

    assert quotes_verbatim([true, true, true, false], text_of) == 3 / 4
    assert quotes_verbatim([], text_of) is None


@pytest.mark.parametrize(
    ("outcome", "answer", "cited", "wrong"),
    [
        ("answered", "30台", [FLOOD], 0),
        ("answered", "约110人", [FLOOD], 1),
        ("answered", "30台", [SAFETY_2025], 1),
        ("answered", "30台", [SAFETY_2025, FLOOD], 0),
        ("answered", "30台", [], 0),
        ("not_found", "没有找到；2025年为110人", [], 0),
    ],
)
def test_wrong_year_is_a_confusable_figure_or_only_other_years_cited(outcome, answer, cited, wrong):
    assert wrong_year(outcome, answer, [FLOOD], cited, ["110人"]) == wrong


def test_wrong_year_needs_something_to_confuse():
    assert wrong_year("answered", "好的", [], [TECH], []) is None


# --- figures


def test_figures_keep_their_scale_and_percent_sign():
    assert figures("投资５４５２ 万元，增长54.8%，发放2 万份、1,200张，1万余亩") == [
        "5452万",
        "54.8%",
        "2万",
        "1200",
        "1万",
    ]


def test_marks_list_numbers_dates_and_issue_numbers_are_no_figures():
    answer = "1. 2023年4月21日第18期：6个检查组[1][2、3]\n2、2023-04-21至2025年，1-3月、23年第18期"

    assert figures(answer) == ["6"]


def test_a_month_count_and_a_counted_period_stay_figures():
    assert figures("6个月完成2期") == ["6", "2"]


def test_unsupported_figures_stand_in_no_source():
    sources = ["技改投资上报额 5452 万元", "占总投资的52.15%"]

    assert unsupported_figures("5452万元、52.15%", sources) == []
    assert unsupported_figures("9999万元，2.15%", sources) == ["9999万", "2.15%"]


def test_a_figure_of_another_scale_is_unsupported():
    assert unsupported_figures("5452亿元", ["5452万元"]) == ["5452亿"]
    assert unsupported_figures("5452元", ["5452万元"]) == ["5452"]
    assert unsupported_figures("5家", ["55%", "5%", "1.5家", "5.5家"]) == ["5"]
    assert unsupported_figures("5452元", ["5452万元", "5452元"]) == []


def test_the_number_of_cited_items_may_be_stated():
    assert unsupported_figures("共3条：", [], counts=[3]) == []
    assert unsupported_figures("共4条：", [], counts=[3]) == ["4"]
    assert unsupported_figures("养老院3家", [], counts=[3]) == ["3"]


def test_a_difference_written_out_is_supported_by_its_operands():
    sources = ["造林2350亩", "造林3180亩", "联防21万亩", "联防15万亩"]

    assert unsupported_figures("相差（程序计算：3180－2350＝830亩）", sources) == []
    assert unsupported_figures("21－15＝6万亩", sources) == []
    assert unsupported_figures("96.5－95.4＝1.1个百分点", ["由95.4%升至96.5%"]) == []


@pytest.mark.parametrize("sum_", ["3180－2350＝831亩", "3180＋2350＝830亩", "3180－2350＝830万亩"])
def test_a_wrong_difference_is_unsupported(sum_):
    sources = ["造林2350亩", "造林3180亩"]

    assert unsupported_figures(sum_, sources)[-1].startswith("83")


def test_the_range_searched_is_no_figure_of_the_answer():
    assert figures("共 2 条（检索范围：2022-03-11 至 2025-10-31 的 12 期、117 条）") == ["2"]
    assert figures("没有找到。\n已检索：12 期、117 条。\n最接近的有3家") == ["3"]


def test_figure_exactness_is_the_supported_share():
    sources = ["25个、总投资122.74亿元"]

    # 25 and 122.74亿 stand in the source, 39 does not.
    assert figure_exactness("25个，122.74亿元，39个", sources) == pytest.approx(2 / 3)
    assert figure_exactness("没有数字", sources) is None
