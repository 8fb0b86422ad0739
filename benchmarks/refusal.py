"""How well questions with and without an answer are told apart, and the coefficients fitted to it:

    BULLETIN_TODAY=2025-11-21 python -m benchmarks.refusal [FOLDER QA.jsonl]…

Takes each folder of bulletins into an index of its own (by default the samples and the invented
archives), finds for each question the best fact as the engine does, and fits a logistic regression
to its features. Questions of test parts only test; so does each archive for the others: the AUC
that counts is that of archives left out of the fit. Then the answer model: for each archive the AUC
of its logit alone and added to the other, and the factor fitted on APART, which the model did not
learn from, and what the best facts were that it called CERTAIN.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.question_sets import question_sets
from rag.chain import BulletinChain
from rag.evaluation.questions import Question
from rag.extractive import refusal
from rag.extractive.facts import in_time
from rag.schema import Intent

FEATURES = ("条目里有的词", "所问数量的名称", "有所问的数字", "向量最近", "缺的东西")
APART = ("tangpu", "tangling")
# Answered from all items or from several facts: not this model's matter.
OTHER = (
    Intent.LIST,
    Intent.COUNT,
    Intent.DIGEST,
    Intent.MASTHEAD,
    Intent.COMPARE,
    Intent.TREND,
    Intent.SUM,
)


@dataclass(frozen=True, slots=True)
class Row:
    """The features of the best fact found for a question, the engine's present logit without
    the answer model, and that model's."""

    archive: str
    test: bool
    answerable: bool
    right: bool  # the fact is of the item that answers
    features: tuple[float, ...]
    logit: float
    judged: float


def main() -> None:
    every = [
        row
        for name, chain, questions in question_sets(sys.argv[1:])
        for question in questions
        if not question.history and (row := measure(chain, question, name))
    ]
    rows = [row for row in every if row.right or not row.answerable]
    dev, test = [r for r in rows if not r.test], [r for r in rows if r.test]
    report("全部 dev", dev, test)
    for count in range(2, len(FEATURES)):
        model = LogisticRegression().fit([r.features[:count] for r in dev], told(dev))
        scores = model.decision_function([r.features[:count] for r in test])
        print(f"  只用前 {count} 项：AUC {roc_auc_score(told(test), scores):.3f}")
    for name in dict.fromkeys(row.archive for row in rows):
        apart = [row for row in rows if row.archive == name]
        report(f"不看{name}", [row for row in dev if row.archive != name], apart)
    judged(rows)
    certain([row for row in every if row.archive in APART or row.test])


def measure(chain: BulletinChain, question: Question, archive: str) -> Row | None:
    """None where the logistic model has no say."""
    reader, engine = chain._current().reader, chain._engine
    reading = reader.read(question.question, chain.settings.current_date())
    query = reading.query
    if reading.missing_issues or query.intent in OTHER or not query.terms:
        return None
    facts = in_time(query, engine.facts(query, engine.hits(query)))
    if not facts:
        return None
    best = facts[0]
    place = (best.chunk.issue.year, best.chunk.issue.number, best.chunk.section)
    terms = engine.terms(query.terms)
    return Row(
        archive,
        question.split == "test",
        question.answerable,
        place in {(g.year, g.issue, g.section) for g in question.gold},
        refusal.features(best, terms, query.unit),
        refusal.confidence(best, terms, query.unit),
        refusal.judgement(query, best, chain.judge) or 0.0,
    )


def told(rows: list[Row]) -> list[bool]:
    return [row.answerable for row in rows]


def report(title: str, fit: list[Row], apart: list[Row]) -> None:
    """Fits on some rows and tests on the others."""
    model = LogisticRegression().fit([r.features for r in fit], told(fit))
    terms = "，".join(
        f"{name} {value:.2f}" for name, value in zip(FEATURES, model.coef_[0], strict=True)
    )
    print(f"{title}：{len(fit)} 问拟合，截距 {model.intercept_[0]:.2f}，{terms}")
    fitted = roc_auc_score(told(apart), model.decision_function([r.features for r in apart]))
    now, fit_now = (roc_auc_score(told(rows), [r.logit for r in rows]) for rows in (apart, fit))
    print(
        f"  另 {len(apart)} 问（{told(apart).count(False)} 问无答案）：AUC 拟合 {fitted:.3f}，"
        f"现用 {now:.3f}；拟合的问题上现用 {fit_now:.3f}",
        flush=True,
    )


def judged(rows: list[Row]) -> None:
    """What the answer model adds."""
    fit = [row for row in rows if row.archive in APART]
    model = LogisticRegression().fit([(r.logit, r.judged) for r in fit], told(fit))
    (own, other), bias = model.coef_[0], model.intercept_[0]
    print(f"判别模型：在 {len(fit)} 问上拟合，{own:.2f}×现用 + {other:.2f}×判别 + {bias:.2f}")
    for name in dict.fromkeys(row.archive for row in rows):
        apart = [row for row in rows if row.archive == name]
        scores = ([r.logit for r in apart], [r.judged for r in apart])
        both = [a + refusal.JUDGED * b for a, b in zip(*scores, strict=True)]
        aucs = [f"{roc_auc_score(told(apart), score):.3f}" for score in (*scores, both)]
        print(f"  {name}（{len(apart)} 问）：AUC 五项 {aucs[0]}，判别 {aucs[1]}，合起来 {aucs[2]}")


def certain(rows: list[Row]) -> None:
    """Of what the answer model is sure that it answers, how much is of the item that does."""
    sure = [row for row in rows if row.judged >= refusal.CERTAIN]
    right = sum(row.answerable and row.right for row in sure)
    print(
        f"判别不低于 {refusal.CERTAIN} 的 {len(sure)} 问：{right} 问找到了有答案的条目，"
        f"{sum(not row.answerable for row in sure)} 问快报里没有答案"
    )


if __name__ == "__main__":
    main()
