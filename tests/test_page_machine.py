"""What other programs call: chat completions, Gradio's endpoints, tools over MCP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState, StateHolder
from gradio_client import Client
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from page_fake import FakeChain, figure_answer
from page_server import Served, serve
from starlette.testclient import TestClient

from page.callers import MOST_CALLERS, Callers
from page.desk import build_desk
from page.openai_api import read_request, stream_lines
from page.server import desk_server
from rag.errors import QuestionError
from rag.schema import Answer
from rag.settings import Settings

QUESTION = "2023年一季度技改投资上报额是多少？"


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def client(tmp_path: Path, chain: FakeChain) -> TestClient:
    desk = build_desk(Settings(data_dir=tmp_path, today=date(2025, 11, 21)), lambda: chain)
    desk.engine.load()
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def completion(client: TestClient, *messages: tuple[str, Any], **more: Any) -> Any:
    sent = [{"role": role, "content": content} for role, content in messages]
    return client.post("/v1/chat/completions", json={"model": "x", "messages": sent, **more})


def test_completion_holds_the_answer_its_sources_and_the_citations(client: TestClient) -> None:
    message = completion(client, ("user", QUESTION)).json()["choices"][0]["message"]
    assert message["content"].startswith("5452万元。")
    assert "\n\n来源：\n[1] 《延津政务快报》2023年第18期" in message["content"]
    [citation] = message["metadata"]["citations"]
    assert (citation["issue"], citation["quote"][-6:]) == (18, "54.8%。")


def test_streamed_pieces_make_the_same_answer(client: TestClient) -> None:
    whole = completion(client, ("user", QUESTION)).json()["choices"][0]["message"]
    answer = completion(client, ("user", QUESTION), stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    deltas = [json.loads(line)["choices"][0]["delta"] for line in lines[:-1]]
    assert "".join(delta.get("content", "") for delta in deltas) == whole["content"]
    assert len(deltas) == 5
    assert next(d["metadata"] for d in deltas if "metadata" in d) == whole["metadata"]


def test_draft_that_was_changed_is_followed_by_the_checked_answer() -> None:
    whole = figure_answer()
    drafts = iter([replace(whole, text="9999万元"), whole])
    text = "".join(
        json.loads(line)["choices"][0]["delta"].get("content", "")
        for line in list(stream_lines(drafts, "x", 0))[:-1]
    )
    assert text.startswith(f"9999万元\n\n以核对后的回答为准：\n{whole.text}")


def test_failure_while_streaming_ends_the_stream_without_a_trace() -> None:
    def broken() -> Iterator[Answer]:
        yield replace(figure_answer(), text="54")
        raise RuntimeError("/srv/secret")

    lines = list(stream_lines(broken(), "x", 0))
    assert "程序内部出错" in lines[-2]
    assert "secret" not in "".join(lines)
    assert lines[-1] == "[DONE]"


def test_earlier_messages_are_the_history(client: TestClient, chain: FakeChain) -> None:
    completion(
        client,
        ("system", "你是助手"),
        ("user", "甲"),
        ("assistant", "乙"),
        ("user", [{"type": "text", "text": "丙"}]),
    )
    assert chain.asked[-1]["question"] == "丙"
    assert [turn["content"] for turn in chain.asked[-1]["history"]] == ["甲", "乙"]


@pytest.mark.parametrize("body", [None, [], {}, {"messages": []}, {"messages": [{"role": "user"}]}])
def test_request_that_asks_nothing_is_refused(body: object) -> None:
    with pytest.raises(QuestionError):
        read_request(body)


def test_problems_come_in_openais_form(client: TestClient) -> None:
    answer = client.post("/v1/chat/completions", content=b"{")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "请求不是 JSON。")
    answer = completion(client, ("user", "崩溃"))
    assert answer.status_code == 500
    assert "secret" not in answer.text


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = serve(FakeChain(), tmp_path_factory.mktemp("data"))
    yield running
    running.server.should_exit = True


def test_gradio_client_calls_the_named_endpoints(served: Served) -> None:
    client = Client(served.url, verbose=False)
    answer = client.predict(QUESTION, api_name="/ask")
    assert answer["citations"][0]["label"].startswith("《延津政务快报》2023年第18期")
    assert client.predict("技改投资上报额", api_name="/find_figures")[0]["figure"] == "5452万元"
    assert [issue["issue"] for issue in client.predict(api_name="/list_issues")] == [18, 3]
    [issue] = client.predict(2023, 18, api_name="/read_issue")
    assert "技改投资上报额5452万元" in issue["text"]


def test_state_of_callers_is_forgotten_and_that_of_people_is_kept() -> None:
    with gr.Blocks() as page:
        conversation = gr.State("empty")
    callers = Callers(page)
    holder = StateHolder()
    holder.set_blocks(page)
    holder["person"][conversation._id] = "what was said"
    for number in range(MOST_CALLERS + 3):
        callers.note(gr.Request(session_hash=f"caller {number}"))
        assert holder[f"caller {number}"] is not None
    assert [f"caller {number}" in holder for number in range(4)] == [False, False, False, True]
    assert len(holder.session_data) == MOST_CALLERS + 1
    assert holder["person"][conversation._id] == "what was said"


def test_mcp_client_uses_the_same_tools(served: Served) -> None:
    async def use() -> tuple[list[str], str]:
        address = f"{served.url}gradio_api/mcp/"
        async with (
            streamablehttp_client(address) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            result = await session.call_tool("ask", {"question": QUESTION})
            return [tool.name for tool in tools], result.content[0].text  # type: ignore[union-attr]

    names, text = asyncio.run(use())
    assert names == ["ask", "find_figures", "read_issue", "list_issues"]
    assert "5452万元" in text


def test_a_callers_state_starts_from_blocks_described_once() -> None:
    with gr.Blocks() as page:
        box = gr.Textbox("甲", label="问题")
        gr.HTML("<p>乙</p>")
    plain = {n: page.default_config.config_for_block(n, [], b) for n, b in page.blocks.items()}
    Callers(page)
    first, second = SessionState(page), SessionState(page)
    assert first.config_values == second.config_values == plain
    first._update_value_in_config(box._id, "丙")
    assert first.config_values[box._id]["props"]["value"] == "丙"
    assert second.config_values[box._id]["props"]["value"] == "甲"
    assert SessionState(page).config_values[box._id]["props"]["value"] == "甲"
