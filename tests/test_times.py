from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.entities.time_mention import EARLIEST
from rag.entities.times import find_times, year_period

TODAY = date(2025, 3, 20)
Days = tuple[tuple[int, int, int], tuple[int, int, int]]


def periods(text: str, today: date = TODAY, year: int | None = None) -> set[tuple[date, date]]:
    return {(t.period.start, t.period.end) for t in find_times(text, today, year)}


def days(*spans: Days) -> set[tuple[date, date]]:
    return {(date(*start), date(*end)) for start, end in spans}


def year(value: int) -> Days:
    return (value, 1, 1), (value, 12, 31)


# --- times that carry their year -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2023年",
        "２０２３年",
        "2023年度",
        "2023全年",
        "23年",
        "二〇二三年",
        "二零二三年",
        "二○二三年",
    ],
)
def test_a_year_in_all_its_spellings(text: str) -> None:
    assert periods(f"{text}技改投资完成多少") == days(year(2023))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2023年一季度", (1, 1), (3, 31)),
        ("2023年第一季度", (1, 1), (3, 31)),
        ("2023年1季度", (1, 1), (3, 31)),
        ("2023年首季", (1, 1), (3, 31)),
        ("2023Q1", (1, 1), (3, 31)),
        ("23年三季度", (7, 1), (9, 30)),
        ("2023年前三季度", (1, 1), (9, 30)),
        ("2023年前两个季度", (1, 1), (6, 30)),
        ("2023年上半年", (1, 1), (6, 30)),
        ("2023年下半年", (7, 1), (12, 31)),
        ("2023上半年", (1, 1), (6, 30)),
        ("2023年4月", (4, 1), (4, 30)),
        ("2023年4月份", (4, 1), (4, 30)),
        ("2023年十月", (10, 1), (10, 31)),
        ("2023年1-9月", (1, 1), (9, 30)),
        ("2023年1—9月份", (1, 1), (9, 30)),
        ("2023年1至9月", (1, 1), (9, 30)),
        ("2023年5月到8月", (5, 1), (8, 31)),
        ("2023年前9个月", (1, 1), (9, 30)),
        ("2023年前九个月", (1, 1), (9, 30)),
        ("2023年底", (12, 1), (12, 31)),
        ("2023年末", (12, 1), (12, 31)),
        ("2023年4月21日", (4, 21), (4, 21)),
        ("2023年4月21号", (4, 21), (4, 21)),
    ],
)
def test_parts_of_a_year(text: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    assert periods(f"{text}完成投资多少") == days(((2023, *start), (2023, *end)))


def test_february_of_a_leap_year_has_29_days() -> None:
    assert periods("2024年2月份") == days(((2024, 2, 1), (2024, 2, 29)))


@pytest.mark.parametrize("text", ["2023-04-21", "2023.4.21", "2023/4/21"])
def test_a_date_in_digits_is_a_day(text: str) -> None:
    assert periods(f"{text}那期快报") == days(((2023, 4, 21), (2023, 4, 21)))


@pytest.mark.parametrize(
    "text",
    ["2021-2023年", "2021年到2023年", "2021年至2023年", "2021—2023年", "二〇二一年至二〇二三年"],
)
def test_a_range_of_years(text: str) -> None:
    assert periods(f"{text}的投资") == days(((2021, 1, 1), (2023, 12, 31)))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024年3月至2025年2月", (2024, 3, 1), (2025, 2, 28)),
        ("2020年1月1日—2020年12月31日", (2020, 1, 1), (2020, 12, 31)),
        ("2024年4月21日至5月10日", (2024, 4, 21), (2024, 5, 10)),
        ("2024年3月1日至15日", (2024, 3, 1), (2024, 3, 15)),
    ],
)
def test_a_range_from_a_day_or_month_to_another_is_one_time(
    text: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    assert periods(f"{text}，应急管理局做了哪些工作") == days((start, end))


@pytest.mark.parametrize("text", ["2023年和2024年", "2023、2024年", "2023年与2024年", "23、24两年"])
def test_two_years_are_two_times(text: str) -> None:
    assert periods(f"{text}的技改投资") == days(year(2023), year(2024))


@pytest.mark.parametrize(
    "text", ["2023年和2024年一季度", "2023年一季度和2024年一季度", "一季度2023年和2024年"]
)
def test_a_quarter_named_once_belongs_to_both_years(text: str) -> None:
    found = find_times(text, TODAY, question=True)
    assert {(t.period.start, t.period.end) for t in found} == days(
        ((2023, 1, 1), (2023, 3, 31)), ((2024, 1, 1), (2024, 3, 31))
    )


# --- times that lean on today, or on a year named before -----------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("今年", (2025, 1, 1), (2025, 12, 31)),
        ("本年度", (2025, 1, 1), (2025, 12, 31)),
        ("去年", (2024, 1, 1), (2024, 12, 31)),
        ("上年", (2024, 1, 1), (2024, 12, 31)),
        ("前年", (2023, 1, 1), (2023, 12, 31)),
        ("去年上半年", (2024, 1, 1), (2024, 6, 30)),
        ("今年一季度", (2025, 1, 1), (2025, 3, 31)),
        ("本月", (2025, 3, 1), (2025, 3, 31)),
        ("上个月", (2025, 2, 1), (2025, 2, 28)),
        ("上月", (2025, 2, 1), (2025, 2, 28)),
        ("上季度", (2024, 10, 1), (2024, 12, 31)),
        ("昨天", (2025, 3, 19), (2025, 3, 19)),
        ("今年以来", (2025, 1, 1), (2025, 3, 20)),
        ("2023年以来", (2023, 1, 1), (2025, 3, 20)),
        ("2023年至今", (2023, 1, 1), (2025, 3, 20)),
        ("2023年4月以来", (2023, 4, 1), (2025, 3, 20)),
    ],
)
def test_times_counted_from_today(
    text: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    assert periods(f"{text}检查了多少家企业") == days((start, end))


def test_last_month_in_january_is_december() -> None:
    assert periods("上个月的快报", date(2025, 1, 8)) == days(((2024, 12, 1), (2024, 12, 31)))


@pytest.mark.parametrize("text", ["近三年", "最近三年", "过去三年", "近3年来"])
def test_the_last_three_years_reach_to_today_and_three_calendar_years_back(text: str) -> None:
    ((start, end),) = periods(f"{text}累计盘活土地多少")
    assert end == TODAY
    assert start.year in (2022, 2023)


@pytest.mark.parametrize("text", ["近一年", "过去一年", "最近一年"])
def test_the_last_year_is_more_than_the_weeks_since_new_year(text: str) -> None:
    ((start, end),) = periods(f"{text}的安全检查")
    assert (start, end) == (date(2024, 3, 20), TODAY)


def test_recent_years_are_more_than_this_one() -> None:
    ((start, end),) = periods("近年来，我县大力发展食用菌产业")
    assert start.year < 2024
    assert end == TODAY


def test_the_last_half_year() -> None:
    ((start, end),) = periods("最近半年的信息")
    assert (start.year, start.month, end) == (2024, 9, TODAY)


def test_until_the_end_of_a_year_has_no_beginning() -> None:
    (mention,) = find_times("截至2024年底，累计完成投资多少", TODAY)
    assert (mention.kind, mention.period.start) == ("until", EARLIEST)
    assert mention.period.end == date(2024, 12, 31)


@pytest.mark.parametrize("text", ["截至目前", "目前", "截止目前"])
def test_by_now_is_the_date_of_the_issue_that_says_so(text: str) -> None:
    (mention,) = find_times(f"{text}，共培训110人。", date(2025, 4, 3))
    assert (mention.kind, mention.period.start, mention.period.end) == (
        "now",
        date(2025, 4, 3),
        date(2025, 4, 3),
    )


def test_a_first_quarter_in_an_issue_of_april_is_that_years() -> None:
    assert periods("一季度，我县技改投资上报额5452万元", date(2023, 4, 21)) == days(
        ((2023, 1, 1), (2023, 3, 31))
    )


def test_since_february_in_an_issue_of_april_runs_to_its_date() -> None:
    assert periods("2月份以来，共开展检查7次", date(2023, 4, 21)) == days(
        ((2023, 2, 1), (2023, 4, 21))
    )


def test_a_month_still_to_come_is_last_years() -> None:
    (mention,) = find_times("11月份检查了几家企业", TODAY)
    assert mention.period.start == date(2024, 11, 1)
    assert not mention.has_year


def test_a_time_without_year_takes_the_year_named_before_it() -> None:
    found = find_times("2024年，我县抓项目；一季度，完成投资3亿元。", date(2025, 4, 3))
    assert [(t.period.start, t.period.end) for t in found] == [
        (date(2024, 1, 1), date(2024, 12, 31)),
        (date(2024, 1, 1), date(2024, 3, 31)),
    ]


def test_a_time_without_year_takes_the_year_of_the_conversation() -> None:
    assert periods("那上半年呢", year=2023) == days(((2023, 1, 1), (2023, 6, 30)))


# --- what is no time -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "第18期",
        "安全生产月活动",
        "7条道路",
        "13个乡镇",
        "24小时值班",
        "三年行动计划",
        "占地42亩",
        "13月",
        "年销售额",
        "百日攻坚",
    ],
)
def test_other_numbers_are_no_times(text: str) -> None:
    assert periods(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "共培训2023人次。",
        "投资2034万元，",
        "发放宣传单2000份。",
        "完成投资2025万元",
        "惠及2088户群众",
        "改造管网2050米",
        "拨付资金2024.5万元",
    ],
)
def test_a_figure_that_looks_like_a_year_is_no_time(text: str) -> None:
    assert periods(text) == set()


