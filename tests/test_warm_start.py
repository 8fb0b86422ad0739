"""A start where the catalogue is known to be in step with the index doesn't open the index."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.indexer import ingest_paths
from rag.errors import IndexBrokenError
from rag.vector_store.connection import ChromaFolder
from tests.fault_archive import EMBEDDINGS, answers, new_archive, open_chain, settings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = new_archive(tmp_path / "data")
    open_chain(folder)
    return folder


def never(self: ChromaFolder) -> None:
    raise AssertionError("the index was opened")


def test_the_second_start_opens_no_index(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answers(open_chain(data))
    monkeypatch.setattr(ChromaFolder, "_open", never)
    assert answers(open_chain(data)) == before


def test_what_was_taken_in_since_is_found_at_the_next_start(data: Path, tmp_path: Path) -> None:
    issue = tmp_path / "第19期.txt"
    text = (
        "延津政务快报\n\n第 19 期\n\n延津县人民政府办公室\n\n2023 年 4 月 28 日\n\n"
        "【城乡建设】\n\n县城管局新增停车泊位 新增停车泊位777个。（城管局）\n"
    )
    issue.write_text(text, "utf-8")
    assert ingest_paths([issue], settings(data), embeddings=EMBEDDINGS).ok
    assert "777个" in open_chain(data).invoke("新增停车泊位多少个").text


def test_a_chain_that_opened_no_index_sees_what_is_taken_in_later(
    data: Path, tmp_path: Path
) -> None:
    chain = open_chain(data)
    test_what_was_taken_in_since_is_found_at_the_next_start(data, tmp_path)
    assert "777个" in chain.invoke("新增停车泊位多少个").text


def test_an_index_damaged_since_is_named(data: Path) -> None:
    (data / "chroma" / "chroma.sqlite3").write_bytes(b"xx")
    with pytest.raises(IndexBrokenError, match=r"doctor --repair"):
        open_chain(data)


def test_a_note_beside_another_catalogue_is_not_believed(data: Path) -> None:
    before = answers(open_chain(data))
    (data / "catalog.sqlite3").unlink()
    assert answers(open_chain(data)) == before


@pytest.mark.parametrize("note", ["", "{", "[]", '{"index": 1}'])
def test_a_broken_note_is_none(data: Path, note: str) -> None:
    (data / "catalog.synced").write_text(note, "utf-8")
    assert answers(open_chain(data))


def test_a_folder_moved_elsewhere_is_opened_whole(data: Path, tmp_path: Path) -> None:
    before = answers(open_chain(data))
    shutil.copytree(data, tmp_path / "moved")
    assert answers(open_chain(tmp_path / "moved")) == before


def test_importing_the_chain_imports_no_chroma() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, rag.chain; print('chromadb' in sys.modules)"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert told.stdout.strip() == "False"


def test_no_note_is_left_of_an_index_written_to_meanwhile(data: Path, tmp_path: Path) -> None:
    chain = open_chain(data)
    before = chain.store.signature()
    test_what_was_taken_in_since_is_found_at_the_next_start(data, tmp_path)
    (data / "catalog.synced").unlink()
    chain.catalog.remember(chain.store, before)
    assert not (data / "catalog.synced").exists()
