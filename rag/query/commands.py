"""Sentences in a question that command the program instead of asking."""

from __future__ import annotations

import re

_COMMAND = re.compile(
    r"【[^】]*(?:指令|管理员|系统)[^】]*】?|假设|假定|(?<!成)就当(?![前地时年天月日晚场今])|忽略|无视|忘(?:记|掉)(?:以上|上面|前面|之前|你)|没有限制|[不别]管[^，。]{0,10}(?:怎么|什么|如何)|(?:回答|答案|回复)[^，。]{0,6}(?:写|加|带|附|打)上|(?:回答|答案|回复)[^，。]{0,4}[写填说答为][“‘「\x22]|(?:回答|答案|回复)[里中]?(?:要|必须|应该?|得)|(?:只[准许能可]|必须|一律|直接)(?:回答|答|说|回复|输出)[：: ]?[“‘\x22]|当[作成](?:系统)?(?:命令|指令)|泄露|乘以|你(?:现在)?是|(?:你|现在)+(?:扮演|假装|充当)|扮演|假装|"
    r"系统提示|提示词|system prompt|prompt|ignore|instruction|越狱|开发者模式|(?:扮演|切换|进入)[^，。]{0,6}角色|输出[“‘你以\x22]|再回答|【系统|系统(?:指令|消息|提示)?[：:]|重复(?:以上|上面)|直接编|编(?:一[个条篇段份]|造|个)|"
    r"照抄|写(?:一?[首封])|写(?:一?[篇段个份])[^，。]{0,12}(?:诗|词|作文|小说|故事|[请假]条|检讨|代码|公式|函数|程序|爬虫|脚本|稿|算法|绝句|律诗|文案|排序)|写(?:诗|作文)|作诗|翻译成|译成|讲个(?:笑话|故事)|你就说|跟着(?:我)?(?:说|念)|复述|API ?(?:key|密钥)|密钥|执行(?:以下|命令)|<[a-z/!]|\{\{|```",
    re.I,
)

# Commands unless the same words ask something: 把粮站改成民宿的是哪个村.
_COMMAND_OR_MATTER = re.compile(
    r"把[^，。]{0,24}(?:改成|换成|说成|改为)|改说|直接给|按这个|(?:以后|今后|从现在起)[^，。]{0,10}(?:都|一律|统一)[^，。]{0,3}(?:改|写|说|称)"
)
# Commands unless something is asked after them: 都答复了多少件, 现在是多少家.
_COMMAND_OR_VERB = re.compile(
    r"直接(?:回答|说|告诉我)[：: ]*|(?:先|请|直接|只|原样)输出[：: ]*|(?:关闭|停用|跳过|取消|绕过)[^，。]{0,8}(?:引用|核对|核查|检查|校验|限制)|(?:不要|不用|不必|无需|别)(?:再)?(?:看|查|翻|管|理会|引用|核对)|不受[^，。]{0,4}(?:限制|约束)|(?:必须|一律|统一|只能|都|再|就)(?:回答|答|回复)|忘(?:记|掉)|密码|现在是"
)
_BLUNT = re.compile(r"(?:回答|说|告诉我|输出)[：: ]*$")
# What every answer does anyway.
_GRANTED = re.compile(r"引用原文|(?:给出|注明|附上|标明|标注)(?:期号|出处|来源|原文|出自)")
# <system>…</system>2024年…: what stands between tags is no question.
_TAGGED = re.compile(r"<(\w+)[^>]*>.*?</\1>", re.S)
# 告诉我总投入是一个亿就行: what is to be said goes, what it is to be said of may be asked about.
_TO_BE_SAID = re.compile(
    r"(?:告诉我|说|回答|回复)([^，。？?是为]{2,20})[是为][^，。？?]{1,12}(?:就行|就可以|即可|就好|就成)[了吧]?[，。；;]?"
)
_NAMES = re.compile(r"\d{4}年|\d期|[一-龥]{2}(?:率|额|量|收入|面积|情况|投资|产值|工作)")
_CLAIMS = re.compile(r"[是为]|\d[亿万%]")
_ASKS = re.compile("哪|谁|什么|啥|多少|几|怎|为何|吗")


def without_commands(question: str) -> tuple[str, bool]:
    """The question less the sentences that command the program; True when there were any."""
    untagged = _TO_BE_SAID.sub(r"\1，", _TAGGED.sub("", question))
    parts = [part for part in re.split(r"(?<=[。！？!?；;，,：:\n])", untagged) if part]
    kept = [part for part in map(_asked, parts) if part]
    asked = [part for part in kept if not _GRANTED.search(part)]
    asked = asked or (kept if kept == parts else [])
    rest = "".join(asked).strip(" ，,。：:；;\n")
    commanded = kept != parts or untagged != question
    if commanded and not _ASKS.search(rest) and not _NAMES.search(rest):
        return "", True  # 越高越好, left of a command, asks nothing
    return rest, commanded


def _asked(part: str) -> str:
    """What a part of the question asks; "" for a command."""
    if _COMMAND.search(part) or (_COMMAND_OR_MATTER.search(part) and not _ASKS.search(part)):
        return ""
    match = _COMMAND_OR_VERB.search(part)
    if match is None:
        return part
    before, after = part[: match.start()], part[match.end() :]
    blunt = _BLUNT.search(match.group()) is not None
    if _ASKS.search(after if blunt else part[match.start() :]) or (
        blunt and _NAMES.search(after) and not _CLAIMS.search(after)
    ):
        return after if blunt else part
    return before if _ASKS.search(before) else ""
