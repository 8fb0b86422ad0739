"""Bulletin → chunks and the record of the issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ingest.chunker import LONGEST_CHUNK, chunk_bulletin
from rag.departments import DepartmentNames
from rag.schema import Bulletin, Footer, IssueRef, Item
from rag.text import strip_space

NAMES = DepartmentNames({"应急管理局": ["应急局"]})
ITEM = Item(
    section="防汛备汛",
    ordinal=1,
    title="县应急局开展物资点验",
    body="派出6个检查组。整改到位。",
    departments=("县应急局", "气象局"),
    text="县应急局开展物资点验 派出6个检查组。整改到位。",
    signature="县应急局、气象局",
)
BULLETIN = Bulletin(
    issue=IssueRef(2023, 18, series="延津政务快报"),
    publisher="延津县人民政府办公室",
    published=date(2023, 4, 21),
    items=(ITEM, replace(ITEM, section="安全生产", ordinal=2, departments=(), signature="")),
    footer=Footer(distribution="县委常委。", editor="李勉", signer="麻彦伟"),
    source="快报.txt",
    content_hash="0" * 64,
    masthead=("延 津 政 务 快 报", "第 18 期", "延津县人民政府办公室", "2023 年 4 月 21 日"),
    tail=("（共印80份）",),
)


def long_item(text: str) -> Bulletin:
    return replace(BULLETIN, items=(replace(ITEM, title=None, body=text, text=text),))


def test_one_chunk_an_item() -> None:
    record, chunks = chunk_bulletin(BULLETIN, NAMES)
    assert [chunk.id for chunk in chunks] == [
        "延津政务快报-2023-018-01",
        "延津政务快报-2023-018-02",
    ]
    assert record.chunk_ids == tuple(chunk.id for chunk in chunks)
    assert chunks[0].text == ITEM.text
    assert chunks[0].title == "县应急局开展物资点验"
    assert [chunk.part for chunk in chunks] == [0, 0]


def test_departments_are_stored_canonical_and_as_printed() -> None:
    chunk = chunk_bulletin(BULLETIN, NAMES)[1][0]
    assert chunk.departments == ("应急管理局", "气象局")
    assert chunk.printed == ("县应急局", "气象局")
    assert chunk.label == "《延津政务快报》2023年第18期（2023-04-21）【防汛备汛】县应急局、气象局"


def test_two_names_of_one_office_are_one_department() -> None:
    item = replace(ITEM, departments=("应急局", "应急管理局"))
    chunk = chunk_bulletin(replace(BULLETIN, items=(item,)), NAMES)[1][0]
    assert chunk.departments == ("应急管理局",)


def test_record_reads_like_the_issue() -> None:
    record, _ = chunk_bulletin(BULLETIN, NAMES)
    assert record.text.split("\n") == [
        "延津政务快报",
        "第18期",
        "延津县人民政府办公室",
        "2023年4月21日",
        "【防汛备汛】",
        "县应急局开展物资点验 派出6个检查组。整改到位。（县应急局、气象局）",
        "【安全生产】",
        "县应急局开展物资点验 派出6个检查组。整改到位。",
        "本期发：县委常委。",
        "责任编辑：李勉",
        "签发：麻彦伟",
        "（共印80份）",
    ]


def test_a_long_item_is_split_at_sentence_ends_with_its_header_on_each_part() -> None:
    text = "".join(f"第{number}项工作已经完成，投资{number}.5亿元。" for number in range(60))
    record, chunks = chunk_bulletin(long_item(text), NAMES)
    assert len(chunks) == 2  # 60 sentences of 19 or 20 characters: between 600 and 1200
    assert [chunk.id for chunk in chunks] == [
        "延津政务快报-2023-018-01.1",
        "延津政务快报-2023-018-01.2",
    ]
    assert [chunk.part for chunk in chunks] == [1, 2]
    assert {chunk.section for chunk in chunks} == {"防汛备汛"}
    assert all(chunk.text.endswith("。") for chunk in chunks)
    assert all(chunk.text in record.text for chunk in chunks)
    assert "".join(chunk.text for chunk in chunks) == text
    assert abs(len(chunks[0].text) - len(chunks[1].text)) < 60


def test_a_sentence_without_end_is_split_at_commas_and_then_anywhere() -> None:
    text = "甲乙丙丁，" * 200 + "戊" * (LONGEST_CHUNK + 1)
    _, chunks = chunk_bulletin(long_item(text), NAMES)
    assert strip_space("".join(chunk.text for chunk in chunks)) == text
    assert max(len(chunk.text) for chunk in chunks) == LONGEST_CHUNK
