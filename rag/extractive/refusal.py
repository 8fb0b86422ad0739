"""When not to answer, and how to say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.entities.figures import Figure
from rag.extractive.facts import Fact, lacks_name
from rag.extractive.matching import Term, presence
from rag.extractive.wording import say_filters
from rag.schema import Chunk, Hit, Intent, ParsedQuery
from rag.text import fold

# Set on the dev part of the sample questions, reported on the test part (docs/evaluation.md).
MIN_ITEM = 0.5  # share of the question's words that the item must hold
MIN_FOCUS = 0.45  # share of the asked-for quantity's name beside the figure
MIN_LOCAL = 0.4  # share of the question's words in the answering sentence and its title

_COMMAND = re.compile(
    r"忽略|无视|忘(?:记|掉)|不要(?:管|理会|引用)|别(?:管|引用|查)|(?:你|现在)(?:现在)?(?:是|扮演|假装|充当)(?:一[个名位])?|扮演|假装|"
    r"系统提示|提示词|system prompt|prompt|ignore|instruction|越狱|开发者模式|角色|输出|再回答|【系统|系统[：:]|重复(?:以上|上面)|直接(?:编|回答|输出|给)|编(?:一个|造|个)|"
    r"不用(?:查|引用|核对)|API ?(?:key|密钥)|密码|密钥|执行(?:以下|命令)|<[a-z/!]|\{\{|```",
    re.I,
)


def without_commands(question: str) -> tuple[str, bool]:
    """The question less the sentences that command the program; True when there were any."""
    parts = re.split(r"(?<=[。！？!?；;，,：:\n])", question)
    kept = [part for part in parts if not _COMMAND.search(part)]
    return "".join(kept).strip(" ，,。：:；;\n"), len(kept) < len(parts)


def uncovered_name(terms: Sequence[Term], chunk: Chunk) -> str:
    """A name in the question that the item doesn't hold, "" when there is none."""
    term = lacks_name(terms, chunk)
    return term.word if term else ""


def unseen_nouns(terms: Sequence[Term], chunk: Chunk) -> list[str]:
    """Heavy words of the question that no item of the archive holds, nor this one in part."""
    text = fold(chunk.text).lower()
    heavy = max((t.weight for t in terms), default=0.0) * 0.9
    return [t.word for t in terms if not t.seen and t.weight >= heavy and presence(t, text) < 0.5]


def reject(query: ParsedQuery, fact: Fact, terms: Sequence[Term], focus: Sequence[Term]) -> str:
    """Why the best fact does not answer the question, in Chinese; "" when it does."""
    if fact.time == 0:
        return "同类内容登过，但不是所问的时间"
    name = uncovered_name(terms, fact.chunk)
    if name:
        return f"快报中没有与“{name}”对应的内容"
    if fact.item < MIN_ITEM:
        return "没有登过相关内容"
    if query.intent is Intent.FIGURE:
        if fact.figure is None:
            return "相关内容登过，但没有登所问的数字"
        if focus and fact.focus < MIN_FOCUS:
            return "相关内容登过，但没有登所问的数字"
    if fact.local < MIN_LOCAL:
        return "相关内容登过，但没有登所问的这一点"
    return ""


def contradicted(claims: Sequence[str], facts: Sequence[Figure], text: str) -> str:
    """The first figure asserted by the question that the source text doesn't hold."""
    plain = "".join(fold(text).split()).replace(",", "")
    for claim in claims:
        wanted = "".join(fold(claim).split()).replace(",", "")
        if not re.search(rf"(?<![\d.]){re.escape(wanted)}", plain):
            return claim
    return ""


def searched(query: ParsedQuery, extent: str) -> str:
    """已检索：… ; what was looked through, with the limits that were understood."""
    limits = say_filters(query)
    return f"已检索：{extent}" + (f"（{limits}）" if limits else "")


def nearest_lines(hits: Sequence[Hit]) -> list[str]:
    """The nearest items, by label and title only: their figures are not an answer."""
    lines = []
    for hit in hits:
        title = hit.chunk.title or hit.chunk.text[:30] + "…"
        lines.append(f"· {hit.chunk.label}：{title}")
    return lines
