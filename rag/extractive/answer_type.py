"""Whether a sentence holds the kind of thing that was asked for: a name, a telephone, a price."""

from __future__ import annotations

import re

import rjieba

from rag.extractive.fact import Fact
from rag.extractive.figure_facts import own_words
from rag.query.quantities import quantity_words
from rag.schema import Intent, ParsedQuery
from rag.text import fold

_ROLE = (
    "书记|县长|镇长|乡长|局长|主任|校长|院长|厂长|站长|队长|组长|经理|董事长|老板|法人代表|法人|代表人|负责人|领导|"
    "专家|联系人|秘书长|处长|科长|所长|会长|理事长|工程师|设计师|作者|冠军"
)
_SURNAME = "[赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方任袁柳史唐薛雷贺汤罗郝安常于傅卢齐康伍余孟黄萧姚邵汪毛戴宋庞熊纪董梁杜阮季贾江郭林钟徐邱骆高夏蔡田樊胡霍万卢丁邓石崔龚程曲侯白段武刘龙叶黎乔谭申牛关尹]"
_WHO = r"(?:是|叫|为)?(?:谁|哪位|哪个人|啥名|什么名|啥|什么)"
_ASKS_PERSON = re.compile(
    rf"(?:{_ROLE})(?:的)?(?:名字|姓名)?{_WHO}(?:呀|啊|呢|来着)?[?？]*$|姓名|(?:{_ROLE})(?:的)?(?:都)?(?:是|有)?(?:名字|名单|哪些人|谁)|(?:{_ROLE})[ 　]+名字|谁(?:是|任|担任|当)[^，。？?]{{0,8}}(?:{_ROLE})"
)
_ASKS_PHONE = re.compile(
    r"电话(?:号码?)?(?:是|多少|给|$|[?？])|联系方式|手机号|联系电话|号码是|热线(?:号码|电话)?(?:是)?多少"
)
_ASKS_NAME = re.compile(
    r"([一-龥]{2,6}?)(?:分别|都)?(?:叫(?!(?:什么|啥)地方)|的?名字|名称)(?:什么|啥)?(?:名字|名称|名)?"
)
_ASKS_COMPANY = re.compile(
    r"哪家[^，。？?]{0,8}(?:公司|企业|厂|合作社)|公司名|企业名|总?承包(?:单位|商|方)|(?:哪|什么)(?:一)?[家个](?:的)?(?:(?:公司|企业|厂)(?:建|供|生产|做)|(?:公司|企业|厂|单位)(?:施工|设计|承建|中标|监理|承包))|(?:施工|设计|承建|中标|监理|建设|供货|运营)(?:单位|公司|方|企业)(?:是|叫|为)?(?:谁|哪|什么|啥)|(?:施工|设计|承建|中标|监理|供货|运营)(?:单位|公司|方|企业)[ 的]*(?:名称|名字)?[?？]*$|(?:企业|公司|厂)(?:是|叫)(?:谁|哪家|什么|啥)|谁(?:施工|设计|承建|中标|监理)"
)
_COMPANY = re.compile(r"[一-龥A-Za-z]{2,}(?:公司|集团|设计院|研究院|合作社|有限|工程局|建工)")
_RELATION = re.compile(r"施工|设计|承建|中标|监理|承包|供货|运营|建设")
_ASKS_UNIT_PRICE = re.compile(
    r"(?:一|每|单)(?P<per>[袋斤亩吨人户平套台方度米座棵株头只辆次场]|个(?!月)|公斤|公里|平方|平米|立方)[^，。？?]{0,6}(?:多少|几)(?:块|元|角|毛|分|钱)|每(?P<often>[月年天日])[^，。？?]{0,6}(?:多少|几)|(?:多少|几)(?:块)?钱(?:一|每|/)|单价|(?:人均|户均|亩均|均价)[^，。]{0,8}(?:多少|几)|平均[^，。]{0,4}(?:多少|几)(?:元|块|钱)"
)
_DIFFERENCE = re.compile("(?:高于|低于|高出|高过|多于|少于|比)[^，。]{0,8}$")
_OFTEN = {"天": "天|日", "日": "天|日"}
_PER_UNIT = re.compile(r"每|均|/|单价|一(?:斤|亩|吨|袋|户|人)")
_EACH_OF = re.compile("([一-龥]{1,4})[和与跟、]([一-龥]{1,4}?)(?:各|分别)")
_EACH = re.compile("[每均]|一[个人户次餐天月年亩斤吨]|标准")
# What was spent and what came in are two things.
_ASKS_SPENT = re.compile("花了|花费|花掉|花多少|经费|成本|支出|造价|开销|费用")
_SPENT = re.compile("投资|投入|支出|花费|经费|成本|造价|费用|资金|补助|补贴|发放|拨付|贷款|奖")
_ASKS_EARNED = re.compile("卖了|赚|挣|收入多少|多少收入|创收|销售额|营业额|营收")
_EARNED = re.compile("收入|营收|销售|产值|利润|税收|增收|创收|收益|交易额|成交|意向|签约|授信")
_HARM = re.compile("死|亡|遇难|伤(?!感)|失踪")
_DOWN = re.compile(r"减产|减收|下降|减少|降低|下滑|回落|缩减|(?<!多)少了|降了|跌|亏")
_UP = re.compile(r"增产|增收|增长|增加|上升|提高|提升|多了|涨")


