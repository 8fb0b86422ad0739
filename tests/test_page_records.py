"""Conversations kept, exported and judged; questions asked again with a part changed."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import docx
import pytest
from page_fake import APRIL, ATTACK, FakeChain, evil_answer, figure_answer, query, refusal
from starlette.testclient import TestClient

from page.ask_tab import begin, turn_html
from page.audit import AuditLog
from page.chips import asked_anew, chips_of
from page.conversation import Conversation
from page.conversation_store import ConversationStore
from page.desk import Desk, build_desk
from page.export import as_docx, as_markdown, document, file_name
from page.server import desk_server
from rag.schema import Filters, ParsedQuery, Period
from rag.settings import Settings

TODAY = date(2025, 11, 21)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = build_desk(Settings(data_dir=tmp_path, today=TODAY), FakeChain)
    made.engine.load()
    return made


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def talk_of(*questions: str) -> Conversation:
    talk = Conversation()
    for question in questions:
        answer = refusal(question) if "GDP" in question else figure_answer(question)
        talk = talk.asking(question).answering(answer).finished()
    return talk


# --- kept ----------------------------------------------------------------------------------------


def test_conversation_is_the_same_after_a_restart(tmp_path: Path) -> None:
    talk = talk_of("一季度技改投资上报额？", "GDP呢？")
    ConversationStore(tmp_path / "talks.sqlite3").save("", talk)
    assert ConversationStore(tmp_path / "talks.sqlite3").load("", talk.id) == talk


def test_list_is_newest_first_and_each_readers_own(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "talks.sqlite3")
    first, second = talk_of("甲"), talk_of("乙", "丙")
    store.save("张三", first)
    store.save("张三", second)
    store.save("李四", talk_of("丁"))
    assert [(each.title, each.questions) for each in store.listed("张三")] == [("乙", 2), ("甲", 1)]


def test_reader_can_neither_open_nor_overwrite_nor_delete_anothers(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "talks.sqlite3")
    talk = talk_of("甲")
    store.save("张三", talk)
    store.save("李四", talk.asking("改掉").failed("x"))
    assert store.load("李四", talk.id) is None
    assert not store.delete("李四", talk.id)
    assert store.load("张三", talk.id) == talk


def test_conversation_that_cannot_be_read_is_not_opened(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "talks.sqlite3")
    talk = talk_of("甲")
    store.save("", talk)
    with store._connection() as connection:
        connection.execute("UPDATE conversations SET content = '{}x'")
    assert store.load("", talk.id) is None


def test_list_shows_markup_as_text_and_offers_files(desk: Desk, client: TestClient) -> None:
    talk = talk_of(ATTACK)
    desk.conversations.save("", talk)
    html = client.get("/desk/conversations").text
    assert "<script" not in html
    assert f"desk/conversations/{talk.id}.docx" in html


def test_deleted_conversation_is_gone(desk: Desk, client: TestClient) -> None:
    talk = talk_of("甲")
    desk.conversations.save("", talk)
    assert "还没有对话" in client.delete(f"/desk/conversations/{talk.id}").text
    assert client.get(f"/desk/conversations/{talk.id}.md").status_code == 400


# --- exported ------------------------------------------------------------------------------------


def test_notes_are_numbered_over_the_whole_document() -> None:
    other = figure_answer("又问")
    start = other.citations[0].start + 4
    cited = replace(
        other.citations[0],
        start=start,
        quote=other.citations[0].quote[4:],
        end=other.citations[0].end,
    )
    talk = talk_of("甲").asking("又问").answering(replace(other, citations=(cited,))).finished()
    paper = document(talk, TODAY)
    assert [passage.question for passage in paper.passages] == ["甲", "又问"]
    assert paper.passages[0].paragraphs[0].endswith("[1]")
    assert paper.passages[1].paragraphs[0].endswith("[2]")
    assert [note.split("：“")[1][:3] for note in paper.notes] == ["一季度", "我县技"]


def test_source_cited_twice_has_one_note() -> None:
    assert len(document(talk_of("甲", "乙"), TODAY).notes) == 1


def test_failed_question_is_left_out_of_the_document() -> None:
    talk = talk_of("甲").asking("乙").failed("程序内部出错")
    assert [passage.question for passage in document(talk, TODAY).passages] == ["甲"]


def test_word_file_holds_questions_answers_and_notes() -> None:
    content = as_docx(document(talk_of("一季度技改投资上报额？"), TODAY))
    texts = [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]
    assert texts[1] == "政务快报问答，2025年11月21日"
    assert texts[2] == "一季度技改投资上报额？"
    assert texts[3].startswith("5452万元。")
    assert texts[3].endswith("[1]")
    assert texts[4:6] == [
        "来源",
        "[1] 《延津政务快报》2023年第18期（2023年4月21日）“全力拼经济”栏，科工局："
        "“一季度，我县技改投资上报额5452万元，同比增速达到54.8%。”",
    ]


def test_word_file_survives_control_characters() -> None:
    talk = Conversation().asking("问\x00题\x1b").answering(figure_answer("问")).finished()
    texts = [p.text for p in docx.Document(io.BytesIO(as_docx(document(talk, TODAY)))).paragraphs]
    assert texts[0] == "问题"


def test_markdown_shows_the_signs_of_a_bulletin_as_they_are() -> None:
    talk = Conversation().asking("<b>").answering(evil_answer("<b>")).finished()
    text = as_markdown(document(talk, TODAY))
    assert "&lt;script&gt;" in text
    assert "\\[点我\\](javascript" in text
    assert "<img" not in text


def test_exported_file_has_a_safe_chinese_name(desk: Desk, client: TestClient) -> None:
    talk = talk_of("技改/投资？")
    desk.conversations.save("", talk)
    answer = client.get(f"/desk/conversations/{talk.id}.docx")
    assert answer.headers["content-disposition"].endswith(
        "%E6%8A%80%E6%94%B9%20%E6%8A%95%E8%B5%84.docx"
    )
    assert file_name(document(talk_of("../../etc"), TODAY), "md") == "etc.md"


# --- chips ---------------------------------------------------------------------------------------


def read(question: str, **parts: object) -> ParsedQuery:
    return replace(query(question), **parts)  # type: ignore[arg-type]


def anew(asked: ParsedQuery, number: int, words: str) -> str:
    names = {"科学技术和工业信息化局": ("科工局",)}
    chips = chips_of(asked, TODAY, lambda name: names.get(name, ()))
    return asked_anew(asked, chips[number], words)


SPRING = Period(date(2023, 1, 1), date(2023, 3, 31))


def test_period_is_replaced_or_taken_out_of_the_question() -> None:
    asked = read("2023年一季度的技改投资是多少？", periods=(SPRING,))
    assert anew(asked, 0, "2024年上半年") == "2024年上半年的技改投资是多少？"
    assert anew(asked, 0, "") == "技改投资是多少？"


def test_department_is_found_by_its_other_names() -> None:
    asked = read("县科工局做了哪些工作？", filters=Filters(departments=("科学技术和工业信息化局",)))
    assert anew(asked, 0, "财政局") == "财政局做了哪些工作？"


def test_issue_and_section_are_found() -> None:
    asked = read(
        "2023年第18期【全力拼经济】有哪些内容？",
        filters=Filters(issues=(APRIL,), sections=("全力拼经济",)),
    )
    assert anew(asked, 0, "") == "【全力拼经济】有哪些内容？"
    assert anew(asked, 1, "") == "2023年第18期有哪些内容？"


def test_part_that_the_question_does_not_name_cannot_be_taken_out() -> None:
    asked = read("技改投资是多少？", periods=(SPRING,))
    assert chips_of(asked, TODAY, lambda name: ())[0].spans == ()
    assert anew(asked, 0, "2022年") == "2022年，技改投资是多少？"


def test_changed_chip_is_asked_without_the_conversation(desk: Desk) -> None:
    talk = talk_of("一季度怎样？", "2023年一季度技改投资上报额是多少？")
    changed = begin(talk, desk, "", {"turn": 1, "chip": 0, "words": "2022年"})
    assert changed is not None
    assert changed.last.question == "2022年技改投资上报额是多少？"
    assert changed.history() == []


def test_chip_that_does_not_exist_asks_nothing(desk: Desk) -> None:
    talk = talk_of("技改投资？")
    for data in ({"turn": 9, "chip": 0}, {"turn": 0, "chip": "x"}, {"turn": 0, "chip": 7}):
        assert begin(talk, desk, "", data) is None


def test_last_question_is_asked_again_or_edited_in_its_place(desk: Desk) -> None:
    talk = talk_of("甲", "乙")
    again = begin(talk, desk, "", {"question": "", "replace": True})
    edited = begin(talk, desk, "", {"question": "丙", "replace": True})
    assert again is not None
    assert edited is not None
    assert [exchange.question for exchange in again.exchanges] == ["甲", "乙"]
    assert [exchange.question for exchange in edited.exchanges] == ["甲", "丙"]
    assert len(edited.history()) == 2


def test_turn_names_itself_for_verdicts_and_chips(desk: Desk) -> None:
    talk = talk_of("甲", "乙")
    assert f'data-talk="{talk.id}" data-turn="0"' in str(turn_html(desk, talk, 0))


# --- verdicts and audit --------------------------------------------------------------------------


def test_verdict_is_stored_with_question_and_answer(desk: Desk, client: TestClient) -> None:
    talk = talk_of("甲", "乙")
    desk.conversations.save("", talk)
    sent = {
        "talk": talk.id,
        "turn": 1,
        "helpful": False,
        "reason": "wrong_figure",
        "correct": "1元",
    }
    assert client.post("/desk/feedback", json=sent).json() == {"said": "已记下，谢谢"}
    [kept] = desk.feedback.all()
    assert (kept.question, kept.helpful, kept.reason, kept.correct) == (
        "乙",
        False,
        "wrong_figure",
        "1元",
    )
    assert kept.history[0] == {"role": "user", "content": "甲"}
    assert kept.answer["citations"][0]["issue"] == 18


def test_verdict_on_what_is_not_there_is_refused(desk: Desk, client: TestClient) -> None:
    assert client.post("/desk/feedback", json={"talk": "x", "turn": 0}).status_code == 400
    assert desk.feedback.all() == []


def test_every_question_leaves_a_line_in_the_audit_log(desk: Desk, tmp_path: Path) -> None:
    list(desk.ask("张三", "技改投资？", [], "page"))
    with pytest.raises(RuntimeError):
        list(desk.ask("张三", "崩溃", [], "api"))
    lines = (tmp_path / "audit" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line) for line in lines)
    assert (first["reader"], first["way"], first["outcome"]) == ("张三", "page", "answered")
    assert first["sources"][0]["label"].startswith("《延津政务快报》2023年第18期")
    assert (second["outcome"], second["problem"]) == ("error", "RuntimeError")


def test_audit_log_starts_a_new_file_when_it_is_full(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", largest=1000)
    for number in range(20):
        log.record("", f"第{number}个问题", None, "page")
    log.close()
    assert (tmp_path / "audit.jsonl.1").exists()
    for path in tmp_path.iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            assert json.loads(line)["way"] == "page"
