"""Verdicts of readers and the question-set rows made from them."""

from __future__ import annotations

import json
from pathlib import Path

from page_fake import figure_answer, refusal

from rag.answer_json import answer_to_json
from rag.evaluation.questions import load_questions
from rag.feedback import Feedback, FeedbackBook, question_rows
from rag.schema import Answer


def verdict(answer: Answer, helpful: bool, id: str = "a", **more: str) -> Feedback:
    return Feedback(
        id=id,
        time="2025-11-21T08:00:00",
        reader="",
        helpful=helpful,
        question=answer.question,
        answer=answer_to_json(answer, None, 0),
        **more,  # type: ignore[arg-type]
    )


def test_second_verdict_on_an_answer_replaces_the_first(tmp_path: Path) -> None:
    book = FeedbackBook(tmp_path / "feedback.jsonl")
    book.add(verdict(figure_answer(), True))
    book.add(verdict(figure_answer(), True, id="b"))
    book.add(verdict(figure_answer(), False, reason="wrong_figure"))
    assert [(each.id, each.helpful) for each in book.all()] == [("a", False), ("b", True)]


def test_line_cut_off_hides_no_other(tmp_path: Path) -> None:
    book = FeedbackBook(tmp_path / "feedback.jsonl")
    book.add(verdict(figure_answer(), True))
    with book.path.open("a", encoding="utf-8") as file:
        file.write('{"id": "b", "ti')
    assert [each.id for each in book.all()] == ["a"]


def test_helpful_answer_asks_for_its_first_figure_and_its_source_again() -> None:
    [row] = question_rows([verdict(figure_answer(), True)])
    assert row["must_include"] == [["5452万元"]]
    assert row["gold"] == [
        {"year": 2023, "issue": 18, "section": "全力拼经济", "department": "科工局"}
    ]
    assert row["type"] == "number"
    assert row["gold_quote"].startswith("一季度，我县技改投资")


def test_helpful_refusal_asks_for_a_refusal_again() -> None:
    [row] = question_rows([verdict(refusal("GDP"), True)])
    assert (row["answerable"], row["must_include"]) == (False, [])


def test_correction_is_what_must_be_answered() -> None:
    rows = question_rows(
        [
            verdict(figure_answer(), False, correct="应为5542万元，增长54.8%"),
            verdict(figure_answer(), False, correct="科工局"),
        ]
    )
    assert [row["must_include"] for row in rows] == [[["5542万元"], ["54.8%"]], [["科工局"]]]
    assert [row["gold"] for row in rows] == [[], []]


def test_complaint_without_a_right_answer_gives_no_row() -> None:
    assert question_rows([verdict(figure_answer(), False, reason="off_topic")]) == []


def test_answer_that_should_have_been_refused_becomes_unanswerable() -> None:
    [row] = question_rows([verdict(figure_answer(), False, reason="should_refuse")])
    assert row["answerable"] is False


def test_rows_are_a_question_set(tmp_path: Path) -> None:
    rows = question_rows([verdict(figure_answer(), True), verdict(refusal("GDP"), True, id="b")])
    path = tmp_path / "qa.jsonl"
    path.write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8"
    )
    assert [question.answerable for question in load_questions(path)] == [True, False]
