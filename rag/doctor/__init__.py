"""What is wrong with an installation, and how to put it right: `python -m rag doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rag.doctor.files import (
    check_accounts,
    check_clock,
    check_databases,
    check_format,
    check_leftovers,
    check_own_files,
)
from rag.doctor.finding import Finding
from rag.doctor.index import check_index
from rag.doctor.machine import check_chat, check_folder, check_installation, check_port
from rag.embeddings import Embedder
from rag.errors import BulletinError
from rag.settings import Settings

__all__ = ["Finding", "examine", "examine_data", "repair"]


def examine(settings: Settings, port: int) -> Iterator[Finding]:
    """Every check, from the machine up; nothing is lost or repaired."""
    yield check_installation()
    yield check_port(port)
    yield from examine_data(settings)
    yield from check_chat(settings)


def examine_data(settings: Settings, model: Embedder | None = None) -> Iterator[Finding]:
    """The checks of the data folder; `model` is one already loaded."""
    data_dir = settings.data_dir
    folder = check_folder(data_dir)
    yield folder
    if folder.state == "fault" or not data_dir.exists():
        return
    form = check_format(data_dir)
    yield form
    if form.state == "fault":
        return
    yield check_leftovers(data_dir)
    yield check_clock(data_dir)
    yield from check_accounts(data_dir)
    yield from check_own_files(data_dir)
    yield from check_databases(data_dir)
    yield from check_index(settings, model)


def repair(checks: Callable[[], Iterator[Finding]]) -> Iterator[tuple[Finding, str]]:
    """Each finding that can be mended, with what was done about it.

    An index that is broken hides what else is wrong, so the checks are gone through in rounds.
    """
    mended: set[str] = set()
    again = True
    while again:
        again = False
        for finding in checks():
            if finding.state == "ok" or finding.mend is None or finding.check in mended:
                continue
            mended.add(finding.check)
            try:
                yield finding, finding.mend()
                again = True
            except (BulletinError, OSError) as error:
                yield finding, f"没有修好：{error}"
