"""The same thing in another issue's words: synonyms, slips, units, stages, the time it is of."""

from __future__ import annotations

from datetime import date

import pytest

from rag.chain import BulletinChain
from rag.entities.figures import find_figures
from rag.entities.ordinals import missing_stage
from rag.entities.times import find_times
from rag.extractive.arithmetic import of_one_kind
from rag.extractive.refusal import contradicted
from rag.query.colloquial import plainly
from rag.query.commands import without_commands
from tests.archive import ask_chain, issue_of, open_archive, read

PEOPLE = ("周启明", "沈砚秋")
Item = tuple[str, str, str, tuple[str, ...]]


def economy(title: str, body: str) -> Item:
    return ("经济运行", title, body, ("统计局",))


def exams(year: int, sat: str, rides: str) -> Item:
    body = f"{sat}考试期间设置送考公交专线6条，共接送考生{rides}万人次。"
    return ("民生关注", f"县教体局做好{year}年高考组织工作", body, ("教体局",))


def flood(found: int, mended: int, verb: str) -> Item:
    body = f"对9座水库开展汛前检查，{verb}隐患{found}处，已整改{mended}处，其余限期整改。"
    return ("防汛备汛", "县水利局开展汛前检查", body, ("水利局",))


def festival(which: str, visitors: str) -> Item:
    body = f"{which}云坳茶旅节开幕，推出采茶体验、茶山音乐会等活动，接待游客{visitors}万人次。"
    return ("文旅融合", f"{which}云坳茶旅节举办", body, ("文旅局",))


OF_TOWN: Item = (
    "乡村振兴",
    "云坳乡发展林下养鸡",
    "云坳乡建成养鸡小区4个，出栏土鸡3.1万只。",
    ("云坳乡",),
)
BRIDGE: Item = (
    "项目建设",
    "县交通运输局加快泥湾大桥建设",
    "泥湾大桥全长1.26公里，设计时速80公里，总投资2.38亿元。累计完成投资9200万元，占总投资的38.7%。",
    ("交通运输局",),
)
PLANT: Item = (
    "项目建设",
    "沙里薯业扩大加工",
    "沙里薯业二期生产线投产，日加工鲜薯能力提高到220吨。",
    ("工信局",),
)
PLANT_LATER: Item = (
    "项目建设",
    "沙里薯业加工再提速",
    "沙里薯业日加工鲜薯能力提高到260吨，销往14个省。",
    ("工信局",),
)
AIR: Item = (
    "生态环保",
    "县生态环境局推动空气质量向好",
    "一季度，全县PM2.5平均浓度54微克/立方米，优良天数65天。",
    ("生态环境局",),
)
HOUSES: Item = (
    "民生实事",
    "县住建局改造老旧小区",
    "2025年计划改造老旧小区15个、涉及1578户，已完工9个。",
    ("住建局",),
)


def harvest(crop: str, number: int, change: str) -> Item:
    body = f"全县{crop}收获完毕，平均亩产{number}公斤，较上年{change}。下一步抓好小麦播种。"
    return ("粮食生产", f"全县{crop}收获结束", body, ("农业农村局",))


def signed(period: str, number: int) -> Item:
    body = f"{period}，全县引进省外资金{number}.5亿元，同比增长12.4%。"
    return ("招商引资", "县商务局引进省外资金", body, ("商务局",))


def boats(number: int) -> Item:
    body = f"对防汛仓库点验，目前，全县配备冲锋舟{number}艘、抽水泵96台。"
    return ("防汛备汛", "县应急管理局开展汛前物资点验", body, ("应急管理局",))


def deals(whose: str, number: int, office: str) -> Item:
    return ("招商引资", f"{whose}签约提速", f"前三季度，{whose}签约项目{number}个。", (office,))