def test_a_day_that_the_calendar_lacks_is_no_day() -> None:
    assert (date(2023, 2, 28), date(2023, 2, 28)) not in periods("2023年2月30日")


# --- always --------------------------------------------------------------------------------------

PIECES = st.text(
    "2023年月日第一季度上半近三以来截至底和、—去今个目前期周万元０Q9，. 十", max_size=14
)


@given(st.one_of(PIECES, st.text(max_size=30)), st.dates(date(1991, 1, 1), date(2098, 12, 31)))
def test_any_text_gives_times_inside_it_with_start_before_end(text: str, today: date) -> None:
    for mention in find_times(text, today):
        assert 0 <= mention.start < mention.end <= len(text)
        assert mention.period.start <= mention.period.end


def test_a_year_period_is_the_calendar_year() -> None:
    assert (year_period(2024).start, year_period(2024).end) == (
        date(2024, 1, 1),
        date(2024, 12, 31),
    )


# --- what a question leaves to its context ---------------------------------------------------------


def asked(text: str) -> list[tuple[date, date]]:
    return sorted({(t.period.start, t.period.end) for t in find_times(text, TODAY, question=True)})


@pytest.mark.parametrize(
    "text", ["2022、2023、2024三年上半年信访量", "22年到24年三个上半年信访量各是多少"]
)
def test_a_part_named_after_several_years_belongs_to_each(text: str) -> None:
    assert asked(text) == [(date(y, 1, 1), date(y, 6, 30)) for y in (2022, 2023, 2024)]


