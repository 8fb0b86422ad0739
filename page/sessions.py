"""Who is signed in, and how often somebody may try to sign in."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LIFETIME = 12 * 3600.0
TRIES = 5
TRIES_FROM_ONE_PLACE = 30
PAUSE = 300.0  # seconds


@dataclass
class Sessions:
    """Tokens of signed-in users, in memory: a restart signs everybody out."""

    clock: Callable[[], float] = time.monotonic
    _held: dict[str, tuple[str, float]] = field(default_factory=dict)
    _passwords: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: str, password: str = "") -> str:
        """A new token; expired ones are forgotten. `password` is the stored hash."""
        token, now = secrets.token_urlsafe(32), self.clock()
        with self._lock:
            self._held = {t: held for t, held in self._held.items() if held[1] > now}
            self._passwords = {t: p for t, p in self._passwords.items() if t in self._held}
            self._held[token] = (name, now + LIFETIME)
            self._passwords[token] = password
        return token

    def password(self, token: str) -> str:
        """The hash that the session began with: another one now means a changed password."""
        return self._passwords.get(token, "")

    def user(self, token: str) -> str | None:
        """The user of a token; each use puts its end off."""
        now = self.clock()
        with self._lock:
            name, until = self._held.get(token, ("", 0.0))
            if until <= now:
                return None
            self._held[token] = (name, now + LIFETIME)
        return name

    def end(self, token: str) -> None:
        with self._lock:
            self._held.pop(token, None)


@dataclass
class Tries:
    """Sign-ins of the last minutes that failed or are under way, by name and place and by place."""

    clock: Callable[[], float] = time.monotonic
    _failed: dict[tuple[str, ...], list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allowed(self, place: str, name: str) -> bool:
        return self._recent((place, name)) < TRIES and self._recent((place,)) < TRIES_FROM_ONE_PLACE

    def failed(self, place: str, name: str) -> None:
        now = self.clock()
        with self._lock:
            # Names are made up by whoever tries: what is old must go.
            self._failed = {
                key: times for key, times in self._failed.items() if times[-1] > now - PAUSE
            }
            for key in ((place, name), (place,)):
                self._failed.setdefault(key, []).append(now)

    def succeeded(self, place: str, name: str) -> None:
        """Take back the try that `failed` counted before its outcome was known."""
        with self._lock:
            for key in ((place, name), (place,)):
                times = self._failed.get(key, [])
                if len(times) > 1:
                    times.pop()
                else:
                    self._failed.pop(key, None)

    def _recent(self, key: tuple[str, ...]) -> int:
        since = self.clock() - PAUSE
        with self._lock:
            return sum(at > since for at in self._failed.get(key, ()))
