"""The lines below the last item: to whom the issue goes and who answers for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.schema import Footer

_S = r"\s*"


def _spaced(*words: str) -> str:
    return "|".join(_S.join(word) for word in words)


_DISTRIBUTION = _spaced(
    "本期发至", "本期发", "本期送", "本期报", "发送范围", "发送单位", "分送", "发送", "发至", "抄送", "抄报",
    "主送", "报送", "呈报", "呈送", "印送", "报", "送", "发",
)  # fmt: skip
_EDITOR = _spaced(
    "本期责任编辑", "责任编辑", "本期责编", "责编", "本期编辑", "执行编辑", "编辑", "编校"
)
_REVIEWER = _spaced("审核人", "审核", "审定", "审校", "核稿", "复核", "审稿", "校核")
_SIGNER = _spaced("签发人", "签发", "审签")
_OTHER = _spaced(
    "联系电话", "联系人", "电话", "传真", "邮箱", "电子邮箱", "地址", "校对", "主编", "副主编", "总编", "编发",
    "印数", "投稿邮箱", "网址", "值班电话", "主办", "主办单位", "承办",
)  # fmt: skip

LABEL = re.compile(
    rf"(?:(?P<distribution>{_DISTRIBUTION})|(?P<editor>{_EDITOR})|(?P<reviewer>{_REVIEWER})"
    rf"|(?P<signer>{_SIGNER})|(?P<other>{_OTHER}))"
    # Some offices leave the colon out before a name: 审核  路 帅
    r"\s*(?:[:：]|(?<=[辑编核定发人])\s+(?=[一-鿿]\s?[一-鿿]{1,3}(?:\s|$)))"
)
_CUT_LABEL = re.compile(r"(?:^|\s)(责任编|责任|责|编|审|核|签)$")
_PERSON_LABEL = re.compile(rf"(?:{_EDITOR}|{_REVIEWER}|{_SIGNER})\s*[:：]")
_PRINTED = re.compile(
    r"(?:[（(]?\s*(?:共\s*)?印\s*[0-9０-９]+\s*份|.{4,40}(?:日\s*印发?|印\s*发)$)"
)


@dataclass(frozen=True, slots=True)
class ReadFooter:
    """The footer's fields, and the lines that are none of them."""

    footer: Footer
    tail: tuple[str, ...]


def is_footer_line(text: str) -> bool:
    """True for a line that opens the footer (责任编辑：…, 抄送：…)."""
    text = _without_brackets(text)
    return LABEL.match(text) is not None or _PRINTED.match(text) is not None


def _with_whole_labels(lines: Sequence[str]) -> list[str]:
    """The lines, where a label that was cut at the end of a line is put together (签 ⏎ 发：)."""
    whole: list[str] = []
    for line in lines:
        cut = _CUT_LABEL.search(whole[-1]) if whole else None
        if cut and _PERSON_LABEL.match(cut.group(1) + line):
            whole[-1] = whole[-1][: cut.start(1)].rstrip()
            line = cut.group(1) + line
        whole.append(line)
    return [line for line in whole if line]


def _without_brackets(text: str) -> str:
    """（责任编辑：李勉 审核：路帅） → what stands between the brackets."""
    if text[:1] in ("（", "(") and text[-1:] in ("）", ")") and LABEL.match(text[1:].lstrip()):
        return text[1:-1].strip()
    return text


def read_footer(lines: Sequence[str]) -> ReadFooter:
    """Read the footer's lines; a line without a label goes on with the distribution above it."""
    found: dict[str, list[tuple[str, str]]] = {}
    tail: list[str] = []
    open_field = ""
    for each in _with_whole_labels(lines):
        line = _without_brackets(each)
        labels = list(LABEL.finditer(line))
        # 报：县委，发：各乡镇 stands on one line, but 邮箱 may hold any word with a colon.
        labels = [
            label
            for label in labels
            if not label.start() or line[label.start() - 1] in " \t　;；，,。）)"
        ]
        head = line[: labels[0].start()].strip() if labels else line
        if head:
            cut = "" if open_field == "other" or _PRINTED.match(line) else open_field
            # A page ended within the field: a name goes on with one or two characters. A bare
            # number is the page's.
            if (
                not cut
                or head.isdigit()
                or (cut != "distribution" and len(head) > 3)
                or (labels and len(head) > 3)
            ):
                tail.append(head)
            else:
                label, value = found[cut][-1]
                found[cut][-1] = (label, value + head)
        for place, label_match in enumerate(labels):
            end = labels[place + 1].start() if place + 1 < len(labels) else len(line)
            field = str(label_match.lastgroup)
            value = line[label_match.end() : end].strip()
            if field == "other":
                tail.append(line[label_match.start() : end].strip())
            else:
                label_text = "".join(label_match.group(field).split())
                found.setdefault(field, []).append((label_text, value))
            open_field = field
    return ReadFooter(
        Footer(
            distribution=_distribution(found.get("distribution", [])),
            editor=_people(found.get("editor", [])),
            reviewer=_people(found.get("reviewer", [])),
            signer=_people(found.get("signer", [])),
        ),
        tuple(tail),
    )


def _distribution(parts: list[tuple[str, str]]) -> str:
    if len(parts) == 1:
        return parts[0][1]
    return "\n".join(f"{label}：{value}" for label, value in parts)


def _people(parts: list[tuple[str, str]]) -> str:
    return "、".join(name for _, value in parts if (name := close_up_names(value)))


def close_up_names(text: str) -> str:
    """李 勉 → 李勉; names that are separated only by space keep one space between them."""
    return re.sub(r"[^、，,；;/]+", lambda part: _close_up_name(part.group()), text).strip()


def _close_up_name(text: str) -> str:
    words = text.split()
    if len(words) == 4 and all(len(word) == 1 for word in words):
        return f"{words[0]}{words[1]} {words[2]}{words[3]}"
    closed = ""
    for word in words:
        # A single character is the surname, or the given name after one.
        if closed and len(closed.split()[-1]) > 1:
            closed += " "
        closed += word
    return closed
