"""Users of the page and the commands that make them."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest

from rag.__main__ import main
from rag.accounts import Accounts
from rag.errors import SettingsError

PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


def test_user_is_known_by_the_right_password_only(accounts: Accounts) -> None:
    accounts.add("张三", PASSWORD)
    known = accounts.with_password("张三", PASSWORD)
    assert known is not None
    assert (known.name, known.role) == ("张三", "reader")
    assert accounts.with_password("张三", PASSWORD + "x") is None
    assert accounts.with_password("李四", PASSWORD) is None


def test_password_is_stored_as_an_argon2_hash_only(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add("张三", PASSWORD)
    path = tmp_path / "accounts.json"
    text = path.read_text(encoding="utf-8")
    assert PASSWORD not in text
    assert "$argon2id$" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "zhangsan123456"])
def test_weak_password_is_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(SettingsError, match="密码"):
        accounts.add("zhangsan", password)


def test_name_cannot_be_taken_twice_or_hold_markup(accounts: Accounts) -> None:
    accounts.add("张三", PASSWORD)
    with pytest.raises(SettingsError, match="已有用户"):
        accounts.add("张三", PASSWORD)
    with pytest.raises(SettingsError, match="用户名"):
        accounts.add("<b>", PASSWORD)


def test_new_key_replaces_the_old_one(accounts: Accounts) -> None:
    accounts.add("程序", PASSWORD)
    first, second = accounts.new_key("程序"), accounts.new_key("程序")
    assert accounts.with_key(first) is None
    found = accounts.with_key(second)
    assert found is not None
    assert found.name == "程序"
    assert accounts.with_key("") is None


def test_changed_password_and_removed_user(accounts: Accounts) -> None:
    accounts.add("张三", PASSWORD)
    accounts.set_password("张三", "another long one")
    assert accounts.with_password("张三", PASSWORD) is None
    assert accounts.with_password("张三", "another long one") is not None
    accounts.remove("张三")
    assert accounts.all() == []
    with pytest.raises(SettingsError, match="没有用户"):
        accounts.remove("张三")


def test_broken_file_lets_nobody_in(accounts: Accounts, tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text("[{", encoding="utf-8")
    with pytest.raises(SettingsError, match="读不出来"):
        accounts.with_password("张三", PASSWORD)


def test_commands_add_list_and_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BULLETIN_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
    assert main(["user", "add", "张三", "--admin"]) == 0
    assert main(["user", "list"]) == 0
    assert "张三\t管理员" in capsys.readouterr().out
    assert main(["user", "remove", "张三"]) == 0
    assert Accounts(tmp_path / "accounts.json").all() == []


def test_command_without_a_good_password_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BULLETIN_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO("123\n"))
    assert main(["user", "add", "张三"]) == 1
    assert "密码至少" in capsys.readouterr().err
