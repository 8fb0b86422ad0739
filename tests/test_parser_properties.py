"""What holds for every bulletin and for every text (hypothesis)."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.generate import MadeIssue, MadeItem, make_issue
from benchmarks.typesetting import Setting, make_setting, render
from ingest.layout import read_layout, split_issues
from ingest.lines import read_lines
from ingest.parser import parse_bulletin, parse_bulletins
from rag.errors import NotABulletinError
from rag.schema import Bulletin, Item
from rag.text import fold, strip_space

_LABELS = Counter("本期发送报抄责任编辑审核定签校稿复人范围单位分至主呈印执行" * 200)
_MARKS = "【】〖〗[]［］（）()：:、，。一二三四五六七八九十-"


def content(text: str) -> Counter[str]:
    """The visible characters of a text."""
    return Counter(
        char
        for char in text
        if not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf")
    )


def said(item: Item) -> tuple[str, str | None, str, tuple[str, ...]]:
    return item.section, item.title, fold(strip_space(item.body)), item.departments


def meant(item: MadeItem) -> tuple[str, str | None, str, tuple[str, ...]]:
    rows = "".join("".join(row) for row in item.rows)
    title = item.title or None
    return item.section, title, fold(strip_space(item.body + rows)), item.departments


def assert_parsed(bulletin: Bulletin, issue: MadeIssue) -> None:
    assert [said(item) for item in bulletin.items] == [meant(item) for item in issue.items]
    ref = bulletin.issue
    assert (ref.series, ref.number, ref.edition) == (issue.series, issue.number, issue.edition)
    assert (bulletin.published, bulletin.publisher) == (issue.published, issue.publisher)
    footer = bulletin.footer
    assert (footer.editor, footer.reviewer) == (issue.editor, issue.reviewer)
    assert (footer.distribution, footer.signer) == (issue.distribution, issue.signer)
    assert bulletin.tail == ()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 100_000))
@example(1291, 665)  # a page number between the lines of the footer
@example(2833, 79771)  # 一、 sections, the first report without a signature
@example(874, 67407)
@example(854, 35751)  # a page ends in the first sentence of a report without heading
@example(20, 81800)
@example(2541, 44061)
@example(147, 41041)
@example(2063, 26313)
@example(2097, 10454)
@example(1707, 42255)
@example(379, 77238)  # a page ends above 各乡镇完成情况如下：
@example(2582, 2619)
@example(2825, 96341)
@example(1710, 42727)  # a line begins with the space between two names of a signature
@example(2066, 50800)  # a page number between a section and its first report
@example(2190, 75399)  # a page ends in a heading, in an issue that indents its paragraphs
@example(420, 43927)  # a page ends with a sentence
def test_what_was_set_is_what_is_read(seed: int, setting: int) -> None:
    issue = make_issue(seed)
    assert_parsed(parse_bulletin(render(issue, make_setting(setting)), "快报.txt"), issue)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=2, max_size=4, unique=True), st.integers(0, 1000))
def test_several_issues_in_one_file_are_kept_apart(seeds: list[int], setting: int) -> None:
    issues = [make_issue(seed) for seed in sorted(seeds)]
    text = "".join(render(issue, make_setting(setting)) for issue in issues)
    bulletins = parse_bulletins(text, "合订本.txt")
    assert len(bulletins) == len(issues)
    for bulletin, issue in zip(bulletins, issues, strict=True):
        assert_parsed(bulletin, issue)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 1000))
def test_title_and_body_are_parts_of_the_text(seed: int, setting: int) -> None:
    for item in parse_bulletin(render(make_issue(seed), make_setting(setting)), "快报").items:
        assert item.body in item.text
        assert (item.title or "") in item.text


_PLAIN = make_issue(7)
_FRAGMENTS = [
    line
    for seed in range(12)
    for line in render(make_issue(seed), replace(make_setting(seed), line_end="\n")).split("\n")
]
_ODD = (
    "（科工局）|(|）|【|】|【空】|一、强化领导|- 2 -|3|第18期|2023年4月21日|\f|\t1\t2|责任编辑：|签发|。|\x00|\u200b|[图]"
    "|增刊|第十一期（总第3期）|本期要目|1.|（ 科 工 局 ）|（发改委 科工局）。|一是强化领导。|目前，|（共印80份）|a b|总第"
    "|《第1期》|延津政务快报"
)
_FRAGMENTS += _ODD.split("|")
_HEAD = "延津政务快报\n第18期\n延津县人民政府办公室\n2023年4月21日\n"
_PIECES = st.one_of(st.sampled_from(_FRAGMENTS), st.text(max_size=30))
_TEXTS = st.builds(
    lambda head, pieces: head + "".join(piece + end for piece, end in pieces),
    st.sampled_from(["", _HEAD]),
    st.lists(st.tuples(_PIECES, st.sampled_from(["\n", "\n\n", "", " ", "\r\n"])), max_size=40),
)


@settings(max_examples=400, deadline=None)
@given(_TEXTS)
def test_any_text_is_parsed_or_refused_and_no_character_is_lost(text: str) -> None:
    try:
        bulletins = parse_bulletins(text, "快报.txt")
    except NotABulletinError:
        return
    page = read_lines(text)
    parts = [line.text for line in page.numbers]
    for lines in split_issues(page.lines):
        parts.extend(section.name for section in read_layout(lines).sections)
    for bulletin in bulletins:
        footer = bulletin.footer
        parts += [*bulletin.masthead, *bulletin.tail]
        parts += [footer.distribution, footer.editor, footer.reviewer, footer.signer]
        parts += [part for item in bulletin.items for part in (item.text, item.signature)]
    lost = content(text) - content("".join(parts)) - _LABELS
    assert not [char for char in lost if char not in _MARKS]


@settings(max_examples=200, deadline=None)
@given(_TEXTS)
def test_every_line_has_one_place(text: str) -> None:
    page = read_lines(text)
    assert content("".join(line.text for line in (*page.lines, *page.numbers))) == content(text)
    for lines in split_issues(page.lines):
        layout = read_layout(lines)
        placed = [*layout.head, *layout.headers, *layout.footer]
        placed += [line for section in layout.sections for line in section.lines]
        names = "".join(section.name for section in layout.sections)
        lost = content("".join(line.text for line in lines))
        lost -= content("".join(line.text for line in placed) + names)
        assert not [char for char in lost if char not in _MARKS]


def test_a_plain_setting_gives_no_warning() -> None:
    issue = replace(
        _PLAIN,
        items=tuple(
            replace(item, departments=item.departments or ("科工局",)) for item in _PLAIN.items
        ),
    )
    assert parse_bulletin(render(issue, Setting()), "快报.txt").warnings == ()
