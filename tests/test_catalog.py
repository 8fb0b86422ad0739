from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from rag.catalog import Catalog
from rag.catalog import catalog as catalog_module
from rag.errors import StoreError
from rag.schema import Filters, IssueRef, Period
from rag.text import search_tokens
from rag.vector_store import VectorStore
from tests.fakes import DIMENSION, FakeEmbeddings, make_issue

EMBEDDINGS = FakeEmbeddings()
APRIL = make_issue(
    18,
    [
        ("全力拼经济", "科工局", "一季度，我县技改投资上报额5452万元，同比增速达到54.8%。"),
        ("全力拼经济", "交通运输局", "安罗高速累计完成投资19.46亿元，占总投资的52.15%。"),
        ("防汛备汛", "应急管理局", "派出6个检查组对13个乡镇防汛物资进行点验，投资未定。"),
    ],
    published=date(2023, 4, 21),
)
SPRING = make_issue(
    14,
    [
        ("用地保障", "自然资源局", "2024年完成5105亩批而未供土地的年度处置任务。"),
        ("全力拼经济", "科工局", "新入库工业企业19家。"),
        ("城市建设", "", "全文没有署名的一条。"),
    ],
    year=2025,
    published=date(2025, 4, 3),
)


def add(store: VectorStore, *issues: tuple) -> None:  # type: ignore[type-arg]
    for record, chunks in issues:
        store.add_issue(record, chunks, EMBEDDINGS.embed_documents([c.text for c in chunks]))


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    store = VectorStore.open(tmp_path, "", "fake", DIMENSION)
    add(store, APRIL, SPRING)
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite3"


@pytest.fixture
def catalog(path: Path, store: VectorStore) -> Catalog:
    catalog = Catalog(path)
    catalog.sync(store)
    return catalog


def found(catalog: Catalog, question: str, filters: Filters | None = None) -> list[str]:
    hits = catalog.search(search_tokens(question), 10, filters or Filters())
    return [chunk_id.removeprefix("延津政务快报-") for chunk_id, _ in hits]


def test_chunks_and_issues_come_back_as_they_were_indexed(catalog: Catalog) -> None:
    assert catalog.scan() == [*APRIL[1], *SPRING[1]]
    assert catalog.issues() == [APRIL[0], SPRING[0]]


def test_of_too_many_chunks_those_with_one_of_the_words_are_read(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(catalog.scan(words=["投资"])) == 6
    monkeypatch.setattr(catalog_module, "SCANNED", 2)
    assert catalog.scan(words=["工业企业", "安罗高速"]) == [APRIL[1][1], SPRING[1][1]]
    office = Filters(departments=("科工局",))
    assert catalog.scan(office, ["安罗高速"]) == [APRIL[1][0], SPRING[1][1]]  # two can be read
    assert len(catalog.scan()) == 6


@pytest.mark.parametrize("scanned", [20_000, 2])
def test_what_the_texts_hold_letter_for_letter_is_printed(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, scanned: int
) -> None:
    monkeypatch.setattr(catalog_module, "SCANNED", scanned)
    assert catalog.prints("批而未供土地")
    assert catalog.prints("5452万元")
    assert not catalog.prints("批而未供的土地")


def test_chunks_come_in_the_order_asked_without_unknown_ones(catalog: Catalog) -> None:
    ids = [SPRING[1][1].id, "没有这一条", APRIL[1][2].id]
    assert catalog.chunks(ids) == [SPRING[1][1], APRIL[1][2]]


def test_the_chunk_with_the_rare_word_comes_first(catalog: Catalog) -> None:
    assert found(catalog, "安罗高速投资") == ["2023-018-02", "2023-018-01", "2023-018-03"]


def test_scores_are_positive_and_descend(catalog: Catalog) -> None:
    scores = [score for _, score in catalog.search(search_tokens("安罗高速投资"), 10)]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_k_limits_the_result(catalog: Catalog) -> None:
    assert len(catalog.search(["投资"], 2)) == 2
    assert catalog.search(["投资"], 0) == []


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("19.46", ["2023-018-02"]),
        ("54.8%", ["2023-018-01"]),
        ("5452", ["2023-018-01"]),
        ("19", ["2025-014-02"]),
        ("46", []),
        ("54.8", []),
    ],
)
def test_figures_are_found_whole(catalog: Catalog, figure: str, expected: list[str]) -> None:
    assert [i[-11:] for i, _ in catalog.search([figure], 10)] == expected


