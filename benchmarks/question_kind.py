"""Fits the classifier of question kinds (rag/query/question_kind.py) and measures it:

    BULLETIN_TODAY=2025-11-21 python -m benchmarks.question_kind [--write]

Learns from the questions whose type fixes the kind: all of the archives in WHOLE, of the others the
dev parts. First each archive is left out in turn, with all of its questions asked of a model that
has seen none of them: how often the model corrects the rules above SURE, rightly and wrongly.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.question_sets import OF_ONE_ITEM, WHOLE, question_sets
from rag.chain import BulletinChain
from rag.evaluation.questions import Question
from rag.query.question_kind import (
    WEIGHTS,
    Kind,
    KindModel,
    Shape,
    features,
    kind_of,
    write_model,
)

KIND_OF_TYPE: dict[str, Kind] = {
    **dict.fromkeys(("list", "filter", "dept_worklist", "digest"), "scan"),
    **dict.fromkeys(("compare", "trend"), "table"),
    "footer_meta": "masthead",
    **dict.fromkeys(OF_ONE_ITEM, "one"),
}
STRENGTH = 100.0  # C of the regression
LEAST = 3  # questions that a feature stands in


@dataclass(frozen=True, slots=True)
class Row:
    """A question as the rules read it, and the kind that its type says."""

    archive: str
    test: bool
    shape: Shape
    kind: Kind


def main() -> None:
    rows = [
        row for name, chain, questions in question_sets([]) for row in _rows(name, chain, questions)
    ]
    print(f"{len(rows)} 问")
    for archive in sorted({row.archive for row in rows}):
        model = fitted([row for row in rows if row.archive != archive and not row.test])
        _report(archive, model, [row for row in rows if row.archive == archive])
    if "--write" in sys.argv:
        vectorizer, regression = _fit([row for row in rows if not row.test])
        names = vectorizer.get_feature_names_out()
        weights = dict(zip(names, regression.coef_.T, strict=True))
        write_model(WEIGHTS, regression.classes_, regression.intercept_, weights)


def _rows(name: str, chain: BulletinChain, questions: Sequence[Question]) -> list[Row]:
    reader = chain._current().reader
    rows = []
    for question in questions:
        kind = KIND_OF_TYPE.get(question.type)
        if kind is None or question.history:
            continue
        reading = reader.read(question.question, chain.settings.current_date())
        test = question.split == "test" and name not in WHOLE
        rows.append(Row(name, test, reading.shape, kind))
    return rows


def _fit(rows: Sequence[Row]) -> tuple[DictVectorizer, LogisticRegression]:
    found = [features(row.shape) for row in rows]
    counts: dict[str, int] = {}
    for each in found:
        for name in each:
            counts[name] = counts.get(name, 0) + 1
    kept = [{name: v for name, v in each.items() if counts[name] >= LEAST} for each in found]
    vectorizer = DictVectorizer()
    regression = LogisticRegression(C=STRENGTH, max_iter=3000)
    regression.fit(vectorizer.fit_transform(kept), [row.kind for row in rows])
    return vectorizer, regression


def fitted(rows: Sequence[Row]) -> KindModel:
    vectorizer, regression = _fit(rows)
    weights = dict(
        zip(vectorizer.get_feature_names_out(), regression.coef_.T.tolist(), strict=True)
    )
    return KindModel(regression.classes_.tolist(), regression.intercept_.tolist(), weights)


def _report(archive: str, model: KindModel, rows: Sequence[Row]) -> None:
    wrong = sum(kind_of(row.shape.intent) != row.kind for row in rows)
    corrected = [(row, kind) for row in rows if (kind := model.correction(row.shape))]
    right = sum(kind == row.kind for row, kind in corrected)
    spoiled = sum(kind_of(row.shape.intent) == row.kind for row, _ in corrected)
    print(
        f"{archive}：{len(rows)} 问，规则读错 {wrong}；改对 {right}，改错 {spoiled}，"
        f"错改错 {len(corrected) - right - spoiled}"
    )


if __name__ == "__main__":
    main()