def missing_kind(query: ParsedQuery, fact: Fact) -> str:
    """What kind of answer the sentence lacks, in Chinese; "" when nothing is missing."""
    question = query.standalone
    sentence = fold(fact.sentence.span.of(fact.chunk.text))
    if _ASKS_PHONE.search(question) and not re.search(
        r"\d{7,}|\d{3,4}-\d{7,8}|(?<!\d)1\d{4}(?!\d)", sentence
    ):
        return "电话号码"
    if _ASKS_PERSON.search(question) and not _has_person(sentence):
        return "姓名"
    if asks := _ASKS_COMPANY.search(question):
        relation = _RELATION.search(asks.group()) or _RELATION.search(question)
        clauses = [fold(c.span.of(fact.chunk.text)) for c in fact.sentence.clauses]
        if not any(
            _COMPANY.search(c) and (relation is None or relation.group() in c) for c in clauses
        ):
            return "单位名称"
    elif (
        query.intent is not Intent.FIGURE
        and (name := _ASKS_NAME.search(question))
        and not _is_named(name[1], sentence)
    ):
        return "名称"
    if query.unit == "people" and query.intent is Intent.FIGURE:
        harm = _HARM.search(question)
        if harm and fact.clause and not _HARM.search(fold(fact.clause.span.of(fact.chunk.text))):
            return "伤亡人数"  # 转移安置517人 is no number of the dead
    if query.unit == "money" and query.intent is Intent.FIGURE:
        label = own_words(fact)
        if _ASKS_SPENT.search(question) and _EARNED.search(label) and not _SPENT.search(label):
            return "支出"
        if _ASKS_SPENT.search(question) and _EACH.search(label) and not _EACH.search(question):
            return "总的花费"  # 每餐8元 is no cost of building a canteen
        if _ASKS_EARNED.search(question) and _SPENT.search(label) and not _EARNED.search(label):
            return "收入"
    both = _EACH_OF.search(question) if query.intent is Intent.FIGURE else None
    if both and quantity_words((both[1],)):
        both = None  # 合同额和到位资金各多少: two figures, not two places
    if both and not any(name[-1] in sentence or name[0] in sentence for name in both.groups()):
        return f"{both[1]}和{both[2]}各自的数"  # one figure for both together is neither's
    # 票价多少，每天几班: the first figure is what the first clause asks for.
    asked = re.split("[，,；;？?]", question)
    price = _ASKS_UNIT_PRICE.search(next((c for c in asked if re.search("多少|几", c)), question))
    if query.intent is Intent.FIGURE and price and fact.clause and fact.figure:
        clause = fold(fact.clause.span.of(fact.chunk.text))
        per = price["per"]
        if often := price["often"]:
            return "" if re.search(_OFTEN.get(often, often), sentence) else f"每{often}的数"
        if _DIFFERENCE.search(clause[: fact.figure.start - fact.clause.span.start]):
            return "单价"  # 高于市场价0.1元 is no price
        said = re.search(rf"[每一/单]\s*{per}|{per}均", clause) if per else _PER_UNIT.search(clause)
        if not said:
            return "单价"
    return ""


def _is_named(thing: str, sentence: str) -> bool:
    """Whether a name stands before the thing (恒禾食品二期项目) or in quotes beside it."""
    tail = thing[-2:]
    if re.search(rf"{tail}(?:{_SURNAME})[一-龥]{{1,2}}", sentence):
        return True  # 支书李生财
    place = sentence.find(tail)
    if place < 0:
        return bool(re.search(r"“[^”]{2,}”", sentence))
    before = sentence[max(0, place - 16) : place + len(tail)]
    if re.search(r"“[^”]{2,}”", before):
        return True
    return any(tag.startswith(("nr", "ns", "nz", "nt")) for _, tag in rjieba.tag(before))


def _has_person(sentence: str) -> bool:
    """A personal name: two to four characters that the segmenter takes for one, beside a role."""
    for word, tag in rjieba.tag(sentence):
        if tag == "nr" and 2 <= len(word) <= 4:
            place = sentence.find(word)
            around = sentence[max(0, place - 6) : place] + " " + sentence[place + len(word) :][:4]
            if re.search(rf"{_ROLE}|同志|先生|女士", around):
                return True
    # 专家张明远驻乡指导: a surname right behind the role, where no word begins with it (专家高度评价).
    return any(
        not rjieba.has_word(name[1] + name[2])
        for name in re.finditer(rf"(?:{_ROLE})({_SURNAME})([一-龥])", sentence)
    )


def opposite_direction(question: str, sentence: str) -> bool:
    """Whether the question takes a fall for granted where the text prints a rise, or reversed."""
    asked_down, asked_up = bool(_DOWN.search(question)), bool(_UP.search(question))
    if asked_down == asked_up:
        return False
    down, up = bool(_DOWN.search(sentence)), bool(_UP.search(sentence))
    return (asked_down and up and not down) or (asked_up and down and not up)
