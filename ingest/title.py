"""Where the heading of an item ends and its text begins."""

from __future__ import annotations

import re

import rjieba

from ingest.signature import is_office
from rag.text import fold

LONGEST_TITLE = 60
_LEAST_TITLE = 6
_LEAST_DATED_TITLE = 12
_LEAST_BESIDE_TIME = 6  # 一季度全县经济开局平稳: characters of such a heading behind its time
_LONGEST_PART = 40
_SHORT_PART = 5
_LONGEST_USUAL = 30
_SPACE = re.compile(r"\s+")
_STOP = re.compile(r"[。；！？!?;]")
_COMMA = re.compile(r"[，,：:]")
_OFFICE_COLON = re.compile("[^，,：:]{2,12}[：:][^，,：:]{2,}")
_ASCII = re.compile(r"[0-9A-Za-z.%]")
_NUMBERED = (
    r"(?:[一二三四五六七八九十]{1,3}[是、要]|[（(][一二三四五六七八九十0-9]{1,3}[）)]|第[一二三四五六七八九十][，、,]"
    r"|其[一二三四五六]|[①-⑳]|[0-9]{1,2}(?:[、．）)]|[.](?![0-9])))"
)
_TIME = r"(?:近日|日前|近期|近年来|今年以来|去年以来|今年|去年|上半年|下半年|[一二三四]季度|[0-9]{1,2}\s*月|[0-9]{4}\s*年)"
_OPENS = re.compile(rf"{_NUMBERED}|{_TIME}|目前，|截至|为了|为进一步|为切实|为深入")
_WHEN = re.compile(_TIME)
_DAY = re.compile(r"[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*日[，,]")
_WHOLE_TIME = re.compile(
    r"(?:(?:20)?[0-9]{2}年|[今去前]年)?(?:全年|[上下]半年|[一二三四]季度|前三季度|[首][季]|[0-9]{1,2}(?:月|[—–~～-][0-9]{1,2}月)"
    r"(?:[0-9]{1,2}日(?:[至—–~～-](?:[0-9]{1,2}月)?[0-9]{1,2}日)?|份|底|初|末)?)?(?:以来)?"
)
# …稳增长 1—9月，…: a time close on the space begins a sentence, unless the words before lead to it.
_OPENS_WITH_TIME = re.compile(
    r"(?:20[0-9]{2}年[^\s，,]{0,6}|[0-9]{1,2}[—–~～-][0-9]{1,2}月份?|[0-9]{1,2}月[0-9]{1,2}日(?:[至—–~～-](?:[0-9]{1,2}月)?[0-9]{1,2}日)?"
    r"|(?:前?[一二三四]季度|[首][季]|[上下]半年))[，,]|20[0-9]{2}年(?=[一-鿿]{3})"
)
_LEADS_TO_TIME = re.compile(r"(?:[于在从自至到达年月日的第前后每各和及与、截止计划拟定]|预计)$")
_YEAR = re.compile(r"20[0-9]{2}\s*年")
# Words that carry on with a report; no report of its own begins with them.
_CARRIES_ON = re.compile(
    rf"{_NUMBERED}|首先|其次|再次|最后|目前|截至|截止|此外|另外|同时|同步|下一步|下步|其中|据悉|据了解|据统计|会上|会议"
    rf"|{_TIME}|通过|针对|为了|为进一步|为切实|为深入|活动中|活动现场|此次|本次|与此同时|接下来|至此|因此|因而|并|且|但|而"
)
_MARK = re.compile(r"(?:[●◆■★☆▲△○◎◇※▶►•◈▪]|[0-9]{1,2}[.、．](?![0-9])|[-*]\s)\s*")
_CHINESE_MARK = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)])\s*"
)
# A word before a figure that makes the figure part of the sentence (共派出 6 个, 达到 54.8%).
_LEADS_TO_FIGURE = re.compile(
    r"(?:共|达|到|为|有|至|约|近|超|过|的|于|在|从|第|出|了|各|对|和|及|与|、|成|资|年|月|后|前|每|满|增|长|降|设|建|获|得|立)$"
)
_HERE = ("我县", "全县", "我市", "全市", "我区", "全区")
_NAME = re.compile("[一-鿿“”]{2,16}")
# How the names of offices end; not in 部门, 台账, 办理 and other words that go on.
_NAME_END = re.compile(
    r"局(?![面势限])|委(?![托派])|办(?![法理公事好实案学结])|镇(?![区域村])|乡(?![村镇亲土])|街道|开发区|示范区|园区"
    r"|中心|集团|公司|院(?!落)|联(?![系合动防网席络])|部(?![门分署位件落])|协会|银行|学校|支队|大队|台(?![账阶风])"
    r"|社(?![会区])"
)
# 共转移2300人 tells a fact; 12345热线办理质效 is no figure.
_FIGURE_NEAR_END = re.compile(r"[0-9][^，。]{0,3}$")