def test_years_in_brackets_say_which_recent_years_are_meant() -> None:
    assert asked("近几年优良天数趋势（2022-2024）") == [(date(2022, 1, 1), date(2024, 12, 31))]


def test_that_year_without_a_year_fixes_nothing() -> None:
    assert asked("发芽的小麦当年怎么处理") == []


def test_after_all_is_no_end_of_the_year() -> None:
    assert asked("2024年4月的茶园面积到底是多少") == [(date(2024, 4, 1), date(2024, 4, 30))]


def test_a_year_long_past_ends_with_its_sentence() -> None:
    text = "对2009年以来批而未供土地登记造册。1—11月，完成处置3260亩。"
    assert (date(2023, 1, 1), date(2023, 11, 30)) in periods(text, date(2023, 12, 22))


def test_what_is_planned_lies_ahead() -> None:
    assert periods("预计8月完工", date(2023, 4, 21)) == {(date(2023, 8, 1), date(2023, 8, 31))}


def test_a_leap_day_in_years_without_one_is_the_28th() -> None:
    found = find_times("近三年2月29日", date(2024, 3, 20), question=True)
    assert date(2023, 2, 28) in {m.period.start for m in found}


@pytest.mark.parametrize("text", ["近9999999天", "近999999周", "近9999999个月", "近9999999年"])
def test_a_stretch_longer_than_the_calendar_ends_at_its_beginning(text: str) -> None:
    (found,) = find_times(text, TODAY, question=True)
    assert found.period.start < TODAY


def test_in_a_report_a_part_of_the_year_keeps_apart_from_a_year_named_later() -> None:
    text = "全力冲刺四季度项目建设，截至10月底并网214万千瓦，其余推迟至明年"
    found = find_times(text, date(2022, 11, 4))
    assert [(m.period.words, m.period.end) for m in found] == [
        ("四季度", date(2022, 12, 31)),
        ("截至10月底", date(2022, 10, 31)),
        ("明年", date(2023, 12, 31)),
    ]


def test_a_state_up_to_a_month_takes_the_year_named_before() -> None:
    found = find_times("2023年9月动工，截至10月底完成一半", date(2025, 3, 1))
    assert [m.period.end for m in found] == [date(2023, 9, 30), date(2023, 10, 31)]


@pytest.mark.parametrize(
    ("text", "printed", "word", "end"),
    [
        ("2023年度居民医保缴费标准为350元。截至12月20日，参保28.9万人", (2022, 12, 23), "截至12月20日", (2022, 12, 20)),
        ("2024年度医保征缴 集中缴费期截至12月31日", (2023, 11, 8), "截至12月31日", (2023, 12, 31)),
        ("育秧点由去年的41个增加到58个。截至4月10日，已播种19.8万亩", (2023, 4, 14), "截至4月10日", (2023, 4, 10)),
        ("2023年并网30万千瓦。二期已于1月17日取得批复", (2024, 2, 8), "1月17日", (2024, 1, 17)),
        ("2022年度6.8万亩高标准农田项目已于3月底竣工", (2023, 4, 14), "3月底", (2023, 3, 31)),
        ("已整改31处，其余6处限期于3月5日前完成", (2023, 2, 24), "3月5日", (2023, 3, 5)),
    ],
)  # fmt: skip
def test_a_bare_day_in_a_report_is_near_the_day_of_printing(
    text: str, printed: tuple[int, int, int], word: str, end: tuple[int, int, int]
) -> None:
    found = {m.period.words: m.period.end for m in find_times(text, date(*printed))}
    assert found[word] == date(*end)


@pytest.mark.parametrize("text", ["更换使用超过20年的老旧管网", "连续11年未发生较大以上火灾"])
def test_a_number_of_years_in_a_report_is_no_year(text: str) -> None:
    assert not find_times(text, date(2024, 3, 8))


def test_ahead_of_time_by_two_months_is_no_time() -> None:
    assert not find_times("比计划工期提前2个月建成", date(2024, 10, 18))
