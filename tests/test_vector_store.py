from __future__ import annotations

import dataclasses
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rag.errors import IndexMismatchError, StoreError
from rag.schema import Chunk, Filters, IssueRecord, IssueRef, Period
from rag.vector_store import VectorStore
from rag.vector_store import connection as chroma
from rag.vector_store.connection import chroma_folder
from tests.fakes import DIMENSION, FakeEmbeddings, make_issue

EMBEDDINGS = FakeEmbeddings()
APRIL = make_issue(
    18,
    [
        ("全力拼经济", "科工局", "一季度，我县技改投资上报额5452万元，同比增速达到54.8%。"),
        ("全力拼经济", "交通运输局", "安罗高速累计完成投资19.46亿元，占总投资的52.15%。"),
        ("防汛备汛", "应急管理局", "派出6个检查组对13个乡镇防汛物资进行点验。"),
    ],
    published=date(2023, 4, 21),
)
SPRING = make_issue(
    14,
    [
        ("用地保障", "自然资源局", "2024年完成5105亩批而未供土地的年度处置任务。"),
        ("城市建设", "住建城管局", "加装智慧井盖监测设备500套，远程监测管网水位。"),
    ],
    year=2025,
    published=date(2025, 4, 3),
)


def add(store: VectorStore, issue: tuple[IssueRecord, list[Chunk]]) -> None:
    record, chunks = issue
    store.add_issue(record, chunks, EMBEDDINGS.embed_documents([c.text for c in chunks]))


def found(
    store: VectorStore, question: str, filters: Filters | None = None, k: int = 10
) -> list[str]:
    return [i for i, _ in store.search(EMBEDDINGS.embed_query(question), k, filters or Filters())]


def opened(data_dir: Path, model: str = "fake", dimension: int = DIMENSION) -> VectorStore:
    return VectorStore.open(data_dir, "", model, dimension)


def begin_rebuild(data_dir: Path, model: str = "fake") -> tuple[VectorStore, VectorStore | None]:
    return VectorStore.open(data_dir, "", model, DIMENSION, at_once=False).begin_rebuild()


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    return opened(tmp_path)


@pytest.fixture
def full(store: VectorStore) -> VectorStore:
    add(store, APRIL)
    add(store, SPRING)
    return store


def test_an_issue_comes_back_as_it_went_in(full: VectorStore) -> None:
    assert full.records([SPRING[0].issue.key, APRIL[0].issue.key]) == [SPRING[0], APRIL[0]]
    assert full.chunks([APRIL[0].issue.key]) == APRIL[1]


def test_every_field_of_a_chunk_is_kept(store: VectorStore) -> None:
    record, [chunk] = make_issue(3, [("", "", "增刊第一点。")], edition="增刊", series="某县快报")
    chunk = dataclasses.replace(
        chunk, departments=("发改委", "科工局"), printed=("发改委",), part=2, scanned=True
    )
    record = dataclasses.replace(record, scanned=True)
    add(store, (record, [chunk]))
    assert store.chunks([record.issue.key]) == [chunk]
    assert store.records([record.issue.key]) == [record]


def test_hashes_name_the_indexed_issues(full: VectorStore) -> None:
    assert full.hashes() == {
        "延津政务快报-2023-018": APRIL[0].content_hash,
        "延津政务快报-2025-014": SPRING[0].content_hash,
    }


def test_the_nearest_chunk_comes_first_with_its_cosine(full: VectorStore) -> None:
    text = APRIL[1][1].text
    hits = full.search(EMBEDDINGS.embed_query(text), 2)
    assert hits[0][0] == "延津政务快报-2023-018-02"
    assert hits[0][1] == pytest.approx(1.0, abs=1e-5)
    assert hits[0][1] > hits[1][1]


