"""Who sends a request, as the gate in front of the page has found out."""

from __future__ import annotations

from starlette.requests import HTTPConnection

ADMINISTRATOR = "administrator"


def reader_of(request: HTTPConnection) -> str:
    """The user's name; empty where there are no accounts."""
    return str(request.scope.get("bulletin.reader", ""))


def may_administer(request: HTTPConnection) -> bool:
    """Whether files may be taken in and removed; everyone may where there are no accounts."""
    return bool(request.scope.get("bulletin.role", ADMINISTRATOR) == ADMINISTRATOR)
