"""Where a question asks for a quantity (多少, 几, 面积), and in which unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import rjieba

from rag.entities.figures import UNIT_PATTERN, unit_family

_MANY = re.compile(
    rf"(?:多少|(?<![哪近这那好十数举列说挑选])几|若干)(?P<piece>个)?约?\s*(?P<unit>{UNIT_PATTERN})?|多大|多久|多长|多远|多高|多重|多快|百分之(?:几|多少)|数量|总数|人数|次数|金额|(?<!亩)面积(?:是|有)?|规模(?:是|有)?|(?:额|率|量|值|数|资|款|收入|占比|比例|增速|增幅)(?:是|为|有|达|达到|呢|$|[?？])"
)
# What the words beside the interrogative say about the unit; the unit itself, when named, wins.
_UNIT_CUES = (
    (
        "percent",
        re.compile(
            r"百分之|几个点|占比|比例|比重|增速|增幅|涨幅|降幅|[一-龥]率|增长了?多少|下降了?多少|同比|环比"
        ),
    ),
    (
        "money",
        re.compile(
            r"几个?[千百]?[亿万](?!吨|亩|人|户|平|米|公|份|条|株|个)|多少[亿万](?!吨|亩|人|户|平|米|公|份|条|株|个)|多少钱|几个钱|(?:投资|固投|社零|资金|金额|总额|销售额|产值|收入|营收|经费|费用|补贴|补助|补偿|津贴|奖金|工资|工钱|贷款|造价|价值|GDP|gdp|生产总值|[营交成贸进出]\w额|(?<![名份超缺定])额|税收|利润|款)[^，。]{0,6}(?:多少|几|是|达|为|呢|$|[?？])|(?:花|补|奖|赔|罚|奖励|补助|补贴)(?:了|费|给)?(?:多少|几)(?![一-龥]?[名人户家亩吨个次场])|多少(?:资金|投资|经费|资(?![源料格质产])|款|补贴|贷款)|投(?:了|入)?多少$|投资多少|(?:投|花|用|挣|赚|卖|省)的?钱|[万亿]元(?!以上|以下|级|及)"
        ),
    ),
    (
        "area",
        re.compile(
            r"面积|多少亩|(?:占地|[园场区地库房湖田校馆])[^，。]{0,3}多大|多大(?:面积|地|块)|多少(?:土地|地)"
        ),
    ),
    ("duration", re.compile("(?:用时|耗时|历时|费时)[^，。]{0,4}多长|时长")),
    (
        "length",
        re.compile(r"多[长高深宽厚](?!时间)|里程|长度|[高宽深厚]度(?=$|[?？是])|多远|多少米"),
    ),
    ("output", re.compile("产量")),
    ("duration", re.compile("多快[^，。]{0,2}[到办完处送赶响修出]")),
    ("speed", re.compile("[时车]速|多快")),
    (
        "weight",
        re.compile(
            r"斤两|多少公?斤|几公?斤|多少(?:粮食|吨)|总产(?![值量])|单产|亩产(?!值|业)|多重"
        ),
    ),
    (
        "people",
        re.compile(
            r"人数|(?:多少|几)(?:号|名|位|个)?[一-龥]{0,6}?(?:人(?!次|工|民)|人员|群众|干部|职工|学员|者|师|生(?!产|猪|活|态)|民工|农民|党员|骨干|专家|儿童|孩子|娃)|多少人次|几(?:个|名)?人"
        ),
    ),
    ("微克/立方米", re.compile("浓度")),
    ("duration", re.compile("多久|多长时间")),
    ("个", re.compile("数量|个数|家数")),
    ("岁", re.compile(r"年龄|年纪|几岁|多少岁")),
    ("times", re.compile(r"次数|场次|几[次场轮]|多少[次场轮]")),
)


# 天数, 户数: the number of days, of households.
_ENTERPRISES = re.compile("企业|商户|主体|个体|纳税人")
_COUNTED = re.compile(rf"(?<![一两二三四几])({UNIT_PATTERN})数(?![据字量额码值比占率])")


@dataclass(frozen=True, slots=True)
class Interrogative:
    """多少, 几 or their like with the unit behind it: 几万亩; unit "" when none stands there."""

    start: int
    end: int
    unit: str
    words: str


def find_many(text: str) -> list[Interrogative]:
    """The interrogatives for quantities in order."""
    found = []
    for match in _MANY.finditer(text):
        end, unit = match.end(), match["unit"] or ""
        # 几个项目, 多少项目: the first character of a word is no unit.
        if len(unit) == 1 and _begins_word(text, match.start("unit")):
            end, unit = match.start("unit"), ""
        # 多少个岗位: what is counted, as 岗位 are by 个.
        if match["piece"] and (not unit or unit == unit_family(unit)):
            end, unit = match.end("piece"), "个"
        found.append(Interrogative(match.start(), end, unit, text[match.start() : end]))
    # 营业额有多少: what 多少 stands at, before words that only may ask.
    plain = [many for many in found if re.match("多少|几|若干", many.words)]
    return plain or found


def _begins_word(text: str, start: int) -> bool:
    """Whether the character at `start` is part of a word (几项目 is no 几项); in 几台风机 two words
    would share a character, and the measure word has it."""
    word, following = text[start : start + 2], text[start + 1 : start + 3]
    if len(word) < 2 or not rjieba.has_word(word):
        return False
    whole = text[start : start + 3]
    return not (len(following) == 2 and rjieba.has_word(following) and not rjieba.has_word(whole))


def asked_unit(text: str) -> str:
    """The unit family that the words ask for; "" when they don't say."""
    if re.search("[时车流]速", text):
        return "speed"  # 按多少公里的设计时速
    asked = find_many(text)
    for many in asked:
        if many.unit and many.unit not in ("个", "期", "天", "年"):
            return unit_family(many.unit)
    if counted := _COUNTED.search(text):
        family = unit_family(counted[1])
        if family == "household" and _ENTERPRISES.search(text[: counted.start()]):
            return "个"  # 规上企业户数: enterprises are counted by 家 as well
        whole = text[max(counted.start() - 1, 0) : counted.end(1)]
        # 场所数 counts 场所, which any measure word may count; 农户数 counts 户.
        return "个" if family == counted[1] and rjieba.has_word(whole) else family
    for family, cue in _UNIT_CUES:
        if cue.search(text):
            return family
    return next((unit_family(many.unit) for many in asked if many.unit), "")