def test_an_empty_index_finds_nothing(store: VectorStore) -> None:
    assert found(store, "技改投资") == []
    assert store.hashes() == {}
    assert store.count() == 0


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(departments=("科工局",)), {"2023-018-01"}),
        (Filters(departments=("科工局", "自然资源局")), {"2023-018-01", "2025-014-01"}),
        (Filters(sections=("防汛备汛", "城市建设")), {"2023-018-03", "2025-014-02"}),
        (
            Filters(published=Period(date(2023, 4, 21), date(2023, 4, 21))),
            {"2023-018-01", "2023-018-02", "2023-018-03"},
        ),
        (Filters(published=Period(date(2023, 4, 22), date(2025, 4, 2))), set()),
        (Filters(issues=(IssueRef(2025, 14),)), {"2025-014-01", "2025-014-02"}),
        (Filters(issues=(IssueRef(2025, 14, series="别的快报"),)), set()),
        (
            Filters(issues=(IssueRef(2023, 18), IssueRef(2025, 14)), sections=("城市建设",)),
            {"2025-014-02"},
        ),
        (Filters(issues=(IssueRef(2025, 14, "增刊"),)), set()),
    ],
)
def test_filters_limit_what_is_found(
    full: VectorStore, filters: Filters, expected: set[str]
) -> None:
    assert {i.removeprefix("延津政务快报-") for i in found(full, "投资", filters)} == expected


def test_a_revised_issue_replaces_the_old_one(full: VectorStore) -> None:
    revised = make_issue(
        18,
        [("全力拼经济", "科工局", "一季度技改投资上报额5453万元。")],
        published=date(2023, 4, 21),
    )
    add(full, revised)
    assert full.chunks([revised[0].issue.key]) == revised[1]
    assert full.count() == 1 + 2
    assert sorted(found(full, "安罗高速")) == [
        "延津政务快报-2023-018-01",
        "延津政务快报-2025-014-01",
        "延津政务快报-2025-014-02",
    ]


def test_adding_an_issue_twice_changes_nothing(full: VectorStore) -> None:
    versions = full.versions()
    add(full, APRIL)
    assert full.versions() == versions
    assert full.count() == 3 + 2


def test_a_removed_issue_is_gone(full: VectorStore) -> None:
    assert full.remove_issue("延津政务快报-2023-018")
    assert not full.remove_issue("延津政务快报-2023-018")
    assert full.hashes().keys() == {"延津政务快报-2025-014"}
    assert all(i.startswith("延津政务快报-2025") for i in found(full, "安罗高速"))
    assert full.count() == 2


def test_clear_leaves_an_empty_index(full: VectorStore) -> None:
    full.clear()
    assert full.hashes() == {}
    assert full.count() == 0
    add(full, APRIL)
    assert found(full, "安罗高速", k=1) == ["延津政务快报-2023-018-02"]


def test_vectors_that_do_not_fit_are_refused_before_anything_is_written(store: VectorStore) -> None:
    with pytest.raises(ValueError, match="3 chunks with 1 vectors"):
        store.add_issue(*APRIL, [[0.0] * DIMENSION])
    with pytest.raises(ValueError, match="a vector of 3"):
        store.search([1.0, 0.0, 0.0], 1)
    assert store.hashes() == {}


def test_another_model_is_refused_with_the_command_that_rebuilds(
    full: VectorStore, tmp_path: Path
) -> None:
    with pytest.raises(IndexMismatchError, match=r"python -m ingest PATH --rebuild"):
        opened(tmp_path, model="another")
    with pytest.raises(IndexMismatchError):
        opened(tmp_path, dimension=DIMENSION * 2)


class Killed(BaseException):
    """Stands for a process that dies: nothing may handle it."""


