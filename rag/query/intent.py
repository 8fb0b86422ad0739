"""What a question asks for, read from its interrogative words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import rjieba

from rag.entities import ordinals
from rag.query.quantities import QUANTITY_END, asked_unit, find_many
from rag.query.question_kind import Kind
from rag.schema import Intent

QUANTITIES = (Intent.FIGURE, Intent.COMPARE, Intent.TREND, Intent.SUM)


@dataclass(frozen=True, slots=True)
class Asked:
    """The intent, the unit family of an asked-for figure, and where the interrogative stands."""

    intent: Intent
    unit: str = ""
    start: int = -1
    end: int = -1
    counting: bool = False  # the interrogative is 多少, 几 or the like


_MASTHEAD = re.compile(
    r"(?:编辑?|审核?|签发?)的(?:都)?(?:是|有)?(?:哪|第几)|总第\d+期|本期发|期[^，。？?]{0,6}发给[^，。？?]{2,14}(?:吗|没有|了没)|谁[^，。]{0,3}签字|签字(?:的(?:领导|人)?|人)?(?:是|有)|谁(?:审|签|编|校|批)(?:发|核|定|辑)?的|总期号|总第几期|总第多少期|责任编辑|责编|谁编辑|谁审核|审核人|审核是|谁签发|签发人|签发是|签发的|发送范围|发送对象|发送单位|分送|抄送|主送|"
    r"发(?:给|到|送)(?:了|过)?(?:哪些|哪|谁|什么)|都?发给谁|印发单位|主办单位|哪个单位(?:印发|主办|编发)|(?:审核|签发|编辑|责编)(?:者|人)?(?:分别)?(?:都)?(?:是|为)?(?:谁|哪位|$|[?？])"
)
_OF_MASTHEAD = re.compile(
    r"编辑(?!部)|责编|审核|审签|签发|发送|发给|发到|分送|抄送|主送|印发|出版|刊头|期号|总第|日期|哪天|几号|什么时候"
)
_ISSUE_DATE = re.compile(
    r"(?:哪天|哪一天|什么时候|何时|几号|几月几[号日]|什么日期|哪日)(?:[的出印发刊登编]|下发|$|[?？呢啊])|(?:印发|出版|发行|刊发|发布|出刊)(?:日期|时间)|日期"
)
_HOW_MANY_ISSUES = re.compile(r"(?:多少|(?<![哪第好])几)期(?:快报)?(?=$|[，,？?（(、。吗呢了])")
_ISSUES = re.compile(r"哪(?:几|些)期|(?<!第)几期(?:上|里|登|报|有)")
_ISSUE = re.compile(
    r"登在哪|哪天登|(?:登载|刊登|刊载|报道)?期次|哪(?:一)?期|第几期|期号|刊期|在哪期|哪[号份]快报"
)
# 产业大会登过哪几届
_EDITIONS = re.compile("哪几[届回次]")
_DIGEST = re.compile(
    r"目录|简要|简述|(?:说说|讲讲|介绍)[^，。？?]*情况|重点(?=$|[，,。？?]|内容|[是有讲说]|都|分别)|概述|大意|捋[一捋下]|小结|要点|摘要|提要|概括|概要|总结|综述|归纳|归拢|梳理|汇总|主要内容|讲了?些?(?:什么|啥)|说了?些?(?:什么|啥)|写了?些?(?:什么|啥)|登了?些?(?:什么|啥)|"
    r"有(?:什么|哪些|啥)内容|都有(?:什么|啥)(?:内容|$|[?？])|(?:什么|啥)内容|内容有哪些|报道了(?:什么|哪些|啥)"
)
_COUNT = re.compile(
    r"(?:多少|几)(?:条|篇|则)(?:信息|消息|报道|简报|快报|内容|稿件|稿子|动态|新闻)|"
    r"(?:快报|报道|信息|消息|栏目|登|期[^，。？?]{0,4}收|上过|报过|共|总共|一共)[^，。？?]{0,10}(?:多少|几)(?:条|篇|则)(?=$|[，,？?。、吗呢了])|(?:多少|几)次(?:报道|提到|提及|刊登|上快报|登)|"
    r"(?:报道|提到|提及|刊登|登|上|报)(?:了|过)?(?:多少|几)[次条篇期回]"
)
_COUNT_OFFICES = re.compile(r"(?:多少|(?<![哪好十数])几)(?:个|家)(?:部门|单位|乡镇|街道|镇|局)")
_REPORTS = ("报", "上报", "报送", "登", "刊登", "供稿", "投稿", "有", "是", "共有", "涉及")
TREND = re.compile(
    r"一([届年次])比一\1|趋势|走势|各(?:个)?(?:时点|阶段|时间点)|历年|逐年|逐季|逐月|历次(?:通报|报道|公布|登载|刊登)?的?|各(?:年|季度|期|月)|变化情况|(?:怎么|咋)(?:变化?|[涨升降增减]|走的?(?=$|[?？]))|怎么增长|每一?次(?=[^，。]{0,6}(?:数|报|登|通报|公布))|如何变|变化(?:$|[?？])|(?:几|些|多)年来?的?(?:发展|变化|增长)|一路|这几年|近几年|连续几年|变动|起伏|涨跌|升降"
)
# 2022年以来每年排多少个重点项目
_EACH_YEAR = re.compile(
    r"一步步|一年年|[每各]年各|(?:以来|近[一-龥\d]年|[这那]?[几三四五]年|至今|到现在)[^，。]{0,6}[每各]年[^，。]{0,14}(?:多少|几)"
)
# 近三年高考本科上线人数
_OF_YEARS = re.compile(
    r"^(?:最?近|过去|这)[两二三四五几]年(?!.*(?:多少|哪|谁|共|总|合计|累计))[^，。？?]*"
    r"(?:[额率量值产积数]|收入|投资|增速)[?？]*$"
)
_HOW_GOES = re.compile(r"咋样|怎么样|如何|情况")
_COMPARE = re.compile(
    r"相比|对比|比较|(?<![a-z])vs(?![a-z])|哪(?:个|一个|一年|年|期|一期|次|边|家|里)?(?:的)?[^，。？?]{0,12}(?:更|多|高|大|快|少|低|小|强|好)(?:一些|些|点)?(?:$|[?？呢])|"
    r"(?:更|谁)(?:多|高|大|快|少|低)|哪[条个家座届所项]更|(?:多|少|高|低|增加|减少|增长|提高|下降|差)(?:了|出)?多少(?!.*同比)|差(?:了)?(?:多少|几|距|额)|(?:是)?(?:多了|少了|高了|低了|涨了|降了|增加了|减少了|上升|下降|提高)(?:还是|没|吗)|"
    r"[一-龥\d]比[一-龥\d].{0,16}(?:多|少|高|低|增|减|涨|降|快|慢|变化)|比[^例重率]{1,12}(?:多|少|高|低|增|减|涨|降|快|慢)|区别|不同|差别"
)
_SUM = re.compile(
    r"统共|加起来|加一?[块起]|合一下|合在一起|加在一?(?:起|块)|合一?起|加总|合计|总计|总和|合起来|累加|相加|总数|一共|总共|共(?:计|有|是)?(?=多少|几)|共计"
)
# 三年春风行动累计提供多少岗位; 今年累计 is printed as one figure.
_OVER_YEARS = re.compile(r"[两二三四五几][年届次][^，。？?]*累计")
# 2023—2025年增殖放流鱼苗总量
_TOTAL_OF_YEARS = re.compile(
    r"算[一下]*[^，。？?]*总[额量数](?=$|[?？。])|20\d\d年?[-—–~～至到]+20\d\d年[^，。？?]*(?:总[量数额]|合计|总计|累计|一共|总共|共)"
)
_SEVERAL = re.compile(
    r"两[个所家座处条项种类届批](?!月)|(?<!第)[两二三四五六七八九几各历]个?(?:年|次|期|届|季度|个?(?:地方|乡镇|单位|部门|镇|街道|局|项目))|各(?:乡镇|单位|部门|地)"
)
# 柳石、柳双两条路哪条更费钱
_TWO_THINGS = re.compile(
    r"^[^，,。？?]{2,16}[和与跟同][^，,。？?]{2,16}[，,]?(?:哪|谁)[^，。]{0,8}(?:更|多|高|大|长|早|快|少|低)|[一-龥]{2}[、和与跟][一-龥]{2,6}?(?:这)?两[条个家座届所项处种](?=[^，。]{0,8}(?:哪|各|相比|比|谁|差))"
)
_EXTREME = re.compile(r"最[多高大快少低小好长短猛重强旺远贵热冷深厚]|排第一|第一名|排名第一")
_DEPARTMENT = re.compile(
    r"哪个地方(?:报|上报|写)|何(?:单位|部门|局|镇|乡|街道)|谁[^，。？?]{0,8}(?:上?报送?|供稿|写|登|发)的|(?:哪|啥|什么)[一二两三几]?(?:个|家)?(?:单位|部门|局|委|乡镇|镇|乡|街道|机构|办(?!法|公|事))(?:来|在)?(?:牵头|负责|主抓|主管|承办|组织|实施|具体|管|抓|搞|做|干)*(?:的(?=$|[?？]))?|归谁|谁负责|谁牵头|谁(?:在)?(?:管|抓|搞|干|做|推[进行动]?|实施|主抓|组织|承办)|哪家(?!企业|公司|店|医院|银行|厂|合作社|宾馆|饭店)|谁家|责任单位|牵头单位|供稿单位|(?:署名|落款)(?![是为]?[一-龥]{2,8}[局委办镇乡部]的)(?!街道|中心)|的(?:部门|单位|乡镇|街道)(?:是|为|叫)?(?=$|[?？])"
)
_DEPARTMENTS = re.compile(
    r"(?:报送|供稿|上报|署名)单位|(?:多少|几)家?(?:单位|部门)供稿|(?:报|登|写|上)过的?(?:都)?(?:有|是)(?:谁|哪些|哪几个)|哪[两三四五几]家(?!企业|公司|店|医院|银行|厂|合作社)|(?<![在于])(?<!在了)(?:哪些|哪几个|哪几家|哪几|(?<![好十数哪])几个|都有哪些|都是哪些)(?:个|家)?(?:单位|部门|局|乡镇|镇|乡|街道|委办|地方)|(?:单位|部门|乡镇|街道)(?:都)?有哪(?:些|几个?)|(?:还有|(?<!还是)别的|其他|其它)(?:别的|其他|其它)?(?:的)?(?:单位|部门|乡镇|镇|局)"
)
_LIST = re.compile(
    r"(?:都|全|统统)(?:部)?(?:给我|帮我)?(?:找|列|调|查|拉|搜)|(?:找|列|搜|拉|挑|举)(?:个单子|出来)|哪些|有哪几|哪几|列出|列一下|列举|列个|罗列|清单(?=$|[?？，,。])|盘点|哪[两三四五六七八九]个|一览|都有(?:什么|啥|谁)|分别(?:是|为|有)|(?:所有|全部)的?(?:信息|报道|工作|内容)|"
    r"(?:做|干|办|搞|抓)(?:了|过)?的(?:活|事|事情|工作)(?=$|[?？，,。])|(?:做|干|搞|抓|开展|推进|办|忙|报|登|上|发)(?:了|过|的)?(?:些)?(?:哪些|什么|啥)(?!用)(?:工作|事|活|动作)?|(?:有|出台)(?:什么|啥|哪些)(?:工作|动作|举措|新闻|信息|动态)|(?:相关|的)(?:信息|报道|消息|动态)(?:$|[?？])|工作(?:台账|动态|清单)|还有(?:别的|其他|其它|哪|没有别)"
)
_MANNER = re.compile(
    r"几招|(?<=的)几[条项个](?:举措|措施|办法|做法)|哪[几两三四五六七八九](?:招|[条项个大](?:举措|措施|办法|做法))|一是二是|怎么(?!样)(?:做|干|办|弄|搞|推|抓|解决|开展|进行|处理|落实|实施|保障|防|管|治|改|帮|实现|推进|推动|提升|优化|分|弄|查|宣传|组织|培训|安排|加强|确保|整治|[一-龥])|如何|怎样|咋(?!样)(?:做|干|办|搞|推|抓|[一-龥])|"
    r"(?:哪些|什么|啥|何种)(?:具体)?(?:的)?(?:措施|应对|办法|做法|举措|方式|方法|手段|机制|模式|途径|经验|招|动作|思路|原则|步骤|流程|形式|渠道)|(?:措施|做法|办法|举措|经验|机制|模式)(?:是|有)?(?:哪些|什么|啥)|(?:通过|靠|用)(?:了)?(?:什么|哪些|啥)|(?:措施|做法|举措)(?:$|[?？呢])"
)
_WHY = re.compile("怎么解释|咋解释|如何解释|原因|为什么|为何(?![日时地人月年])|为啥|缘由")
_REASON = re.compile(
    rf"(?:咋|怎么)(?:又|还|就|会|没|不|这么|那么)|{_WHY.pattern}|[卡难差错]在哪|靠的是?(?:什么|啥)|得益于(?:什么|啥)|多亏(?:了)?(?:什么|啥)|因为(?:什么|啥)|凭什么|(?<!项)目的(?:是|在于|何在|$|[?？])|为了(?:什么|啥|干什么)|图(?:什么|啥)|起因|背景(?:是)?"
)
# 消费券分哪几类: one sentence tells, no list of items.
_KINDS = re.compile("分(?:为|成|了)?(?:哪几?|几)个?大?[类种档块批级步]")
_PERSON = re.compile(r"(?<!由)谁|哪位|哪些人|什么人|哪个人|何人|姓名|叫什么名字|啥人")
_PLACE = re.compile(
    r"在?哪条(?:路|街|道路|河|线)|在?哪[里儿]|(?<![卡难差错好])在哪(?!些|几|一?[年月天届期次]|个行业|个领域)|什么地方|啥地方|哪几个地方|哪几处|哪[两二三四五]个(?:村|社区|小区|乡镇|镇|乡|街道|县)|哪个(?:村|社区|小区|路|地方|园区|县|市|省|地|地区|点)(?![长委民])|(?:起点|终点|起讫点)(?:[和与、]终点)?(?:分别)?(?:在|是|位于)?(?:哪里|哪儿|哪|何处)?|何处|何地|位置|地点|(?:位于|坐落)(?:什么|何)"
)
_DATE = re.compile(
    r"什么时候|何时|哪天|哪一天|哪年|哪一年|哪个月|几月几[号日]|几月|几号|几点|啥时候|多会儿|什么时间|具体时间|时间是|日期|截止时间|哪一?季度"
)
# 新院区启用时间; 平均等候时间 is a duration.
_DATE_LAST = re.compile(
    r"^(?!.*(?:平均|等[候待]|耗时|行车|车程|缩短|压缩|多长)).*[一-龥]{2}时间[?？]*$"
)


def asks_extreme(text: str) -> bool:
    """Whether the most or the least of several is asked for."""
    return bool(_EXTREME.search(text))


def read_intent(text: str, has_issue: bool, times: int, names: int, years: int = 0) -> Asked:
    """The intent of a folded question by its words.

    `has_issue` says whether an issue is named, `times` and `names` count the periods and the
    departments named, `years` the calendar years that the periods touch: a comparison needs two of
    something, 日期 alone is the date of an issue only where an issue is named.
    """
    asked = _of_many(text, has_issue, times, names, years)
    return _counting(asked or _of_one(text, has_issue, times, names), text)


def read_as(kind: Kind, text: str, has_issue: bool, times: int, names: int) -> Asked:
    """The intent of a folded question that is known to be of a kind."""
    if kind == "masthead" and _OF_MASTHEAD.search(text):
        return Asked(Intent.MASTHEAD)
    if kind in ("one", "masthead"):
        return _counting(_of_one(text, has_issue, 0, 0, lists=False), text)
    if kind == "scan":
        return Asked(Intent.LIST, "departments" if _DEPARTMENTS.search(text) else "")
    two = times >= 2 or names >= 2 or _two_things(text)
    return Asked(Intent.COMPARE if two else Intent.TREND, asked_unit(text))


_ENUMERATE = re.compile("列|罗列|盘点|梳理|汇总|归拢")
# 各完成投资多少，涨了百分之几: the change is worked out of the figures that are asked for first.
_CHANGED = re.compile(
    r"(?<=[，,；;。？?])[^，,；;。？?]*(?:涨|增|提高|上升|升|降|减|少|多|差)[^，,；;。？?]{0,3}(?:多少|百分之几|几个?百分?点)[^，,；;。]*"
)


def _unit_compared(text: str) -> str:
    """The unit of the figures to be set side by side."""
    first = _CHANGED.sub("", text)
    unit = asked_unit(first if re.search("多少|几", first) else text)
    # 签约金额25年比24年多多少: named far from the interrogative.
    return unit or ("money" if _SUM_OF_MONEY.search(text) else "")


_SUM_OF_MONEY = re.compile("金额|总额|投资|资金|收入|产值|税收|生产总值|[成交营销售贸]额")


def _counts_offices(text: str) -> re.Match[str] | None:
    """多少个部门 at the count of those that report; 检查了多少家单位 asks for a figure."""
    match = _COUNT_OFFICES.search(text)
    if match is None:
        return None
    before = rjieba.tag(text[: match.start()].rstrip("了过出的"))
    done = bool(before) and before[-1][1].startswith("v") and before[-1][0] not in _REPORTS
    following = rjieba.tag(text[match.end() :])
    longer = bool(following) and following[0][1].startswith("n")  # 多少家单位场所
    return None if done or longer else match


def _two_things(text: str) -> bool:
    return bool(ordinals.stages(text) or ordinals.enumerated(text) or _TWO_THINGS.search(text))


def _counting(asked: Asked, text: str) -> Asked:
    words = text[max(asked.start, 0) : max(asked.end, 0)]
    return replace(asked, counting=bool(re.match(r"多少|几|若干", words)))


def _found(intent: Intent, match: re.Match[str] | None, unit: str = "") -> Asked | None:
    return Asked(intent, unit, match.start(), match.end()) if match else None


def _of_many(text: str, has_issue: bool, times: int, names: int, years: int) -> Asked | None:
    """The intent of a question for the masthead, a count, a sum or a table; None for others."""
    if hit := _found(Intent.MASTHEAD, _MASTHEAD.search(text)):
        return hit
    if has_issue and (hit := _found(Intent.MASTHEAD, re.search("编辑|审核|签发|发送范围", text))):
        return hit
    many = next(iter(find_many(text)), None)
    if _HOW_MANY_ISSUES.search(text) and re.search("快报|出了|印发|办了|发了|开过|开了", text):
        return Asked(Intent.COUNT, "issues", many.start if many else -1, many.end if many else -1)
    if hit := _found(Intent.COUNT, _COUNT.search(text) or _counts_offices(text)):
        return hit
    adding = _SUM.search(text) or _OVER_YEARS.search(text) or _TOTAL_OF_YEARS.search(text)
    if _ISSUES.search(text) or (not many and _DEPARTMENTS.search(text)):
        adding = None  # 登在哪几期，总共几回; 总共有哪些单位报过
    several = times >= 2 or names >= 2 or ordinals.stages(text) or _SEVERAL.search(text)
    several = several or re.search(r"20\d\d年?[-—–~～至到]+20\d\d", text)
    if adding and several:
        start, end = (many.start, many.end) if many else adding.span()
        return Asked(Intent.SUM, asked_unit(text), start, end)
    two = times >= 2 or names >= 2 or _two_things(text)
    comparing = _COMPARE.search(text)
    why = _REASON.search(text)
    if why and not many and _WHY.search(why.group()):
        return Asked(Intent.REASON, "", why.start(), why.end())  # 怎么比去年少，原因是什么
    extreme = _EXTREME.search(text)
    if times >= 2 and re.search(r"比(?![例重率])", text):
        start = text.index("比")
        return Asked(Intent.COMPARE, _unit_compared(text), start, start + 1)
    if comparing and (two or re.search(r"比(?:去年|上年|前年|上一?期|上次|之前)", text)):
        return Asked(Intent.COMPARE, _unit_compared(text), comparing.start(), comparing.end())
    trend = (
        TREND.search(text)
        or _EACH_YEAR.search(text)
        or (_HOW_GOES.search(text) if years >= 2 else None)
        or (re.search("每年", text) if years >= 2 and many else None)
        or (_OF_YEARS.match(text) if years >= 2 else None)
    )
    offices = _found(Intent.LIST, _DEPARTMENTS.search(text), "departments")
    if offices and not many:
        return offices  # 这几年有哪些单位报过
    if hit := _found(Intent.TREND, trend, asked_unit(text)):
        return hit
    if _HOW_MANY_ISSUES.search(text) and re.search("快报|出了|印发|一共|总共|共", text):
        return Asked(Intent.COUNT, "issues", many.start if many else -1, many.end if many else -1)
    if offices:
        return offices
    if extreme and re.search(r"哪|谁|什么时候|几(?:年|月|季度|号|日|点|期)", text):
        return Asked(Intent.COMPARE, asked_unit(text), extreme.start(), extreme.end())
    return None


def _of_one(text: str, has_issue: bool, times: int, names: int, lists: bool = True) -> Asked:
    """The intent of any other question; without `lists`, one fact is asked for."""
    two = times >= 2 or names >= 2 or (lists and _two_things(text))
    many = next(iter(find_many(text)), None)
    if many and many.words[0] == "几" and re.search("是(?:什么|啥|哪些)|有哪些", text[many.end :]):
        many = None  # 想的几个“一批”分别是什么
    if lists and (issues := _ISSUES.search(text)):
        return Asked(Intent.LIST, "issues", issues.start(), issues.end())
    if lists and not many and (hit := _found(Intent.LIST, _EDITIONS.search(text))):
        return hit
    if hit := _found(Intent.ISSUE, _ISSUE.search(text)):
        return hit
    if hit := _found(Intent.REASON, _REASON.search(text)):
        return hit
    if lists and (hit := _found(Intent.DIGEST, _DIGEST.search(text))):
        return hit
    if hit := _found(Intent.FACT, _KINDS.search(text)):
        return hit
    spot = re.search(
        r"(?:落|建|位于|坐落|设|放)?(?:在|于)(?:哪|什么)(?:些|几个|个|一个)?(?:镇|乡|街道|乡镇|村|社区)",
        text,
    )
    if spot:
        return Asked(Intent.PLACE, "", spot.start(), spot.end())
    if hit := _found(Intent.DEPARTMENT, _DEPARTMENT.search(text)):
        return hit
    if lists and times >= 2 and _ENUMERATE.match(text):
        return Asked(Intent.LIST)
    if times >= 2 and many and re.search(r"多少|几|多大|多长", many.words):
        return Asked(Intent.COMPARE, _unit_compared(text), many.start, many.end)
    if two and many and re.search(r"分别|各|其中|又", text):
        return Asked(Intent.COMPARE, _unit_compared(text), many.start, many.end)
    manner = _MANNER.search(text)
    if many and re.search(r"多少|几", many.words) and manner and manner.start() > many.start:
        manner = None  # 受理了多少件，满意率如何 asks for figures
    if hit := _found(Intent.MANNER, manner):
        return hit
    if hit := _found(Intent.PLACE, _PLACE.search(text)):
        return hit
    if lists and has_issue and (hit := _found(Intent.MASTHEAD, _ISSUE_DATE.search(text))):
        return hit
    if hit := _found(Intent.DATE, _DATE.search(text)):
        return hit
    if _DATE_LAST.match(text):
        start = text.rindex("时间")
        return Asked(Intent.DATE, "", start, start + 2)
    if many and re.search(r"多少|几|多大|多长|百分之", many.words):
        return Asked(Intent.FIGURE, asked_unit(text), many.start, many.end)
    if lists and (hit := _found(Intent.LIST, _LIST.search(text))):
        return hit
    if hit := _found(Intent.PERSON, _PERSON.search(text)):
        return hit
    if times >= 2:
        start, end = (many.start, many.end) if many else (-1, -1)
        return Asked(Intent.COMPARE, asked_unit(text), start, end)  # 一季度GDP 23年、24年
    if not many and QUANTITY_END.search(text):
        end = len(text.rstrip("?？"))
        return Asked(Intent.FIGURE, asked_unit(text), end, end)  # 2022年一季度GDP
    if many:
        return Asked(Intent.FIGURE, asked_unit(text), many.start, many.end)
    return Asked(Intent.FACT, asked_unit(text))
