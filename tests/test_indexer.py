from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ingest.indexer import ingest_lock, ingest_paths
from ingest.removal import parse_issue_name, remove_issue
from ingest.report import FileReport, IngestReport, Status
from rag.catalog import Catalog
from rag.errors import IndexMismatchError, SourceError, StoreError
from rag.schema import Filters, IssueRef
from rag.settings import Settings
from rag.vector_store import VectorStore
from rag.vector_store import connection as chroma
from tests.fakes import DIMENSION, FakeEmbeddings, bulletin_text

EMBEDDINGS = FakeEmbeddings()
ECONOMY = (
    "全力拼经济",
    "科工局",
    "县科工局加速技改助力企业转型升级 建立技改项目库，加强部门联动。一季度，我县技改投资上报额5452万元，"
    "同比增速达到54.8%。",
)
ROADS = (
    "全力拼经济",
    "交通运输局",
    "县交通运输局全力推进安罗高速项目建设 压实工作责任。累计完成投资19.46亿元，占总投资的52.15%。",
)
FLOODS = (
    "防汛备汛",
    "应急管理局",
    "县应急管理局扎实开展汛前装备物资点验 派出6个检查组对13个乡镇的防汛物资进行了点验。",
)
ITEMS = (ECONOMY, ROADS, FLOODS)


class AnotherModel(FakeEmbeddings):
    model_id = "another"
    dimension = DIMENSION * 2


def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", _env_file=None)  # type: ignore[call-arg]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "快报 2023"
    folder.mkdir()
    write(folder / "第18期.txt", bulletin_text(18, ITEMS))
    write(folder / "第19期.txt", bulletin_text(19, [ROADS], day="5月6日"))
    return folder


def write(path: Path, text: str, modified: float | None = None) -> Path:
    path.write_text(text, encoding="utf-8")
    if modified is not None:
        os.utime(path, (modified, modified))
    return path


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., IngestReport]:
    def run(*paths: Path, **options: object) -> IngestReport:
        options.setdefault("embeddings", EMBEDDINGS)
        return ingest_paths(paths, settings(tmp_path), **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "data" / "catalog.sqlite3")


def statuses(report: IngestReport) -> dict[str, str]:
    return {Path(file.path).name: file.status.value for file in report.files}


def texts(catalog: Catalog) -> list[str]:
    return [chunk.text for chunk in catalog.scan()]


