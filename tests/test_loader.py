"""Files → texts, in every encoding, and what is said when a file cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingest.loader import LARGEST_TEXT, find_files, load
from rag.errors import SourceError

TEXT = "延津政务快报\n第18期\n2023年4月21日\n【全力拼经济】\n县科工局加速技改，投资5452万元。（科工局）\n"


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_text_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    (loaded,) = load(write(tmp_path / "快报.txt", TEXT.encode(encoding)))
    assert loaded.text.lstrip("\ufeff") == TEXT
    assert loaded.warnings == ()
    assert loaded.source == "快报.txt"


def test_traditional_text_in_big5_is_read(tmp_path: Path) -> None:
    text = "延津政務快報\n第18期\n縣應急管理局開展檢查，發現問題7處，已全部整改。\n" * 3
    (loaded,) = load(write(tmp_path / "快报.txt", text.encode("big5")))
    assert loaded.text == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_broken_bytes_in_the_middle_are_warned_of_with_their_line(
    tmp_path: Path, encoding: str
) -> None:
    data = (TEXT * 3).encode(encoding).replace("万元".encode(encoding), b"\xff\xff", 1)
    (loaded,) = load(write(tmp_path / "快报.txt", data))
    assert loaded.text.count("科工局") == 6
    (warning,) = loaded.warnings
    assert (warning.code, warning.line) == ("invalid-bytes", 5)
    assert "请核对原文件" in warning.message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "文件是空的"),
        (b"  \n\t\n", "文件是空的"),
        (bytes(range(256)) * 8, "内容不是文字"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(200)), "内容不是文字"),
        (b"a" * (LARGEST_TEXT + 1), "拆成每期一个文件"),
    ],
    ids=["empty", "blank", "binary", "picture", "huge"],
)
def test_a_file_that_is_no_text_is_named_with_the_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(SourceError, match=f"第18期 快报.txt：.*{reason}"):
        load(write(tmp_path / "第18期 快报.txt", data))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"没有\.txt：没有这个文件"):
        load(tmp_path / "没有.txt")
    with pytest.raises(SourceError, match="没有这个文件或文件夹"):
        find_files(tmp_path / "没有")


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # root may read everything, so the system's answer is played.
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SourceError, match=r"快报\.txt：没有读取权限"):
        load(write(tmp_path / "快报.txt", TEXT))


def test_a_folder_gives_its_files_in_order_without_hidden_ones(tmp_path: Path) -> None:
    (tmp_path / "2023年").mkdir()
    for name in ("乙 快报.txt", "2023年/甲.txt", ".隐藏.txt", "~$锁.docx"):
        write(tmp_path / name, TEXT)
    assert find_files(tmp_path) == [tmp_path / "2023年/甲.txt", tmp_path / "乙 快报.txt"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    write(tmp_path / "快报.txt", TEXT)
    (tmp_path / "回到上级").symlink_to(tmp_path, target_is_directory=True)
    assert find_files(tmp_path) == [tmp_path / "快报.txt"]


def test_links_that_point_at_each_other_are_named(tmp_path: Path) -> None:
    os.symlink(tmp_path / "乙.txt", tmp_path / "甲.txt")
    os.symlink(tmp_path / "甲.txt", tmp_path / "乙.txt")
    with pytest.raises(SourceError, match=r"甲\.txt：.*循环"):
        load(tmp_path / "甲.txt")


def test_files_of_programs_in_a_folder_are_passed_over(tmp_path):
    for name in ("2023年第18期.txt", "check.py", "qa.jsonl"):
        (tmp_path / name).write_text("延津政务快报", encoding="utf-8")

    assert [path.name for path in find_files(tmp_path)] == ["2023年第18期.txt"]
