"""Prompt templates: text files that a person edits, loaded by name, their variables checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_ROLE = re.compile(r"^=== (\w+)[ \t]*\n", re.M)
_ROLES = ("system", "user", "assistant")
_VARIABLE = re.compile(r"\{\{(\w+)\}\}")


class PromptError(ValueError):
    """A template is missing or malformed, or was filled with the wrong variables."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation up to the model's turn, as (role, text), with {{variables}} in the texts."""

    name: str
    turns: tuple[tuple[str, str], ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(name for _, text in self.turns for name in _VARIABLE.findall(text))

    def fill(self, **values: str) -> list[tuple[str, str]]:
        """The turns with every variable replaced; braces inside a value stay as they are.

        Raises PromptError when a variable is missing or unknown.
        """
        if missing := self.variables - values.keys():
            raise PromptError(f"提示词 {self.name} 缺少变量：{'、'.join(sorted(missing))}")
        if unknown := values.keys() - self.variables:
            raise PromptError(f"提示词 {self.name} 没有变量：{'、'.join(sorted(unknown))}")
        return [
            (role, _VARIABLE.sub(lambda match: values[match[1]], text)) for role, text in self.turns
        ]


def parse_prompt(name: str, text: str) -> Prompt:
    """A template: each turn begins with a line `=== system`, `=== user` or `=== assistant`."""
    head, *parts = _ROLE.split(text)
    turns = tuple(
        (role, words.strip()) for role, words in zip(parts[::2], parts[1::2], strict=True)
    )
    if head.strip() or not turns:
        raise PromptError(f"提示词 {name} 应以“=== system”这样的一行开头")
    for role, words in turns:
        if role not in _ROLES:
            raise PromptError(f"提示词 {name} 里的“=== {role}”应为 {'、'.join(_ROLES)} 之一")
        if not words:
            raise PromptError(f"提示词 {name} 里有一段“=== {role}”是空的")
    if turns[-1][0] != "user":
        raise PromptError(f"提示词 {name} 的最后一段应为“=== user”")
    return Prompt(name, turns)


@lru_cache
def load_prompt(name: str) -> Prompt:
    """The template prompts/<name>.txt; PromptError when there is none or it is malformed."""
    path = _FOLDER / f"{name}.txt"
    if not re.fullmatch(r"\w+", name) or not path.is_file():
        raise PromptError(f"没有提示词 {name}（应为文件 {path}）")
    return parse_prompt(name, path.read_text(encoding="utf-8"))