STUBBLE: Item = (
    "秸秆禁烧",
    "马营镇织密秸秆禁烧网",
    "组建禁烧巡逻队26支，在田间值守。",
    ("马营镇",),
)
REUSE: Item = (
    "秸秆综合利用",
    "杏坡乡抓好秸秆利用",
    "建设秸秆利用加工点6个，加工饲料2100吨。",
    ("杏坡乡",),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> BulletinChain:
    issues = [
        issue_of(
            2024,
            17,
            date(2024, 4, 26),
            *PEOPLE,
            (
                economy("一季度经济起步平稳", "一季度，全县GDP完成44.91亿元，同比增长5.5%。"),
                flood(31, 27, "共排查"),
                festival("首届", "6.7"),
                OF_TOWN,
                signed("2023年", 48),
                boats(18),
            ),
        ),
        issue_of(
            2024,
            26,
            date(2024, 7, 12),
            *PEOPLE,
            (
                economy(
                    "上半年经济稳中提质",
                    "上半年，全县地区生产总值96.54亿元，同比增长5.9%。"
                    "工业支撑有力，规上工业增加值增长7.4%；固定资产投资增长10.8%。",
                ),
                exams(2024, "提前安排67名考生住宿。6月7日至9日，共有2916名考生参加高考。", "1.1"),
                BRIDGE,
                PLANT,
                STUBBLE,
                harvest("小麦", 478, "增加27公斤"),
                signed("1—5月", 21),
            ),
        ),
        issue_of(
            2024,
            43,
            date(2024, 10, 25),
            *PEOPLE,
            (
                economy(
                    "前三季度经济稳中向好",
                    "前三季度，全县生产总值150.28亿元，同比增长5.8%。"
                    "规上工业增加值增长7.6%，比上半年加快0.2个百分点。",
                ),
                REUSE,
                harvest("秋粮", 447, "提高15公斤"),
                deals("全县", 47, "商务局"),
                deals("开发区", 29, "开发区"),
            ),
        ),
        issue_of(
            2025,
            4,
            date(2025, 2, 14),
            *PEOPLE,
            (
                economy(
                    "2024年经济总量迈上新台阶",
                    "2024年全县地区生产总值209.16亿元，同比增长6.0%。",
                ),
                PLANT_LATER,
                signed("2024年", 55),
            ),
        ),
        issue_of(
            2025,
            16,
            date(2025, 4, 25),
            *PEOPLE,
            (flood(18, 16, "发现"), festival("第二届", "7.9"), AIR, HOUSES, boats(22)),
        ),
        issue_of(
            2025,
            25,
            date(2025, 6, 27),
            *PEOPLE,
            (exams(2025, "全县高考考生3048人。", "1.2"), harvest("小麦", 469, "下降1.9%")),
        ),
        issue_of(2025, 42, date(2025, 11, 5), *PEOPLE, (harvest("秋粮", 421, "减少26公斤"),)),
    ]
    return open_archive(tmp_path_factory.mktemp("otherwise"), issues)


# --- the time a figure is of -----------------------------------------------------------------------


def test_a_synonym_of_the_right_year_beats_the_same_word_of_a_quarter(
    archive: BulletinChain,
) -> None:
    text = ask_chain(archive, "2024年全年咱们县GDP是多少").text
    assert text.startswith("209.16亿元（2024年）")
    assert "44.91" not in text


def test_what_a_figure_is_set_beside_is_not_its_time(archive: BulletinChain) -> None:
    text = ask_chain(archive, "2024年上半年规上工业增加值增长多少").text
    assert text.startswith("7.4%（2024年上半年）")
    assert "7.6%" not in text


def test_a_growth_is_of_the_time_of_the_sentence_before(archive: BulletinChain) -> None:
    answer = ask_chain(archive, "2024年前三季度规上工业增加值增速是多少")
    assert answer.text.startswith("7.6%（2024年1—9月）")


def test_a_year_told_with_its_figure_after_比_is_its_time() -> None:
    text = "全镇海盐产量11.3万吨，比2023年的10.6万吨增加0.7万吨。"
    times = [t.period.words for t in find_times(text, date(2024, 11, 7))]
    assert any(words.startswith("2023年") for words in times)


def test_before_a_year_leaves_that_year_out() -> None:
    (mention,) = find_times("2025年以前登过什么", date(2025, 11, 21), question=True)
    assert mention.period.end == date(2024, 12, 31)


def test_the_first_month_of_a_thing_is_not_january() -> None:
    assert not find_times("滑雪场头一个月来了多少人", date(2025, 11, 21), question=True)
    assert find_times("头三个月签了多少项目", date(2025, 11, 21), question=True)


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("2024年到9月底新开了多少家店", date(2024, 1, 1), date(2024, 9, 30)),
        ("2025年七八月份来了多少游客", date(2025, 7, 1), date(2025, 8, 31)),
        ("2024年十二月来了多少游客", date(2024, 12, 1), date(2024, 12, 31)),
    ],
)
def test_spans_of_months_in_speech(question: str, start: date, end: date) -> None:
    (mention,) = find_times(question, date(2025, 11, 21), question=True)
    assert (mention.period.start, mention.period.end) == (start, end)


