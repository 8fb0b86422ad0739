"""Check a QA set against the bulletins beside it: python samples/check_qa.py [QA.jsonl].

Reads the demo issues with a few lines of its own, so that a fault in the project's parser
cannot hide a fault in the questions.
"""

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parent
FICTION_LINE = "（示例，内容纯属虚构）"
SPLITS = ("dev", "test")
TYPES = (
    "number",
    "date",
    "place_name",
    "department",
    "issue",
    "list",
    "reason_how",
    "paraphrase",
    "alias",
    "typo",
    "filter",
    "aggregate",
    "compare",
    "followup",
    "digest",
    "footer_meta",
    "time",
    "near_dup",
    "trend",
    "dept_worklist",
    "unanswerable_near",
    "unanswerable_year",
    "unanswerable_ood",
    "false_premise",
    "injection",
)
NEVER_ANSWERABLE = (
    "unanswerable_near",
    "unanswerable_year",
    "unanswerable_ood",
    "false_premise",
)
# Sums and differences are worked out from the items, so they stand in none of them.
COMPUTED_TYPES = ("aggregate", "compare")
FIELDS = {
    "id",
    "type",
    "split",
    "question",
    "history",
    "answerable",
    "must_include",
    "must_not_include",
    "correction_ok",
    "gold",
    "gold_quote",
}

FILE_NAME = re.compile(r"(\d{4})年第(\d+)期\.txt")
SECTION = re.compile(r"【(.+)】")
SIGNATURE = re.compile(r"（([^（）]{2,20}(?:局|委|区|社|镇|乡|街道))）$")
ITEM_COUNT = re.compile(r"共?[\d一二三四五六七八九十两]+[条次期回个项则篇]?")

Question = dict[str, Any]


@dataclass(frozen=True)
class Item:
    section: str
    departments: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Issue:
    """One demo issue; frame is the masthead and the footer, line by line."""

    year: int
    number: int
    frame: str
    items: tuple[Item, ...]


def load_issues(folder: Path) -> dict[tuple[int, int], Issue]:
    """The demo issues of a folder by (year, number); other files are passed over."""
    issues = {}
    for path in sorted(folder.glob("*.txt")):
        if name := FILE_NAME.fullmatch(path.name):
            year, number = int(name[1]), int(name[2])
            issues[year, number] = read_issue(path.read_text("utf-8"), year, number)
    return issues


def read_issue(text: str, year: int, number: int) -> Issue:
    """An issue's items and frame; a paragraph goes on until its signature or the next 栏目."""
    frame: list[str] = []
    items: list[Item] = []
    open_text, section, in_footer = "", "", False
    for line in filter(None, (line.strip() for line in text.splitlines())):
        heading = SECTION.fullmatch(line)
        in_footer = in_footer or line.startswith("本期发：")
        if (heading or in_footer) and open_text:
            items.append(Item(section, (), open_text))
            open_text = ""
        if heading:
            section = heading[1]
        elif in_footer or not section:
            frame.append(line)
        else:
            open_text += line
            if signature := SIGNATURE.search(open_text):
                items.append(Item(section, tuple(signature[1].split("、")), open_text))
                open_text = ""
    return Issue(year, number, "\n".join(frame), tuple(items))


