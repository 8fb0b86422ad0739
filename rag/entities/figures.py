"""Numbers with their units in Chinese text. Offsets are into the text passed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from rag.entities.numerals import chinese_value
from rag.text import fold


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit as printed: `text[start:end]`.

    `value` is in the base unit of `family` (元, 1, 亩 …) without the approximation word.
    """

    start: int
    end: int
    value: Decimal
    unit: str
    family: str
    text: str


# One family a line: its name, then each unit with its factor to the family's base unit.
_FAMILIES = """
money 元=1 美元=1 块钱=1 块=1 毛=0.1 毛钱=0.1 角=0.1 分钱=0.01
percent %=1 ‰=0.1 成=10
points 个百分点=1 百分点=1
area 亩=1 公顷=15 平方米=0.0015 平米=0.0015 ㎡=0.0015 平方公里=1500
speed 公里/小时=1 千米/小时=1 公里每小时=1 米/秒=3.6
length 米=1 公里=1000 千米=1000 里=500 厘米=0.01 毫米=0.001
weight 吨=1 公斤=0.001 千克=0.001 斤=0.0005 克=0.000001 毫克=0.000000001
volume 立方米=1 立方=1 方=1 升=0.001
energy 千瓦=1 千瓦时=1 度=1 兆瓦=1000 千伏=1 千伏安=1
days 天=1 日=1 个工作日=1 工作日=1 周=7
years 年=12 个月=1
minutes 分钟=1 小时=60 秒=0.0167
people 人=1 名=1 位=1 人次=1 人（次）=1 劳动力=1
household 户=1 户次=1 家庭=1
times 次=1 场=1 场次=1 轮=1 轮次=1 遍=1 期=1 届=1 班次=1 车次=1 趟=1
multiple 倍=1
批 批=1 批次=1
"""
# Measure words that count things; each is a family of its own.
_COUNTERS = """
台（套） 件（个） 个（件） 件（套） 套（台） 台套 处（个） 个 家 件 项 处 条 台 套 份 张 本 辆 座
所 间 棵 株 村 对 批 幅 组 支 片 眼 盏 颗 枚 只 头 头（只） 匹 羽 艘 架 门 部 篇 起 宗 例 类 种 级 层
步 道 副 笔 卷 册 箱 包 袋 瓶 桶 筐 面 堵 栋 幢 孔 口 根 节 段 点 单 票 员 席 桌 床 张床位 床位 车 岗位
束 朵 丛 串 捆 双 尾 剂次 剂 针次 针 人份 支次 例次 标段 课时 学时 页 册次 版 集 枝 罐 盒 筒 篮 股 艇 亩次 家次 起次 件次 元/亩 公斤/亩 斤/亩 字 词 微克/立方米 分 岁 周岁
"""
# Unit → (family, factor to the family's base unit).
_UNITS: dict[str, tuple[str, Decimal]] = {"微克每立方米": ("微克/立方米", Decimal(1))}
for _line in _FAMILIES.split("\n"):
    _family, *_pairs = _line.split() or [""]
    for _pair in _pairs:
        _unit, _factor = _pair.split("=")
        _UNITS[_unit] = (_family, Decimal(_factor))
for _counter in _COUNTERS.split():
    _UNITS.setdefault(_counter, (_counter.split("（")[0], Decimal(1)))
_SCALES = {
    "": Decimal(1),
    "十": Decimal(10),
    "百": Decimal(100),
    "千": Decimal(1000),
    "万": Decimal(10000),
    "亿": Decimal(10**8),
    "万亿": Decimal(10**12),
    "百万": Decimal(10**6),
    "千万": Decimal(10**7),
}

_UNIT_PATTERN = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_SPACE = r"[ \t]*"
_ARABIC = re.compile(
    rf"(?<![\d.A-Za-z])(?P<n>\d{{1,3}}(?:[,，]\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?){_SPACE}"
    rf"(?:[余多]{_SPACE})?(?P<scale>万亿|千万|百万|亿|万|千|百(?!分点))?(?:[余多来]{_SPACE})?"
    rf"(?P<unit>(?:{_UNIT_PATTERN}))?(?:[余多])?"
)
_CHINESE = re.compile(
    rf"(?:百分之)(?P<p>[一二三四五六七八九十百两零〇点]+)"
    # 数十家 has no value, 三分之一 no unit.
    rf"|(?<![数几])(?P<n>[一二三四五六七八九十百千万亿两零〇点]+)(?P<a>余|多)?(?P<unit>(?:{_UNIT_PATTERN}))(?!之[一二三四五六七八九十])"
)


_OF_SPEED = re.compile("[时车]速[为达约是到可每小时]{0,4}$")  # 设计时速80公里


def find_figures(text: str, chinese: bool = True) -> list[Figure]:
    """Numbers with units in order; a bare Arabic number has unit "" and family "".

    Parts of dates and issue numbers are included: callers drop those that lie inside a time or
    issue mention. Chinese numerals count only with a measure word after them.
    """
    folded = fold(text)
    figures: list[Figure] = []
    for m in _ARABIC.finditer(folded):
        unit = m["unit"] or ""
        family, factor = _UNITS.get(unit, ("", Decimal(1)))
        if family == "length" and _OF_SPEED.search(folded[: m.start()]):
            family, factor = "speed", factor / 1000
        value = Decimal(re.sub("[,，]", "", m["n"])) * _SCALES[m["scale"] or ""] * factor
        figures.append(Figure(m.start(), m.end(), value, unit, family, text[m.start() : m.end()]))
    if chinese:
        for m in _CHINESE.finditer(folded):
            if any(f.start < m.end() and m.start() < f.end for f in figures):
                continue
            word = m["n"] or m["p"]
            value_int = chinese_value(word)
            if value_int is None:
                continue
            unit = m["unit"] or "%"
            family, factor = _UNITS[unit]
            figures.append(
                Figure(
                    m.start(), m.end(), value_int * factor, unit, family, text[m.start() : m.end()]
                )
            )
    return sorted(figures, key=lambda figure: figure.start)


def unit_family(unit: str) -> str:
    """The family of a measure word or unit; an unknown one is its own family."""
    for scale in ("万", "亿", "千", "百"):
        if unit.startswith(scale) and unit[1:] in _UNITS:
            return _UNITS[unit[1:]][0]
    return _UNITS[unit][0] if unit in _UNITS else unit


# 几个百分点 counts no hundreds of 分.
UNIT_PATTERN = rf"(?:[万亿千百](?!分点))?(?:{_UNIT_PATTERN})"
