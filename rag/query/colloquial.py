"""How people put a question, as the reader expects it."""

from __future__ import annotations

import re

_POLITE = re.compile(
    r"^(?:再(?=告诉|说|查|问|讲|帮)|你好|您好|请问|麻烦|劳驾|帮我|帮忙|给我|我想(?:知道|问|了解|查)|想(?:知道|问|了解)|查一?下|查[个一]?[个下]?数(?:据|字)?(?=[，,：: ])|查查|查询|看一?下|请|一下|问一?下|告诉我|数一?数看?|说一?说|讲一?讲)+[，,：: ]*"
)
# 领导要看某项目的进展
_FOR_WHOM = re.compile(
    "^(?:领导|老板|主任|科长|书记|县长)(?:要|想|让我?|叫我?|问)(?!求)(?:看|了解|查|问)?[，,：: ]*"
)
# 档案里讲过冷链的乡镇: everything is looked for there.
_IN_ARCHIVE = re.compile(
    "(?:^|(?<=[年月日度]))在?(?:这些)?(?:档案|资料|库|系统|数据库|知识库)(?:库)?(?:里面?|中|内)(?:头|边)?[，,]?"
)
# （用12月份公布的数）: which of several printings, not when
_PRINTING = re.compile(
    r"[（(](?:(?:[今去前]年|20\d\d年?)[、，和]?)*(?:用|按|以|取)[^（）()多少几哪]{0,14}(?:公布|登|报|通报|发布|计划|口径)的?(?:完成|实际|计划)?数?(?:据|字)?[）)]"
)
# 到去年年中有多少个
_MID_YEAR = re.compile(r"((?:今|去|前|20\d\d)年)的?年中(?!央|国|心)")
# 在写今年的半年总结，…: what the answer is for
_YEAR = re.compile("(?:今|去|前|20\\d\\d)年")
_WRITING = re.compile(
    "^(?:我们?|咱们?)?(?:在|正在?|要|想|准备)?(?:写|起草|整理|准备|做|赶|弄|凑)[^，,。？?多少几哪谁什啥]{0,12}"
    "(?:总结|材料|报告|稿子?|汇报|发言|台账|简报)[^，,。？?多少几哪谁什啥]{0,6}[，,：:]"
)
# 算了，还是查一下吧，到底多少
_SECOND_THOUGHT = re.compile(
    "(?:^|(?<=[，,。；;]))(?:算了|不对|等等|哎|唉|(?:还是)?(?:帮我)?(?:查|看|找)(?:一下|查|看|找)?吧)[，,。；;]"
)
_BLANK = re.compile("_{2,}|﹍{2,}")  # 入驻__家, as in a form
# 底数多少亩 复耕了多少: a space for a comma
_ASKED_APART = re.compile(r"((?:多少|几)[^\s，。,；;？?、]{0,6})[ 　]+(?=[^，。]*(?:多少|几))")
# 总共要投多少钱 asks for what is printed as 总投资.
_WHOLE_SUM = re.compile(
    r"(?:总共|一共|总计|拢共|统共)(?:得|要|需要?|计划|预计|打算)投(?:资|入)?(?=多少|几)"
)


# 公路总共花了多少钱; 最后总共花了 may be more than was planned.
_SPENT_ON = re.compile(
    r"(?<=[路桥厂院校馆园站库程目线心])(?:总共|一共|总计|拢共|统共)花(?:了|掉)?(?=多少(?:钱|资金|$))"
)


_SPOKEN_SUM = re.compile(r"(?<=[\d一二三四五六七八九十百两几])个(?=亿)")  # 6个亿


def plainly(text: str) -> str:
    """A folded question without what is only polite, its blanks and gaps written out."""
    for needless in (_FOR_WHOM, _POLITE, _IN_ARCHIVE):
        text = needless.sub("", text) or text
    if use := _WRITING.match(text):
        year = _YEAR.search(use.group())
        rest = text[use.end() :]
        text = rest if year is None or _YEAR.search(rest) else year.group() + rest
    text = _BLANK.sub("多少", _PRINTING.sub("", _MID_YEAR.sub(r"\1上半年末", text)))
    text = _SECOND_THOUGHT.sub("", text)
    text = _SPOKEN_SUM.sub("", text)
    text = _SPENT_ON.sub("总投资", _WHOLE_SUM.sub("总投资", text))
    return _ASKED_APART.sub(r"\1，", text)