def normalise(text: str) -> str:
    """Text as answers are compared: NFKC, no white space, no thousands commas."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"(?<=\d),(?=\d{3})", "", text)


def stands_in(needle: str, text: str) -> bool:
    """Whether needle occurs in text with digit boundaries: 8万亩 is not found in 6.8万亩."""
    needle = normalise(needle)
    before = r"(?<!\d)(?<!\d\.)" if needle[:1].isdigit() else ""
    after = r"(?!\.?\d)" if needle[-1:].isdigit() else ""
    return re.search(before + re.escape(needle) + after, normalise(text)) is not None


def gold_texts(entry: dict[str, Any], issues: dict[tuple[int, int], Issue]) -> list[str]:
    """The texts that a gold entry can mean; empty section and department mean the frame."""
    issue = issues.get((entry["year"], entry["issue"]))
    if issue is None:
        return []
    if not entry["section"] and not entry["department"]:
        return [issue.frame]
    return [
        item.text
        for item in issue.items
        if item.section == entry["section"]
        and (entry["department"] in item.departments or not item.departments)
    ]


def question_problems(question: Question, issues: dict[tuple[int, int], Issue]) -> list[str]:
    """What is wrong with one question; empty when nothing is."""
    if missing := FIELDS - question.keys():
        return [f"缺少字段 {'、'.join(sorted(missing))}"]
    problems = []
    if question["type"] not in TYPES:
        problems.append(f"未知类型 {question['type']}")
    if question["split"] not in SPLITS:
        problems.append(f"split 应为 dev 或 test，实为 {question['split']}")
    if question["answerable"] and question["type"] in NEVER_ANSWERABLE:
        problems.append("该类型的 answerable 应为 false")
    if question["answerable"] and not (question["must_include"] and question["gold"]):
        problems.append("可回答的问题缺少 must_include 或 gold")
    if any(not group for group in question["must_include"]):
        problems.append("must_include 有空组")
    for turn in question["history"]:
        if set(turn) != {"role", "content"} or turn["role"] not in ("user", "assistant"):
            problems.append("history 每轮应为 role 和 content")
    texts = []
    for entry in question["gold"]:
        found = gold_texts(entry, issues)
        if not found:
            problems.append(f"档案里没有这一条：{entry}")
        header = f"{entry['year']}年第{entry['issue']}期 {entry['section']} {entry['department']}"
        texts += [header, *found]
    problems += quote_problems(question, issues)
    evidence = "\n".join(texts)
    if question["gold"]:
        problems += figure_problems(question, evidence)
    return problems


def quote_problems(question: Question, issues: dict[tuple[int, int], Issue]) -> list[str]:
    """The quote must stand in the item that the first gold entry names."""
    quote = normalise(question["gold_quote"])
    if not question["gold"]:
        return ["有 gold_quote 而无 gold"] if quote else []
    if not quote:
        return ["有 gold 而无 gold_quote"]
    if any(quote in normalise(text) for text in gold_texts(question["gold"][0], issues)):
        return []
    return [f"引文不在首条 gold 里：{question['gold_quote']}"]


def figure_problems(question: Question, evidence: str) -> list[str]:
    """Required words must stand in the gold items, forbidden ones must not stand in the quote."""
    problems = []
    for group in question["must_include"]:
        computed = question["type"] in COMPUTED_TYPES or all(map(ITEM_COUNT.fullmatch, group))
        if not computed and not any(stands_in(word, evidence) for word in group):
            problems.append(f"must_include 不在 gold 里：{group}")
    for word in question["must_not_include"]:
        if stands_in(word, question["gold_quote"]):
            problems.append(f"must_not_include 就在引文里：{word}")
    corrections = question["correction_ok"]
    if corrections and not any(stands_in(word, evidence) for word in corrections):
        problems.append(f"correction_ok 不在 gold 里：{corrections}")
    return problems


def set_problems(questions: Sequence[Question], issues: dict[tuple[int, int], Issue]) -> list[str]:
    """What is wrong with the whole set, each problem with the id of its question."""
    problems = []
    for question in questions:
        name = question.get("id", "（无 id）")
        problems += [f"{name}：{problem}" for problem in question_problems(question, issues)]
    ids = Counter(question.get("id") for question in questions)
    problems += [f"{name}：id 重复 {times} 次" for name, times in ids.items() if times > 1]
    asked = Counter(
        (normalise(question["question"]), json.dumps(question["history"], ensure_ascii=False))
        for question in questions
    )
    problems += [f"问题重复 {times} 次：{text}" for (text, _), times in asked.items() if times > 1]
    present = counts(questions)
    for kind in TYPES:
        problems += [f"{split} 没有 {kind}" for split in SPLITS if not present[kind, split]]
    return problems


def counts(questions: Sequence[Question]) -> Counter[tuple[str, str]]:
    """How many questions of each (type, split)."""
    return Counter((question["type"], question["split"]) for question in questions)


def load_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file in file order."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def main(arguments: Sequence[str]) -> int:
    questions = load_questions(Path(arguments[0]) if arguments else SAMPLES / "qa.jsonl")
    present = counts(questions)
    print(f"{'类型':<20}dev  test")
    for kind in TYPES:
        print(f"{kind:<20}{present[kind, 'dev']:>5}{present[kind, 'test']:>6}")
    for split in SPLITS:
        part = [question for question in questions if question["split"] == split]
        refused = sum(not question["answerable"] for question in part)
        print(f"{split}：{len(part)} 题，其中不可回答 {refused} 题")
    problems = set_problems(questions, load_issues(SAMPLES))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"问题 {len(problems)} 处")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
