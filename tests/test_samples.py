"""The demo archive and its QA set hold together, read without the project's parser."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def load_checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_qa", SAMPLES / "check_qa.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_qa"] = module
    spec.loader.exec_module(module)
    return module


check_qa = load_checker()
QUESTIONS = check_qa.load_questions(SAMPLES / "qa.jsonl")
ISSUES = check_qa.load_issues(SAMPLES)


def test_twelve_issues_three_a_year() -> None:
    years = [year for year, _ in ISSUES]
    assert len(ISSUES) == 12
    assert {year: years.count(year) for year in years} == {2022: 3, 2023: 3, 2024: 3, 2025: 3}


def test_every_file_is_marked_as_fiction() -> None:
    for path in SAMPLES.glob("*.txt"):
        assert check_qa.FICTION_LINE in path.read_text("utf-8").splitlines(), path.name


def test_every_issue_has_nine_or_ten_items() -> None:
    sizes = {key: len(issue.items) for key, issue in ISSUES.items()}
    assert set(sizes.values()) == {9, 10}
    # 2022: 10+10+10, 2023: 10+10+10, 2024: 10+9+9, 2025: 9+10+10
    assert sum(sizes.values()) == 30 + 30 + 28 + 29


def test_every_footer_names_editor_reviewer_and_signer() -> None:
    for issue in ISSUES.values():
        for label in ("本期发：", "责任编辑：", "审核：", "签发："):
            assert issue.frame.count(label) == 1


def test_one_item_is_unsigned() -> None:
    unsigned = [
        (key, item.text[:12])
        for key, issue in ISSUES.items()
        for item in issue.items
        if not item.departments
    ]
    assert unsigned == [((2023, 50), "县住建城管局全力保障冬季")]


def test_qa_set_has_no_problems() -> None:
    assert check_qa.set_problems(QUESTIONS, ISSUES) == []


def test_qa_set_is_large_and_a_quarter_is_unanswerable() -> None:
    for split in check_qa.SPLITS:
        part = [question for question in QUESTIONS if question["split"] == split]
        assert len(part) >= 130
        assert 4 * sum(not question["answerable"] for question in part) >= len(part)


def test_altered_figure_in_a_quote_is_reported() -> None:
    question = next(q for q in QUESTIONS if "5.6亿元" in q["gold_quote"])
    altered = question | {"gold_quote": question["gold_quote"].replace("5.6亿元", "6.5亿元")}
    assert any("引文" in problem for problem in check_qa.question_problems(altered, ISSUES))


def test_section_that_the_issue_lacks_is_reported() -> None:
    question = next(q for q in QUESTIONS if q["type"] == "number")
    entry = question["gold"][0] | {"section": "没有这个栏目"}
    altered = question | {"gold": [entry]}
    assert any("没有这一条" in problem for problem in check_qa.question_problems(altered, ISSUES))


@pytest.mark.parametrize(
    ("needle", "text", "found"),
    [
        ("8万亩", "新建6.8万亩", False),
        ("8万亩", "改造提升 8 万亩", True),
        ("5452万", "上报额 5,452 万元", True),
        ("25", "占25.0%", False),
        ("114人", "抓获１１４人", True),
    ],
)
def test_words_are_found_with_digit_boundaries(needle: str, text: str, found: bool) -> None:
    assert check_qa.stands_in(needle, text) is found


def test_script_fails_on_a_broken_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "qa.jsonl"
    broken.write_text(json.dumps(QUESTIONS[0] | {"type": "riddle"}, ensure_ascii=False), "utf-8")
    assert check_qa.main([str(broken)]) == 1
    assert "未知类型 riddle" in capsys.readouterr().err