def test_a_folder_is_taken_in(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    report = ingest(folder)
    assert statuses(report) == {"第18期.txt": "added", "第19期.txt": "added"}
    assert [file.item_count for file in report.files] == [3, 1]
    assert report.ok
    assert [(issue.number, day.isoformat()) for issue, day in catalog.dates()] == [
        (18, "2023-04-21"),
        (19, "2023-05-06"),
    ]
    assert catalog.count() == 3 + 1
    assert [chunk.departments for chunk in catalog.scan(Filters(sections=("防汛备汛",)))] == [
        ("应急管理局",)
    ]


def test_the_items_of_each_file_are_handed_over(
    folder: Path, ingest: Callable[..., IngestReport]
) -> None:
    files: list[FileReport] = []
    ingest(folder / "第18期.txt", on_file=files.append)
    [file] = files
    assert file.issue == IssueRef(2023, 18, "", "延津政务快报")
    assert [item.departments for item in file.items] == [
        ("科工局",),
        ("交通运输局",),
        ("应急管理局",),
    ]
    assert file.footer.editor == "李勉"


class Refusing(FakeEmbeddings):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise AssertionError(f"embedded {texts}")


def test_a_second_run_embeds_nothing(folder: Path, ingest: Callable[..., IngestReport]) -> None:
    ingest(folder)
    report = ingest(folder, embeddings=Refusing())
    assert statuses(report) == {"第18期.txt": "unchanged", "第19期.txt": "unchanged"}
    assert [file.item_count for file in report.files] == [3, 1]


def test_a_second_run_reports_the_same_items_and_warnings(
    folder: Path, ingest: Callable[..., IngestReport]
) -> None:
    write(folder / "第18期.txt", bulletin_text(18, [ECONOMY, ("防汛备汛", "", "太短。")]))
    first: list[FileReport] = []
    second: list[FileReport] = []
    ingest(folder, on_file=first.append)
    ingest(folder, on_file=second.append)
    assert first[0].warnings
    assert [(f.items, f.footer, f.warnings) for f in first] == [
        (f.items, f.footer, f.warnings) for f in second
    ]


def test_nothing_is_lost_without_the_memory_of_files(
    folder: Path, tmp_path: Path, ingest: Callable[..., IngestReport]
) -> None:
    ingest(folder)
    for content in (None, b"no database" * 1000):
        for file in (tmp_path / "data").glob("files.sqlite3*"):
            file.unlink()
        if content:
            (tmp_path / "data" / "files.sqlite3").write_bytes(content)
        report = ingest(folder, embeddings=Refusing())
        assert set(statuses(report).values()) == {"unchanged"}


def test_other_white_space_and_encoding_is_no_change(
    folder: Path, ingest: Callable[..., IngestReport]
) -> None:
    ingest(folder)
    text = bulletin_text(18, ITEMS).replace("\n", "\r\n")
    (folder / "第18期.txt").write_bytes(text.encode("gb18030"))
    assert statuses(ingest(folder, embeddings=Refusing()))["第18期.txt"] == "unchanged"


def test_a_copy_under_another_name_is_a_duplicate(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    write(folder / "第18期 (副本).txt", bulletin_text(18, ITEMS))
    for _ in range(2):
        report = ingest(folder)
        assert report.count(Status.DUPLICATE) == 1
        assert report.ok
    assert catalog.count() == 3 + 1


def test_a_file_renamed_is_a_duplicate_of_what_is_indexed(
    folder: Path, ingest: Callable[..., IngestReport]
) -> None:
    ingest(folder)
    (folder / "第18期.txt").rename(folder / "20230421.txt")
    report = ingest(folder, embeddings=Refusing())
    assert statuses(report)["20230421.txt"] == "duplicate"


def test_a_revised_file_replaces_its_issue_and_tells_what_changed(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    ingest(folder)
    revised = (*ECONOMY[:2], ECONOMY[2].replace("5452万元", "5453万元"))
    new = ("防汛备汛", "水利局", "县水利局全面排查河道隐患 排查整治隐患27处，清淤河道36公里。")
    write(folder / "第18期.txt", bulletin_text(18, [revised, FLOODS, new]))
    report = ingest(folder)
    assert statuses(report) == {"第18期.txt": "replaced", "第19期.txt": "unchanged"}
    changes = report.files[0].changes
    assert changes is not None
    assert changes.added == ("第3条“县水利局全面排查河道隐患”",)
    assert changes.removed == ("第2条“县交通运输局全力推进安罗高速项目建设”",)
    [revision] = changes.revised
    assert revision.name == "第1条“县科工局加速技改助力企业转型升级”"
    assert (revision.figures_before, revision.figures_after) == (("5452万元",), ("5453万元",))
    assert "5453万元" in "".join(texts(catalog))
    assert "5452万元" not in "".join(texts(catalog))


def test_a_revision_can_be_taken_back(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    for items in (ITEMS, [ECONOMY], ITEMS):
        write(folder / "第18期.txt", bulletin_text(18, items))
        ingest(folder)
    assert catalog.count() == 3 + 1


def test_of_two_versions_in_a_folder_the_later_one_counts_on_every_run(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    write(folder / "第18期.txt", bulletin_text(18, [ECONOMY]), modified=2000)
    write(folder / "第18期 初稿.txt", bulletin_text(18, [FLOODS]), modified=1000)
    write(folder / "第18期 终稿.txt", bulletin_text(18, [ROADS]), modified=3000)
    ingest(folder)
    versions = [text for text in texts(catalog) if "安罗高速" in text]
    assert len(versions) == 2  # that of issue 19, and the only one of issue 18
    assert catalog.count() == 2
    report = ingest(folder, embeddings=Refusing())
    assert report.ok
    assert report.count(Status.REPLACED) == 0
    assert any("终稿" in w.message for file in report.files for w in file.warnings)


def test_an_older_index_put_back_takes_the_files_in_again(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog, tmp_path: Path
) -> None:
    ingest(folder)
    write(folder / "第18期.txt", bulletin_text(18, [ECONOMY]))
    ingest(folder)
    # What an index restored from last week's copy looks like to the memory of files.
    write(tmp_path / "旧.txt", bulletin_text(18, ITEMS))
    ingest(tmp_path / "旧.txt")
    for file in (tmp_path / "data").glob("files.sqlite3*"):
        file.unlink()
    assert statuses(ingest(folder))["第18期.txt"] == "replaced"
    assert catalog.count() == 1 + 1


def test_bad_files_are_reported_and_the_rest_goes_in(
    folder: Path, tmp_path: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    (folder / "空.txt").write_bytes(b"")
    write(folder / "通知.txt", "关于召开会议的通知\n\n请各单位准时参加。\n")
    (folder / "坏.pdf").write_bytes(bytes(range(256)))
    report = ingest(folder, tmp_path / "不存在")
    failed = {Path(f.path).name: f.error for f in report.files if f.status is Status.FAILED}
    assert failed.keys() == {"空.txt", "通知.txt", "坏.pdf", "不存在"}
    assert all(name in error for name, error in failed.items())
    assert not report.ok
    assert catalog.count() == 3 + 1


def test_an_empty_folder_is_named(tmp_path: Path, ingest: Callable[..., IngestReport]) -> None:
    (tmp_path / "空文件夹").mkdir()
    [file] = ingest(tmp_path / "空文件夹").files
    assert file.status is Status.FAILED
    assert "空文件夹" in file.error


def test_a_file_that_turns_bad_keeps_its_issue(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    ingest(folder)
    (folder / "第18期.txt").write_bytes(b"")
    assert not ingest(folder).ok
    assert catalog.count() == 3 + 1


def test_a_fault_of_the_parser_costs_one_file(
    folder: Path, ingest: Callable[..., IngestReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ingest.reading as reading

    parse = reading.parse_bulletins

    def faulty(text: str, source: str, **options: object) -> object:
        if source == "第18期.txt":
            raise IndexError("list index out of range")
        return parse(text, source, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "parse_bulletins", faulty)
    assert statuses(ingest(folder)) == {"第18期.txt": "failed", "第19期.txt": "added"}


def test_several_issues_in_one_file_give_several_rows(
    tmp_path: Path, ingest: Callable[..., IngestReport]
) -> None:
    both = bulletin_text(1, ITEMS, day="1月6日") + "\n" + bulletin_text(2, [ROADS], day="1月16日")
    path = write(tmp_path / "合订本.txt", both)
    for status in (Status.ADDED, Status.UNCHANGED):
        report = ingest(path)
        assert [(f.issue.number, f.status) for f in report.files if f.issue] == [
            (1, status),
            (2, status),
        ]


def test_warnings_on_the_archive(tmp_path: Path, ingest: Callable[..., IngestReport]) -> None:
    for number, day in ((2, "1月16日"), (3, "1月9日"), (7, "3月1日")):
        write(tmp_path / f"{number}.txt", bulletin_text(number, [ROADS], day=day))
    report = ingest(*sorted(tmp_path.glob("*.txt")))
    assert [(w.code, w.message) for w in report.warnings] == [
        ("missing-issue", "《延津政务快报》2023年缺第1、4—6期"),
        ("date-order", "《延津政务快报》2023年第3期的日期2023-01-09早于第2期的2023-01-16"),
    ]


def test_progress_ends_at_the_number_of_files(
    folder: Path, ingest: Callable[..., IngestReport]
) -> None:
    seen: list[tuple[int, int, int]] = []
    ingest(folder, on_progress=lambda p: seen.append((p.files, p.files_total, p.items)))
    assert seen[-1] == (2, 2, 3 + 1)
    assert seen == sorted(seen)


# --- rebuild ---------------------------------------------------------------------------------


def test_another_model_needs_a_rebuild_which_keeps_every_issue(
    folder: Path, tmp_path: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    ingest(folder)
    with pytest.raises(IndexMismatchError, match="--rebuild"):
        ingest(folder, embeddings=AnotherModel())
    (folder / "第19期.txt").unlink()
    report = ingest(folder, embeddings=AnotherModel(), rebuild=True)
    assert statuses(report) == {"第18期.txt": "unchanged"}
    assert report.kept == 1
    assert catalog.count() == 3 + 1
    store = VectorStore.open(tmp_path / "data", "", "another", AnotherModel.dimension)
    vector = AnotherModel().embed_query(ROADS[2])
    assert len(store.search(vector, 9)) == 3 + 1


@pytest.mark.parametrize("model", [FakeEmbeddings(), AnotherModel()])
def test_a_rebuild_from_files_that_all_fail_changes_nothing(
    folder: Path,
    ingest: Callable[..., IngestReport],
    catalog: Catalog,
    model: FakeEmbeddings,
) -> None:
    ingest(folder)
    for file in folder.iterdir():
        file.write_bytes(b"")
    report = ingest(folder, embeddings=model, rebuild=True)
    assert report.count(Status.FAILED) == 2
    assert catalog.count() == 3 + 1
    assert not catalog.sync(VectorStore.open(catalog_dir(folder), "", "fake-bag-of-words", 64))


def catalog_dir(folder: Path) -> Path:
    return folder.parent / "data"


def test_a_rebuild_that_breaks_off_changes_nothing(
    folder: Path, ingest: Callable[..., IngestReport], catalog: Catalog
) -> None:
    ingest(folder)
    write(folder / "第18期.txt", bulletin_text(18, [ECONOMY]))
    with pytest.raises(AssertionError):
        ingest(folder, embeddings=Refusing(), rebuild=True)
    assert catalog.count() == 3 + 1
    assert statuses(ingest(folder)) == {"第18期.txt": "replaced", "第19期.txt": "unchanged"}


# --- removal ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["2023-18", "2023年第18期", "《延津政务快报》２０２３年第 18 期"])
def test_an_issue_is_removed_by_any_of_its_names(
    folder: Path, tmp_path: Path, ingest: Callable[..., IngestReport], catalog: Catalog, name: str
) -> None:
    ingest(folder)
    issue = remove_issue(name, settings(tmp_path), embeddings=EMBEDDINGS)
    assert issue.key == "延津政务快报-2023-018"
    assert catalog.count() == 1
    with pytest.raises(SourceError, match="库里没有"):
        remove_issue(name, settings(tmp_path), embeddings=EMBEDDINGS)
    assert statuses(ingest(folder)) == {"第18期.txt": "added", "第19期.txt": "unchanged"}


@pytest.mark.parametrize(
    ("name", "issue"),
    [
        ("2023-18", IssueRef(2023, 18)),
        ("2023年第3期", IssueRef(2023, 3)),
        ("2023年增刊第1期", IssueRef(2023, 1, "增刊")),
        ("延津政务快报-2023-018", IssueRef(2023, 18, "", "延津政务快报")),
        ("延津政务快报-2023-001专刊", IssueRef(2023, 1, "专刊", "延津政务快报")),
    ],
)
def test_names_of_issues(name: str, issue: IssueRef) -> None:
    assert parse_issue_name(name) == issue


@pytest.mark.parametrize("name", ["", "18", "2023", "第18期", "2023-0", "23-18"])
def test_what_is_no_name_of_an_issue_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="请写成"):
        parse_issue_name(name)


# --- two at once, and kill -9 ----------------------------------------------------------------


def test_a_second_ingest_waits_for_the_first_and_says_so(
    folder: Path, tmp_path: Path, ingest: Callable[..., IngestReport]
) -> None:
    waiting = threading.Event()
    reports: list[IngestReport] = []
    with ingest_lock(tmp_path / "data", lambda: None):
        thread = threading.Thread(
            target=lambda: reports.append(ingest(folder, on_wait=waiting.set))
        )
        thread.start()
        assert waiting.wait(60)
        assert reports == []
    thread.join()
    assert reports[0].ok


def test_a_full_disk_is_reported_and_harms_nothing(
    folder: Path,
    ingest: Callable[..., IngestReport],
    catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ingest(folder)
    write(folder / "第18期.txt", bulletin_text(18, [ECONOMY]))

    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(chroma, "CHECKPOINT_ROWS", 0)
        patch.setattr("shutil.copytree", full)
        with pytest.raises(StoreError, match="磁盘空间"):
            ingest(folder)
    assert catalog.count() == 3 + 1
    assert statuses(ingest(folder))["第18期.txt"] == "replaced"


def versioned(number: int, version: int) -> str:
    items = [
        (
            "全力拼经济",
            f"部门{n}局",
            f"第{number}期第{n}件事的进展。完成投资{version}万元，新开工{n}个。",
        )
        for n in range(1, 1 + 3 + version % 3)
    ]
    return bulletin_text(number, items)


def ingest_forever(folder: Path, data_dir: Path, started: object) -> None:
    """What the killed process runs; saving every 20 rows, so that kills hit that as well."""
    chroma.CHECKPOINT_ROWS = 20
    started.set()  # type: ignore[attr-defined]
    version = 1 + max(version_of(path) for path in folder.iterdir())
    while True:
        for path in sorted(folder.iterdir()):
            path.write_text(versioned(int(path.stem), version), encoding="utf-8")
        ingest_paths(
            [folder],
            Settings(data_dir=data_dir, _env_file=None),  # type: ignore[call-arg]
            embeddings=EMBEDDINGS,
        )
        version += 1


def version_of(path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    return int(text.partition("投资")[2].partition("万")[0] or 0)


def check_whole(store: VectorStore, catalog: Catalog, numbers: Sequence[int]) -> list[int]:
    """Every issue is of one version, with all its items, in both stores; gives the versions."""
    catalog.sync(store)
    versions: list[int] = []
    for number in numbers:
        issue = IssueRef(2023, number, "", "延津政务快报")
        stored = store.chunks([issue.key])
        [version] = {int(c.text.partition("投资")[2].partition("万")[0]) for c in stored}
        assert len(stored) == 3 + version % 3
        assert catalog.scan(Filters(issues=(issue,))) == stored
        for chunk in stored:
            vector = EMBEDDINGS.embed_query(chunk.text)
            hits = store.search(vector, 9, Filters(issues=(issue,)))
            assert sorted(i for i, _ in hits) == sorted(c.id for c in stored)
            assert hits[0][1] == pytest.approx(1.0, abs=1e-4)
        versions.append(version)
    return versions


# About a second each; BULLETIN_TEST_KILLS=200 for a long night.
KILLS = int(os.environ.get("BULLETIN_TEST_KILLS", "30"))


@pytest.mark.timeout(60 + 20 * KILLS)
def test_kill_9_at_any_moment_leaves_each_issue_as_it_was_or_as_it_becomes(tmp_path: Path) -> None:
    folder, data_dir = tmp_path / "in", tmp_path / "data"
    folder.mkdir()
    numbers = [1, 2, 3]
    for number in numbers:
        write(folder / f"{number}.txt", versioned(number, 0))
    run = settings(tmp_path)
    ingest_paths([folder], run, embeddings=EMBEDDINGS)
    # Reading goes on all the while, with the same open stores.
    store = VectorStore.open(data_dir, "", EMBEDDINGS.model_id, DIMENSION)
    catalog = Catalog(data_dir / "catalog.sqlite3")
    context = multiprocessing.get_context("forkserver")
    # Chroma too, or most kills would hit nothing but its import.
    context.set_forkserver_preload(["tests.test_indexer", "chromadb"])
    chance = random.Random(20230421)
    reached = [0, 0, 0]
    for _ in range(KILLS):
        started = context.Event()
        process = context.Process(target=ingest_forever, args=(folder, data_dir, started))
        process.start()
        assert started.wait(120)
        time.sleep(chance.uniform(0.0, 1.5))
        process.kill()
        process.join()
        versions = check_whole(store, catalog, numbers)
        assert all(now >= before for now, before in zip(versions, reached, strict=True))
        reached = versions
        for path in folder.iterdir():
            if version_of(path) == 0:  # killed while the test's own file was being written
                write(path, versioned(int(path.stem), max(reached)))
    assert max(reached) > 0
    final = max(reached) + 1
    for number in numbers:
        write(folder / f"{number}.txt", versioned(number, final))
    assert ingest_paths([folder], run, embeddings=EMBEDDINGS).ok
    assert check_whole(store, catalog, numbers) == [final] * 3
    assert store.count() == 3 * (3 + final % 3)
