"""One file → the issues in it, or the reason why there are none."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

from ingest.loader import LoadedText, load
from ingest.parser import parse_bulletins
from rag.errors import SourceError
from rag.schema import Bulletin

log = logging.getLogger(__name__)


def read_file(path: Path) -> Iterator[tuple[str, Bulletin | str]]:
    """(name for the report, an issue or the Chinese reason why there is none)."""
    try:
        loaded = load(path)
    except SourceError as error:
        yield str(path), str(error)
        return
    except Exception as error:  # Readers of foreign formats raise anything.
        log.exception("读取 %s 失败", path)
        yield str(path), f"{path.name}：读取时程序出错（{type(error).__name__}），请另存后再试。"
        return
    for text in loaded:
        name = str(path) if text.source == path.name else f"{path}#{text.source}"
        if text.error:
            yield name, text.error
        else:
            yield from _parse(name, text)


def _parse(name: str, text: LoadedText) -> Iterator[tuple[str, Bulletin | str]]:
    try:
        found = parse_bulletins(
            text.text, text.source, scanned=text.scanned, warnings=text.warnings
        )
    except SourceError as error:
        yield name, str(error)
    except Exception as error:  # One odd file must not keep ten thousand others out.
        log.exception("解析 %s 失败", name)
        yield name, f"{text.source}：解析时程序出错（{type(error).__name__}），请联系管理员。"
    else:
        for bulletin in found:
            yield name, bulletin


def look(path: Path) -> tuple[str, float]:
    """Digest of the content and time of the last change; empty when it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_mtime
    except OSError:
        return "", 0.0
