"""What is wrong with an installation, and how to put it right: `python -m rag doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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
from rag.errors import BulletinError
from rag.settings import Settings

__all__ = ["Finding", "examine", "repair"]


def examine(settings: Settings, port: int) -> Iterator[Finding]:
    """Every check, from the machine up; nothing in the data folder is changed."""
    data_dir = settings.data_dir
    yield check_installation()
    folder = check_folder(data_dir)
    yield folder
    yield check_port(port)
    if folder.state != "fault" and data_dir.exists():
        form = check_format(data_dir)
        yield form
        if form.state != "fault":
            yield check_leftovers(data_dir)
            yield check_clock(data_dir)
            yield from check_accounts(data_dir)
            yield from check_own_files(data_dir)
            yield from check_databases(data_dir)
            yield from check_index(settings)
    yield from check_chat(settings)


def repair(settings: Settings, port: int) -> Iterator[tuple[Finding, str]]:
    """Each check again, with what was done about it, until nothing more can be mended.

    An index that was broken hid what else is wrong, so mending goes on in rounds.
    """
    mended: set[str] = set()
    again = True
    while again:
        again = False
        for finding in examine(settings, port):
            if finding.state == "ok" or finding.mend is None or finding.check in mended:
                continue
            mended.add(finding.check)
            try:
                yield finding, finding.mend()
                again = True
            except (BulletinError, OSError) as error:
                yield replace(finding, mend=None), f"没有修好：{error}"