def test_the_header_is_searched_as_well(catalog: Catalog) -> None:
    assert found(catalog, "应急管理局") == ["2023-018-03"]
    assert set(found(catalog, "用地保障")) == {"2025-014-01"}


@pytest.mark.parametrize("tokens", [[], ['"'], ["没有的词"], ["AND"], ["*"], ["NEAR("], ["列:值"]])
def test_no_token_can_break_the_search(catalog: Catalog, tokens: list[str]) -> None:
    assert catalog.search(tokens, 10) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(departments=("科工局",)), ["2023-018-01", "2025-014-02"]),
        (Filters(departments=("科工局",), sections=("防汛备汛",)), []),
        (Filters(sections=("防汛备汛", "城市建设")), ["2023-018-03", "2025-014-03"]),
        (
            Filters(published=Period(date(2023, 4, 21), date(2023, 12, 31))),
            ["2023-018-01", "2023-018-02", "2023-018-03"],
        ),
        (Filters(issues=(IssueRef(2025, 14),), departments=("科工局",)), ["2025-014-02"]),
        (
            Filters(issues=(IssueRef(2025, 14, series="延津政务快报"), IssueRef(2022, 1))),
            ["2025-014-01", "2025-014-02", "2025-014-03"],
        ),
        (Filters(issues=(IssueRef(2025, 14, "增刊"),)), []),
        (Filters(issues=(IssueRef(2025, 14, series="别的快报"),)), []),
    ],
)
def test_filters_mean_the_same_for_scan_count_and_search(
    catalog: Catalog, filters: Filters, expected: list[str]
) -> None:
    keys = [chunk.id.removeprefix("延津政务快报-") for chunk in catalog.scan(filters)]
    assert keys == expected
    assert catalog.count(filters) == len(expected)
    assert sorted(found(catalog, "延津政务快报", filters)) == expected
    assert [r.issue for r in catalog.issues(filters)] == list(
        dict.fromkeys(chunk.issue for chunk in catalog.scan(filters))
    )


def nearest(catalog: Catalog, question: str, filters: Filters | None = None) -> list[str]:
    hits = catalog.nearest(EMBEDDINGS.embed_query(question), 3, filters or Filters())
    return [chunk_id.removeprefix("延津政务快报-") for chunk_id, _ in hits]


def test_the_nearest_chunks_are_found_under_the_filters(catalog: Catalog) -> None:
    assert nearest(catalog, "安罗高速累计完成投资")[0] == "2023-018-02"
    assert nearest(catalog, "安罗高速", Filters(departments=("应急管理局",))) == ["2023-018-03"]
    assert nearest(catalog, "安罗高速", Filters(departments=("民政局",))) == []
    assert catalog.nearest([1.0] * DIMENSION, 0) == []


def test_nearness_is_the_cosine_of_the_stored_vector(catalog: Catalog) -> None:
    [(_, score), *_] = catalog.nearest(EMBEDDINGS.embed_query(APRIL[1][1].text), 1)
    assert score == pytest.approx(1.0, abs=1e-5)


def test_lost_vectors_are_fetched_again(catalog: Catalog, store: VectorStore, path: Path) -> None:
    for file in (path.parent / "catalog.index").iterdir():
        file.unlink()
    again = Catalog(path)
    assert nearest(again, "安罗高速") == []
    assert found(again, "安罗高速")[0] == "2023-018-02"
    assert again.sync(store)
    assert nearest(again, "安罗高速累计完成投资")[0] == "2023-018-02"


