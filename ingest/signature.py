"""The bracket at the end of an item that names the reporting offices, （发改委、科工局）."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.text import strip_space

_OPEN = "（("
_CLOSE = "）)"
_SENTENCE_END = "。.！？!?；;…”’」』》"
_LONGEST = 120
_NAME_SEPARATOR = re.compile(r"[、，,；;/／]")
_NAME = re.compile(r"[^、，,；;/／]+")
_LABEL = re.compile(r"(?:供稿|来稿|报送|信息|来源|撰稿)?(?:单位|部门|来源)?\s*[:：]\s*")
# The hundred most frequent surnames.
_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范"
    "江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚"
)
_PERSON = re.compile(rf"[{_SURNAMES}][一-鿿]{{1,2}}")
_REPORTED_BY = re.compile(
    r"(?:等(?:单位|部门)?)?\s*(?:联合|共同)?(?:供稿|报送|来稿|信息)$|等(?:单位|部门)?$"
)
_HAN = re.compile(r"[㐀-䶿一-鿿A-Za-z0-9·]+")

# How names of county offices, towns, courts, schools and public companies end.
_OFFICE = re.compile(
    r"(?:局|委|委员会|办|办公室|指挥部|[一-鿿]室|中心|[一-鿿]院|[一-鿿]所|[一-鿿]站|队|大队|部"
    r"|联合会|联|总社|联社|供销社|合作社|处|科|股|公司|集团|银行|支行|分行|政府|镇|乡|街道|街道办|办事处"
    r"|新区|景区|[一-鿿]{2}(?<![小片地城厂库山校公果茶菜花])[区园港]|管委会|管理区|农场|林场|总场|学校|中学|小学|大学|学院"
    r"|[一-鿿]馆|电视台|广播台|气象台|[一-鿿]团|团委|妇联|工会|协会|学会|商会|文联|政协|人大|纪委监委"
    r"|党组|党委|支部|工委|党校|[一-鿿]厅|专班|工作组|领导小组|邮政|联通|移动|电信|铁塔|电网|人行|社区|村|幼儿园|[一二三四]中|高中|[一二三]高|职高|职专|组)"
    r"\Z"
)
# Words with such an ending that name a kind of place or body, not one of them.
_GENERIC_WORDS = (
    "乡镇 镇街 街镇 镇村 村镇 乡村 各乡镇 各镇 各村 各街道 乡镇街道 街道 街道办 办事处 社区 村社区 行政村 自然村 "
    "村 镇 乡 局 委 办 部 处 科 股 室 院 所 站 队 团 馆 厅 部门 单位 企业 全部 局部 内部 外部 中心 公司 集团 "
    "学校 中学 小学 大学 学院 医院 政府 县政府 银行 合作社 园区 新区 景区 管理区 支部 党委 党组 党支部 "
    "农村 全村 本村 工作组 工作队 协会 学会 商会 工会 委员会 村委 村委会 居委会 办公室 一部 大部 总部 干部 "
    "小组 专班 分公司 子公司 支行 分行 城乡 本乡 本镇 全镇 全乡 全县 本县 县区 市区 城区 厂区 小区 库区 灌区 "
    "一处 两处 多处 各处 此处 中科 本科 专科 内科 外科 车站 泵站 电站 变电站 加油站 服务站 养老院 敬老院 卫生院 "
    "卫生室 教室 研究所 派出所 厕所 场所 托育所 商业银行 图书馆 宾馆 场馆 社团 集体 餐厅 大厅 客厅 续建 "
    "移动 电信 工程队 突击队 服务队 宣讲团 代表团"
)
_GENERIC = frozenset(_GENERIC_WORDS.split())


_ADDITION = re.compile(r"(?:（[^（）]*）|\([^()]*\))\Z")
_COUNTED = re.compile("[一二三四五六七八九十两几多整半]{1,3}[组队处部村室馆站所院团科股镇乡]")
# 县防指, 县一高: what is called by its county is a body of some kind.
_COUNTY_NAME = re.compile("县(?!级|城|域|内|外|乡|区|里|直|属)[一-鿿]{2,6}")
_NOT_IN_NAMES = re.compile("[的了是着]")
_COUNTING = "0123456789０１２３４５６７８９各每共个等含"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature found in a text: it covers `text[start:end]`; `inner` is between the brackets.

    `attached`: the bracket follows a sentence that has ended, so nothing else can be meant.
    """

    start: int
    end: int
    inner: str
    departments: tuple[str, ...]
    attached: bool


