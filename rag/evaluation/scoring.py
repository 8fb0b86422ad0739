"""One prediction scored on every metric, and the scores of many summed up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag import metrics
from rag.evaluation.questions import Question
from rag.evaluation.statistics import bootstrap_interval, mean, percentile
from rag.metrics import ItemKey, Quote

Prediction = Mapping[str, Any]  # a line of OUT.jsonl


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as shown to readers; `rising` says that more is better."""

    name: str
    label: str
    rising: bool = True


METRICS = (
    Metric("correct", "全部问题答对率"),
    Metric("answer_correct", "可回答的：答案正确"),
    Metric("unanswerable_correct", "不可回答的：拒答或纠正"),
    Metric("cited_when_correct", "答对的：引用了标准条目"),
    Metric("citation_precision", "引用精确率（条目）"),
    Metric("citation_recall", "引用召回率（条目）"),
    Metric("quotes_verbatim", "引文逐字一致"),
    Metric("figures_exact", "数字见于引文"),
    Metric("wrong_year", "错年份或混淆数字", rising=False),
    Metric("refusal_precision", "拒答精确率"),
    Metric("refusal_recall", "拒答召回率"),
    Metric("over_refusal", "可回答却拒答", rising=False),
    Metric("hit_at_1", "检索命中@1"),
    Metric("hit_at_5", "检索命中@5"),
    Metric("mrr", "检索 MRR"),
    Metric("error", "出错", rising=False),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A question, what was answered, its scores by metric, and in Chinese what is wrong."""

    question: Question
    prediction: Prediction
    scores: Mapping[str, float | None]
    reasons: tuple[str, ...]

    @property
    def correct(self) -> bool:
        return self.scores["correct"] == 1


def score(
    question: Question,
    prediction: Prediction,
    text_of: Callable[[str], str | None] | None = None,
    canonical: Callable[[str], str] = str,
) -> Scored:
    """Score one prediction.

    `text_of` gives the stored text of a chunk or issue id (None: quotes are not checked);
    `canonical` the one name of a department, so that a printed name meets a full one.
    """
    outcome, answer = str(prediction["outcome"]), str(prediction["answer"])
    gold = [_renamed(item, canonical) for item in question.gold]
    citations = prediction["citations"]
    cited = [item_key(citation, canonical) for citation in citations]
    retrieved = [item_key(hit, canonical) for hit in prediction.get("retrieved", ())]
    quotes = [Quote(c["chunk_id"], c["quote"], c["start"], c["end"]) for c in citations]
    correct = metrics.answer_correct(
        outcome,
        answer,
        answerable=question.answerable,
        must_include=question.must_include,
        must_not_include=question.must_not_include,
        correction_ok=question.correction_ok,
    )
    answered = outcome == "answered"
    refused = outcome in metrics.REFUSALS
    asked = question.answerable
    recall = metrics.citation_recall(gold, cited)
    sources, counts = figure_sources(citations)
    scores: dict[str, float | None] = {
        "correct": float(correct),
        "answer_correct": float(correct) if asked else None,
        "unanswerable_correct": None if asked else float(correct),
        "cited_when_correct": float(bool(recall)) if asked and correct and gold else None,
        "citation_precision": metrics.citation_precision(gold, cited) if asked else None,
        "citation_recall": recall if asked and answered else None,
        "quotes_verbatim": metrics.quotes_verbatim(quotes, text_of) if text_of else None,
        "figures_exact": metrics.figure_exactness(answer, sources, counts) if answered else None,
        "wrong_year": metrics.wrong_year(outcome, answer, gold, cited, question.must_not_include),
        "refusal_precision": float(not asked) if refused else None,
        "refusal_recall": None if asked else float(refused),
        "over_refusal": float(refused) if asked else None,
        "hit_at_1": metrics.hit_at(1, gold, retrieved) if asked else None,
        "hit_at_5": metrics.hit_at(5, gold, retrieved) if asked else None,
        "mrr": metrics.reciprocal_rank(gold, retrieved) if asked else None,
        "error": float(outcome == "error"),
    }
    reasons = _reasons(question, outcome, answer, scores)
    if answered:
        lone = metrics.unsupported_figures(answer, sources, counts)
        reasons += [f"数字不在引文中：{'、'.join(lone)}"] if lone else []
    if text_of:
        bad = [
            str(citation["number"])
            for citation, quote in zip(citations, quotes, strict=True)
            if not metrics.is_verbatim(quote, text_of)
        ]
        reasons += [f"引文与原文不一致：[{']['.join(bad)}]"] if bad else []
    return Scored(question, prediction, scores, tuple(reasons))


def item_key(entry: Mapping[str, Any], canonical: Callable[[str], str] = str) -> ItemKey:
    """The item that a citation or a retrieved entry of a prediction belongs to."""
    names = frozenset(entry["departments"])
    return _renamed(ItemKey(entry["year"], entry["issue"], entry["section"], names), canonical)


def figure_sources(citations: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[int]]:
    """Where the figures of an answer may stand (quotes, titles, labels), and what can be counted:
    the citations, the items and the issues cited."""
    sources = [" ".join((c["quote"], c["title"], c["label"])) for c in citations]
    items = {c["chunk_id"] for c in citations}
    issues = {(c["year"], c["issue"]) for c in citations}
    return sources, [len(citations), len(items), len(issues)]


def _renamed(item: ItemKey, canonical: Callable[[str], str]) -> ItemKey:
    names = frozenset(canonical(name) for name in item.departments)
    return ItemKey(item.year, item.issue, item.section, names)


def _reasons(
    question: Question, outcome: str, answer: str, scores: Mapping[str, float | None]
) -> list[str]:
    reasons: list[str] = []
    if outcome == "error":
        reasons.append("出错，没有得到答案")
    elif question.answerable and not scores["correct"]:
        if outcome in metrics.REFUSALS:
            reasons.append("可以回答，却说没有")
        else:
            missing = metrics.missing_groups(answer, question.must_include)
            reasons += [f"缺少：{' 或 '.join(group)}" for group in missing]
    elif not scores["correct"] and outcome == "answered":
        reasons.append("快报中没有，却当作有来回答")
    forbidden = metrics.forbidden_found(answer, question.must_not_include)
    if forbidden:
        reasons.append(f"出现了不应有的：{'、'.join(forbidden)}")
    if scores["cited_when_correct"] == 0:
        reasons.append("没有引用标准条目")
    if scores["wrong_year"] and not forbidden:
        reasons.append("只引用了其他年份的条目")
    return reasons


def summarise(scored: Sequence[Scored]) -> dict[str, Any]:
    """Mean, 95% interval and number of questions by metric; correct by type; latency in ms."""
    kinds = sorted({entry.question.type for entry in scored})
    times = [
        float(entry.prediction["timing_ms"]["total"])
        for entry in scored
        if "timing_ms" in entry.prediction
    ]
    return {
        "questions": len(scored),
        "metrics": {
            metric.name: _summary([entry.scores[metric.name] for entry in scored])
            for metric in METRICS
        },
        "types": {
            kind: _summary([e.scores["correct"] for e in scored if e.question.type == kind])
            for kind in kinds
        },
        "latency_ms": {"p50": percentile(times, 0.5), "p95": percentile(times, 0.95)},
    }


def _summary(scores: Sequence[float | None]) -> dict[str, Any]:
    values = [value for value in scores if value is not None]
    interval = bootstrap_interval(values)
    return {
        "value": mean(values),
        "low": interval[0] if interval else None,
        "high": interval[1] if interval else None,
        "n": len(values),
    }
