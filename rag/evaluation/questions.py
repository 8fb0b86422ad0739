"""A question set: a JSONL file of questions with what a right answer holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import QuestionError
from rag.metrics import ItemKey

_NAMES = re.compile(r"[、，,；;\s]+")


@dataclass(frozen=True, slots=True)
class Question:
    """One row of a question set. `split` is dev, test, or empty when the row names none."""

    id: str
    type: str
    question: str
    answerable: bool
    history: tuple[Mapping[str, str], ...] = ()
    must_include: tuple[tuple[str, ...], ...] = ()
    must_not_include: tuple[str, ...] = ()
    correction_ok: tuple[tuple[str, ...], ...] = ()
    gold: tuple[ItemKey, ...] = ()
    gold_quote: str = ""
    split: str = ""


def load_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file, in its order; blank lines are passed over.

    Raises QuestionError naming file and line for a row that cannot be used, and for a file that
    cannot be read or holds no question.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"无法读取问题集 {path}：请检查文件是否存在、是否为 UTF-8") from error
    questions: list[Question] = []
    lines: dict[str, int] = {}
    # Not splitlines(): JSON strings may hold U+2028, which is no line end in JSONL.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line))
        except json.JSONDecodeError as error:
            raise QuestionError(f"{path} 第 {number} 行不是有效的 JSON：{error.msg}") from error
        except _BadRow as error:
            raise QuestionError(f"{path} 第 {number} 行：{error}") from error
        if question.id in lines:
            first = lines[question.id]
            raise QuestionError(f"{path} 第 {number} 行：编号 {question.id} 与第 {first} 行重复")
        lines[question.id] = number
        questions.append(question)
    if not questions:
        raise QuestionError(f"问题集 {path} 里没有问题")
    return questions


class _BadRow(ValueError):
    pass


def _question(row: object) -> Question:
    if not isinstance(row, dict):
        raise _BadRow("应为一个 JSON 对象")
    for name in ("id", "type", "question"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise _BadRow(f"缺少字段 {name}，或它不是文字")
    if not isinstance(row.get("answerable"), bool):
        raise _BadRow("缺少字段 answerable，或它不是 true/false")
    groups = row.get("must_include", [])
    if not isinstance(groups, list):
        raise _BadRow("字段 must_include 应为列表")
    for group in groups:
        if not _is_texts(group) or not group:
            raise _BadRow("字段 must_include 应为列表的列表，每组至少一个非空的说法")
    if not isinstance(row.get("split", ""), str) or not isinstance(row.get("gold_quote", ""), str):
        raise _BadRow("字段 split 和 gold_quote 应为文字")
    return Question(
        id=row["id"],
        type=row["type"],
        question=row["question"],
        answerable=row["answerable"],
        history=_history(row.get("history", [])),
        must_include=tuple(tuple(group) for group in groups),
        must_not_include=_texts(row, "must_not_include"),
        correction_ok=_corrections(row.get("correction_ok", [])),
        gold=_gold(row.get("gold", [])),
        gold_quote=row.get("gold_quote", ""),
        split=row.get("split", ""),
    )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) and part for part in value)


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not _is_texts(value):
        raise _BadRow(f"字段 {name} 应为非空文字的列表")
    return tuple(value)


def _corrections(value: object) -> tuple[tuple[str, ...], ...]:
    """Groups like those of must_include; a plain list is one group of alternatives."""
    if _is_texts(value) and isinstance(value, list):
        return (tuple(value),) if value else ()
    if not isinstance(value, list) or not all(_is_texts(group) and group for group in value):
        raise _BadRow("字段 correction_ok 应为非空文字的列表，或这样的列表的列表")
    return tuple(tuple(group) for group in value)


def _history(value: object) -> tuple[Mapping[str, str], ...]:
    if not isinstance(value, list):
        raise _BadRow("字段 history 应为列表")
    for turn in value:
        known = isinstance(turn, dict) and turn.get("role") in ("user", "assistant")
        if not known or not isinstance(turn.get("content"), str):
            raise _BadRow("字段 history 的每一轮应有 role（user 或 assistant）和 content")
    return tuple({"role": turn["role"], "content": turn["content"]} for turn in value)


def _gold(value: object) -> tuple[ItemKey, ...]:
    if not isinstance(value, list):
        raise _BadRow("字段 gold 应为列表")
    items: list[ItemKey] = []
    for entry in value:
        if not isinstance(entry, dict):
            raise _BadRow("字段 gold 的每一项应为对象")
        year, issue = entry.get("year"), entry.get("issue")
        if type(year) is not int or type(issue) is not int:
            raise _BadRow("字段 gold 的每一项应有整数 year 和 issue")
        section, department = entry.get("section", ""), entry.get("department", "")
        if not isinstance(section, str) or not isinstance(department, str):
            raise _BadRow("字段 gold 的 section 和 department 应为文字")
        names = frozenset(name for name in _NAMES.split(department) if name)
        items.append(ItemKey(year, issue, section, names))
    return tuple(items)
