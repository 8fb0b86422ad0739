from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import (
    close_up,
    encodable,
    fold,
    legible,
    search_tokens,
    split_clauses,
    split_sentences,
    strip_space,
)

PIECES = st.text("一季度，。；：！”“（）19.46亿元,54％\n９:AP？…月、】\t \u3000", max_size=14)
TEXTS = st.one_of(PIECES, st.text(max_size=40))


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text)]


def clauses(text: str) -> list[str]:
    return [span.of(text) for span in split_clauses(text)]


# --- folding and typesetting space ---------------------------------------------------------------


def test_full_width_digits_letters_and_percent_signs_become_half_width() -> None:
    assert fold("增长５４．８％，Ａ级企业１２家") == "增长54.8%，A级企业12家"


def test_chinese_punctuation_stays_as_printed() -> None:
    assert fold("任务（一）：完成；是吗？是！") == "任务（一）：完成；是吗？是！"


@given(TEXTS)
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("printed", "closed"),
    [
        ("2 月份以来，共开展检查 7 次", "2月份以来，共开展检查7次"),
        ("2023 年 4 月 21 日", "2023年4月21日"),
        ("占比 54.8 %，其中 3 项", "占比54.8 %，其中3项"),
        ("配置大型救援装备 30 台（套）", "配置大型救援装备30台（套）"),
        ("培训 １２ 人", "培训１２人"),
        ("发放《明白纸》 2 万份", "发放《明白纸》2万份"),
    ],
)
def test_spaces_between_characters_and_digits_are_closed_up(printed: str, closed: str) -> None:
    assert close_up(printed) == closed


@pytest.mark.parametrize("text", ["责任编辑：李 勉", "科工局 交通运输局", "A B", "联系电话 "])
def test_a_space_between_words_stays(text: str) -> None:
    assert close_up(text) == text


def test_two_numbers_side_by_side_are_not_joined() -> None:
    assert close_up("门店 30 12 家") == "门店30 12家"


@given(TEXTS)
def test_closing_up_removes_white_space_only(text: str) -> None:
    assert strip_space(close_up(text)) == strip_space(text)


@given(TEXTS)
def test_closing_up_twice_changes_nothing_more(text: str) -> None:
    assert close_up(close_up(text)) == close_up(text)


# --- sentences and clauses -----------------------------------------------------------------------


def test_a_decimal_point_ends_no_sentence() -> None:
    text = "累计完成投资19.46亿元，占总投资的52.15%。下一步，加快进度。"
    assert sentences(text) == ["累计完成投资19.46亿元，占总投资的52.15%。", "下一步，加快进度。"]


def test_a_closing_quotation_mark_belongs_to_the_sentence() -> None:
    assert sentences("他说：“马上办。”随后到现场。") == ["他说：“马上办。”", "随后到现场。"]


def test_a_last_sentence_without_full_stop_is_kept() -> None:
    assert sentences("已全部整改到位。正在推进中") == ["已全部整改到位。", "正在推进中"]


def test_exclamation_and_question_marks_end_sentences() -> None:
    assert sentences("谁来管？怎么管！已明确。") == ["谁来管？", "怎么管！", "已明确。"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("检查门店46家、企业12家，整改隐患31处。", ["检查门店46家、企业12家，", "整改隐患31处。"]),
        ("投资1,234万元，用工30人", ["投资1,234万元，", "用工30人"]),
        ("上午9:30开会，11：00结束", ["上午9:30开会，", "11：00结束"]),
        ("一是建台账；二是抓督办", ["一是建台账；", "二是抓督办"]),
    ],
)
def test_clauses_end_at_commas_outside_numbers(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


@pytest.mark.parametrize("text", ["", "  ", "\n\n"])
def test_no_words_give_no_sentences(text: str) -> None:
    assert sentences(text) == clauses(text) == []


@given(TEXTS)
def test_sentences_hold_all_words_in_order(text: str) -> None:
    assert strip_space("".join(sentences(text))) == strip_space(text)


@given(TEXTS)
def test_clauses_hold_all_words_in_order_and_never_cross_a_sentence(text: str) -> None:
    spans = split_clauses(text)
    bounds = {span.start for span in split_sentences(text)}
    assert strip_space("".join(span.of(text) for span in spans)) == strip_space(text)
    assert bounds <= {span.start for span in spans}


@given(TEXTS)
def test_spans_lie_inside_the_text_and_do_not_overlap(text: str) -> None:
    end = 0
    for span in split_sentences(text):
        assert end <= span.start < span.end <= len(text)
        end = span.end


# --- words ---------------------------------------------------------------------------------------


def test_figures_stay_one_word() -> None:
    tokens = search_tokens("一季度技改投资5452万元，增长54.8%，安罗高速19.46亿元")
    assert {"5452", "54.8%", "19.46"} <= set(tokens)


def test_a_long_word_gives_the_words_inside_it() -> None:
    assert {"应急", "管理"} <= set(search_tokens("应急管理局"))


def test_characters_that_are_no_word_count_by_twos_as_well() -> None:
    tokens = search_tokens("泰翠禾澜项目")
    assert {"泰_翠", "翠_禾", "禾_澜", "项目"} <= set(tokens)
    assert not any("项" in token and "_" in token for token in tokens)


def test_letters_are_found_in_any_case_and_width() -> None:
    assert search_tokens("ＰＭ2.5") == search_tokens("pm２.５") == ["pm", "2.5"]


def test_punctuation_gives_no_words() -> None:
    assert search_tokens("，。（）《》") == []


@given(TEXTS)
def test_words_never_hold_white_space(text: str) -> None:
    assert all(token and token == strip_space(token) for token in search_tokens(text))


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("技\u200b改\u200d投\ufeff资", "技改投资"),
        ("\u202e一季度\u202c\x00\x1b", "一季度"),
        ("𝟐𝟎𝟐𝟑年⼀季度", "2023年一季度"),
        ("５４５２万元，（Ａ）", "5452万元，（A）"),
        ("42微克/m³、310㎡、①", "42微克/m³、310㎡、①"),
        ("技改\ud800投资", "技改\ufffd投资"),
        ("第一行\n\t第二行", "第一行\n\t第二行"),
        ("", ""),
    ],
)
def test_what_is_typed_is_read_as_it_looks(typed: str, seen: str) -> None:
    assert legible(typed) == seen


def test_half_a_surrogate_pair_can_be_written_to_a_file() -> None:
    assert encodable("一\ud800二😀") == "一\ufffd二😀"
