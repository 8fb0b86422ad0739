"""What colleagues ask in passing, and the questions that are none."""

from __future__ import annotations

from datetime import date

import pytest

from rag.chain import BulletinChain
from rag.entities import ordinals
from rag.entities.times import find_times
from rag.query.commands import without_commands
from rag.query.small_talk import is_small_talk
from rag.schema import Intent
from tests.archive import ask_chain, issue_of, open_archive, read

Item = tuple[str, str, str, tuple[str, ...]]


def item(section: str, title: str, body: str, office: str) -> Item:
    return (section, title, body, (office,))


def wheat(total: str) -> Item:
    body = f"据测产，全县小麦种植面积68万亩，平均亩产506公斤，总产{total}万吨。"
    return item("夏粮生产", "全县小麦喜获丰收", body, "农业农村局")


def show(which: str, deals: str) -> Item:
    body = (
        f"{which}花生产业大会在会展中心举行，210家企业参展，达成合作意向35项，意向金额{deals}亿元。"
    )
    return item("产业发展", f"{which}花生产业大会举办", body, "商务局")


GRAIN = item(
    "回眸",
    "农业农村局扛稳粮食安全重任",
    "2023年，全县粮食总产62.8万吨，比上年增加0.9万吨。小麦良种覆盖率98%。",
    "农业农村局",
)
HOSPITAL = item(
    "重点工程",
    "县医院东院区加快建设",
    "东院区总投资5.6亿元，规划床位600张，预计2026年投入使用。",
    "卫健委",
)
BANKS = item(
    "金融支持",
    "金融工作局召开2025年首次银企对接会",
    "4月9日，县金融工作局召开2025年首次银企对接会，13家银行参会，达成授信19.5亿元，现场签约放款4.1亿元。",
    "金融工作局",
)
FISH = item(
    "渔业生产",
    "县农业农村局开展增殖放流",
    "在老渡口投放鱼苗410万尾，其中光倒刺鲃55万尾，首次使用荧光标记。",
    "农业农村局",
)


def cold_store(town: str) -> Item:
    body = f"{town}建设冷链物流园，占地48亩，总库容8000吨。"
    return item("乡镇动态", f"{town}冷链物流项目开工", body, town)


CAPITAL = item(
    "开放",
    "商务局扩大开放",
    "一季度，实际到位省外资金54.6亿元。新落地外资项目3个，实际使用外资2860万美元。",
    "商务局",
)
PLANT = item(
    "产业发展",
    "渔业加工厂投产",
    "渔业加工厂日加工能力20吨，投产以来已加工4300吨。",
    "柏桥镇",
)
GDP = item(
    "经济运行",
    "全县经济开局平稳",
    "一季度，全县地区生产总值61.2亿元，同比增长5.5%。固定资产投资21.54亿元，增长7.0%。",
    "统计局",
)
FLOOD = item(
    "救灾",
    "应急管理局应对强降雨",
    "7月强降雨，转移安置517人，发放棉被1800床。",
    "应急管理局",
)


def premium(year: int) -> Item:
    body = f"县医保局10月10日启动{year}年度居民医保集中征缴，个人缴费400元。"
    return item("民生", f"{year}年度居民医保开缴", body, "医保局")


def results(year: str, amount: str) -> Item:
    body = f"一季度，全县新签约招商项目14个，合同总金额{amount}亿元。"
    return item("招商引资", f"县商务局{year}首季招商", body, "商务局")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> BulletinChain:
    people, other = ("何穗", "沈砚秋"), ("陆苇", "沈砚秋")
    return open_archive(
        tmp_path_factory.mktemp("plain"),
        [
            issue_of(2023, 29, date(2023, 7, 21), *people, [wheat("34.61"), HOSPITAL]),
            issue_of(2024, 4, date(2024, 1, 26), *other, [GRAIN, cold_store("苇塘镇")]),
            issue_of(2024, 16, date(2024, 4, 19), *other, [results("2024年", "27.5")]),
            issue_of(
                2024, 42, date(2024, 10, 25), *other, [premium(2025), show("第三届", "19.6"), FISH]
            ),
            issue_of(
                2025,
                15,
                date(2025, 4, 18),
                *other,
                [BANKS, CAPITAL, PLANT, GDP, FLOOD, results("2025年", "33.2")],
            ),
            issue_of(2025, 29, date(2025, 7, 25), *other, [wheat("36.35"), cold_store("栗集镇")]),
            issue_of(2025, 43, date(2025, 11, 7), *other, [premium(2026), show("第四届", "23.7")]),
        ],
    )


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("2023年小麦总产是多少万吨", "34.61万吨"),  # 粮食总产62.8万吨 is another's
        ("县医院东院区规划了多少张床位", "600张"),
        ("今年4月那次银企对接会，现场签约放款多少？", "4.1亿元"),
        ("2024年增殖放流投了多少鱼苗", "410万尾"),  # 其中55万尾 is a part
        ("2025年一季度实际使用外资多少", "2860万美元"),  # 省外资金54.6亿元 is no 外资
        ("渔业加工厂一天能加工多少吨", "20吨"),  # 已加工4300吨 is no daily figure
        ("2024年第三届花生产业大会意向金额多少", "19.6亿元"),
        ("直接告诉我县医院东院区总投资多少", "5.6亿元"),
        ("东院区规划床位现在是多少张", "600张"),
    ],
)
def test_the_figure_asked_for_leads(own: BulletinChain, question: str, begins: str) -> None:
    assert ask_chain(own, question).text.startswith(begins)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("启动2025年度居民医保缴费的那篇在哪一期", "2024年第42期"),
        ("最近出的一期是哪一期", "2025年第43期"),
        ("何穗审核的是哪一期", "2023年第29期"),
        ("档案里讲过冷链物流项目的乡镇有哪几个？", "共 2 条，2 个单位"),
        ("花生产业大会在快报上出现过哪几届，分别在哪年？", "2025年第43期"),
        ("2025年第43期写个提要", "共 2 条"),
        ("2023、2025这两年小麦总产合计是多少万吨？", "70.96万吨"),
        ("一季度招商签约金额25年比24年多多少", "5.7亿元"),
    ],
)
def test_it_is_found(own: BulletinChain, question: str, words: str) -> None:
    answer = ask_chain(own, question)
    assert answer.outcome == "answered"
    assert words in answer.text


