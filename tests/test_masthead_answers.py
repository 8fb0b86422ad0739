from __future__ import annotations

import pytest

from tests.archive import DISTRIBUTION, PUBLISHER, ask, cited, texts

FACTS = [
    ("2025年第5期的责任编辑是谁", "赵敏", (2025, 5)),
    ("2025年第5期责编是哪位", "赵敏", (2025, 5)),
    ("2024年第26期谁编的", "赵敏", (2024, 26)),
    ("2024年第26期的审核人是谁", "罗静", (2024, 26)),
    ("2023年第9期谁审核的", "周启明", (2023, 9)),
    ("2023年第9期是谁签发的", "高望山", (2023, 9)),
    ("去年第9期的签发人", "沈砚秋", (2024, 9)),
    ("2023年第9期是哪天出的", "2023年4月14日", (2023, 9)),
    ("2024年第26期什么时候印发的", "2024年10月18日", (2024, 26)),
    ("第31期的日期", "2022年11月18日", (2022, 31)),
    ("2024年第9期发给哪些人", DISTRIBUTION, (2024, 9)),
    ("2024年第9期的发送范围", DISTRIBUTION, (2024, 9)),
    ("2024年第9期的印发单位是哪里", PUBLISHER, (2024, 9)),
    ("最新一期是谁签发的", "沈砚秋", (2025, 5)),
    ("最新一期快报是哪天出的", "2025年3月7日", (2025, 5)),
    ("最早的一期是哪天出的", "2022年11月18日", (2022, 31)),
]


@pytest.mark.parametrize(("question", "fact", "issue"), FACTS, ids=[q for q, *_ in FACTS])
def test_a_masthead_fact_is_given_and_cited_from_its_issue(
    question: str, fact: str, issue: tuple[int, int]
) -> None:
    answer = ask(question)
    assert fact in answer.text
    assert cited(answer) == {(*issue, 0)}


@pytest.mark.parametrize("question", [q for q, *_ in FACTS[::3]])
def test_its_quote_stands_in_the_text_of_the_issue_without_an_item(question: str) -> None:
    stored = texts()
    for citation in ask(question).citations:
        assert stored[citation.chunk_id][citation.start : citation.end] == citation.quote
        assert (citation.section, citation.title, citation.departments) == ("", "", ())


def test_several_facts_of_one_issue() -> None:
    text = ask("2024年第26期的责任编辑、审核和签发分别是谁").text
    assert all(name in text for name in ("赵敏", "罗静", "沈砚秋"))


def test_a_number_of_two_years_is_answered_for_each() -> None:
    text = ask("第9期是谁签发的").text
    lines = [line for line in text.splitlines() if "签发" in line]
    assert any("2023年第9期" in line and "高望山" in line for line in lines)
    assert any("2024年第9期" in line and "沈砚秋" in line for line in lines)


def test_an_issue_that_is_not_there_has_no_masthead() -> None:
    answer = ask("2024年第12期是谁签发的")
    assert answer.outcome == "not_found"
    assert "沈砚秋" not in answer.text


def test_a_line_that_is_not_printed_is_refused() -> None:
    answer = ask("2024年第26期的总期号是多少")
    assert answer.outcome == "not_found"


def test_the_issues_that_someone_signed() -> None:
    answer = ask("沈砚秋签发的都有哪几期")
    assert {(c.issue.year, c.issue.number) for c in answer.citations} == {
        (2024, 9),
        (2024, 26),
        (2025, 5),
    }


def test_who_followed_whom() -> None:
    lines = ask("签发人从哪一期开始换成了谁").text.split("\n")
    assert ["高望山" in lines[0], "沈砚秋" in lines[1], len(lines)] == [True, True, 2]
