"""What a check found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `mend` repairs it and says what was done; None: a person must."""

    check: str
    state: State
    message: str
    remedy: str = ""
    mend: Callable[[], str] | None = None


def ok(check: str, message: str) -> Finding:
    return Finding(check, "ok", message)


def warning(
    check: str, message: str, remedy: str, mend: Callable[[], str] | None = None
) -> Finding:
    return Finding(check, "warning", message, remedy, mend)


def fault(check: str, message: str, remedy: str, mend: Callable[[], str] | None = None) -> Finding:
    return Finding(check, "fault", message, remedy, mend)