def is_office(name: str) -> bool:
    """True for a name that an office, town or company can sign with (科工局, 丰庄镇)."""
    bare = _ADDITION.sub("", name)
    return (
        2 <= len(bare) <= 24
        and bare not in _GENERIC
        and bare[0] not in _COUNTING
        and not _NOT_IN_NAMES.search(bare)
        and _COUNTED.fullmatch(bare) is None
        and _HAN.fullmatch(bare) is not None
        and (_OFFICE.search(bare) is not None or _COUNTY_NAME.fullmatch(bare) is not None)
    )


def read_names(inner: str) -> tuple[str, ...]:
    """The office names of a signature, closed up; empty when any of them is no office.

    Names are separated by 、 or similar signs, or by space where each piece is an office.
    """
    text = _REPORTED_BY.sub("", _LABEL.sub("", inner.strip(), count=1))
    names: list[str] = []
    signed_by = False
    for piece in _NAME_SEPARATOR.split(text):
        spaced = piece.split()
        if _are_names(spaced):
            offices = [name for name in spaced if is_office(name)]
            signed_by = signed_by or len(offices) < len(spaced)
            names.extend(offices)
        elif not (signed_by and _PERSON.fullmatch(strip_space(piece))):
            names.append(strip_space(piece))
    return tuple(names) if all(map(is_office, names)) else ()


def _are_names(words: Sequence[str]) -> bool:
    """True for offices set apart by space, with the reporters after them (教体局 王晓明)."""
    return (
        len(words) > 1
        and is_office(words[0])
        and all(is_office(word) or _PERSON.fullmatch(word) for word in words)
    )


@lru_cache(maxsize=1024)  # every stage asks about the lines of an issue
def last_signature(text: str) -> Signature | None:
    """The signature that ends the text, a full stop after it allowed; None when there is none."""
    end = len(text)
    while end and (text[end - 1].isspace() or text[end - 1] in "。."):
        end -= 1
    if not end or text[end - 1] not in _CLOSE:
        return None
    start = _opening(text, end - 1)
    if start is None:
        return None
    names = read_names(text[start + 1 : end - 1])
    if not names:
        return None
    before = start - 1
    while before >= 0 and text[before].isspace():
        before -= 1
    attached = before < 0 or text[before] in _SENTENCE_END
    return Signature(start, end, _close_up(text[start + 1 : end - 1]), names, attached)


def _close_up(inner: str) -> str:
    return _NAME.sub(lambda name: _close_up_name(name.group()), inner)


def _close_up_name(text: str) -> str:
    spaced = text.split()
    return (" " if _are_names(spaced) else "").join(spaced)


def _opening(text: str, close: int) -> int | None:
    depth = 0
    for i in range(close, max(-1, close - _LONGEST), -1):
        if text[i] in _CLOSE:
            depth += 1
        elif text[i] in _OPEN:
            depth -= 1
            if depth == 0:
                return i
    return None


def is_signature(text: str) -> bool:
    """True when the text is nothing but a signature."""
    found = last_signature(text)
    return found is not None and not text[: found.start].strip()


_BRACKET = re.compile(r"[（(]([^（()）]{2,60})[)）]")


def split_at_signatures(text: str) -> list[str]:
    """Cut a line after every signature inside it, where the next item goes on without a break."""
    pieces: list[str] = []
    start = 0
    for match in _BRACKET.finditer(text):
        before, after = match.start() - 1, match.end()
        while before >= start and text[before].isspace():
            before -= 1
        while after < len(text) and text[after].isspace():
            after += 1
        if before >= start and text[before] not in "。！？!?”…":
            continue
        if after < len(text) and text[after] not in _NO_START and read_names(match.group(1)):
            pieces.append(text[start : match.end()])
            start = after
    pieces.append(text[start:])
    return pieces


_NO_START = "。，、；：！？,.;:!?）)》”’"
