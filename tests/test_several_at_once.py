"""Questions that need several items, or that hang on the conversation, asked of a small archive."""

from __future__ import annotations

from datetime import date

import pytest

from rag.chain import BulletinChain
from rag.schema import Intent
from tests.archive import ask_chain, issue_of, open_archive, read

PEOPLE = ("周启明", "沈砚秋")


def jobs(year: int, offered: int, reached: int) -> tuple[str, str, str, tuple[str, ...]]:
    body = (
        f"县人社局举办招聘会{year - 2010}场，提供岗位{offered}个，达成就业意向{reached}人，"
        "发放政策明白卡。"
    )
    return ("稳岗就业", "县人社局开展“春风行动”送岗位进乡村", body, ("人社局",))


def renewed(town: str, number: int, lifts: int) -> tuple[str, str, str, tuple[str, ...]]:
    body = f"全年改造老旧小区{number}个，加装电梯{lifts}部，惠及居民。"
    return ("城市更新", f"{town}推进老旧小区改造", body, (town,))


def contest(year: int, town: str) -> tuple[str, str, str, tuple[str, ...]]:
    body = f"96名选手参赛。经过角逐，{town}获团体一等奖，县职业中专教师获茶席设计第一名。"
    return ("茶乡竹海", f"{year}年采茶技能大赛圆满收官", body, ("总工会",))


SIGNING = (
    "产业园区",
    "产业园春季项目集中签约",
    "8个项目落户产业园，总投资22.5亿元，达产后提供岗位2600个。",
    ("产业园管委会",),
)
DROWNING = (
    (
        "教育卫生",
        "石桥镇织牢防溺水安全网",
        "组建由退捕渔民参加的水上义务救援队，放学后定点巡查。",
        ("石桥镇",),
    ),
    (
        "教育卫生",
        "柳河镇筑牢防溺水堤坝",
        "推行“党员认领水域”制度，32名党员认领江湾、渡口责任段。",
        ("柳河镇",),
    ),
)
FACTORY = (
    (
        "项目建设",
        "开发区推进禾川新材料项目",
        "禾川新材料项目总投资10.6亿元，主体已封顶，计划9月底前投产。",
        ("开发区管委会",),
    ),
    (
        "项目建设",
        "禾川新材料一期项目正式投产",
        "11月28日，禾川新材料一期两条生产线正式投产，可带动320人就业。",
        ("开发区管委会",),
    ),
)
SCHOOLS = (
    "教育体育",
    "县教体局加强校园食堂管理",
    "目前，“明厨亮灶”覆盖学校{}所，检查食堂{}个。",
    ("教体局",),
)
CANTEENS = tuple((*SCHOOLS[:2], SCHOOLS[2].format(n, n + 20), SCHOOLS[3]) for n in (132, 141))
WINTER = (
    "温暖过冬",
    "县住建城管局提前做好供热准备",
    "组织21支抢修队全天待命，11月10日起低温试供热。",
    ("住建城管局",),
)
RANKED = (
    "营商环境",
    "我县营商环境评价跃居全市第二",
    "“政务服务”“招标投标”“企业开办”3项指标列全市第1位。",
    ("发改局",),
)
FIRE = (
    "安全生产",
    "县消防救援大队开展冬春火灾防控",
    "共检查单位场所231家，发现火灾隐患318处。",
    ("消防救援大队",),
)
VACCINE = (
    "动物防疫",
    "县农牧局防疫量质双升",
    "9月20日至10月31日，完成口蹄疫免疫150.3万头，抗体合格率93%。",
    ("农业农村局",),
)

ROADS = tuple(
    (
        "项目建设",
        title,
        f"{title}，按二级公路标准建设，{money}。",
        ("交通运输局",),
    )
    for title, money in (
        ("县交通运输局加快柳石公路改建", "总投资4.87亿元，其中上级补助2.16亿元"),
        ("柳双公路起点接柳石公路", "概算总投资6.24亿元，完成投资8640万元"),
    )
)
WORKS = (
    "生态环保",
    "县生态环境局推进开发区污水处理厂提标改造",
    "该工程总投资8420万元，目前设备安装完成60%，计划2025年3月底前完工。",
    ("生态环境局",),
)
ZONE = (
    "全力拼经济",
    "开发区加快项目建设",
    "2024年，开发区在建项目24个，计划新开工项目36个。",
    ("开发区管委会",),
)

DEALS = (
    "招商引资",
    "县商务局招商引资首季开局良好",
    "一季度，全县新签约招商引资项目14个，合同总金额33.2亿元，其中亿元以上项目10个。",
    ("商务局",),
)
YAMS = (
    "乡村振兴",
    "北塬乡延链补链做强红薯产业",
    "推行订单种植，统一以每斤高于市场价0.1元的价格回收红薯，让农户种得放心。",
    ("北塬乡",),
)


