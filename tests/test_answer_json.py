"""The JSON line of an answer."""

import json
from datetime import date

from rag.answer_json import answer_to_json
from rag.schema import (
    Answer,
    Checks,
    Chunk,
    Citation,
    Evidence,
    Filters,
    Hit,
    Intent,
    IssueRef,
    ParsedQuery,
    Period,
)

ISSUE = IssueRef(2023, 18, series="延津政务快报")
CHUNK = Chunk(
    id=f"{ISSUE.key}-01",
    issue=ISSUE,
    published=date(2023, 4, 21),
    section="全力拼经济",
    title="县科工局加速技改助力企业转型升级",
    departments=("科工局",),
    text="县科工局加速技改助力企业转型升级 一季度，我县技改投资上报额5452万元。",
    ordinal=1,
    source="018.txt",
)
QUERY = ParsedQuery(
    question="一季度技改？",
    standalone="2023年一季度技改投资是多少？",
    intent=Intent.FIGURE,
    periods=(Period(date(2023, 1, 1), date(2023, 3, 31), "一季度"),),
    filters=Filters(issues=(ISSUE,), departments=("科工局",), sections=("全力拼经济",)),
    relaxed=("栏目",),
)
CITATION = Citation(
    number=1,
    chunk_id=CHUNK.id,
    issue=ISSUE,
    published=CHUNK.published,
    section=CHUNK.section,
    title=CHUNK.title,
    departments=CHUNK.departments,
    label=CHUNK.label,
    quote="一季度，我县技改投资上报额5452万元。",
    start=17,
    end=36,
    source=CHUNK.source,
)
ANSWER = Answer(
    question="一季度技改？",
    text="5452万元[1]",
    query=QUERY,
    citations=(CITATION,),
    retrieved=(Hit(CHUNK, 0.98765),),
    checks=Checks(figures=1, verified=1),
)


def test_an_answer_is_written_in_the_form_of_the_contract():
    assert answer_to_json(ANSWER, "q1", 12.345) == {
        "id": "q1",
        "question": "一季度技改？",
        "outcome": "answered",
        "answer": "5452万元[1]",
        "citations": [
            {
                "number": 1,
                "label": "《延津政务快报》2023年第18期（2023-04-21）【全力拼经济】科工局",
                "year": 2023,
                "issue": 18,
                "date": "2023-04-21",
                "section": "全力拼经济",
                "title": "县科工局加速技改助力企业转型升级",
                "departments": ["科工局"],
                "quote": "一季度，我县技改投资上报额5452万元。",
                "source": "018.txt",
                "chunk_id": "延津政务快报-2023-018-01",
                "start": 17,
                "end": 36,
            }
        ],
        "query": {
            "standalone_question": "2023年一季度技改投资是多少？",
            "intent": "figure",
            "dates": [["2023-01-01", "2023-03-31"]],
            "issues": [[2023, 18]],
            "departments": ["科工局"],
            "sections": ["全力拼经济"],
            "relaxed": ["栏目"],
        },
        "retrieved": [
            {
                "chunk_id": "延津政务快报-2023-018-01",
                "year": 2023,
                "issue": 18,
                "section": "全力拼经济",
                "departments": ["科工局"],
                "score": 0.9877,
            }
        ],
        "nearest": [],
        "engine": "extractive",
        "checks": {"figures": 1, "verified": 1},
        "notices": [],
        "error": None,
        "timing_ms": {"total": 12.3},
    }


def test_the_line_survives_json():
    line = answer_to_json(ANSWER, None, 1)

    assert json.loads(json.dumps(line)) == line


def test_a_refusal_names_the_nearest_items():
    refusal = Answer(
        question="安罗高速何时通车？",
        text="没有找到",
        query=QUERY,
        nearest=(Evidence(1, CHUNK),),
        refusal="not_found",
    )

    line = answer_to_json(refusal, "q2", 1)

    assert line["outcome"] == "not_found"
    assert line["nearest"] == [{"chunk_id": CHUNK.id, "label": CHUNK.label}]


def test_a_failure_shows_its_message_as_the_answer():
    line = answer_to_json(
        Answer(question="？", text="", query=QUERY, error="目录打不开，请重新入库"), "q3", 1
    )

    assert (line["outcome"], line["answer"]) == ("error", "目录打不开，请重新入库")
    assert line["error"] == "目录打不开，请重新入库"
