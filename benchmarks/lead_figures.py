"""How often the figure that leads an answer is the one asked for, and what it costs to be sure:

    BULLETIN_TODAY=2025-11-21 python -m benchmarks.lead_figures [FOLDER QA.jsonl]…

Counted are questions for one figure that found the right sentence (it holds the expected figure).
A figure leads only where no other one of the sentence scores more than a share of it, or where the
word asked for stands by it alone (rag/extractive/single.py, leads); the table gives leads, wrong
ones, and right ones held back, for several shares. Held back, the sentence still answers.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from benchmarks.question_sets import question_sets
from rag.chain import BulletinChain
from rag.evaluation.questions import Question
from rag.extractive.facts import in_time
from rag.extractive.several_figures import leads
from rag.schema import Intent
from rag.text import strip_space

SHARES = (1.01, 0.97, 0.95, 0.92, 0.9, 0.85, 0.8)


@dataclass(frozen=True, slots=True)
class Lead:
    """Whether the best figure is the one expected, and the shares at which it leads."""

    right: bool
    shares: frozenset[float]


def main() -> None:
    sets = question_sets(sys.argv[1:])
    found = [lead for _, chain, rows in sets for row in rows if (lead := measure(chain, row))]
    print(f"{len(found)} 问")
    for share in SHARES:
        shown = [lead.right for lead in found if share in lead.shares]
        held = sum(lead.right for lead in found if share not in lead.shares)
        print(
            f"次好的低于 {share:.2f}：领头 {len(shown)}，错 {shown.count(False)}，对而不领头 {held}"
        )


def measure(chain: BulletinChain, question: Question) -> Lead | None:
    """None where one figure isn't what is expected, or where it isn't in the sentence found."""
    groups = [group for group in question.must_include if re.search(r"\d", group[0])]
    if question.history or not question.answerable or len(groups) != 1:
        return None
    reader, engine = chain._current().reader, chain._engine
    query = reader.read(question.question, chain.settings.current_date()).query
    if query.intent is not Intent.FIGURE:
        return None
    facts = [f for f in in_time(query, engine.facts(query, engine.hits(query))) if f.figure]
    terms, focus = engine.terms(query.terms), engine.terms(query.focus)
    if not facts or engine.reject(query, facts[0], terms, focus):
        return None
    best = facts[0]
    wanted = [strip_space(words) for words in groups[0]]
    sentence = strip_space(best.sentence.span.of(best.chunk.text))
    if best.figure is None or not any(words in sentence for words in wanted):
        return None
    figure = strip_space(best.figure.text)
    right = any(figure in words or words in figure for words in wanted)
    return Lead(right, frozenset(s for s in SHARES if leads(query, best, facts, s)))


if __name__ == "__main__":
    main()