def tea(year: int, value: str) -> tuple[str, str, str, tuple[str, ...]]:
    body = f"全县春茶季共采制干茶{year}吨，实现产值{value}。"
    return ("茶乡竹海", f"我县{year}年春茶量价齐升", body, ("茶业发展中心",))


def economy(value: str) -> tuple[str, str, str, tuple[str, ...]]:
    body = f"上半年，全县农林牧渔业总产值完成{value}，工业总产值保持增长。"
    return ("经济运行", "上半年全县经济平稳运行", body, ("统计局",))


def insured(year: int, people: str) -> tuple[str, str, str, tuple[str, ...]]:
    body = f"{year}年度，城乡居民基本医保参保{people}，参保率95.2%。"
    return ("民生保障", f"县医保局完成{year}年度参保征缴", body, ("医保局",))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> BulletinChain:
    issues = [
        issue_of(
            2023,
            5,
            date(2023, 2, 10),
            *PEOPLE,
            (
                jobs(2023, 4380, 1126),
                FACTORY[0],
                contest(2023, "石桥镇"),
                DROWNING[0],
                ROADS[0],
                insured(2023, "15.91万人"),
                tea(2023, "3.92亿元"),
                YAMS,
            ),
        ),
        issue_of(
            2023,
            52,
            date(2023, 12, 15),
            *PEOPLE,
            (renewed("东关街道", 11, 6), FACTORY[1], CANTEENS[0]),
        ),
        issue_of(
            2024,
            9,
            date(2024, 3, 15),
            *PEOPLE,
            (
                jobs(2024, 5260, 1483),
                SIGNING,
                contest(2024, "柳河镇"),
                DROWNING[1],
                ROADS[1],
                ZONE,
                insured(2024, "15.73万人"),
                tea(2024, "4.41亿元"),
                economy("14.72亿元"),
            ),
        ),
        issue_of(
            2024,
            44,
            date(2024, 10, 25),
            *PEOPLE,
            (renewed("柳河镇", 14, 9), CANTEENS[1], RANKED, VACCINE, DEALS),
        ),
        issue_of(
            2025,
            5,
            date(2025, 2, 14),
            *PEOPLE,
            (
                jobs(2025, 6140, 1765),
                renewed("东关街道", 9, 4),
                FIRE,
                WINTER,
                WORKS,
                insured(2025, "15.58万人"),
            ),
        ),
    ]
    return open_archive(tmp_path_factory.mktemp("several"), issues)


# --- sums ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question", ["三年春风行动累计提供多少个岗位", "这三年的春风行动加起来一共提供了多少个岗位"]
)
def test_a_sum_over_years_holds_no_item_on_another_matter(
    archive: BulletinChain, question: str
) -> None:
    assert "4380＋5260＋6140＝15780个" in ask_chain(archive, question).text


def test_a_sum_over_offices_and_years_takes_every_year_of_each(archive: BulletinChain) -> None:
    question = "2023到2025三年，东关街道和柳河镇总共改造了多少个老旧小区"
    assert "11＋9＋14＝34个" in ask_chain(archive, question).text


def test_of_two_roads_each_has_its_own_figure(archive: BulletinChain) -> None:
    text = ask_chain(archive, "柳石、柳双两条路哪条总投资更大，各是多少").text
    assert "柳石：4.87亿元" in text
    assert "柳双：6.24亿元" in text


def test_a_trend_from_one_year_to_another_takes_those_between(archive: BulletinChain) -> None:
    text = ask_chain(archive, "居民医保参保人数是怎么变化的，从2023年度说到2025年度").text
    assert all(people in text for people in ("15.91万人", "15.73万人", "15.58万人"))


def test_a_trend_holds_no_other_offices_figure_on_another_thing(archive: BulletinChain) -> None:
    text = ask_chain(archive, "这三年春茶产值是怎么变化的").text
    assert "3.92亿元" in text
    assert "4.41亿元" in text
    assert "14.72亿元" not in text


def test_each_office_with_the_year_beside_it(archive: BulletinChain) -> None:
    text = ask_chain(archive, "东关街道2023年和柳河镇2024年改造老旧小区，哪个多").text
    assert "东关街道2023年：11个" in text
    assert "柳河镇2024年：14个" in text


# --- several answers -------------------------------------------------------------------------------


def test_what_two_offices_did_stands_side_by_side(archive: BulletinChain) -> None:
    text = ask_chain(archive, "石桥镇跟柳河镇都在搞防溺水，两边是怎么组织的").text
    assert "石桥镇：组建由退捕渔民" in text
    assert "柳河镇：推行“党员认领水域”" in text


def test_the_winners_of_several_contests(archive: BulletinChain) -> None:
    text = ask_chain(archive, "两届采茶技能大赛团体一等奖分别是哪个乡镇").text
    assert "石桥镇获团体一等奖" in text
    assert "柳河镇获团体一等奖" in text


# --- time ------------------------------------------------------------------------------------------