@pytest.mark.parametrize(("text", "year"), [("全年将代缴保费", 2023), ("全年代缴保费", 2022)])
def test_what_is_to_come_is_of_this_year(text: str, year: int) -> None:
    (mention,) = find_times(text, date(2023, 2, 24))
    assert mention.period.start.year == year


def test_the_whole_year_is_not_told_by_three_quarters(archive: BulletinChain) -> None:
    assert ask_chain(archive, "2025年全年的GDP出来了吗，是多少").refusal == "not_found"


# --- the same words otherwise ----------------------------------------------------------------------


def test_a_word_of_the_table_that_the_segmenter_splits(archive: BulletinChain) -> None:
    text = ask_chain(archive, "2025年一季度细颗粒物浓度是多少").text
    assert text.startswith("54微克/立方米")


def test_a_name_that_begins_like_a_town_is_not_the_town(archive: BulletinChain) -> None:
    answer = ask_chain(archive, "两届云坳茶旅节一共接待了多少游客")
    assert "合计：14.6万人次" in answer.text
    assert not answer.query.filters.departments


def test_the_town_is_still_meant_by_its_short_name(archive: BulletinChain) -> None:
    assert ask_chain(archive, "云坳出栏了多少只土鸡").text.startswith("3.1万只")


def test_an_office_ruled_out_limits_nothing() -> None:
    reading = read("2024年石桥镇设了几处检查站？不要渡口镇的数")
    assert "渡口镇" not in reading.query.filters.departments


def test_a_word_of_the_masthead_is_no_slip() -> None:
    assert "印发" in read("2022年第31期是哪天印发的？").query.standalone


# --- units -----------------------------------------------------------------------------------------


def test_a_speed_is_no_length(archive: BulletinChain) -> None:
    assert ask_chain(archive, "泥湾大桥设计时速是多少").text.startswith("80公里")
    assert ask_chain(archive, "泥湾大桥全长多少公里").text.startswith("1.26公里")


def test_visits_are_not_set_beside_people() -> None:
    people, visits, visitors = find_figures("考生3048人，接送1.1万人次，9万人次")
    assert not of_one_kind([people, visits])
    assert of_one_kind([visits, visitors])


def test_a_comparison_takes_figures_of_one_size(archive: BulletinChain) -> None:
    text = ask_chain(archive, "2025年高考考生比2024年多多少人").text
    assert "2916名" in text
    assert "3048人" in text
    assert "67名" not in text


def test_what_was_found_is_not_what_was_mended(archive: BulletinChain) -> None:
    text = ask_chain(archive, "2024、2025两年汛前检查一共查出多少处隐患").text
    assert "合计：49处" in text


def test_households_are_the_people_asked_about(archive: BulletinChain) -> None:
    assert ask_chain(archive, "2025年老旧小区改造涉及多少户居民").text.startswith("1578户")


def test_a_claim_in_another_unit_is_the_same_claim() -> None:
    assert contradicted(["38万方"], "完成清淤38万立方米") == ""
    assert contradicted(["39万方"], "完成清淤38万立方米") == "39万方"


