"""Two runs on the same questions, compared pair by pair."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.errors import QuestionError
from rag.evaluation.scoring import METRICS
from rag.evaluation.statistics import mcnemar_exact, mean, paired_bootstrap

Scores = Mapping[str, Mapping[str, float | None]]  # question id → metric → score


def load_results(path: Path) -> dict[str, Any]:
    """A results.json of an earlier run; QuestionError when it is none."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        engines = results["engines"]
        for run in engines.values():
            for row in run["questions"]:
                row["id"], row["scores"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionError(
            f"{path} 不是评测结果文件（应为以前评测写出的 results.json）"
        ) from error
    return dict(results)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a (engine, split, metric) that differs in at least one question, in table order.

    An engine is paired with the one of the same name, or, when both runs have only one, with
    that. A score of 0 or 1 is tested by McNemar's exact test, any other by paired bootstrap.
    """
    rows: list[dict[str, Any]] = []
    for engine, run in new["engines"].items():
        before = _counterpart(old["engines"], engine, alone=len(new["engines"]) == 1)
        if before is None:
            continue
        old_scores = {row["id"]: row["scores"] for row in before}
        for split in run["splits"]:
            asked = [row for row in run["questions"] if split in ("all", row["split"])]
            rows += _rows(engine, split, old_scores, {row["id"]: row["scores"] for row in asked})
    return rows


def _counterpart(
    engines: Mapping[str, Any], name: str, alone: bool
) -> Sequence[Mapping[str, Any]] | None:
    if name in engines:
        return list(engines[name]["questions"])
    if alone and len(engines) == 1:
        return list(next(iter(engines.values()))["questions"])
    return None


def _rows(engine: str, split: str, old: Scores, new: Scores) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for metric in METRICS:
        pairs = {
            id: (float(before), float(after))
            for id in new
            if id in old
            and (before := old[id].get(metric.name)) is not None
            and (after := new[id].get(metric.name)) is not None
        }
        changed = {id: pair for id, pair in pairs.items() if pair[0] != pair[1]}
        if not changed:
            continue
        was, now = [a for a, _ in pairs.values()], [b for _, b in pairs.values()]
        binary = set(was) | set(now) <= {0.0, 1.0}
        better = [id for id, (a, b) in changed.items() if (b > a) == metric.rising]
        worse = [id for id in changed if id not in better]
        rows.append(
            {
                "engine": engine,
                "split": split,
                "metric": metric.name,
                "n": len(pairs),
                "old": mean(was),
                "new": mean(now),
                "better": better,
                "worse": worse,
                "test": "mcnemar" if binary else "paired_bootstrap",
                "p": mcnemar_exact(len(better), len(worse))
                if binary
                else paired_bootstrap(was, now),
            }
        )
    return rows