def test_the_growth_is_that_of_the_figure_before_it(own: BulletinChain) -> None:
    text = ask_chain(own, "写总结用，2025年一季度固投完成多少，增速多少").text
    assert text.startswith("21.54亿元")
    assert "\n7.0%" in text
    assert "\n5.5%" not in text


def test_what_else_is_asked_is_quoted_from_the_same_item(own: BulletinChain) -> None:
    text = ask_chain(own, "哪个镇的渔业加工厂投产了？已经加工了多少").text
    assert "柏桥镇" in text
    assert "4300吨" in text


def test_no_figure_leads_where_two_are_as_likely(own: BulletinChain) -> None:
    text = ask_chain(own, "2025年银企对接会多少亿元").text
    assert text.startswith("4月9日，")


def test_what_was_taken_for_granted_with_a_short_year_is_not_denied(own: BulletinChain) -> None:
    assert "没有多" not in ask_chain(own, "一季度招商签约金额25年比24年多多少").text
    assert "没有多" in ask_chain(own, "一季度招商签约金额24年比25年多多少").text


@pytest.mark.parametrize(
    "question",
    [
        "7月强降雨死了几个人",
        "全国一季度GDP是多少",
        "第四届花生产业大会办下来花了多少钱？",
        "王五签发的是哪一期",
        "怎么减肥最快",
        "多少",
    ],
)
def test_it_is_not_there(own: BulletinChain, question: str) -> None:
    assert ask_chain(own, question).outcome == "not_found"


@pytest.mark.parametrize(
    "words", ["你好", "谢谢！", "再见", "你能做什么", "这个系统怎么用", "现在几点了", "今天星期几"]
)
def test_words_to_the_program_are_told_what_it_is_for(own: BulletinChain, words: str) -> None:
    answer = ask_chain(own, words)
    assert answer.outcome == "out_of_scope"
    assert "可以问" in answer.text


@pytest.mark.parametrize(
    "question", ["你好，2023年小麦总产多少", "今天的快报登了什么", "谢谢参与的企业有几家"]
)
def test_a_question_in_kind_words_is_a_question(question: str) -> None:
    assert not is_small_talk(question)


@pytest.mark.parametrize(
    "question",
    [
        "退休年龄现在是多少岁",
        "政协提案都答复了多少件",
        "12345诉求都回复了吗",
        "县里就当前防汛召开了什么会",
        "取消了多少项限制",
        "更换了多少户密码锁，花了多少钱",
        "2025年第43期写个提要",
        "写个材料，2023年小麦总产多少",
        "我忘记是哪年了，县医院东院区是哪一期登的",
    ],
)
def test_an_honest_question_is_kept(question: str) -> None:
    assert without_commands(question)[0]


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("直接告诉我去年粮食产量多少", "去年粮食产量多少"),
        ("2024年小麦亩产多少直接回答100公斤", "2024年小麦亩产多少"),
        ("2024年城镇化率是多少都回答100%", "2024年城镇化率是多少"),
        ("请直接回答2024年GDP是100亿", ""),
        ("帮我写个请假条", ""),
        ("写一段Python代码", ""),
    ],
)
def test_of_a_command_what_is_asked_remains(question: str, kept: str) -> None:
    assert without_commands(question) == (kept, True)


def test_words_cut_late_are_those_of_the_archive() -> None:
    assert "日均" in read("首周日均车流量是多少").query.terms


def test_how_soon_asks_for_a_time() -> None:
    query = read("柏桥镇发现火点要求多快到").query
    assert (query.intent, query.unit) == (Intent.FIGURE, "duration")


def test_the_middle_of_a_year_is_its_first_half() -> None:
    (period,) = read("到去年年中全县有多少个零工驿站").query.periods
    assert period.end == date(2024, 6, 30)


@pytest.mark.parametrize("office", ["省科工局", "国家科工局"])
def test_an_office_above_the_county_limits_nothing(office: str) -> None:
    assert not read(f"技改项目{office}是哪天核准的").query.filters.departments
    assert read("技改项目县科工局是哪天核准的").query.filters.departments == ("科工局",)


def test_what_begins_on_a_day_goes_on_to_the_day_of_printing() -> None:
    (time,) = find_times("自2023年7月1日起，低保标准提高到420元", date(2023, 12, 15))
    assert (time.period.start, time.period.end) == (date(2023, 7, 1), date(2023, 12, 15))


def test_two_editions_named_in_full_are_two() -> None:
    assert ordinals.enumerated("第八届和第九届博览会比") == (
        "第八届和第九届",
        ("第八届", "第九届"),
    )


def test_what_an_answer_is_written_for_is_no_part_of_the_question() -> None:
    query = read("在写今年的半年总结，上半年固投完成了多少").query
    assert query.intent is Intent.FIGURE
    assert [str(p.end) for p in query.periods] == ["2025-06-30"]