@pytest.mark.parametrize("step", [1, 2])
def test_an_interrupted_replacement_leaves_the_old_issue(
    full: VectorStore, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """step 1 dies while the chunks are written, step 2 before the record is."""
    from chromadb.api.models.Collection import Collection

    calls = 0
    upsert = Collection.upsert

    def dying(self: Collection, **values: object) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            raise Killed
        upsert(self, **values)  # type: ignore[arg-type]

    revised = make_issue(
        18,
        [("全力拼经济", "科工局", f"安罗高速第{n}点改成9999万元。") for n in range(9)],
        published=date(2023, 4, 21),
    )
    monkeypatch.setattr(Collection, "upsert", dying)
    with pytest.raises(Killed):
        add(full, revised)
    monkeypatch.setattr(Collection, "upsert", upsert)

    assert full.hashes()["延津政务快报-2023-018"] == APRIL[0].content_hash
    assert full.chunks(["延津政务快报-2023-018"]) == APRIL[1]
    # The nine leftovers are nearer to the question than anything, and yet passed over.
    assert len(found(full, "安罗高速第1点改成9999万元。", k=5)) == 5
    add(full, revised)
    assert full.chunks(["延津政务快报-2023-018"]) == revised[1]
    assert full.count() == 9 + 2


def test_a_replacement_that_dies_before_cleaning_up_shows_the_new_issue(
    full: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chromadb.api.models.Collection import Collection

    def dying(self: Collection, **values: object) -> None:
        raise Killed

    revised = make_issue(18, [("全力拼经济", "科工局", "上报额5453万元。")])
    with monkeypatch.context() as patch:
        patch.setattr(Collection, "delete", dying)
        with pytest.raises(Killed):
            add(full, revised)
    assert full.chunks(["延津政务快报-2023-018"]) == revised[1]
    filters = Filters(issues=(IssueRef(2023, 18),))
    assert found(full, "安罗高速", filters) == ["延津政务快报-2023-018-01"]


def test_a_rebuild_is_invisible_until_it_is_activated(full: VectorStore, tmp_path: Path) -> None:
    new, old = begin_rebuild(tmp_path, model="another")
    assert old is not None
    add(new, SPRING)
    assert full.hashes().keys() == {APRIL[0].issue.key, SPRING[0].issue.key}
    assert old.chunks([APRIL[0].issue.key]) == APRIL[1]
    new.activate()
    assert new.hashes().keys() == {SPRING[0].issue.key}
    assert opened(tmp_path, model="another").hashes() == new.hashes()
    with pytest.raises(IndexMismatchError):
        full.hashes()


def test_a_rebuild_that_is_given_up_leaves_the_index(full: VectorStore, tmp_path: Path) -> None:
    new, _ = begin_rebuild(tmp_path)
    add(new, SPRING)
    new.discard()
    assert opened(tmp_path).hashes() == full.hashes()
    # One that died is cleared away by the next.
    begin_rebuild(tmp_path)
    new, _ = begin_rebuild(tmp_path)
    assert new.count() == 0
    assert full.count() == 3 + 2


WRITER = """
import sys
from pathlib import Path
from tests.test_vector_store import SPRING, add, make_issue, opened
store = opened(Path(sys.argv[1]))
for number in map(int, sys.argv[2:]):
    text = f"第{number}期专门报道：建成高标准农田{number}万亩。"
    add(store, make_issue(number, [("三农", "农业农村局", text)], year=2024))
"""


def write_elsewhere(data_dir: Path, *numbers: int) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", WRITER, str(data_dir), *map(str, numbers)]
    return subprocess.Popen(command, cwd=root)


def test_an_open_reader_sees_what_another_process_wrote(full: VectorStore, tmp_path: Path) -> None:
    before = full.epoch()
    assert full.epoch() == before
    assert write_elsewhere(tmp_path, 7).wait() == 0
    assert full.epoch() != before
    question = "第7期专门报道：建成高标准农田7万亩。"
    assert found(full, question, k=1) == ["延津政务快报-2024-007-01"]
    assert found(full, question, Filters(departments=("农业农村局",))) == [
        "延津政务快报-2024-007-01"
    ]
    assert full.count() == 3 + 2 + 1


def test_questions_from_many_threads_go_on_while_another_process_writes(
    full: VectorStore, tmp_path: Path
) -> None:
    errors: list[BaseException] = []
    asked = 0
    writer = write_elsewhere(tmp_path, *range(1, 31))

    def ask() -> None:
        nonlocal asked
        try:
            while writer.poll() is None:
                assert found(full, APRIL[1][1].text, k=1) == ["延津政务快报-2023-018-02"]
                assert len(found(full, "井盖", Filters(sections=("城市建设",)))) == 1
                asked += 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert writer.returncode == 0
    assert asked > 0
    assert len(full.hashes()) == 30 + 2


def test_two_processes_write_by_turns(tmp_path: Path) -> None:
    store = opened(tmp_path)
    writers = [write_elsewhere(tmp_path, *range(1, 11)), write_elsewhere(tmp_path, *range(6, 16))]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(store.hashes()) == 15
    assert store.count() == 15


def test_saving_the_vector_index_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "CHECKPOINT_ROWS", 4)
    store = opened(tmp_path)
    issues = [
        make_issue(n, [("三农", "农业农村局", f"建成高标准农田{n}万亩。")]) for n in range(1, 13)
    ]
    for issue in issues:
        add(store, issue)
    assert sorted(path.name for path in tmp_path.glob("chroma/*/index_metadata.pickle"))
    assert not (tmp_path / "chroma.before").exists()
    for record, [chunk] in issues:
        filters = Filters(issues=(record.issue,))
        assert found(store, chunk.text, filters) == [chunk.id]


@pytest.mark.parametrize("spoilt", [False, True])
def test_a_save_that_dies_is_undone_by_whoever_comes_next(
    full: VectorStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: bool
) -> None:
    def dying(self: chroma.ChromaFolder, rows: int) -> None:
        self._close()
        if spoilt:
            for path in self._path.glob("*/*.bin"):
                path.write_bytes(b"half")
            (self._path / "chroma.sqlite3").write_bytes(b"half")
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(chroma, "CHECKPOINT_ROWS", 0)
        patch.setattr(chroma.ChromaFolder, "_set_threshold", dying)
        with pytest.raises(Killed):
            add(full, make_issue(20, [("三农", "农业农村局", "未写入。")]))
    assert (tmp_path / "chroma.before").exists()
    assert full.hashes().keys() == {APRIL[0].issue.key, SPRING[0].issue.key}
    assert found(full, APRIL[1][1].text, k=1) == ["延津政务快报-2023-018-02"]
    assert not (tmp_path / "chroma.before").exists()


def test_a_broken_stamp_only_costs_a_reopening(full: VectorStore, tmp_path: Path) -> None:
    (tmp_path / "chroma.stamp").write_text("{", encoding="utf-8")
    assert found(full, APRIL[1][1].text, k=1) == ["延津政务快报-2023-018-02"]
    add(full, APRIL)
    assert full.count() == 3 + 2


def test_a_folder_that_is_no_index_is_named(tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"no database at all " * 100)
    with pytest.raises(StoreError, match=str(tmp_path)):
        opened(tmp_path)


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="BULLETIN_CHROMA_URL"):
        VectorStore.open(tmp_path, "localhost:8000", "fake", DIMENSION)


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(StoreError, match=url):
        VectorStore.open(tmp_path, url, "fake", DIMENSION)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = Path(sys.executable).with_name("chroma")
    process = subprocess.Popen(
        [command, "run", "--path", tmp_path / "server", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def test_the_same_on_a_chroma_server(tmp_path: Path, server: str) -> None:
    store = VectorStore.open(tmp_path, server, "fake", DIMENSION)
    add(store, APRIL)
    add(store, SPRING)
    reader = VectorStore.open(tmp_path, server, "fake", DIMENSION)
    assert reader.chunks([APRIL[0].issue.key]) == APRIL[1]
    assert found(reader, APRIL[1][1].text, k=1) == ["延津政务快报-2023-018-02"]
    assert found(reader, "投资", Filters(departments=("科工局",))) == ["延津政务快报-2023-018-01"]
    store.remove_issue(APRIL[0].issue.key)
    assert reader.hashes().keys() == {SPRING[0].issue.key}
    assert not (tmp_path / "chroma").exists()


def test_nobody_waits_for_a_writer_to_learn_of_the_last_write(
    full: VectorStore, tmp_path: Path
) -> None:
    before = full.epoch()
    with chroma_folder(tmp_path).writing(1):
        during = full.epoch()  # would wait five minutes for the writer
    assert during == full.epoch() != before