def test_vectors_of_another_model_replace_those_of_the_one_before(
    catalog: Catalog, store: VectorStore, path: Path, tmp_path: Path
) -> None:
    other = VectorStore.open(tmp_path / "other", "", "another model", 3)
    for record, chunks in (APRIL, SPRING):
        other.add_issue(record, chunks, [[0.0, 1.0, 0.0]] * (len(chunks) - 1) + [[1.0, 0.0, 0.0]])
    again = Catalog(path)
    assert again.sync(other)
    ends = {APRIL[1][-1].id, SPRING[1][-1].id}
    assert {i for i, score in again.nearest([1.0, 0.0, 0.0], 6) if score > 0.5} == ends
    files = [file.name for file in (path.parent / "catalog.index").iterdir()]
    assert len(files) == 1


def test_the_words_are_listed_with_the_frequent_ones_first(
    catalog: Catalog, store: VectorStore
) -> None:
    assert set(catalog.words()[:3]) == {"延津", "政务", "快报"}  # above every item
    assert "高速" in catalog.words()
    store.remove_issue(APRIL[0].issue.key)
    catalog.sync(store)
    assert "高速" not in catalog.words()
    assert "企业" in catalog.words()


def test_the_newest_texts_come_first(catalog: Catalog) -> None:
    assert catalog.texts(2) == [SPRING[1][2].text, SPRING[1][1].text]


def test_departments_and_sections_are_counted(catalog: Catalog) -> None:
    assert catalog.departments()[0] == ("科工局", 2)
    assert dict(catalog.departments()[1:]) == {"交通运输局": 1, "应急管理局": 1, "自然资源局": 1}
    assert catalog.sections() == [
        ("全力拼经济", 3),
        ("城市建设", 1),
        ("用地保障", 1),
        ("防汛备汛", 1),
    ]


def test_document_frequency_counts_chunks(catalog: Catalog) -> None:
    assert catalog.document_frequency(["投资", "19.46", "火星"]) == {
        "投资": 3,
        "19.46": 1,
        "火星": 0,
    }


def test_sync_tells_whether_something_changed(catalog: Catalog, store: VectorStore) -> None:
    assert not catalog.sync(store)
    store.remove_issue(APRIL[0].issue.key)
    assert catalog.sync(store)
    assert catalog.issues() == [SPRING[0]]
    assert found(catalog, "安罗高速") == []
    assert catalog.count() == 3


def test_sync_tells_of_changes_that_another_catalogue_took_over(
    catalog: Catalog, store: VectorStore, path: Path
) -> None:
    store.remove_issue(APRIL[0].issue.key)
    assert Catalog(path).sync(store)
    assert catalog.sync(store)
    assert not catalog.sync(store)


def test_sync_takes_a_revised_issue_over(catalog: Catalog, store: VectorStore) -> None:
    revised = make_issue(
        18, [("全力拼经济", "科工局", "上报额5453万元。")], published=date(2023, 4, 21)
    )
    add(store, revised)
    assert catalog.sync(store, [revised[0].issue.key])
    assert catalog.scan() == [*revised[1], *SPRING[1]]
    assert catalog.document_frequency(["5452", "5453"]) == {"5452": 0, "5453": 1}


def test_sync_of_named_issues_leaves_the_others(catalog: Catalog, store: VectorStore) -> None:
    one, two = (make_issue(n, [("三农", "农业农村局", f"农田{n}万亩。")]) for n in (30, 31))
    add(store, one, two)
    assert catalog.sync(store, [one[0].issue.key])
    assert sorted(r.issue.number for r in catalog.issues()) == [14, 18, 30]
    assert catalog.sync(store)
    assert sorted(r.issue.number for r in catalog.issues()) == [14, 18, 30, 31]


def test_an_issue_without_items_is_listed(path: Path, tmp_path: Path) -> None:
    store = VectorStore.open(tmp_path, "", "fake", DIMENSION)
    empty = make_issue(1, [])
    add(store, empty)
    catalog = Catalog(path)
    catalog.sync(store)
    assert catalog.issues() == [empty[0]]
    assert catalog.scan() == []


@pytest.mark.parametrize("content", [None, b"", b"no database at all " * 1000])
def test_a_missing_or_broken_file_is_rebuilt(
    path: Path, store: VectorStore, content: bytes | None
) -> None:
    Catalog(path).sync(store)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    catalog = Catalog(path)
    catalog.sync(store)
    assert catalog.scan() == [*APRIL[1], *SPRING[1]]


