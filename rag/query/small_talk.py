"""Words to the program itself, which ask nothing of the bulletins."""

from __future__ import annotations

import re

_CIVIL = (
    r"(?:你|您|大家|早上|上午|中午|下午|晚上)好|早安|晚安|嗨|哈[喽罗]|hello|hi|在[吗么]|在不在|"
    r"(?:谢谢|感谢|多谢)(?:你|您|大家)?|辛苦|再见|拜拜|好的?|行|可以|知道|明白|收到|嗯+|哦+|ok"
)
_PROGRAM = r"(?:你|您|这个?(?:系统|网页|网站|页面|程序|机器人|平台|东西)|本?系统)"
_OF_PROGRAM = (
    r"(?:请问)?(?:你|您)(?:是|叫)(?:谁|什么(?:名字)?|啥(?:名字)?|干什么的|做什么的)|"
    rf"谁(?:开发|制作|设计|做)(?:了|的)?{_PROGRAM}的?|{_PROGRAM}是?谁(?:开发|制作|设计|做)的|"
    rf"{_PROGRAM}(?:都|还)?(?:能|会|可以|可)(?:帮我)?(?:做|干|查|问|回答|帮忙)?(?:些)?(?:什么|啥|哪些)(?:事情?|问题|内容|东西)?|"
    rf"{_PROGRAM}?(?:我)?(?:该|应该|要)?(?:怎么|如何|咋)(?:使?用|操作|提问|问你)(?:{_PROGRAM})?|{_PROGRAM}有(?:什么|哪些|啥)功能"
)
_CLOCK = (
    r"(?:现在|今天|今儿)(?:是|都)?(?:几点(?:钟)?|星期几|周几|礼拜几|(?:几月)?几[号日]|"
    r"什么日子|什么时间|什么时候|多少号)"
)
_WHOLE = re.compile(rf"(?:{_CIVIL}|{_OF_PROGRAM}|{_CLOCK})[了啦呀啊吧呢吗哦哈的]*", re.IGNORECASE)


def is_small_talk(question: str) -> bool:
    """Whether a question is a greeting, thanks, about the program, or for the clock, and no more."""
    parts = [part for part in re.split(r"[\s，,。.！!？?～~、；;]+", question) if part]
    return bool(parts) and all(_WHOLE.fullmatch(part) for part in parts)
