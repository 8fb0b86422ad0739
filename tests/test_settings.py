from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the machine and no .env file of the repository."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BULLETIN_{name.upper()}", raising=False)


def test_the_defaults_need_no_network() -> None:
    settings = load_settings({})
    assert settings.data_dir == Path("data")
    assert settings.chroma_url == settings.embedding_model == settings.chat_model == ""


def test_today_is_the_machines_date_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings({}).current_date() == date.today()
    monkeypatch.setenv("BULLETIN_TODAY", "2025-03-20")
    assert load_settings().current_date() == date(2025, 3, 20)


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLETIN_DATA_DIR", "/srv/快报")
    assert load_settings().data_dir == Path("/srv/快报")


def test_a_file_named_env_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BULLETIN_CHAT_MODEL=qwen3\n", encoding="utf-8")
    assert load_settings().chat_model == "qwen3"


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("BULLETIN_CHAT_MODEL=qwen3\n", encoding="utf-8")
    monkeypatch.setenv("BULLETIN_CHAT_MODEL", "deepseek-chat")
    assert load_settings().chat_model == "deepseek-chat"


def test_an_empty_variable_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLETIN_TODAY", "")
    assert load_settings().today is None


def test_a_misspelt_variable_is_named_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"BULLETIN_DATADIR.*BULLETIN_DATA_DIR"):
        load_settings({"BULLETIN_DATADIR": "x"})


def test_a_misspelt_name_in_the_file_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BULLETIN_DATADIR=x\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="BULLETIN_DATADIR"):
        load_settings({})


def test_other_programs_variables_are_none_of_our_business() -> None:
    load_settings({"PATH": "/bin", "MYBULLETIN_X": "1", "BULLETIN_TEST_CHAT_BASE_URL": "http://x"})


@pytest.mark.parametrize("value", ["昨天", "2025-13-01", "20/03/2025"])
def test_a_bad_date_is_refused_with_the_form_that_is_wanted(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULLETIN_TODAY", value)
    with pytest.raises(SettingsError, match=r"BULLETIN_TODAY.*YYYY-MM-DD"):
        load_settings()


def test_the_key_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLETIN_CHAT_API_KEY", "sk-秘密")
    settings = load_settings()
    assert settings.chat_api_key.get_secret_value() == "sk-秘密"
    assert "秘密" not in f"{settings!r}{settings}{settings.chat_api_key}"


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings({}).chat_model = "x"  # type: ignore[misc]


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in Settings.model_fields.values())
