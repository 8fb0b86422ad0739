"""The page: its head, its tabs, and the bridge from clicks in HTML to Python."""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr

from page.ask_tab import build_ask_tab
from page.desk import Desk
from page.engine import UNEXPECTED
from page.evaluate_tab import build_evaluate_tab
from page.facts_tab import build_facts_tab
from page.import_tab import build_import_tab
from page.issue_view import open_issue
from page.journal_tab import build_journal_tab
from page.machine import build_endpoints
from page.opening import masthead_html, not_ready_html
from page.status_tab import build_status_tab
from rag.errors import BulletinError

log = logging.getLogger(__name__)

TITLE = "政务快报问答"
STATIC = "page"

_HEAD = "".join(f'<link rel="stylesheet" href="{STATIC}/{name}.css">' for name in ("style", "tabs"))
_SCRIPT = "".join(f'<script src="{STATIC}/{name}.js"></script>' for name in ("script", "parts"))
_CONNECT = "window.bulletinPage.connect(server, (name, data) => trigger(name, data));"
_DIALOGS = (
    '<dialog id="issue" aria-label="原文"><div class="bar"><span>原文</span>'
    '<button type="button" class="close" data-close>关闭</button></div>'
    '<div class="issue-body" tabindex="0"></div></dialog>'
    '<dialog id="talks" aria-label="对话记录"><div class="bar"><span>对话记录</span>'
    '<button type="button" class="close" data-close>关闭</button></div>'
    '<div class="talks-body"></div></dialog>'
    '<datalist id="names-department"></datalist><datalist id="names-section"></datalist>'
    '<div id="said" role="status"></div>'
)


def build_page(desk: Desk) -> gr.Blocks:
    """The whole page over a desk; nothing is loaded and no port is opened."""

    def read_issue(request: Any) -> str:
        """The HTML of an issue for {"chunk", "start", "end"}."""
        try:
            chunk, start, end = str(request["chunk"]), int(request["start"]), int(request["end"])
            return str(open_issue(desk.engine.archive(), chunk, start, end))
        except BulletinError as error:
            return str(not_ready_html(str(error)))
        except Exception:
            log.exception("打开原文时出错")
            return str(not_ready_html(UNEXPECTED))

    page = gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True)
    with page:
        head = gr.HTML(
            str(masthead_html(None, loading=True)), elem_id="head", apply_default_css=False
        )
        bridge = gr.HTML(
            _DIALOGS,
            elem_id="bridge",
            apply_default_css=False,
            head=_SCRIPT,
            js_on_load=_CONNECT,
            server_functions=[read_issue],
        )
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("问答", id="ask"):
                build_ask_tab(page, desk, head, bridge)
            with gr.Tab("速查", id="facts"):
                build_facts_tab()
            with gr.Tab("期刊", id="journal"):
                build_journal_tab()
            with gr.Tab("导入", id="import"):
                build_import_tab()
            with gr.Tab("评测", id="evaluate"):
                build_evaluate_tab()
            with gr.Tab("状态", id="status"):
                build_status_tab()
        build_endpoints(page, desk)
    return page


def theme() -> gr.themes.Base:
    """Quiet colours and the fonts of the reader's own machine; nothing is downloaded."""
    fonts = ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")
    return gr.themes.Default(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_sm,
        font=[gr.themes.Font(name) for name in fonts],
        font_mono=[gr.themes.Font(name) for name in ("Consolas", "monospace")],
    ).set(
        body_background_fill="#f4f5f7",
        body_background_fill_dark="#13171c",
        border_color_primary="#d7dce2",
        border_color_primary_dark="#343d48",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1b2027",
        color_accent="#1d4e89",
    )


def head_html() -> str:
    """What goes into <head>."""
    return _HEAD
