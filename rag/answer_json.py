"""An answer as one line of OUT.jsonl, the form that other programs read."""

from __future__ import annotations

from typing import Any

from rag.schema import Answer, Citation, Evidence, Hit, ParsedQuery


def answer_to_json(answer: Answer, id: str | None, total_ms: float) -> dict[str, Any]:
    """The answer as a JSON object; `total_ms` is the time from question to answer.

    An answer that failed shows its error message as the answer text.
    """
    return {
        "id": id,
        "question": answer.question,
        "outcome": answer.outcome,
        "answer": answer.text or answer.error,
        "citations": [_citation(citation) for citation in answer.citations],
        "query": _query(answer.query),
        "retrieved": [_hit(hit) for hit in answer.retrieved],
        "nearest": [_nearest(evidence) for evidence in answer.nearest],
        "engine": answer.engine,
        "checks": {"figures": answer.checks.figures, "verified": answer.checks.verified},
        "notices": list(answer.notices),
        "error": answer.error or None,
        "timing_ms": {"total": round(total_ms, 1)},
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "label": citation.label,
        "year": citation.issue.year,
        "issue": citation.issue.number,
        "date": citation.published.isoformat(),
        "section": citation.section,
        "title": citation.title,
        "departments": list(citation.departments),
        "quote": citation.quote,
        "source": citation.source,
        "chunk_id": citation.chunk_id,
        "start": citation.start,
        "end": citation.end,
    }


def _query(query: ParsedQuery) -> dict[str, Any]:
    filters = query.filters
    return {
        "standalone_question": query.standalone,
        "intent": query.intent.value,
        "dates": [[p.start.isoformat(), p.end.isoformat()] for p in query.periods],
        "issues": [[issue.year, issue.number] for issue in filters.issues],
        "departments": list(filters.departments),
        "sections": list(filters.sections),
        "relaxed": list(query.relaxed),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "chunk_id": chunk.id,
        "year": chunk.issue.year,
        "issue": chunk.issue.number,
        "section": chunk.section,
        "departments": list(chunk.departments),
        "score": round(hit.score, 4),
    }


def _nearest(evidence: Evidence) -> dict[str, Any]:
    return {"chunk_id": evidence.chunk.id, "label": evidence.chunk.label}