@dataclass(frozen=True, slots=True)
class Part:
    """One of several figures asked for in a question: where its interrogative stands, and the
    `words` that name it where one interrogative asks for two (合同额和到位资金各多少)."""

    start: int
    end: int
    unit: str
    words: str = ""


_BOTH = re.compile(
    r"([^，,；;？?、和与及的 ]{2,8})[和与及、]([^，,；;？?、和与及的 ]{2,8}?)(?:各|分别)(?:是|为|有|达)?(?=多少|几)"
)


def figure_parts(text: str) -> list[Part]:
    """The interrogatives for figures, one a clause; a question with one has one part."""
    parts = []
    position = 0
    for clause in re.split(r"(?<=[，,；;？?、])|(?=以及|还有|同时)", text):
        match = re.search(r"多少|几(?!乎)|百分之几", clause)
        if match and (both := _BOTH.search(clause)):
            start, end = position + match.start(), position + match.end()
            parts += [
                Part(start, end, asked_unit(words + "多少"), words) for words in both.groups()
            ]
        elif match:
            start = position + match.start()
            parts.append(Part(start, position + match.end(), asked_unit(clause)))
        position += len(clause)
    return parts


QUANTITY_END = re.compile(
    r"(?:GDP|总值|产值|营收|[总金数税营余限差]额|[一-龥]率|[一-龥]量|增速|增幅|总?投资|(?:总|预算|税收|营业)收入|支出|面积|总?产量|单产|浓度|里程|床位数?)[?？]*$",
    re.I,
)

_QUANTITY_NOUN = re.compile(
    "(?:[率额量值数速幅价费金款资]|[亩单总]产|收入|支出|投资|面积|标准|浓度|规模|里程|床位)$"
)


_ANY_QUANTITY = frozenset(["数值", "数量", "数额", "数字", "数据"])


def quantity_words(terms: Sequence[str]) -> tuple[str, ...]:
    """The last of the words that names a quantity, with the two before it: 固定资产 投资 增速."""
    for place in range(len(terms) - 1, -1, -1):
        word = terms[place]
        if len(word) > 1 and _QUANTITY_NOUN.search(word) and word not in _ANY_QUANTITY:
            return tuple(terms[max(place - 2, 0) : place + 1])
    return ()