def test_a_file_deleted_under_an_open_catalogue_is_rebuilt(
    catalog: Catalog, store: VectorStore, path: Path
) -> None:
    for file in path.parent.glob("catalog.sqlite3*"):
        file.unlink()
    assert catalog.scan() == []
    assert catalog.sync(store)
    assert catalog.scan() == [*APRIL[1], *SPRING[1]]


def test_a_file_that_breaks_later_says_so_once_and_is_rebuilt(
    catalog: Catalog, store: VectorStore, path: Path
) -> None:
    catalog.close()
    size = path.stat().st_size
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(StoreError, match="自动重建"):
        catalog.scan()
    assert catalog.sync(store)
    assert catalog.scan() == [*APRIL[1], *SPRING[1]]


def test_tables_of_an_older_program_are_rebuilt(path: Path, store: VectorStore) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE issues (something)")
        connection.execute("CREATE VIRTUAL TABLE lexical USING fts5(other)")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    catalog = Catalog(path)
    assert catalog.sync(store)
    assert found(catalog, "安罗高速") == ["2023-018-02"]


def test_a_sync_that_fails_changes_nothing(
    catalog: Catalog, store: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, make_issue(30, [("三农", "农业农村局", "农田30万亩。")]))
    store.remove_issue(APRIL[0].issue.key)

    def failing(keys: list[str]) -> None:
        raise StoreError("读不到")

    with monkeypatch.context() as patch:
        patch.setattr(store, "stored", failing)
        with pytest.raises(StoreError):
            catalog.sync(store)
    assert catalog.issues() == [APRIL[0], SPRING[0]]
    assert catalog.sync(store)
    assert sorted(record.issue.number for record in catalog.issues()) == [14, 30]


def test_many_threads_read_while_one_writes(catalog: Catalog, store: VectorStore) -> None:
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                # Replaced again and again, and there at every moment.
                items = [c.text for c in catalog.scan(Filters(issues=(IssueRef(2023, 18),)))]
                assert len(items) == 3
                assert found(catalog, "安罗高速")[:1] == ["2023-018-02"]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(10):
        texts = [(c.section, c.departments[0], f"{c.text}第{n}稿。") for c in APRIL[1]]
        add(store, make_issue(18, texts, published=date(2023, 4, 21)))
        assert catalog.sync(store)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []


SYNC = """
import sys
from pathlib import Path
from rag.catalog import Catalog
from rag.catalog import catalog as catalog_module
from tests.test_catalog import DIMENSION, VectorStore
data_dir = Path(sys.argv[1])
Catalog(data_dir / "catalog.sqlite3").sync(VectorStore.open(data_dir, "", "fake", DIMENSION))
"""


def test_two_processes_sync_at_once(path: Path, store: VectorStore, tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", SYNC, str(tmp_path)]
    processes = [subprocess.Popen(command, cwd=root) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    catalog = Catalog(path)
    assert not catalog.sync(store)
    assert catalog.scan() == [*APRIL[1], *SPRING[1]]
    assert catalog.document_frequency(["投资"]) == {"投资": 3}


def test_an_answer_reads_one_state_and_the_next_one_the_new(
    catalog: Catalog, store: VectorStore
) -> None:
    record, chunks = make_issue(
        20, [("党建", "县委办", "新添的一条。")], published=date(2023, 5, 9)
    )
    with catalog.one_state():
        before = catalog.count()
        add(store, (record, chunks))
        writer = threading.Thread(target=catalog.sync, args=(store,))
        writer.start()
        writer.join()
        assert catalog.count() == before
        assert catalog.chunks([chunks[0].id]) == []
        with catalog.one_state():
            assert not catalog.prints("新添的一条")
    assert catalog.count() == before + 1
    assert catalog.chunks([chunks[0].id]) == chunks


def test_a_file_that_breaks_while_one_state_is_read_says_so(catalog: Catalog, path: Path) -> None:
    with pytest.raises(StoreError, match="损坏"), catalog.one_state():
        raise_corruption()
    assert not path.exists()


def raise_corruption() -> None:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    raise error
