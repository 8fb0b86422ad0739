"""Files taken in through the page: what is refused, decided, reported and removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbeddings
from page_fake import FakeChain
from starlette.testclient import TestClient

from page.desk import Desk, build_desk
from page.importing import LARGEST_FILE, MOST_FILES, check_upload, safe_name, without_folder
from page.server import desk_server
from rag.catalog import Catalog
from rag.errors import SourceError
from rag.schema import Filters
from rag.settings import Settings
from rag.vector_store import VectorStore

ISSUE = """延津政务快报

第 18 期

延津县人民政府办公室

2023年4月21日

【全力拼经济】

县科工局加速技改助力企业转型升级 建立技改项目库，加强部门联动。一季度，我县技改投资上报额5452万元。（科工局）

责任编辑：李勉
"""


@dataclass
class RealStores:
    """The stores of a data folder behind the page, with the fake embedder."""

    catalog: Catalog
    store: VectorStore
    embeddings: Any

    def stream(self, input: Any) -> Iterator[Any]:
        return FakeChain(empty=True).stream(input)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = Settings(data_dir=tmp_path / "data")
    model = FakeEmbeddings()

    def build() -> RealStores:
        store = VectorStore.open(settings.data_dir, "", model.model_id, model.dimension)
        return RealStores(Catalog(settings.data_dir / "catalog.sqlite3"), store, model)

    made = build_desk(settings, build)
    made.engine.load()
    yield made
    made.engine.chain().catalog.close()  # type: ignore[attr-defined]


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def upload(client: TestClient, desk: Desk, *files: tuple[str, str]) -> str:
    """Upload files and wait; gives the last HTML."""
    sent = [("files", (name, text.encode())) for name, text in files]
    answer = client.post("/desk/import", files=sent)
    assert answer.status_code == 200, answer.text
    [job] = [job for job in desk.importer._jobs.values() if job.id in answer.text] or list(
        desk.importer._jobs.values()
    )[-1:]
    for _ in range(300):
        if job.stage in ("done", "asking"):
            break
        job.finished.wait(0.1)
    return client.get(f"/desk/import/job/{job.id}").text


def test_uploaded_issue_is_in_the_archive(desk: Desk, client: TestClient) -> None:
    html = upload(client, desk, ("第18期.txt", ISSUE))
    assert "新增 1 期" in html
    assert [issue.number for issue, _ in desk.engine.archive().dates()] == [18]


def test_file_that_is_no_bulletin_is_reported_without_a_path(
    desk: Desk, client: TestClient
) -> None:
    html = upload(client, desk, ("会议通知.txt", "请于明天上午开会。"))
    assert "失败 1 个" in html
    assert str(desk.settings.data_dir) not in html
    assert "uploads" not in html


def test_markup_in_a_file_name_is_shown_as_text(desk: Desk, client: TestClient) -> None:
    html = upload(client, desk, ("<img src=x onerror=alert(1)>.txt", ISSUE))
    assert "<img" not in html


def test_revised_issue_waits_for_a_decision(desk: Desk, client: TestClient) -> None:
    upload(client, desk, ("第18期.txt", ISSUE))
    html = upload(client, desk, ("更正.txt", ISSUE.replace("5452", "5542")))
    assert "与库里的内容不同" in html
    [text] = [chunk.text for chunk in desk.engine.archive().scan(Filters())]
    assert "5452万元" in text


def test_revised_issue_is_replaced_or_skipped_as_decided(desk: Desk, client: TestClient) -> None:
    upload(client, desk, ("第18期.txt", ISSUE))
    for skip, figure in ((["更正.txt"], "5452万元"), ([], "5542万元")):
        upload(client, desk, ("更正.txt", ISSUE.replace("5452", "5542")))
        job = list(desk.importer._jobs.values())[-1]
        client.post(f"/desk/import/job/{job.id}", json=skip)
        assert job.finished.wait(30)
        [text] = [chunk.text for chunk in desk.engine.archive().scan(Filters())]
        assert figure in text


def test_report_names_the_figures_that_a_revision_changed(desk: Desk, client: TestClient) -> None:
    upload(client, desk, ("第18期.txt", ISSUE))
    upload(client, desk, ("更正.txt", ISSUE.replace("5452", "5542")))
    job = list(desk.importer._jobs.values())[-1]
    client.post(f"/desk/import/job/{job.id}", json=[])
    assert job.finished.wait(30)
    assert "5452万元 改为 5542万元" in client.get(f"/desk/import/job/{job.id}").text


def test_issue_is_removed(desk: Desk, client: TestClient) -> None:
    upload(client, desk, ("第18期.txt", ISSUE))
    [(issue, _)] = desk.engine.archive().dates()
    assert "已移除《延津政务快报》2023年第18期" in (
        client.delete("/desk/import/issue", params={"key": issue.key}).text
    )
    assert desk.engine.archive().dates() == []
    assert client.delete("/desk/import/issue", params={"key": issue.key}).status_code == 400


def test_only_administrators_import_where_there_are_accounts(desk: Desk) -> None:
    app = desk_server(desk)

    async def as_reader(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "bulletin.role": "reader"}, receive, send)

    client = TestClient(as_reader, raise_server_exceptions=False)
    for answer in (
        client.get("/desk/import"),
        client.post("/desk/import", files=[("files", ("第18期.txt", b"x"))]),
        client.delete("/desk/import/issue", params={"key": "x"}),
    ):
        assert answer.status_code == 403
        assert "只有管理员" in answer.text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("表.xyz", b"abc", "不支持"),
        ("空.txt", b"", "空的"),
        ("大.txt", b"a" * (LARGEST_FILE + 1), "超过20 MB"),
        ("程序.txt", b"MZ\x90\x00", "不是文档"),
        ("二进制.txt", b"ab\x00\x01" * 10, "不是文档"),
        ("假.pdf", b"hello", "不是 PDF"),
        ("假.docx", b"hello", "与扩展名不符"),
    ],
)
def test_file_of_the_wrong_kind_is_refused(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        check_upload(name, content)


def test_text_in_utf16_is_no_binary_file() -> None:
    check_upload("第18期.txt", ISSUE.encode("utf-16"))


def test_too_many_files_are_refused(desk: Desk) -> None:
    with pytest.raises(SourceError, match="一次最多"):
        desk.importer.receive([("a.txt", b"x")] * (MOST_FILES + 1))


def test_name_leads_out_of_no_folder() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("C:\\temp\\第18期.txt") == "第18期.txt"
    assert safe_name("..") == "文件"


def test_messages_hold_no_folder() -> None:
    folder = Path("/srv/data")
    assert (
        without_folder("/srv/data/uploads/ab12/第18期.txt：没有日期", folder)
        == "第18期.txt：没有日期"
    )


def test_too_much_at_once_is_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("page.import_tab.LARGEST_UPLOAD", 1000)
    answer = client.post("/desk/import", files=[("files", ("a.txt", b"x" * 1001))])
    assert (answer.status_code, "请分几次" in answer.text) == (400, True)
