"""Made-up issues: what they say; `benchmarks.typesetting` gives their text.

The same seed always gives the same issue. All places and figures are invented.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

_OFFICES = (
    "科工局 发改委 交通运输局 生态环境局 应急管理局 农业农村局 自然资源局 住建城管局 文广旅游局 司法局 教体局 卫健委 "
    "财政局 民政局 人社局 水利局 商务局 市场监管局 信访局 统计局 审计局 税务局 供销社 残联 妇联 开发区 融媒体中心 "
    "行政审批局 乡村振兴局 公安局 法院 检察院 气象局 供电公司"
)
OFFICES = tuple(_OFFICES.split())
_TOWNS = "槐浦镇 青渠镇 麦垄镇 沙垄镇 新渡街道 禾兴街道 云湖街道 榆坡乡 枣岗乡 南苇乡 柏桥乡 芦湾乡"
TOWNS = tuple(_TOWNS.split())
_SECTIONS = (
    "全力拼经济 防汛备汛 麦田管理 安全生产 用地保障 城市建设 产业发展 优化营商环境 文明祭祀 乡村振兴 民生实事 "
    "生态环保 项目建设 招商引资 教育医疗"
)
SECTIONS = tuple(_SECTIONS.split())
_SERIES = ("云禾政务快报", "云禾信息", "云禾督查通报", "政务工作简报")
_VERBS = (
    "加速推进",
    "扎实开展",
    "多措并举抓好",
    "全力做好",
    "统筹推进",
    "强化举措推动",
    "精准发力提升",
    "创新机制抓实",
)
_THEMES = (
    "技改项目建设", "汛前装备物资点验", "一污中水湿地项目", "小麦病虫害防治", "消防安全隐患排查", "老旧大棚改造",
    "智慧排水体系建设", "非遗产品“出圈”", "批而未供土地处置", "行政执法监督", "“割青毁麦”排查行动", "清明文明祭祀",
    "夏粮收购", "医保参保扩面", "农村公路养护", "高标准农田建设", "招商引资签约", "“万人助万企”活动",
)  # fmt: skip
_GOALS = (
    "助力企业转型升级",
    "守牢安全底线",
    "优化营商环境",
    "为夏粮丰产丰收保驾护航",
    "让群众得实惠",
    "促进县域经济高质量发展",
)
_MEASURES = (
    "建立工作台账，按照任务目标分解情况，每周跟踪调度",
    "成立工作专班，明确时间节点、要求和责任人，倒排工期",
    "召开专项会议，压实各乡镇（街道）、各部门责任，形成“一张图”",
    "通过微信群、广播、发放宣传页等方式，开展全方位、多途径宣传",
    "邀请专家现场授课，结合实际案例，深入剖析存在的问题",
    "对发现的隐患问题，责令迅速整改，确保落到实处",
    "加强与上级部门的沟通协调，抢抓政策窗口期，推动纳入项目库",
    "采取“群众自愿流转+集体统一运营”模式，集中回收大棚产权",
)
_RESULTS = (
    "累计完成投资{a}亿元，占总投资的{b}%。",
    "共出动技术人员{n}多人，发放明白纸{m}万份。",
    "开展检查{m}次，检查门店{n}余家，整改问题{k}处。",
    "处置闲置土地{n}亩，处置率达{b}%，位居全市前列。",
    "配置大型救援装备{k}台（套）、中型抽排设施{n}件（个）。",
    "技改投资上报额{n}万元，同比增速达到{b}%。",
    "抽查{k}个乡镇（镇、街道）案卷{n}余本，发现问题{m}个。",
)
_TIMES = ("目前，", "截至目前，", "一季度，", "今年以来，", "")
_SURNAMES, _GIVEN = (
    "李原麻路范王张刘陈赵",
    ("勉", "超俊", "彦伟", "帅", "晓宇", "建国", "静", "海涛"),
)
_DISTRIBUTION = (
    "县委常委，县人大正副主任，副县长，县政协正副主席，人武部长，法院院长，检察院检察长，县直各单位负责人，"
    "各乡（镇）政府、街道办事处主要领导。"
)


@dataclass(frozen=True, slots=True)
class MadeItem:
    """What one report says; an empty `title` is a report without heading, `rows` are the rows of a table below its text."""

    section: str
    title: str
    body: str
    departments: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class MadeIssue:
    """What one issue says."""

    series: str
    number: int
    edition: str
    published: date
    publisher: str
    items: tuple[MadeItem, ...]
    distribution: str
    editor: str
    reviewer: str
    signer: str


def make_issue(seed: int, items: int | None = None) -> MadeIssue:
    """What the issue of this number in an archive says; one a week from 2015 on."""
    rng = random.Random(f"issue {seed}")
    published = date(2015, 1, 6) + timedelta(days=7 * seed)
    number = (published - date(published.year, 1, 1)).days // 7 + 1
    edition = rng.choice(["增刊", "专刊"]) if rng.random() < 0.05 else ""
    count = items or rng.randint(5, 10)
    sections = sorted(rng.choices(rng.sample(SECTIONS, min(count, 5)), k=count))
    made = tuple(_some_untitled(rng, [_make_item(rng, section) for section in sections]))
    return MadeIssue(
        series=_SERIES[0] if rng.random() < 0.8 else rng.choice(_SERIES),
        number=number,
        edition=edition,
        published=published,
        publisher="云禾县人民政府办公室",
        items=made,
        distribution=_DISTRIBUTION,
        editor=_person(rng),
        reviewer=_person(rng),
        signer=_person(rng),
    )


def _some_untitled(rng: random.Random, items: Sequence[MadeItem]) -> Iterator[MadeItem]:
    """One item in twenty has no heading, where the signature above it shows that it begins."""
    above: MadeItem | None = None
    for item in items:
        begins = above is None or above.section != item.section or above.departments
        untitled = begins and item.departments and not item.rows and rng.random() < 0.05
        yield replace(item, title="") if untitled else item
        above = item


def _make_item(rng: random.Random, section: str) -> MadeItem:
    count = rng.choices([1, 2, 3, 0], [85, 8, 2, 5])[0]
    main = rng.choice(TOWNS) if rng.random() < 0.35 else rng.choice(OFFICES)
    others = [name for name in rng.sample(OFFICES, 3) if name != main]
    departments = tuple([main, *others][:count])
    prefix = "" if main in TOWNS else "县"
    title = f"{prefix}{main}{rng.choice(_VERBS)}{rng.choice(_THEMES)}"
    if rng.random() < 0.4:
        title += rng.choice(_GOALS)
    measures = rng.sample(_MEASURES, rng.randint(2, 4))
    body = "，".join(measures[:2]) + "。" + "".join(f"{measure}。" for measure in measures[2:])
    body += "".join(
        rng.choice(_TIMES) + _figures(rng, result)
        for result in rng.sample(_RESULTS, rng.randint(1, 3))
    )
    rows: tuple[tuple[str, ...], ...] = ()
    if rng.random() < 0.04:
        towns = rng.sample(TOWNS, 4)
        figures = (
            (town, f"{rng.randint(100, 9999)}", f"{rng.uniform(1, 30):.1f}%") for town in towns
        )
        body += "各乡镇完成情况如下："
        rows = (("单位", "投资额（万元）", "同比增速"), *figures)
    return MadeItem(section, title, body, departments, rows)


def _figures(rng: random.Random, text: str) -> str:
    return text.format(
        a=f"{rng.uniform(1, 200):.2f}",
        b=f"{rng.uniform(1, 99):.1f}",
        n=rng.randint(12, 9800),
        m=rng.randint(2, 60),
        k=rng.randint(2, 90),
    )


def _person(rng: random.Random) -> str:
    return rng.choice(_SURNAMES) + rng.choice(_GIVEN)
