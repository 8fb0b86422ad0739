"""In front of the page: foreign sites are refused, visitors sign in, roles are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from page_fake import FakeChain
from starlette.testclient import TestClient

import app
from page.desk import Desk, build_desk
from page.gate import Gate
from page.server import desk_server
from page.sessions import LIFETIME, PAUSE, TRIES, Sessions, Tries
from rag.accounts import Accounts
from rag.errors import BulletinError
from rag.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = build_desk(
        Settings(data_dir=tmp_path_factory.mktemp("data"), today=date(2025, 11, 21)), FakeChain
    )
    made.engine.load()
    return made


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    made = Accounts(tmp_path_factory.mktemp("accounts") / "accounts.json")
    made.add("读者甲", PASSWORD)
    made.add("管理员乙", PASSWORD, "administrator")
    return made


@pytest.fixture
def guarded(desk: Desk, accounts: Accounts) -> Iterator[TestClient]:
    """A page that other machines reach."""
    served = Gate(desk_server(desk), accounts, loopback=False)
    return TestClient(served, base_url="http://bulletin.local", raise_server_exceptions=False)


@pytest.fixture
def local(desk: Desk) -> TestClient:
    served = Gate(desk_server(desk), None, loopback=True)
    return TestClient(served, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> int:
    sent = {"name": name, "password": password}
    return client.post("/login", data=sent, follow_redirects=False).status_code


def test_visitor_is_sent_to_sign_in(guarded: TestClient) -> None:
    answer = guarded.get("/desk/status", headers={"accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for path in ("/desk/facts", "/v1/models", "/gradio_api/info", "/page/script.js"):
        assert guarded.get(path).status_code == 401, path


def test_health_needs_no_account(guarded: TestClient) -> None:
    assert guarded.get("/health").json()["status"] == "ok"


def test_user_signs_in_and_out(guarded: TestClient) -> None:
    assert sign_in(guarded, "读者甲", "wrong password!") == 401
    assert sign_in(guarded, "读者甲") == 303
    assert guarded.get("/desk/status").status_code == 200
    guarded.post("/logout")
    assert guarded.get("/desk/status").status_code == 401


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded: TestClient) -> None:
    answer = guarded.post(
        "/login", data={"name": "读者甲", "password": PASSWORD}, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_readers_do_not_administer(guarded: TestClient) -> None:
    sign_in(guarded, "读者甲")
    assert guarded.get("/desk/import").status_code == 403
    assert guarded.get("/desk/evaluate").status_code == 403
    guarded.post("/logout")
    sign_in(guarded, "管理员乙")
    assert guarded.get("/desk/import").status_code == 200


def test_program_uses_a_key(guarded: TestClient, accounts: Accounts) -> None:
    key = accounts.new_key("读者甲")
    right = {"authorization": f"Bearer {key}"}
    assert guarded.get("/v1/models", headers=right).status_code == 200
    assert guarded.get("/v1/models", headers={"authorization": "Bearer x"}).status_code == 401


def test_guessing_passwords_is_slowed_down(guarded: TestClient) -> None:
    codes = [sign_in(guarded, "管理员乙", f"wrong password {n}") for n in range(TRIES + 1)]
    assert codes == [401] * TRIES + [429]
    assert sign_in(guarded, "管理员乙") == 429
    assert sign_in(guarded, "读者甲") == 303


def test_tries_are_forgotten_after_a_pause() -> None:
    now = [0.0]
    tries = Tries(lambda: now[0])
    for _ in range(TRIES):
        assert tries.allowed("10.0.0.1", "甲")
        tries.failed("10.0.0.1", "甲")
    assert not tries.allowed("10.0.0.1", "甲")
    assert tries.allowed("10.0.0.2", "甲")
    now[0] = PAUSE + 1
    assert tries.allowed("10.0.0.1", "甲")


def test_session_ends_when_it_is_not_used() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    token = sessions.begin("甲")
    now[0] = LIFETIME - 1
    assert sessions.user(token) == "甲"
    now[0] = 2 * LIFETIME - 2
    assert sessions.user(token) == "甲"
    now[0] = 3 * LIFETIME
    assert sessions.user(token) is None


def test_removed_user_is_out_at_once(desk: Desk, tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.add("丙", PASSWORD)
    served = Gate(desk_server(desk), accounts, loopback=False)
    client = TestClient(served, base_url="http://bulletin.local")
    sign_in(client, "丙")
    accounts.remove("丙")
    assert client.get("/desk/status").status_code == 401


def test_other_sites_cannot_use_the_readers_browser(local: TestClient) -> None:
    foreign = {"origin": "https://evil.example"}
    assert local.post("/desk/feedback", headers=foreign, json={}).status_code == 403
    assert local.get("/health", headers={"host": "evil.example:7860"}).status_code == 403
    assert local.get("/health", headers={"origin": "http://127.0.0.1:7860"}).status_code == 200


def test_gradios_own_upload_is_closed(local: TestClient) -> None:
    assert local.post("/gradio_api/upload", files={"files": b"x"}).status_code == 404


def test_sign_in_page_shows_what_went_wrong_as_text(guarded: TestClient) -> None:
    assert "<script>" not in guarded.post("/login", data={"name": "<script>", "password": "x"}).text


def test_page_is_not_opened_to_others_without_an_administrator(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert app.required_accounts(settings, "127.0.0.1") is None
    with pytest.raises(BulletinError, match="python -m rag user add"):
        app.required_accounts(settings, "0.0.0.0")
    Accounts(tmp_path / "accounts.json").add("读者甲", PASSWORD)
    with pytest.raises(BulletinError, match="管理员"):
        app.required_accounts(settings, "0.0.0.0")
    Accounts(tmp_path / "accounts.json").add("乙", PASSWORD, "administrator")
    assert app.required_accounts(settings, "0.0.0.0") is not None
