"""The 状态 tab, and GET /health for monitoring."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup

from page.desk import Desk
from page.visitor import may_administer
from rag.data_folder import program_version
from rag.errors import BulletinError
from rag.settings import Settings


def build_status_tab() -> None:
    """The tab; the server fills it when it is opened."""
    gr.HTML('<div class="part" data-part="desk/status" data-fresh></div>', apply_default_css=False)


def status_routes(desk: Desk) -> APIRouter:
    """The state as HTML for people and as JSON for monitoring."""
    router = APIRouter()

    @router.get("/desk/status")
    def status(request: Request) -> HTMLResponse:
        return HTMLResponse(str(status_html(desk, may_administer(request))))

    @router.get("/health")
    def health() -> JSONResponse:
        state = health_of(desk)
        return JSONResponse(state, 200 if state["status"] == "ok" else 503)

    return router


def health_of(desk: Desk) -> dict[str, Any]:
    """status is ok, loading, empty or error; ok alone answers 200."""
    state: dict[str, Any] = {"status": "loading", "version": program_version()}
    if desk.engine.loading:
        return state
    try:
        holdings = desk.engine.holdings()
    except Exception:
        return state | {"status": "error"}
    if holdings is None:
        return state | {"status": "empty", "issues": 0, "items": 0}
    return state | {
        "status": "ok",
        "issues": holdings.issues,
        "items": holdings.items,
        "last": holdings.last.isoformat(),
        "server_away": bool(_fault(desk)),
    }


def _fault(desk: Desk) -> str:
    """Why the Chroma server cannot be used; empty when it can, or when there is none."""
    return str(getattr(desk.engine.chain().store, "fault", ""))


def status_html(desk: Desk, administrator: bool) -> Markup:
    """Engine, models, index, disk; where it is stored only for administrators."""
    rows = _index_rows(desk)
    rows += [("回答方式", "模型撰写" if desk.settings.chat_model else "原文摘录，不用大模型")]
    if desk.settings.chat_model:
        rows.append(("对话模型", desk.settings.chat_model))
    rows += _disk_rows(desk.settings)
    rows.append(("程序版本", program_version()))
    rows.append(("今天", desk.today().isoformat()))
    if administrator:
        rows += [
            (f"设置 BULLETIN_{name.upper()}", str(getattr(desk.settings, name) or "（默认）"))
            for name in Settings.model_fields
        ]
    body = Markup("").join(
        Markup("<tr><th>{}</th><td>{}</td></tr>").format(name, value) for name, value in rows
    )
    return Markup('<table class="status"><tbody>{}</tbody></table>').format(body)


def _index_rows(desk: Desk) -> list[tuple[str, str]]:
    if desk.engine.loading:
        return [("状态", "正在加载")]
    try:
        chain = desk.engine.chain()
        holdings = desk.engine.holdings()
    except BulletinError as error:
        return [("状态", f"不可用：{error}")]
    model = getattr(chain.embeddings, "model_id", "")
    if holdings is None:
        return [("状态", "可用，库里还没有快报"), ("句向量模型", model)]
    fault = _fault(desk)
    return [
        ("状态", f"{fault}。现在的回答依据已同步到本机的内容" if fault else "可用"),
        ("已收录", f"{holdings.issues} 期 {holdings.items} 条"),
        ("起止日期", f"{holdings.first.isoformat()} 至 {holdings.last.isoformat()}"),
        ("句向量模型", model),
    ]


def _disk_rows(settings: Settings) -> list[tuple[str, str]]:
    folder = settings.data_dir
    rows = []
    changed = folder / "catalog.sqlite3"
    if changed.exists():
        at = datetime.fromtimestamp(max(p.stat().st_mtime for p in folder.glob("catalog.sqlite3*")))
        rows.append(("最近一次入库", f"{at:%Y-%m-%d %H:%M}"))
    if folder.exists():
        rows.append(("数据占用", megabytes(sum(size_of(path) for path in folder.rglob("*")))))
        rows.append(("磁盘剩余", megabytes(shutil.disk_usage(folder).free)))
    return rows


def size_of(path: Path) -> int:
    """The size of a file; 0 for a folder, and for a file that is gone by now."""
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return 0


def megabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.1f} MB"