def test_an_item_of_another_year_worded_nearer_hides_none_of_the_year(
    archive: BulletinChain,
) -> None:
    answer = ask_chain(archive, "2024年秋季校园明厨亮灶覆盖多少所学校")
    assert answer.text.startswith("141所")


def test_autumns_figure_is_no_answer_for_spring(archive: BulletinChain) -> None:
    assert ask_chain(archive, "2024年春季防疫的抗体合格率是多少").outcome == "not_found"
    assert "93%" in ask_chain(archive, "2024年秋季防疫的抗体合格率是多少").text


def test_that_year_is_the_one_named_before(archive: BulletinChain) -> None:
    query = ask_chain(archive, "截至2024年6月末，参保多少人、当年目标多少人").query
    assert query.intent is Intent.FIGURE
    assert len(query.periods) == 1


# --- follow-ups ------------------------------------------------------------------------------------


def test_the_same_issue_is_the_one_the_answer_named(archive: BulletinChain) -> None:
    answer = ask_chain(
        archive,
        "同一期里消防大队查了多少家单位场所？",
        "2025年春风行动是哪期登的",
        "登在2025年第5期【稳岗就业】。[1]",
    )
    assert "231家" in answer.text


def test_what_came_later_is_told_by_another_item(archive: BulletinChain) -> None:
    answer = ask_chain(
        archive,
        "后来什么时候投产的？",
        "禾川新材料项目总投资多少",
        "禾川新材料项目总投资10.6亿元，计划9月底前投产。[1]",
    )
    assert "11月28日" in answer.text


def test_another_year_of_the_event_spoken_of_is_in_another_item(archive: BulletinChain) -> None:
    answer = ask_chain(
        archive,
        "前年办的那次达成意向多少人？",
        "今年的春风行动提供多少个岗位",
        "提供岗位6140个。[1]",
    )
    assert "1126人" in answer.text
    assert "1765人" not in answer.text


# --- reading ---------------------------------------------------------------------------------------


def test_an_ordinal_in_other_numerals(archive: BulletinChain) -> None:
    assert "企业开办" in ask_chain(archive, "2024年营商环境哪几项指标是全市第一").text


def test_the_day_of_an_event_in_an_issue_is_not_the_issues_day(archive: BulletinChain) -> None:
    answer = ask_chain(archive, "2025年第5期说的供热，几号开始试供")
    assert "11月10日起" in answer.text


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("医共体改革的那篇是登在第几期上的呀", Intent.ISSUE),
        ("查了多少家单位场所", Intent.FIGURE),
        ("2024年检查了多少家单位", Intent.FIGURE),
        ("2024年有多少个单位报过安全生产", Intent.COUNT),
        ("最近一期发给国企领导吗", Intent.MASTHEAD),
        ("2025年第5期几号出的", Intent.MASTHEAD),
    ],
)
def test_how_it_is_read(archive: BulletinChain, question: str, intent: Intent) -> None:
    assert ask_chain(archive, question).query.intent is intent


def test_what_the_asker_says_of_himself_is_no_topic(archive: BulletinChain) -> None:
    answer = ask_chain(archive, "我刚接手联系柳河镇，想知道这个镇这几年都报过哪些工作")
    assert answer.text.startswith("共 2 条")


def test_no_city_begins_with_the_end_of_a_date(archive: BulletinChain) -> None:
    assert "起城市" not in ask_chain(archive, "2024年7月起城市低保标准是多少").text


def test_a_quarter_reported_is_the_one_told_of() -> None:
    query = read("科工局2024年一季度报的技改投资是多少").query
    assert query.filters.published is None
    assert [(p.start.month, p.end.month) for p in query.periods] == [(1, 3)]


def test_a_blank_to_be_filled_in_is_a_question(archive: BulletinChain) -> None:
    assert "231家" in ask_chain(archive, "消防大队2025年检查单位场所__家").text


def test_an_office_in_a_places_name_limits_nothing(archive: BulletinChain) -> None:
    assert "2025年3月底" in ask_chain(archive, "开发区污水处理厂提标改造计划什么时候完工").text


@pytest.mark.parametrize(
    "question", ["去年一季度招商项目其中亿元以上的几个", "2024年一季度亿元以上的招商项目有几个"]
)
def test_a_limit_tells_which_figure_is_meant(archive: BulletinChain, question: str) -> None:
    assert ask_chain(archive, question).text.startswith("10个")


def test_so_much_above_the_market_is_no_price(archive: BulletinChain) -> None:
    answer = ask_chain(archive, "北塬乡红薯卖多少钱一斤")
    assert answer.outcome == "not_found"


def test_money_is_compared_where_one_asks_who_spent_more() -> None:
    assert read("东关街道和柳河镇改造小区谁投的钱多").query.unit == "money"


def test_a_city_whose_name_ends_so_is_still_elsewhere(archive: BulletinChain) -> None:
    assert "项城市" in ask_chain(archive, "项城市的低保标准是多少").text
