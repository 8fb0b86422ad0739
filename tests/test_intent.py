from __future__ import annotations

import pytest

from rag.query.intent import asks_extreme
from rag.query.quantities import asked_unit
from rag.schema import Intent
from tests.archive import read

WORDINGS: dict[Intent, list[str]] = {
    Intent.FIGURE: [
        "2023年一季度技改投资完成多少？",
        "青岚公路全长多少公里",
        "青岚公路有多长",
        "第三实验小学占多大面积",
        "全县集中供暖面积是多少",
        "老旧小区改造惠及多少户居民",
        "东关街道查了几家企业",
        "元宵灯会旅游收入有多少万元",
        "PM2.5平均浓度多少",
        "技改投资增速是多少",
        "柳河镇食用菌大棚有几座？",
        "优良天数达到多少天",
        "请问新打机井多少眼",
        "技改投资占比百分之几",
    ],
    Intent.DATE: [
        "元宵灯会什么时候开幕的",
        "第三实验小学哪天建成投用",
        "新学校啥时候能用上",
        "危化企业夜查是几月份的事",
        "学校预计何时投用",
    ],
    Intent.PLACE: [
        "第三实验小学建在哪里",
        "元宵灯会在什么地方举办",
        "新小学在哪条路上",
        "检查站设在哪儿",
        "灯会举办地点是哪里",
    ],
    Intent.DEPARTMENT: [
        "元宵灯会是哪个单位举办的",
        "哪个部门负责高标准农田建设",
        "老旧小区改造由谁负责",
        "哪个乡镇发展食用菌产业",
        "充电棚整治是哪家单位干的",
    ],
    Intent.ISSUE: [
        "元宵灯会登在哪一期",
        "青岚公路改建是第几期报道的",
        "高标准农田那条信息的期号是多少",
        "老年人体检在哪期快报上",
    ],
    Intent.REASON: [
        "为什么要新建第三实验小学",
        "青岚公路为何实行清单制管理",
        "新建小学的原因是什么",
        "为啥要整治电动自行车充电",
    ],
    Intent.MANNER: [
        "柳河镇怎么发展食用菌产业的",
        "应急管理局采取了哪些措施排查危化企业",
        "老旧小区改造如何推进",
        "科工局是怎样帮助企业技改的",
        "东关街道用什么办法排查消防隐患",
    ],
    Intent.LIST: [
        "应急管理局2024年做了哪些工作",
        "安全生产栏目登过哪些信息",
        "列出2024年的民生实事",
        "2023年防汛备汛有哪些报道",
        "把2024年安全生产的信息都找出来",
    ],
    Intent.COUNT: [
        "2024年安全生产登了多少条",
        "应急管理局上过几次快报",
        "2024年一共出了几期快报",
        "科工局报了多少篇信息",
    ],
    Intent.COMPARE: [
        "2024年一季度技改投资比2023年一季度多多少",
        "2023年和2024年救援装备哪年多",
        "对比2023年和2024年一季度的技改投资",
        "科工局和交通运输局哪个投资更多",
    ],
    Intent.SUM: [
        "2023年和2024年一季度技改投资一共多少",
        "两年的技改投资加起来是多少",
    ],
    Intent.TREND: [
        "技改投资历年变化趋势",
        "救援装备数量逐年怎么变的",
        "近几年技改投资的走势",
    ],
    Intent.DIGEST: [
        "2024年第9期的要点",
        "第26期讲了什么",
        "概括一下2025年第5期",
        "2024年第26期都有什么内容",
        "总结2023年第9期的主要内容",
    ],
    Intent.MASTHEAD: [
        "2025年第5期的责任编辑是谁",
        "2023年第9期谁签发的",
        "2024年第9期发给哪些人",
        "2024年第26期是哪天印发的",
        "第31期的审核人是谁",
        "2024年第9期的日期",
    ],
}


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        pytest.param(question, intent, id=question)
        for intent, questions in WORDINGS.items()
        for question in questions
    ],
)
def test_what_a_question_asks_for(question: str, intent: Intent) -> None:
    assert read(question).query.intent is intent


@pytest.mark.parametrize(
    ("question", "family"),
    [
        ("技改投资完成了多少万元", "money"),
        ("旅游收入是多少", "money"),
        ("花了多少钱", "money"),
        ("同比增长多少", "percent"),
        ("占总投资的比例是多少", "percent"),
        ("流转了多少亩土地", "area"),
        ("供暖面积多大", "area"),
        ("公路全长多少公里", "length"),
        ("公路有多长", "length"),
        ("年产香菇多少吨", "weight"),
        ("接待游客多少人次", "people"),
        ("能容纳多少学生", "people"),
        ("带动多少户群众", "household"),
        ("培训了几场", "times"),
        ("检查了多少家企业", "家"),
        ("建了多少座大棚", "座"),
        ("打了多少眼机井", "眼"),
    ],
)
def test_the_unit_that_is_asked_for(question: str, family: str) -> None:
    assert asked_unit(question) == family


def test_a_question_that_names_no_unit_leaves_it_open() -> None:
    assert asked_unit("新建的充电棚有多少") == ""


@pytest.mark.parametrize("question", ["哪年救援装备最多", "查出隐患最少的是哪次"])
def test_the_most_or_the_least(question: str) -> None:
    assert asks_extreme(question)


@pytest.mark.parametrize(
    ("question", "unit"),
    [
        ("新签了几个项目", "个"),
        ("收费每公里几毛", "money"),
        ("优良天数变化", "days"),
        ("返乡人才平均年龄多大", "岁"),
        ("规上工业总产值是多少", "money"),
        ("PM2.5平均浓度是多少", "微克/立方米"),
        ("从县城到省城要多久", "duration"),
    ],
)
def test_the_unit_is_the_one_of_the_thing_asked_for(question: str, unit: str) -> None:
    assert asked_unit(question) == unit


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("2024年第9期有哪几条", Intent.LIST),
        ("2024年第9期目录", Intent.DIGEST),
        ("青岚公路经过哪几个乡镇", Intent.LIST),
        ("推出仓单质押贷的部门是", Intent.DEPARTMENT),
        ("谁来我县调研的？哪个市长", Intent.PERSON),
        ("青岚公路的起点和终点在哪里", Intent.PLACE),
        ("技改投资怎么涨的", Intent.TREND),
        ("2022年一季度GDP", Intent.FIGURE),
        ("一季度GDP 23年、24年", Intent.COMPARE),
        ("征求意见收到多少条？", Intent.FIGURE),
        ("第9期收了几条？", Intent.COUNT),
        ("报销比例逐步提高到多少", Intent.FIGURE),
    ],
)
def test_what_is_asked_for_in_other_words(question: str, intent: Intent) -> None:
    assert read(question).query.intent is intent


def test_the_word_behind_a_measure_word_is_kept_whole() -> None:
    assert "项目" in read("新签了几个项目").query.terms