def carries_on(text: str) -> bool:
    """True for text that goes on with a report (一是…, 目前，…), never a heading."""
    return _CARRIES_ON.match(fold(text[:12])) is not None


def opens_text(text: str) -> bool:
    """True for text that begins a paragraph (一是…, 今年以来，…), never the rest of a cut line."""
    return _OPENS.match(fold(text[:12])) is not None


def names_an_office(text: str) -> bool:
    """True when the text begins as most headings do, with an office, a town, or 我县."""
    if text.startswith(_HERE):
        return True
    words = _NAME.match(text[:16])
    if words is None:
        return False
    ends = _NAME_END.finditer(words.group(), 1)
    return any(
        is_office(words.group()[: end.end()].replace("“", "").replace("”", "")) for end in ends
    )


def skip_mark(text: str) -> int:
    """The length of a list mark (●, 1., 一、县…) at the beginning of the text."""
    mark = _MARK.match(fold(text[:12]))
    if mark is None and (mark := _CHINESE_MARK.match(text)) is not None:
        # 一、强化领导 is a point of a report; 一、县科工局… is the first report.
        mark = mark if names_an_office(text[mark.end() :][:14]) else None
    return mark.end() if mark else 0


def looks_like_title(text: str) -> bool:
    """True for a short line that can be a heading on a line of its own."""
    if not 6 <= len(text) <= LONGEST_TITLE or _STOP.search(text) or text[-1] in "，,、：:（(":
        return False
    bare = text[skip_mark(text) :]
    # A heading may begin with the time it speaks of: 一季度全县经济实现“开门红”.
    if (carries_on(bare) and not _WHEN.match(fold(bare))) or not re.search(r"[一-鿿]{3}", text):
        return False
    # A comma is printed in few headings, a second one in none; 科工局：强服务，促升级 has a colon.
    if _COMMA.search(text) and (not names_an_office(text) or len(re.findall("[，,]", text)) > 1):
        return False
    return len(text) <= 45 or " " in text or "\u3000" in text


def spaced_title(text: str, halves: bool = True) -> tuple[int, int] | None:
    """Where a heading set off by space ends, and where the text after it begins.

    Spaces beside digits are typesetting unless the words before them read as a heading. Two
    half-lines of a heading (上半句 下半句 正文) belong together, unless `halves` is False. None when
    there is no such space.
    """
    begin = skip_mark(text)
    head = text[: begin + LONGEST_TITLE + 20].split("\n", 1)[0]
    # A heading may begin with a time, but 4月20日 县长… is a sentence.
    dated = _WHEN.match(fold(head[begin:])) is not None
    if carries_on(head[begin:]) and not dated:
        return None
    wide: list[tuple[int, int]] = []
    beside_digit: list[tuple[int, int]] = []
    stop = _STOP.search(head, begin)
    limit = stop.start() if stop else len(head)
    for space in _SPACE.finditer(head, begin, limit):
        left, right = fold(head[space.start() - 1]), fold(text[space.end() : space.end() + 1])
        if space.start() == begin or not right:
            continue
        digit = _ASCII.match(left) or _ASCII.match(right)
        (beside_digit if digit else wide).append(space.span())
    if not halves:
        wide = [(left, right) for left, right in wide if left - begin >= _LEAST_TITLE][:1]
    found = _wide_space_title(text, begin, wide) or _digit_space_title(text, begin, beside_digit)
    if dated and found and found[0] - begin < _LEAST_DATED_TITLE:
        time = _WHOLE_TIME.match(fold(head[begin : found[0]]))
        about = found[0] - begin - (time.end() if time else 0)
        return found if time and time.end() and about >= _LEAST_BESIDE_TIME else None
    return found


