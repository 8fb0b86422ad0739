"""The names of offices: as printed, and the one name that stands for all of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag.errors import SettingsError
from rag.text import fold, strip_space

DEFAULT_TABLE = Path(__file__).with_name("departments.toml")
# 县委 is a word of its own.
_COUNTY = re.compile(r"^(?:(?:我|本|[一-鿿]{2})?县(?!委)(?=[一-鿿]{2})|[一-鿿]{2}(?=县委))")


class DepartmentNames:
    """An alias table. Unknown names stand for themselves, without 县 in front and spaces."""

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        self._aliases = {name: tuple(aliases) for name, aliases in table.items()}
        self._canonical: dict[str, str] = {}
        for name, aliases in self._aliases.items():
            for each in (name, *aliases):
                self._canonical.setdefault(_bare(each), name)

    def canonical(self, name: str) -> str:
        """The name under which an office is stored: 县应急局 → 应急管理局."""
        closed = strip_space(fold(name))
        bare = _bare(closed)
        found = self._canonical.get(closed) or self._canonical.get(bare)
        return found or bare or name

    def aliases(self, canonical: str) -> tuple[str, ...]:
        """The other names of an office, in the table's order; empty for an unknown one."""
        return self._aliases.get(canonical, ())

    def known(self) -> tuple[str, ...]:
        """All canonical names in the table's order."""
        return tuple(self._aliases)


def _bare(name: str) -> str:
    return _COUNTY.sub("", strip_space(fold(name)))


def load_departments(path: Path | None = None) -> DepartmentNames:
    """Read an alias table; None, or a path where no file is, gives the one that is shipped.

    Raises SettingsError for a file that is no such table.
    """
    if path is None or not path.exists():
        path = DEFAULT_TABLE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"部门别名表 {path} 读不出来：{error}") from error
    names: dict[str, tuple[str, ...]] = {}
    for name, aliases in table.items():
        if not isinstance(aliases, list) or not all(isinstance(each, str) for each in aliases):
            raise SettingsError(f'部门别名表 {path} 里“{name}”应写成 {name} = ["别名", …]')
        names[name] = tuple(aliases)
    return DepartmentNames(names)
