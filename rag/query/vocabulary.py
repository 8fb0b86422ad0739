"""The names that the archive knows, and how they are found in a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from rag.query.spelling import pinyin
from rag.schema import DatedIssue, IssueRef
from rag.text import fold

WHOLE_COUNTY = "全县"
# 化工园区 for 化工园区管委会: said of the place and of those who run it.
_AREA = re.compile(r"^(.{2,8}(?:园|区))管委会$")
_TOWN = re.compile(r"^(.{2,4})(?:街道办事处|街道办|街道|镇|乡)$")
# 青渠河 is a river and 青渠路 a road, neither is 青渠镇.
_PLACE_TAILS = frozenset("河湖山路桥渠沟坡村庄街水库寺站")
_OFFICE_END = re.compile(r"[一-龥]{2,8}?(?:局|委|办|镇|乡|街道|中心|站|队|院|区)")


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A department found in a text; `typed` is what stood there."""

    name: str
    start: int
    end: int
    typed: str


@dataclass(frozen=True)
class Vocabulary:
    """Departments with every way of writing them, sections, and the issues there are."""

    departments: dict[str, str] = field(default_factory=dict)  # written form → canonical name
    indexed: frozenset[str] = frozenset()  # canonical names that sign an item
    sections: tuple[str, ...] = ()
    issues: tuple[DatedIssue, ...] = ()  # by date
    county: str = ""
    shorts: frozenset[str] = frozenset()  # 王楼 for 王楼镇

    @classmethod
    def build(
        cls,
        departments: Iterable[str],
        aliases: Iterable[tuple[str, str]],
        sections: Iterable[str],
        issues: Iterable[tuple[IssueRef, date]],
    ) -> Vocabulary:
        """`aliases` are (written form, canonical name) pairs from the alias table; `issues` come
        with their dates, by date."""
        names = tuple(departments)
        forms = dict(aliases)
        shorts: dict[str, set[str]] = {}
        forms.update(_signed_longer(names, forms))
        for name in names:
            forms[name] = name
            forms.setdefault("县" + name, name)
            if town := _TOWN.match(name) or _AREA.match(name):
                shorts.setdefault(town[1], set()).add(name)
        for short, owners in shorts.items():
            if len(owners) == 1:  # 王楼 → 王楼镇, unless a 王楼街道 exists as well
                forms.setdefault(short, *owners)
        dated = tuple(DatedIssue(*pair) for pair in issues)
        series = dated[0].issue.series if dated else ""
        county = re.sub(r"(政务|工作|信息)?(快报|简报|信息|动态).*$", "", series)
        single = frozenset(short for short, owners in shorts.items() if len(owners) == 1)
        return cls(forms, frozenset(names), tuple(sections), dated, county, single)

    @cached_property
    def first_year(self) -> int | None:
        return min((issue.published.year for issue in self.issues), default=None)

    @cached_property
    def numbered(self) -> dict[int, list[IssueRef]]:
        """The issues of each number, by date."""
        found: dict[int, list[IssueRef]] = {}
        for issue, _ in self.issues:
            found.setdefault(issue.number, []).append(issue)
        return found

    def find_departments(self, text: str) -> list[NameMatch]:
        """Departments named in the text, longest form first at each place, then misspelt ones."""
        folded = fold(text)
        matches: list[NameMatch] = []
        for form in sorted(self.departments, key=len, reverse=True):
            start = folded.find(form)
            while start >= 0:
                end = start + len(form)
                if form in self.shorts and folded[end : end + 1] and folded[end] in _PLACE_TAILS:
                    start = folded.find(form, end)
                    continue
                if not any(m.start < end and start < m.end for m in matches):
                    matches.append(NameMatch(self.departments[form], start, end, form))
                start = folded.find(form, end)
        matches += self._misspelt(folded, matches)
        return sorted(matches, key=lambda match: match.start)

    def _misspelt(self, text: str, taken: list[NameMatch]) -> list[NameMatch]:
        """Names with one wrong or missing character, or written by sound (应急管里局)."""
        forms = [form for form, name in self.departments.items() if name in self.indexed]
        found: list[NameMatch] = []
        for window in _OFFICE_END.finditer(text):
            if any(m.start < window.end() and window.start() < m.end for m in taken + found):
                continue
            best: tuple[int, int, str] | None = None
            for form in forms:
                for size in (len(form), len(form) - 1, len(form) + 1):
                    start = window.end() - size
                    if size < 3 or start < 0:
                        continue
                    piece = text[start : window.end()]
                    cost = _distance(piece, form)
                    if cost is not None and (best is None or cost < best[0]):
                        best = (cost, start, form)
            if best:
                found.append(
                    NameMatch(
                        self.departments[best[2]],
                        best[1],
                        window.end(),
                        text[best[1] : window.end()],
                    )
                )
        return found

    def find_sections(self, text: str) -> list[str]:
        """Sections named as sections: in 【】, or with 栏目, 专栏, 板块 or 栏 after the name."""
        found: list[str] = re.findall(r"[【\[〖]([^】\]〗]+)[】\]〗]", text)
        for section in self.sections:
            if re.search(
                re.escape(section) + r"[”’\"」]?(?:这个?|那个?|的)?(?:栏目|专栏|板块|版块|栏|里)",
                text,
            ):
                found.append(section)
        return [name for name in dict.fromkeys(found) if name in self.sections]


def _signed_longer(names: Sequence[str], forms: Mapping[str, str]) -> dict[str, str]:
    """开发区 for 荻洲经济开发区管委会: where no item is signed by an office of the table, the one
    name that ends in one of its written forms stands for it."""
    by_office: dict[str, list[str]] = {}
    for form, office in forms.items():
        if office not in names:
            by_office.setdefault(office, [office]).append(form)
    found = {}
    for written in by_office.values():
        long = [form for form in written if len(form) > 2]
        signed = [name for name in names if name.endswith(tuple(long))] if long else []
        if len(signed) == 1:
            found.update(dict.fromkeys(written, signed[0]))
    return found


def _distance(typed: str, form: str) -> int | None:
    """0 same sound, 1 one slip in a name of four characters or more; None: another name."""
    if len(typed) == len(form) and len(form) >= 3:
        differ = [(a, b) for a, b in zip(typed, form, strict=True) if a != b]
        # The count first: looking up the sounds of every name took 4 ms a question.
        if len(differ) <= 2 and all(pinyin(a) == pinyin(b) for a, b in differ):
            return 0
    if len(form) >= 4 and typed[-1] == form[-1] and Levenshtein.distance(typed, form) == 1:
        # 文化局 and 文广旅游局 differ by more; 司法局 is too short for a safe guess.
        return 1 if len(typed) != len(form) or len(form) >= 5 else None
    return None
