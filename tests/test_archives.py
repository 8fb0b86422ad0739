"""The archives that the product is measured on: labelled, read whole, with questions that fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.parser import parse_bulletin
from rag.evaluation.questions import load_questions

FOLDERS = sorted(
    path
    for path in (Path(__file__).resolve().parent.parent / "benchmarks" / "archives").iterdir()
    if path.is_dir()
)


def close(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_issue_says_that_it_is_invented(folder: Path) -> None:
    for path in folder.glob("*.txt"):
        assert "示例，内容纯属虚构" in path.read_text(encoding="utf-8")[:100]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_gold_item_is_read_and_its_quote_stands_there(folder: Path) -> None:
    issues = [
        parse_bulletin(path.read_text(encoding="utf-8"), path.name) for path in folder.glob("*.txt")
    ]
    found = {(b.published.year, b.issue.number): b for b in issues}
    printed = {key: close("".join(i.text for i in b.items)) for key, b in found.items()}
    questions = load_questions(folder / "qa.jsonl")
    assert len(questions) > 100
    for question in questions:
        for gold in question.gold:
            bulletin = found[gold.year, gold.issue]
            assert not gold.section or gold.section in {i.section for i in bulletin.items}
        quote = close(question.gold_quote)
        if question.answerable and quote and question.type != "footer_meta":
            whole = "".join(printed.values()) + "".join(
                close(path.read_text(encoding="utf-8")) for path in folder.glob("*.txt")
            )
            assert quote in whole
