"""In front of the whole page: requests from other sites are refused, visitors sign in."""

from __future__ import annotations

import ipaddress
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from page.sessions import LIFETIME, Sessions, Tries
from rag.accounts import Account, Accounts

COOKIE = "bulletin_session"
_OPEN = frozenset({"/login", "/health"})
# What Gradio serves and the page has no use for: its own way to store files (the page takes files in
# by its own, which checks them), files, redirects and requests to any address, tools of developers.
_CLOSED = (
    "/gradio_api/upload",
    "/gradio_api/login",
    "/gradio_api/token",
    "/gradio_api/file",
    "/gradio_api/proxy=",
    "/gradio_api/stream",
    "/gradio_api/process_recording",
    "/gradio_api/deep_link",
    "/gradio_api/custom_component",
    "/gradio_api/run-history",
    "/gradio_api/runs",
    "/gradio_api/dev",
    "/gradio_api/vibe",
    "/gradio_api/undo-vibe",
    "/monitoring",
)
_LONGEST_FORM = 4096


class Gate:
    """ASGI middleware. Without accounts everybody who reaches the page may use it."""

    def __init__(self, app: ASGIApp, accounts: Accounts | None, loopback: bool) -> None:
        self._app = app
        self._accounts = accounts
        self._loopback = loopback
        self._sessions = Sessions()
        self._tries = Tries()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            return  # the page uses none
        request = Request(scope, receive)
        answer = await self._answer(request)
        if answer is None:
            await self._app(scope, receive, send)
        else:
            await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        """What is answered instead of the page; None lets the request through."""
        if not self._is_ours(request):
            return JSONResponse({"error": "请求来自其他网站，已拒绝。"}, 403)
        path = request.url.path
        if path.startswith(_CLOSED):
            return JSONResponse({"error": "没有这个地址。"}, 404)
        if self._accounts is None:
            return None
        if path == "/login":
            return await self._login(request, self._accounts)
        if path == "/logout" and request.method == "POST":
            self._sessions.end(_token(request))
            return _signed_out()
        account = await run_in_threadpool(self._visitor, request, self._accounts)
        if account:
            request.scope["bulletin.reader"] = account.name
            request.scope["bulletin.role"] = account.role
            return None
        if path in _OPEN:
            return None
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        return JSONResponse({"error": {"message": "请先登录，或使用接口密钥。"}}, 401)

    def _is_ours(self, request: Request) -> bool:
        """Whether the browser was on this page, and asked for it under a name that is ours.

        A foreign site could else ask 127.0.0.1 in the reader's browser, also under a name of its
        own that it lets point there.
        """
        host = request.headers.get("host", "")
        if self._loopback and not _is_loopback(urlsplit(f"//{host}").hostname or ""):
            return False
        origin = request.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == host

    def _visitor(self, request: Request, accounts: Accounts) -> Account | None:
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and key:
            return accounts.with_key(key.strip())
        token = _token(request)
        name = self._sessions.user(token)
        account = accounts.named(name) if name else None
        # Whoever changes a password that others know wants them out.
        return account if account and account.password == self._sessions.password(token) else None

    async def _login(self, request: Request, accounts: Accounts) -> Response:
        if request.method != "POST":
            return HTMLResponse(str(login_html()))
        body = await request.body()
        if len(body) > _LONGEST_FORM:
            return HTMLResponse(str(login_html("输入太长。")), 400)
        form = parse_qs(body.decode("utf-8", "replace"))
        name, password = form.get("name", [""])[0].strip(), form.get("password", [""])[0]
        place = request.client.host if request.client else ""
        if not self._tries.allowed(place, name):
            return HTMLResponse(str(login_html("尝试次数太多，请五分钟后再试。")), 429)
        # Counted beforehand: a hundred tries at once would else all be looked at.
        self._tries.failed(place, name)
        account = await run_in_threadpool(accounts.with_password, name, password)
        if account is None:
            return HTMLResponse(str(login_html("用户名或密码不对。")), 401)
        self._tries.succeeded(place, name)
        self._sessions.end(_token(request))
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE,
            self._sessions.begin(account.name, account.password),
            max_age=int(LIFETIME),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer


def _signed_out() -> Response:
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _token(request: Request) -> str:
    cookie: SimpleCookie = SimpleCookie(request.headers.get("cookie", ""))
    return cookie[COOKIE].value if COOKIE in cookie else ""


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def login_html(problem: str = "") -> Markup:
    """The page to sign in, complete in itself."""
    told = Markup('<p role="alert">{}</p>').format(problem) if problem else Markup("")
    return _LOGIN.format(told)


_LOGIN = Markup(
    '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>登录 · 政务快报问答</title>'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><style>'
    ":root{{color-scheme:light dark}}body{{margin:0;background:#f4f5f7;color:#1c2430;"
    'font:16px/1.6 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}}'
    "form{{max-width:320px;margin:14vh auto;padding:28px;background:#fff;border:1px solid #d7dce2;"
    "border-radius:6px}}h1{{margin:0 0 16px;font-size:22px;color:#a8201a;letter-spacing:.08em}}"
    "label{{display:block;margin:10px 0 2px;font-size:14px}}input{{box-sizing:border-box;width:100%;"
    "padding:9px 10px;border:1px solid #8a94a0;border-radius:4px;font-size:16px}}button{{width:100%;"
    "margin-top:18px;padding:10px;border:0;border-radius:4px;background:#1d4e89;color:#fff;"
    "font-size:16px}}p{{margin:0;color:#a8201a}}@media(prefers-color-scheme:dark){{body{{"
    "background:#13171c;color:#e3e7ec}}form{{background:#1b2027;border-color:#343d48}}"
    "h1,p{{color:#ef8a80}}}}</style></head><body>"
    '<form method="post" action="/login"><h1>政务快报问答</h1>{}'
    '<label for="name">用户名</label><input id="name" name="name" autocomplete="username" required'
    ' autofocus><label for="password">密码</label><input id="password" name="password"'
    ' type="password" autocomplete="current-password" required><button>登录</button></form>'
    "</body></html>"
)
