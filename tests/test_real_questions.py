"""The questions on the two real issues ask only for what is printed there."""

import re
from collections import Counter
from pathlib import Path

import pytest

from rag.evaluation.questions import load_questions
from rag.metrics import ItemKey, contains

HERE = Path(__file__).parent
OPEN = load_questions(HERE / "real_questions.jsonl")
BLIND = load_questions(HERE / "real_questions_blind.jsonl")
SETS = pytest.mark.parametrize("questions", [OPEN, BLIND], ids=["open", "blind"])
ANSWERABLE = [question for question in OPEN + BLIND if question.answerable]
# Answers to these are gathered from several places; no one sentence holds them.
GATHERED = {"aggregate", "dept_worklist", "digest", "filter"}


def printed(path):
    """White space and page breaks are typesetting, not text."""
    return "".join(path.read_text(encoding="utf-8").split())


BULLETINS = HERE.parents[1] / "shared" / "bulletins"
pytestmark = pytest.mark.skipif(not BULLETINS.is_dir(), reason="the two real issues are not here")
TEXTS = {
    tuple(map(int, re.search(r"第(\d+)期.*?(20\d\d)年", text).group(2, 1))): text
    for text in map(printed, sorted(BULLETINS.glob("*.txt")))
}


def items():
    """Section and signature of every item, read off the print: a signature ends an item."""
    found = {}
    for (year, issue), text in TEXTS.items():
        for section, body in re.findall(r"【([^】]+)】([^【]+)", text):
            for words, name in re.findall(r"(.*?。)（([^（）、]{2,8})）", body):
                found[ItemKey(year, issue, section, frozenset({name}))] = words
    return found


ITEMS = items()


def test_the_two_issues_hold_sixteen_items():
    assert Counter(item.year for item in ITEMS) == {2023: 8, 2025: 8}


@pytest.mark.parametrize(("questions", "size"), [(OPEN, 60), (BLIND, 40)], ids=["open", "blind"])
def test_a_quarter_is_not_answerable_and_the_parts_are_equal(questions, size):
    refusable = sum(not question.answerable for question in questions)

    assert len(questions) == size
    assert refusable >= size / 4
    assert Counter(question.split for question in questions) == {
        "dev": size / 2,
        "test": size / 2,
    }


@SETS
def test_every_kind_of_unanswerable_question_is_there(questions):
    kinds = {question.type for question in questions if not question.answerable}

    assert kinds == {
        "unanswerable_near",
        "unanswerable_year",
        "unanswerable_ood",
        "false_premise",
    }


def test_the_two_sets_share_no_wording_and_no_quote():
    assert not {q.question for q in OPEN} & {q.question for q in BLIND}
    assert not {q.gold_quote for q in OPEN if q.gold_quote} & {q.gold_quote for q in BLIND}


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)
def test_gold_names_printed_items_and_the_quote_stands_in_one(question):
    assert question.gold
    places = [
        ITEMS[gold] if gold.section else TEXTS[(gold.year, gold.issue)] for gold in question.gold
    ]

    quote = "".join(question.gold_quote.split())
    assert bool(quote) != (question.type in GATHERED)
    assert any(quote in place for place in places)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)
def test_each_expected_fact_is_printed_in_a_gold_item(question):
    texts = []
    for gold in question.gold:
        label = f"{gold.year}年第{gold.issue}期【{gold.section}】{''.join(gold.departments)}"
        body = ITEMS[gold] if gold.section else TEXTS[(gold.year, gold.issue)]
        texts.append(f"{label} {body}")
    if question.type == "aggregate":
        texts = [f"共{sum(item.year == question.gold[0].year for item in ITEMS)}条"]

    for group in question.must_include:
        assert any(contains(text, choice) for text in texts for choice in group), group


@SETS
def test_nothing_forbidden_is_said_in_the_question_or_in_a_gold_item(questions):
    # To quote the whole gold item must stay a right answer.
    for question in questions:
        items = [ITEMS[gold] for gold in question.gold if gold.section]
        for words in question.must_not_include:
            assert not contains(question.question, words)
            assert not any(contains(item, words) for item in items)


@SETS
def test_a_correction_is_printed_and_not_already_in_the_question(questions):
    corrected = [question for question in questions if question.type == "false_premise"]

    assert corrected
    for question in corrected:
        (gold,) = question.gold
        department = "".join(gold.departments)
        assert any(
            contains(TEXTS[(gold.year, gold.issue)] + department, words)
            for group in question.correction_ok
            for words in group
        )
        assert not any(
            contains(question.question, words)
            for group in question.correction_ok
            for words in group
        )
