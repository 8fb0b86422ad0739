"""Takes a streamed reply apart into sentences and the sentence numbers they point at."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.errors import ChatModelError
from rag.text import encodable

_MARK = re.compile(
    r"[\[［【]\s*(?:句|句子|编号|材料|来源)?\s*(\d{1,3}(?:\s*[,，、;；\-—–~～至]\s*\d{1,3})*)\s*(?:句)?\s*[\]］】]"
)
_END = re.compile(r"[。！？!?]+[”’」』）)》]*|\n+")
_OPEN_MARK = re.compile(r"[ \t]*[\[［【]")
_LEAD_IN = re.compile(
    r"^(?:\s*(?:[-*•·>#]+|\d{1,2}[.、)）](?!\d)|（\d{1,2}）|[一二三四五六七八九十]+、|(?:回答|答案|答|总结|概括|综述|结论)[：:])\s*)+"
)
_ACCORDING = re.compile(
    r"^(?:根据|依据|按照)?(?:以上|上述|所给|给出的|提供的|现有)?(?:材料|资料|快报|表格?|内容)(?:的?(?:内容|显示|信息|记载|可知))?[，,：:]\s*"
)
_DATA = re.compile(r"[{<]|\[\s*[{\"]")
_THINKS, _THOUGHT = "<think>", "</think>"
_LONGEST_SENTENCE = 600
_LONGEST_RANGE = 8
_REPEATS = 3
_NOT_FOUND = re.compile(
    r"未找到|没有找到|找不到|未提及|未提供|没有(?:提及|提到|提供|说明|相关|登|记载|所问)|无法(?:回答|确定|得知|判断)|不(?:能|清楚|知道|详)(?:回答|确定)?"
)
_REFUSAL = re.compile(
    r"抱歉|对不起|作为(?:一[个名位])?.{0,6}(?:AI|人工智能|语言模型|助手)|I'm sorry|I can(?:no|')t"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as the model wrote it, without marks, and the numbers it points at."""

    text: str
    numbers: tuple[int, ...]

    @property
    def not_found(self) -> bool:
        """Whether it only says that the material holds no answer."""
        return bool(_NOT_FOUND.search(self.text)) and not self.numbers


class ReplyReader:
    """Cuts a reply into drafts as it comes. A reply that is no Chinese prose, repeats itself or
    never ends a sentence raises ChatModelError."""

    def __init__(self) -> None:
        self._pending = ""
        self._thinking = -1  # where in what is pending the model began to think
        self._seen: dict[str, int] = {}
        self._letters = self._chinese = 0

    def feed(self, piece: str) -> list[Draft]:
        """The sentences that this piece completes."""
        self._pending += piece
        if self._still_thinking():
            return []
        drafts = self._whole_sentences()
        if len(self._pending) > _LONGEST_SENTENCE:
            raise ChatModelError("对话模型的回答不成句子")
        return drafts

    def finish(self) -> list[Draft]:
        """The last sentence, which may lack its end."""
        if self._thinking >= 0:
            self._pending = self._pending[: self._thinking]
        drafts = self._whole_sentences()
        rest, self._pending = self._pending, ""
        return drafts + self._read(rest)

    def _whole_sentences(self) -> list[Draft]:
        drafts = []
        while (cut := self._sentence_end()) is not None:
            drafts += self._read(self._pending[:cut])
            self._pending = self._pending[cut:]
        return drafts

    def _still_thinking(self) -> bool:
        """Take out what stands between the marks, as it comes: a model may think for pages."""
        while True:
            if self._thinking < 0:
                self._thinking = self._pending.find(_THINKS)
                if self._thinking < 0:
                    return False
                begin = self._thinking + len(_THINKS)
                self._pending = self._pending[: self._thinking] + self._pending[begin:]
            said, thought = self._pending[: self._thinking], self._pending[self._thinking :]
            end = thought.find(_THOUGHT)
            if end < 0:
                # The end mark may come in two pieces.
                self._pending = said + thought[-len(_THOUGHT) + 1 :]
                return True
            self._pending = said + thought[end + len(_THOUGHT) :]
            self._thinking = -1

    def _sentence_end(self) -> int | None:
        """Where the first sentence ends, its marks included; None while that is not known."""
        for match in _END.finditer(self._pending):
            end = match.end()
            while (rest := self._pending[end:]) and (mark := _OPEN_MARK.match(rest)):
                closed = _MARK.match(rest.lstrip(" \t"))
                if closed is None:
                    if re.search(r"[\]］】]", rest) or len(rest) > 20:
                        return end  # 【全力拼经济】 opens the next sentence
                    return None
                end += mark.end() - 1 + closed.end()
            if self._pending[end:]:
                return end
            return None
        return None

    def _read(self, words: str) -> list[Draft]:
        text = clean(_MARK.sub("", encodable(words)))
        if not re.search(r"[0-9A-Za-z一-龥]", text) or text.endswith(("：", ":")):
            return []  # a heading says nothing
        self._check_form(text)
        return [Draft(text, numbers_of(words))]

    def _check_form(self, text: str) -> None:
        if _DATA.match(text):
            raise ChatModelError("对话模型没有用句子回答")
        self._seen[text] = self._seen.get(text, 0) + 1
        if self._seen[text] >= _REPEATS:
            raise ChatModelError("对话模型的回答反复说同一句话")
        self._letters += len(re.findall(r"[A-Za-z一-龥぀-ヿ가-힯]", text))
        self._chinese += len(re.findall(r"[一-龥]", text))
        if self._letters >= 20 and self._chinese < self._letters / 2:
            raise ChatModelError("对话模型没有用中文回答")
        if _REFUSAL.search(text):
            raise ChatModelError("对话模型拒绝回答")


def numbers_of(words: str) -> tuple[int, ...]:
    """The numbers in square brackets, in order: [1][3], [1、3], [2-4]."""
    found: list[int] = []
    for match in _MARK.finditer(words):
        for part in re.split(r"\s*[,，、;；]\s*", match[1]):
            ends = [int(n) for n in re.findall(r"\d+", part)]
            if len(ends) == 2 and 0 <= ends[1] - ends[0] < _LONGEST_RANGE:
                found += range(ends[0], ends[1] + 1)
            else:
                found += ends
    return tuple(dict.fromkeys(found))


def clean(words: str) -> str:
    """The sentence without Markdown, list marks and phrases such as 根据材料，."""
    text = re.sub(r"\*\*|__|`+", "", words).strip()
    text = _LEAD_IN.sub("", text)
    text = _ACCORDING.sub("", text)
    return re.sub(r"\s+([。！？，；])", r"\1", text).strip()
