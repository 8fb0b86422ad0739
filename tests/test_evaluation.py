"""A whole evaluation on invented questions and answers."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from rag.errors import BulletinError, QuestionError, SettingsError
from rag.evaluation import chain_engine, format_table, run_evaluation, text_lookup
from rag.evaluation.comparison import compare
from rag.evaluation.questions import Question, load_questions
from rag.evaluation.scoring import score, summarise
from rag.evaluation.statistics import (
    bootstrap_interval,
    mcnemar_exact,
    mean,
    paired_bootstrap,
    percentile,
)
from rag.metrics import ItemKey
from rag.schema import Answer, Chunk, Footer, Intent, IssueRecord, IssueRef, ParsedQuery

TEXT = "一季度，我县技改投资上报额5452万元，同比增速达到54.8%。"
ROW = {
    "id": "q1",
    "type": "number",
    "question": "一季度技改投资多少",
    "answerable": True,
    "must_include": [["5452万元", "5452万"]],
    "gold": [{"year": 2023, "issue": 18, "section": "全力拼经济", "department": "科工局"}],
    "split": "dev",
}
REFUSABLE = {
    "id": "q2",
    "type": "unanswerable_year",
    "question": "2024年技改投资多少",
    "answerable": False,
    "split": "test",
}


def citation(**changes):
    return {
        "number": 1,
        "label": "《延津政务快报》2023年第18期（2023-04-21）【全力拼经济】科工局",
        "year": 2023,
        "issue": 18,
        "date": "2023-04-21",
        "section": "全力拼经济",
        "title": "",
        "departments": ["科工局"],
        "quote": TEXT[4:20],
        "source": "018.txt",
        "chunk_id": "2023-018-01",
        "start": 4,
        "end": 20,
        **changes,
    }


def prediction(outcome="answered", answer="5452万元[1]", citations=(), total=10.0, **more):
    return {
        "id": "q",
        "question": "？",
        "outcome": outcome,
        "answer": answer,
        "citations": list(citations),
        "retrieved": [
            {
                "chunk_id": c["chunk_id"],
                "year": c["year"],
                "issue": c["issue"],
                "section": c["section"],
                "departments": c["departments"],
                "score": 0.5,
            }
            for c in citations
        ],
        "engine": "extractive",
        "timing_ms": {"total": total},
        **more,
    }


RIGHT = prediction(citations=[citation()])
REFUSED = prediction("not_found", "没有找到相关内容")


def write_rows(path, *rows):
    path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def answers(**by_id):
    return lambda question: by_id[question.id]


def question(tmp_path, **changes):
    return load_questions(write_rows(tmp_path / "one.jsonl", {**ROW, **changes}))[0]


# --- reading a question set


def test_a_row_becomes_a_question(tmp_path):
    assert question(tmp_path, history=[{"role": "user", "content": "技改"}]) == Question(
        id="q1",
        type="number",
        question="一季度技改投资多少",
        answerable=True,
        history=({"role": "user", "content": "技改"},),
        must_include=(("5452万元", "5452万"),),
        gold=(ItemKey(2023, 18, "全力拼经济", frozenset({"科工局"})),),
        split="dev",
    )


def test_several_departments_of_a_gold_item_are_told_apart(tmp_path):
    gold = [{"year": 2023, "issue": 18, "section": "安全生产", "department": "公安局、教育局"}]

    assert question(tmp_path, gold=gold).gold[0].departments == {"公安局", "教育局"}


def without(name):
    return {key: value for key, value in ROW.items() if key != name}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (without("id"), "缺少字段 id"),
        (without("answerable"), "缺少字段 answerable"),
        ({**ROW, "answerable": "yes"}, "answerable"),
        ({**ROW, "must_include": ["5452万元"]}, "must_include"),
        ({**ROW, "must_include": [[]]}, "must_include"),
        ({**ROW, "must_not_include": [1]}, "must_not_include"),
        ({**ROW, "gold": [{"year": "2023", "issue": 18}]}, "gold"),
        ({**ROW, "history": [{"role": "system", "content": "x"}]}, "history"),
        ([1, 2], "JSON 对象"),
        ({**ROW, "id": "q2"}, "与第 1 行重复"),
    ],
)
def test_a_bad_row_is_refused_with_file_and_line(tmp_path, row, complaint):
    path = write_rows(tmp_path / "坏题.jsonl", REFUSABLE, row)

    with pytest.raises(QuestionError, match=re.escape(complaint)) as caught:
        load_questions(path)

    assert "坏题.jsonl 第 2 行" in str(caught.value)


def test_broken_json_is_refused_with_file_and_line(tmp_path):
    path = tmp_path / "qa.jsonl"
    path.write_text(json.dumps(ROW) + "\n\n{broken\n", encoding="utf-8")

    with pytest.raises(QuestionError, match=r"qa\.jsonl 第 3 行不是有效的 JSON"):
        load_questions(path)


def test_a_missing_or_empty_file_is_refused_by_name(tmp_path):
    (tmp_path / "空.jsonl").write_text("\n", encoding="utf-8")

    with pytest.raises(QuestionError, match=r"没有\.jsonl"):
        load_questions(tmp_path / "没有.jsonl")
    with pytest.raises(QuestionError, match="里没有问题"):
        load_questions(tmp_path / "空.jsonl")


# --- scoring


def test_a_right_answer_with_its_source_scores_full_marks(tmp_path):
    scored = score(question(tmp_path), RIGHT, {"2023-018-01": TEXT}.get)

    assert scored.reasons == ()
    assert scored.scores == {
        "correct": 1,
        "answer_correct": 1,
        "unanswerable_correct": None,
        "cited_when_correct": 1,
        "citation_precision": 1,
        "citation_recall": 1,
        "quotes_verbatim": 1,
        "figures_exact": 1,
        "wrong_year": 0,
        "refusal_precision": None,
        "refusal_recall": None,
        "over_refusal": 0,
        "hit_at_1": 1,
        "hit_at_5": 1,
        "mrr": 1,
        "error": 0,
    }


def test_a_right_figure_from_another_item_is_not_rightly_cited(tmp_path):
    other = citation(section="安全生产", departments=["潭龙街道"], chunk_id="2023-018-08")

    scored = score(question(tmp_path), prediction(citations=[other]))

    assert scored.correct
    assert scored.scores["cited_when_correct"] == 0
    assert "没有引用标准条目" in scored.reasons


def test_departments_meet_under_their_one_name(tmp_path):
    full = citation(departments=["科学技术和工业信息化局"])
    names = {"科工局": "科学技术和工业信息化局"}

    scored = score(
        question(tmp_path), prediction(citations=[full]), None, lambda name: names.get(name, name)
    )

    assert scored.scores["cited_when_correct"] == 1


def test_refusing_an_answerable_question_says_so(tmp_path):
    scored = score(question(tmp_path), REFUSED)

    assert (scored.scores["over_refusal"], scored.scores["refusal_precision"]) == (1, 0)
    assert "可以回答，却说没有" in scored.reasons


def test_what_is_wrong_is_said_in_chinese(tmp_path):
    bad = prediction(answer="9999万元[1]", citations=[citation(start=0, end=16)])

    scored = score(
        question(tmp_path, must_not_include=["9999万元"]), bad, {"2023-018-01": TEXT}.get
    )

    assert scored.reasons == (
        "缺少：5452万元 或 5452万",
        "出现了不应有的：9999万元",
        "数字不在引文中：9999万",
        "引文与原文不一致：[1]",
    )


def test_a_summary_counts_only_the_questions_a_metric_is_about(tmp_path):
    asked, refusable = load_questions(write_rows(tmp_path / "qa.jsonl", ROW, REFUSABLE))

    summary = summarise([score(asked, RIGHT), score(refusable, RIGHT)])

    assert summary["metrics"]["correct"]["value"] == 1 / 2
    assert summary["metrics"]["answer_correct"] == {"value": 1, "low": 1, "high": 1, "n": 1}
    assert summary["metrics"]["unanswerable_correct"]["value"] == 0
    assert summary["metrics"]["refusal_precision"]["value"] is None
    assert summary["types"]["unanswerable_year"]["n"] == 1


# --- statistics


def test_mean_and_percentiles():
    assert mean([1, 2, 6]) == 3
    assert mean([]) is None
    # Position 0.95 * 3 = 2.85 in 10, 20, 30, 40.
    assert percentile([40, 10, 30, 20], 0.95) == pytest.approx(30 + 0.85 * 10)
    assert percentile([40, 10, 30, 20], 0.5) == 25
    assert percentile([], 0.5) is None


def test_bootstrap_interval_holds_the_mean_and_repeats_itself():
    values = [1.0] * 80 + [0.0] * 20
    low, high = bootstrap_interval(values)

    # The normal interval is 0.8 ± 1.96 * sqrt(0.8 * 0.2 / 100) = 0.8 ± 0.0784.
    assert low == pytest.approx(0.8 - 0.0784, abs=0.02)
    assert high == pytest.approx(0.8 + 0.0784, abs=0.02)
    assert bootstrap_interval(values) == (low, high)
    assert bootstrap_interval([1.0, 1.0]) == (1, 1)
    assert bootstrap_interval([]) is None


def test_mcnemar_is_the_exact_binomial():
    # 1 lost of 6: 2 * (C(6,0) + C(6,1)) / 2^6 = 14/64.
    assert mcnemar_exact(5, 1) == 14 / 64
    assert mcnemar_exact(1, 5) == 14 / 64
    assert mcnemar_exact(0, 0) == 1
    assert mcnemar_exact(3, 3) == 1


def test_paired_bootstrap_tells_a_clear_gain_from_none():
    assert paired_bootstrap([0.0] * 20, [0.5] * 20) == 0
    assert paired_bootstrap([0.5] * 20, [0.5] * 20) == 1
    assert paired_bootstrap([], []) == 1


# --- the run


def test_a_run_reports_the_whole_set_and_its_parts(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW, REFUSABLE)

    run = run_evaluation(qa, {"extractive": answers(q1=RIGHT, q2=RIGHT)}, day="2025-11-21")

    splits = run.results["engines"]["extractive"]["splits"]
    assert {name: s["metrics"]["correct"]["value"] for name, s in splits.items()} == {
        "all": 0.5,
        "dev": 1,
        "test": 0,
    }


def test_a_set_without_split_has_one_part(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", without("split"))

    run = run_evaluation(qa, {"extractive": answers(q1=RIGHT)}, day="2025-11-21")

    assert list(run.results["engines"]["extractive"]["splits"]) == ["all"]


def test_files_are_written_with_what_produced_them(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW, REFUSABLE)
    out = tmp_path / "报告"

    run = run_evaluation(
        qa,
        {"extractive": answers(q1=RIGHT, q2=REFUSED), "chat": answers(q1=REFUSED, q2=REFUSED)},
        day="2025-11-21",
        settings={"today": "2025-11-21"},
        models={"embedding": "e5"},
        out=out,
    )

    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    lines = (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert results == run.results
    assert (results["day"], results["models"]) == ("2025-11-21", {"embedding": "e5"})
    assert len(results["qa"]["sha256"]) == 64
    assert [json.loads(line)["run"] for line in lines] == ["extractive"] * 2 + ["chat"] * 2


def test_progress_is_told_after_each_question(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW, REFUSABLE)
    told = []

    run_evaluation(
        qa,
        {"extractive": answers(q1=RIGHT, q2=REFUSED)},
        day="2025-11-21",
        progress=lambda *state: told.append(state),
    )

    assert told == [("extractive", 1, 2), ("extractive", 2, 2)]


def test_minimums_missed_are_named_with_the_value_reached(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW, REFUSABLE)

    run = run_evaluation(
        qa,
        {"extractive": answers(q1=RIGHT, q2=RIGHT)},
        day="2025-11-21",
        minimums=["correct=0.5", "test.correct=0.9", "over_refusal=0", "latency_p95=5"],
    )

    assert run.shortfalls == (
        "extractive：要求 test.correct=0.9，实际为 0",
        "extractive：要求 latency_p95=5，实际为 10",
    )


def test_a_minimum_over_no_question_is_missed(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW)

    run = run_evaluation(
        qa,
        {"extractive": answers(q1=RIGHT)},
        day="2025-11-21",
        minimums=["unanswerable_correct=0.9"],
    )

    assert "没有可以计算的问题" in run.shortfalls[0]


@pytest.mark.parametrize("text", ["correct", "correct=高", "nonsense=1", "train.correct=1"])
def test_a_minimum_that_makes_no_sense_is_refused_before_asking(tmp_path, text):
    qa = write_rows(tmp_path / "qa.jsonl", ROW)
    asked = []

    with pytest.raises(SettingsError, match="--min"):
        run_evaluation(qa, {"extractive": asked.append}, day="2025-11-21", minimums=[text])

    assert asked == []


def test_comparison_names_the_questions_that_changed(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW, REFUSABLE)
    old = run_evaluation(
        qa,
        {"extractive": answers(q1=REFUSED, q2=REFUSED)},
        day="2025-11-20",
        out=tmp_path / "old",
    )

    new = run_evaluation(
        qa,
        {"extractive": answers(q1=RIGHT, q2=REFUSED)},
        day="2025-11-21",
        compare_with=tmp_path / "old" / "results.json",
    )

    rows = new.results["comparison"]["rows"]
    overall = next(r for r in rows if (r["split"], r["metric"]) == ("all", "correct"))
    assert (overall["old"], overall["new"], overall["better"]) == (0.5, 1, ["q1"])
    assert (overall["test"], overall["p"]) == ("mcnemar", 1)
    fewer = next(r for r in rows if (r["split"], r["metric"]) == ("all", "over_refusal"))
    assert (fewer["old"], fewer["new"], fewer["better"], fewer["worse"]) == (1, 0, ["q1"], [])
    assert new.results["comparison"]["same_questions"]
    assert not [r for r in rows if r["split"] == "test"]
    assert compare(old.results, old.results) == []


def test_two_single_runs_of_different_engines_are_compared(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW)
    old = run_evaluation(qa, {"extractive": answers(q1=REFUSED)}, day="2025-11-20")
    new = run_evaluation(qa, {"chat": answers(q1=RIGHT)}, day="2025-11-20")

    assert compare(old.results, new.results)[0]["better"] == ["q1"]


def test_a_file_that_is_no_result_cannot_be_compared(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW)

    with pytest.raises(QuestionError, match=r"qa\.jsonl 不是评测结果"):
        run_evaluation(qa, {}, day="2025-11-21", compare_with=qa)


def test_the_table_shows_shares_types_and_latency(tmp_path):
    qa = write_rows(tmp_path / "qa.jsonl", ROW, REFUSABLE)

    run = run_evaluation(qa, {"extractive": answers(q1=RIGHT, q2=RIGHT)}, day="2025-11-21")

    lines = format_table(run.results).splitlines()
    assert lines[0] == "qa.jsonl：2 题，2025-11-21"
    right = next(line for line in lines if line.startswith("可回答的：答案正确"))
    assert right.split("  ")[-2:] == ["100.0% [100.0–100.0] n=1", "—"]
    assert any(
        line.split() == ["number", "数字", "1/1（100%）", "1/1（100%）", "—"] for line in lines
    )
    assert any(line.split()[:2] == ["耗时", "p95"] and "10 ms" in line for line in lines)


# --- asking a chain


def bare_answer(text="5452万元"):
    query = ParsedQuery(question="？", standalone="？", intent=Intent.FIGURE)
    return Answer(question="？", text=text, query=query)


def test_a_chain_is_asked_with_question_and_history(tmp_path):
    asked = []

    def invoke(request):
        asked.append(request)
        return bare_answer()

    turn = {"role": "user", "content": "技改"}
    line = chain_engine(invoke)(question(tmp_path, history=[turn]))

    assert asked == [{"question": "一季度技改投资多少", "history": [turn]}]
    assert (line["id"], line["outcome"], line["answer"]) == ("q1", "answered", "5452万元")
    assert line["timing_ms"]["total"] >= 0


@pytest.mark.parametrize("error", [BulletinError("索引打不开"), ZeroDivisionError("索引打不开")])
def test_a_crash_counts_as_an_error_and_the_run_goes_on(tmp_path, error):
    def invoke(request):
        raise error

    line = chain_engine(invoke)(question(tmp_path))
    scored = score(question(tmp_path), line)

    assert line["outcome"] == "error"
    assert "索引打不开" in line["answer"]
    assert (scored.scores["error"], scored.scores["correct"]) == (1, 0)


def test_texts_are_looked_up_by_chunk_and_by_issue():
    issue = IssueRef(2023, 18, series="延津政务快报")
    chunk = Chunk("c", issue, date(2023, 4, 21), "栏", "题", (), TEXT, 1, "018.txt")
    record = IssueRecord(issue, date(2023, 4, 21), "", Footer(), "整期", ("c",), "018.txt", "hash")

    class FakeCatalog:
        def chunks(self, ids):
            return [chunk for id in ids if id == "c"]

        def issues(self):
            return [record]

    text_of = text_lookup(FakeCatalog())

    assert (text_of("c"), text_of(issue.key), text_of("x")) == (TEXT, "整期", None)


# --- the page


def report(tmp_path, row, line):
    qa = write_rows(tmp_path / "qa.jsonl", row)
    run_evaluation(qa, {"extractive": lambda _: line}, day="2025-11-21", out=tmp_path / "out")
    return (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_report_shows_a_failing_question_with_expectation_answer_and_evidence(tmp_path):
    page = report(tmp_path, ROW, prediction(answer="9999万元[1]", citations=[citation()]))

    assert "答错的问题：1 题" in page
    assert "应含：5452万元 或 5452万" in page
    assert "9999万元[1]" in page
    assert f"<blockquote>{TEXT[4:20]}</blockquote>" in page


def test_the_report_leaves_right_answers_out(tmp_path):
    page = report(tmp_path, ROW, RIGHT)

    assert "答错的问题：0 题" in page
    assert ROW["question"] not in page


def test_every_text_in_the_report_is_escaped(tmp_path):
    evil = '<script>alert("x")</script>'
    row = {**ROW, "id": evil, "type": evil, "question": evil, "split": evil, "gold_quote": evil}
    row["history"] = [{"role": "user", "content": evil}]
    row["must_include"] = [[evil + "!"]]
    bad = prediction(
        answer=evil, citations=[citation(label=evil, quote=evil, section=evil, departments=[evil])]
    )

    page = report(tmp_path, row, bad)

    assert evil not in page
    assert "&lt;script&gt;" in page


def test_the_report_needs_nothing_from_outside(tmp_path):
    page = report(tmp_path, ROW, REFUSED)

    assert "<svg" in page
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)


def test_corrections_are_alternatives_or_groups_of_them(tmp_path: Path) -> None:
    row = {"id": "a", "type": "false_premise", "question": "问", "answerable": False}
    plain, grouped = tmp_path / "plain.jsonl", tmp_path / "grouped.jsonl"
    plain.write_text(json.dumps({**row, "correction_ok": ["8月28日", "秋季"]}), encoding="utf-8")
    grouped.write_text(
        json.dumps({**row, "correction_ok": [["8月28日"], ["秋季", "秋"]]}), encoding="utf-8"
    )

    assert load_questions(plain)[0].correction_ok == (("8月28日", "秋季"),)
    assert load_questions(grouped)[0].correction_ok == (("8月28日",), ("秋季", "秋"))