def _wide_space_title(
    text: str, begin: int, spaces: list[tuple[int, int]]
) -> tuple[int, int] | None:
    end: tuple[int, int] | None = None
    start = begin
    for place, (left, right) in enumerate(spaces):
        part = text[start:left]
        commas = bool(_COMMA.search(part)) and not _OFFICE_COLON.fullmatch(part)
        if left - begin > LONGEST_TITLE or len(part) < 2 or len(part) > _LONGEST_PART:
            break
        # A comma is printed in few headings: only in the first half, and not in a short one.
        if commas and (place > 0 or len(part) < 10):
            break
        # The heading's first half may be an office; otherwise two halves are all there are, or
        # parts as short as in 县公安局 严打击 强防范 护民生.
        short = place > 0 and len(part) <= _SHORT_PART and not carries_on(part)
        if not short and (place > 1 or (place == 1 and len(part) > 26)):
            break
        end = (left, right)
        start = right
    return end if end and end[0] - begin >= _LEAST_TITLE else None


def _digit_space_title(
    text: str, begin: int, spaces: list[tuple[int, int]]
) -> tuple[int, int] | None:
    for left, right in spaces:
        part = text[begin:left]
        if _COMMA.search(part) or len(part) > 40:
            return None
        folded = fold(text[: right + 40])
        opens = _OPENS_WITH_TIME.match(folded, right) is not None
        if opens and len(part) >= _LEAST_TITLE and not _LEADS_TO_TIME.search(part):
            return left, right
        if _ASCII.match(folded[left - 1]):
            # …增长54.8% 一季度，…: the figure is set close on one side, so the space means an end.
            if left >= 2 and len(part) >= 12 and not _spaced_figure_before(folded, left):
                return left, right
            continue
        one_sided = not _spaced_figure_after(folded, right)
        if _LEADS_TO_FIGURE.search(part):
            continue
        if len(part) >= 8 and (one_sided or (len(part) >= 12 and names_an_office(part))):
            return left, right
        if len(part) >= 8 and _begins_with_time(folded, right, part):
            return left, right
    return None


def _begins_with_time(text: str, start: int, part: str) -> bool:
    """…建成通车 6 月 28 日，…: a day with its comma opens a sentence, and so does a year behind a
    heading that ends in no verb (启动 2024 年… goes on)."""
    if _DAY.match(text, start):
        return True
    tags = rjieba.tag(part)
    return bool(_YEAR.match(text, start)) and not tags[-1][1].startswith(("v", "p", "d"))


def _spaced_figure_before(text: str, end: int) -> bool:
    figure = re.search(r"[0-9A-Za-z.%]+$", text[:end])
    # No space is set behind a sign: 12 个乡镇（街道）、7 个成员单位.
    return bool(figure and figure.start() and re.match(r"[\s、，（“]", text[figure.start() - 1]))


def _spaced_figure_after(text: str, start: int) -> bool:
    figure = re.match(r"[0-9A-Za-z.%]+", text[start:])
    return bool(figure and text[start + figure.end() : start + figure.end() + 1].isspace())


def sentence_title(text: str, usual: bool = False) -> int | None:
    """Where a first sentence that reads as a heading ends (before its 。); None without one.

    `usual`: the reports of the issue have headings, so that a sentence with a time or a figure
    (2024年财政收入11.41亿元。) is one too.
    """
    begin = skip_mark(text)
    end = text.find("。", begin, begin + 46)
    if end < 0 or end - begin < 6 or len(text) - end < 8:
        return None
    first = text[begin:end]
    if re.search(r"[；;：:！？\n]|一是|一要", first):
        return None
    commas = len(re.findall("[，,]", first))
    if not (carries_on(first) or commas or _FIGURE_NEAR_END.search(fold(first))):
        return end
    dated = _WHEN.match(fold(first)) is not None
    short = len(first) <= _LONGEST_USUAL and commas <= 1
    return end if usual and short and (dated or not carries_on(first)) else None
