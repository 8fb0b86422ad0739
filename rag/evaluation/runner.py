"""Ask every question of a set, score the answers, and write down what came out."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rag.answer_json import answer_to_json
from rag.errors import BulletinError, SettingsError
from rag.evaluation.comparison import compare, load_results
from rag.evaluation.questions import Question, load_questions
from rag.evaluation.report import render_report
from rag.evaluation.scoring import METRICS, Prediction, Scored, score, summarise
from rag.schema import Answer, Chunk, IssueRecord

Ask = Callable[[Question], Prediction]

_MINIMUM = re.compile(r"(?:(?P<split>\w+)\.)?(?P<metric>\w+)=(?P<value>\d+(?:\.\d+)?)")
_LATENCIES = {"latency_p50": "p50", "latency_p95": "p95"}


class Catalog(Protocol):
    """What is needed of the catalogue to look a quote up."""

    def chunks(self, ids: Sequence[str]) -> list[Chunk]: ...

    def issues(self) -> list[IssueRecord]: ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`results` is what results.json holds; `shortfalls` are the minimums missed, in Chinese."""

    results: dict[str, Any]
    scored: Mapping[str, tuple[Scored, ...]]
    shortfalls: tuple[str, ...] = ()


def run_evaluation(
    qa: Path,
    engines: Mapping[str, Ask],
    *,
    day: str,
    settings: Mapping[str, object] | None = None,
    models: Mapping[str, object] | None = None,
    out: Path | None = None,
    compare_with: Path | None = None,
    minimums: Sequence[str] = (),
    text_of: Callable[[str], str | None] | None = None,
    canonical: Callable[[str], str] = str,
    progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Put the questions of `qa` to each engine and measure the answers.

    `day` (of the run), `settings` and `models` are written down as given. `out` gets
    results.json, predictions.jsonl and report.html. `compare_with` is an earlier results.json.
    `minimums` are `metric=value` or `split.metric=value`; for a metric where less is better the
    value is a maximum. `text_of` and `canonical` are those of `scoring.score`. `progress` is
    told engine, questions done, questions in all. Bad arguments raise before anything is asked.
    """
    questions = load_questions(qa)
    limits = [_limit(text, questions) for text in minimums]
    earlier = load_results(compare_with) if compare_with else None
    scored: dict[str, tuple[Scored, ...]] = {}
    for name, ask in engines.items():
        entries: list[Scored] = []
        for question in questions:
            entries.append(score(question, ask(question), text_of, canonical))
            if progress:
                progress(name, len(entries), len(questions))
        scored[name] = tuple(entries)
    results: dict[str, Any] = {
        "qa": {
            "file": qa.name,
            "sha256": hashlib.sha256(qa.read_bytes()).hexdigest(),
            "questions": len(questions),
        },
        "day": day,
        "settings": dict(settings or {}),
        "models": dict(models or {}),
        "engines": {name: _engine_results(entries) for name, entries in scored.items()},
    }
    if earlier is not None:
        results["comparison"] = {
            "same_questions": earlier.get("qa", {}).get("sha256") == results["qa"]["sha256"],
            "old_day": earlier.get("day", ""),
            "rows": compare(earlier, results),
        }
    if out:
        _write(out, results, scored)
    return Evaluation(results, scored, tuple(_shortfalls(results, limits)))


def chain_engine(invoke: Callable[[dict[str, Any]], Answer]) -> Ask:
    """An engine that asks a chain, as `invoke({"question", "history"})`, and takes the time."""

    def ask(question: Question) -> Prediction:
        started = time.perf_counter()
        try:
            answer = invoke(
                {"question": question.question, "history": [dict(t) for t in question.history]}
            )
        except Exception as error:
            # One crash must not lose the run: it counts as an error and stands in the report.
            message = str(error) if isinstance(error, BulletinError) else repr(error)
            return _failed(question, message, 1000 * (time.perf_counter() - started))
        return answer_to_json(answer, question.id, 1000 * (time.perf_counter() - started))

    return ask


def text_lookup(catalog: Catalog) -> Callable[[str], str | None]:
    """The stored text of a chunk id, or of an issue key; None for an unknown id."""
    issues = {record.issue.key: record.text for record in catalog.issues()}

    def text_of(id: str) -> str | None:
        if id in issues:
            return issues[id]
        found = catalog.chunks([id])
        return found[0].text if found else None

    return text_of


def _failed(question: Question, message: str, total_ms: float) -> Prediction:
    return {
        "id": question.id,
        "question": question.question,
        "outcome": "error",
        "answer": message,
        "citations": [],
        "retrieved": [],
        "error": message,
        "timing_ms": {"total": round(total_ms, 1)},
    }


def _engine_results(entries: Sequence[Scored]) -> dict[str, Any]:
    named = sorted({entry.question.split for entry in entries} - {""})
    splits = {"all": summarise(entries)}
    for name in named:
        splits[name] = summarise([entry for entry in entries if entry.question.split == name])
    return {
        "splits": splits,
        "questions": [
            {
                "id": entry.question.id,
                "type": entry.question.type,
                "split": entry.question.split,
                "scores": dict(entry.scores),
                "reasons": list(entry.reasons),
            }
            for entry in entries
        ],
    }


@dataclass(frozen=True, slots=True)
class _Limit:
    text: str
    split: str
    metric: str
    value: float
    rising: bool


def _limit(text: str, questions: Sequence[Question]) -> _Limit:
    match = _MINIMUM.fullmatch(text.replace(" ", ""))
    if not match:
        raise SettingsError(f"--min {text} 写法不对，应为 指标=数值，如 test.answer_correct=0.95")
    split, name = match["split"] or "all", match["metric"]
    rising = {metric.name: metric.rising for metric in METRICS} | dict.fromkeys(_LATENCIES, False)
    if name not in rising:
        raise SettingsError(f"--min 不认识指标 {name}；可用的有：{'、'.join(rising)}")
    splits = sorted({"all", *(question.split for question in questions)} - {""})
    if split not in splits:
        raise SettingsError(f"--min 里的 {split} 不是问题集的一部分；可用的有：{'、'.join(splits)}")
    return _Limit(text, split, name, float(match["value"]), rising[name])


def _shortfalls(results: Mapping[str, Any], limits: Sequence[_Limit]) -> list[str]:
    missed: list[str] = []
    for engine, run in results["engines"].items():
        for limit in limits:
            summary = run["splits"][limit.split]
            if limit.metric in _LATENCIES:
                value = summary["latency_ms"][_LATENCIES[limit.metric]]
            else:
                value = summary["metrics"][limit.metric]["value"]
            if value is None:
                missed.append(f"{engine}：{limit.text}，但没有可以计算的问题")
            elif value < limit.value if limit.rising else value > limit.value:
                missed.append(f"{engine}：要求 {limit.text}，实际为 {value:.4g}")
    return missed


def _write(out: Path, results: Mapping[str, Any], scored: Mapping[str, Sequence[Scored]]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    document = json.dumps(results, ensure_ascii=False, indent=1)
    (out / "results.json").write_text(document + "\n", encoding="utf-8")
    lines = [
        json.dumps({**entry.prediction, "run": name}, ensure_ascii=False)
        for name, entries in scored.items()
        for entry in entries
    ]
    (out / "predictions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / "report.html").write_text(render_report(results, scored), encoding="utf-8")
