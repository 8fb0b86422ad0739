"""The web server: the Gradio page, its own files, and headers that keep the browser at home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import gradio as gr
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from page.body_limit import BodyLimit
from page.crowd import THREADS
from page.desk import Desk
from page.engine import UNEXPECTED
from page.evaluate_tab import evaluate_routes
from page.facts_tab import facts_routes
from page.gate import Gate
from page.import_tab import NotAllowedError, import_routes
from page.importing import without_folder
from page.journal_tab import journal_routes
from page.layout import STATIC, build_page, head_html, theme
from page.openai_api import openai_routes
from page.records import record_routes
from page.status_tab import status_routes
from page.telemetry import telemetry_routes
from page.visitor import reader_of
from rag.accounts import Accounts
from rag.errors import BulletinError

MAX_UPLOAD = "20mb"
_FILES = Path(__file__).parent / "static"

# Gradio compiles its templates in the browser, hence unsafe-eval; no address but our own is allowed.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    # With no-referrer the browser would call the origin of its own forms null.
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)


class StayAtHome:
    """Adds the headers that forbid the browser every address but this server's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        if scope["type"] == "http":
            await self._app(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send)


def build_server(
    desk: Desk, host: str, port: int, accounts: Accounts | None = None, loopback: bool = True
) -> FastAPI:
    """The application to be served at host:port; with `accounts`, visitors sign in."""
    app = desk_server(desk)
    app.add_middleware(Gate, accounts=accounts, loopback=loopback)
    app.add_middleware(BodyLimit)
    app.add_middleware(StayAtHome)
    gr.processing_utils.async_ssrf_protected_download = _nothing_is_fetched
    gr.mount_gradio_app(
        app,
        build_page(desk),
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        ssr_mode=False,
        mcp_server=True,
        show_error=False,
        max_file_size=MAX_UPLOAD,
        theme=theme(),
        head=head_html(),
        auth_dependency=(lambda request: reader_of(request) or None) if accounts else None,
    )
    return app


def desk_server(desk: Desk) -> FastAPI:
    """Everything but the Gradio page itself."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_with_threads)

    def told(request: Request, error: Exception) -> Response:
        words = without_folder(str(error), desk.settings.data_dir)
        return PlainTextResponse(words, 403 if isinstance(error, NotAllowedError) else 400)

    app.add_exception_handler(BulletinError, told)
    app.add_exception_handler(Exception, _unexpected)
    app.mount(f"/{STATIC}", StaticFiles(directory=_FILES))
    for routes in (record_routes, facts_routes, journal_routes, status_routes, openai_routes):
        app.include_router(routes(desk))
    app.include_router(telemetry_routes(desk.telemetry))
    app.include_router(evaluate_routes(desk.evaluator))
    app.include_router(import_routes(desk.settings, desk.importer, desk.engine.archive))
    return app


@asynccontextmanager
async def _with_threads(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield


async def _nothing_is_fetched(url: str, cache_dir: str) -> str:
    # Gradio fetches whatever address a request passes in the form of a file.
    raise gr.exceptions.InvalidPathError("不从网络读取文件。")


def _unexpected(request: Request, error: Exception) -> Response:
    # The server writes the trace to its log; the reader gets none of it.
    return PlainTextResponse(UNEXPECTED, 500)
