"""Words that stand for one another in the bulletins (规上, 规模以上), from a table a person edits."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from rag.errors import SettingsError

DEFAULT_TABLE = Path(__file__).with_name("synonyms.toml")
SAME = 0.9  # the weight of a synonym beside the word itself


def load_synonyms(path: Path | None = None) -> dict[str, tuple[str, ...]]:
    """Each word (Latin letters small) with the others of its group; None, or a path where no file
    is, gives the table that is shipped. Raises SettingsError for a file that is no such table."""
    if path is None or not path.exists():
        path = DEFAULT_TABLE
    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8")).get("groups", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"同义词表 {path} 读不出来：{error}") from error
    table: dict[str, tuple[str, ...]] = {}
    for group in groups:
        if not isinstance(group, list) or not all(isinstance(word, str) and word for word in group):
            raise SettingsError(f"同义词表 {path} 里的每一组应为文字的列表：{group!r}")
        words = [word.lower() for word in group]
        for word in words:
            others = tuple(other for other in words if other != word)
            table[word] = tuple(dict.fromkeys((*table.get(word, ()), *others)))
    return table


def with_synonyms(
    related: Callable[[str], Mapping[str, float]], table: Mapping[str, tuple[str, ...]]
) -> Callable[[str], Mapping[str, float]]:
    """`related` with the synonyms of the table added to what the vectors say."""

    def both(word: str) -> Mapping[str, float]:
        others = table.get(word.lower(), ())
        return {**related(word), **dict.fromkeys(others, SAME)} if others else related(word)

    return both