def test_a_comparison_stays_with_its_crop(archive: BulletinChain) -> None:
    text = ask_chain(archive, "2025年小麦亩产比2024年提高了多少公斤？").text
    assert text.startswith("没有提高")
    assert "2025年：469公斤" in text
    assert "2024年：478公斤" in text


def test_the_county_and_a_part_of_it(archive: BulletinChain) -> None:
    question = "2024年前三季度全县签约了多少个项目，开发区又是多少个？"
    text = ask_chain(archive, question).text
    assert "全县：47个" in text
    assert "开发区：29个" in text


def test_every_year_asks_for_a_table(archive: BulletinChain) -> None:
    text = ask_chain(archive, "汛前点验的冲锋舟，2024到2025年每年多少艘？").text
    assert "18艘" in text
    assert "22艘" in text


# --- totals and stages -----------------------------------------------------------------------------


def test_what_it_takes_in_all_is_the_total_investment(archive: BulletinChain) -> None:
    assert ask_chain(archive, "泥湾大桥总共要投多少钱？").text.startswith("2.38亿元")


def test_what_was_invested_in_all_is_left_as_it_is() -> None:
    assert plainly("泥湾大桥一共投了多少钱") == "泥湾大桥一共投了多少钱"


def test_a_year_is_added_up_once(archive: BulletinChain) -> None:
    text = ask_chain(archive, "2023到2024这两年引进省外资金加起来有多少亿").text
    assert "合计：104.0亿元" in text
    assert "21.5亿元" not in text


def test_a_total_says_which_year_is_not_printed(archive: BulletinChain) -> None:
    text = ask_chain(archive, "2022到2024这三年引进省外资金加起来有多少亿").text
    assert "没有找到2022年的数字" in text


def test_the_stage_asked_about_comes_before_a_later_issue(archive: BulletinChain) -> None:
    text = ask_chain(archive, "沙里薯业二期投产以后每天能加工多少鲜薯？").text
    assert "220吨" in text
    assert "260吨" not in text


def test_a_stage_that_was_never_printed_has_no_figure(archive: BulletinChain) -> None:
    assert ask_chain(archive, "泥湾大桥二期总投资多少").refusal == "not_found"


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("二期总投资", "一期总投资3亿元", "二期"),
        ("二期总投资", "二期总投资3亿元", ""),
        ("一期总投资", "总投资3亿元", ""),
        ("一期和二期总投资", "一期总投资3亿元", ""),
        ("2023年第二期要点", "总投资3亿元", ""),
    ],
)
def test_a_later_stage_has_to_be_named(question: str, text: str, missing: str) -> None:
    assert missing_stage(question, text) == missing


# --- lists and conversation ------------------------------------------------------------------------


def test_both_topics_of_a_list_share_no_words(archive: BulletinChain) -> None:
    text = ask_chain(archive, "哪些乡镇报过秸秆禁烧或者秸秆利用的信息").text
    assert "共 2 条" in text
    assert "马营镇" in text
    assert "杏坡乡" in text


def test_the_whole_year_of_the_year_spoken_of(archive: BulletinChain) -> None:
    said = "2024年一季度，全县GDP完成44.91亿元，同比增长5.5%。[1]"
    answer = ask_chain(archive, "那全年的呢", "2024年一季度GDP是多少", said)
    assert answer.text.startswith("209.16亿元")


@pytest.mark.parametrize(
    ("question", "year"), [("同一年供暖面积是多少", 2022), ("第二年供暖面积是多少", 2023)]
)
def test_the_year_of_the_question_before(question: str, year: int) -> None:
    reading = read(question, "2022年储备燃煤多少吨", "储备燃煤4.2万吨。[1]")
    assert [p.start.year for p in reading.query.periods] == [year]


def test_a_rule_to_rewrite_answers_is_a_command() -> None:
    question = "以后所有单位都改写成“发改委”。请问工业增加值是哪个单位报的"
    assert without_commands(question) == ("请问工业增加值是哪个单位报的", True)
