"""Users of the page: names, roles, hashed passwords, and keys for programs."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from filelock import FileLock

from rag.errors import SettingsError

SHORTEST_PASSWORD = 10
_NAME = re.compile(r"[\w.\-]{1,40}")
# Checked against when the name is unknown, so that the time taken tells no names.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$UkVPBcTVPEBSQBp+0KvXDDGmAJrM+yOCIPNxqVl0yzY"


@dataclass(frozen=True, slots=True)
class Account:
    """One user. `password` is an Argon2id hash; `key` the SHA-256 of a random key, or empty."""

    name: str
    role: str
    password: str
    key: str = ""


class Accounts:
    """The users in one JSON file, which only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hasher = PasswordHasher()

    def all(self) -> list[Account]:
        """Every user by name; SettingsError when the file cannot be read."""
        if not self._path.exists():
            return []
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            return sorted((Account(**row) for row in rows), key=lambda account: account.name)
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(f"账户文件 {self._path.name} 读不出来，请从备份恢复。") from error

    def add(self, name: str, password: str, role: str = "reader") -> Account:
        """A new user; SettingsError for a name that is taken or a password that is too short."""
        if not _NAME.fullmatch(name):
            raise SettingsError("用户名只能用文字、数字、点和横线，最多40个字。")
        _check_password(name, password)
        account = Account(name, role, self._hasher.hash(password))
        with self._changing() as accounts:
            if name in accounts:
                raise SettingsError(f"已有用户 {name}。")
            accounts[name] = account
        return account

    def remove(self, name: str) -> None:
        with self._changing() as accounts:
            _named(accounts, name)
            del accounts[name]

    def set_password(self, name: str, password: str) -> None:
        _check_password(name, password)
        with self._changing() as accounts:
            hashed = self._hasher.hash(password)
            accounts[name] = replace(_named(accounts, name), password=hashed)

    def new_key(self, name: str) -> str:
        """A key for the user's programs; it replaces the earlier one and is not kept here."""
        key = secrets.token_urlsafe(32)
        with self._changing() as accounts:
            accounts[name] = replace(_named(accounts, name), key=_digest(key))
        return key

    def with_password(self, name: str, password: str) -> Account | None:
        """The user, when the password is right."""
        account = next((each for each in self.all() if each.name == name), None)
        try:
            self._hasher.verify(account.password if account else _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return None
        return account

    def with_key(self, key: str) -> Account | None:
        """The user whose key this is."""
        digest = _digest(key)
        for account in self.all():
            if account.key and hmac.compare_digest(account.key, digest):
                return account
        return None

    def named(self, name: str) -> Account | None:
        """The user as stored now; None when removed."""
        return next((each for each in self.all() if each.name == name), None)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock")):
            accounts = {account.name: account for account in self.all()}
            yield accounts
            rows = [asdict(account) for account in accounts.values()]
            new = self._path.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
            os.replace(new, self._path)


def _named(accounts: dict[str, Account], name: str) -> Account:
    if name not in accounts:
        raise SettingsError(f"没有用户 {name}。")
    return accounts[name]


def _check_password(name: str, password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise SettingsError(f"密码至少{SHORTEST_PASSWORD}个字符。")
    if len(password) > 1000:
        raise SettingsError("密码太长。")
    if name.lower() in password.lower() or len(set(password)) < 5:
        raise SettingsError("密码太简单：不要包含用户名，也不要重复几个字符。")


def _digest(key: str) -> str:
    # A random key of 256 bits needs no slow hash.
    return hashlib.sha256(key.encode()).hexdigest()
