"""The head of the page and what stands in an empty conversation."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from page.engine import EMPTY_INDEX, INGEST_COMMAND, Holdings


def masthead_html(holdings: Holdings | None, loading: bool = False, reader: str = "") -> Markup:
    """The page's head: its name and what the archive holds."""
    if loading:
        state = Markup("正在加载……")
    elif holdings is None:
        state = Markup("尚无数据")
    else:
        state = Markup("数据截至 <b>{}</b> · 共 {} 期 {} 条").format(
            _long_date(holdings), holdings.issues, holdings.items
        )
    return Markup(
        '<div class="brand"><h1>政务快报问答</h1><p class="holdings">{}{}</p></div>'
    ).format(state, _signed_in(reader) if reader else "")


def _signed_in(reader: str) -> Markup:
    return Markup(
        '<form class="leave" method="post" action="logout">{}<button class="quiet">退出</button></form>'
    ).format(reader)


def _long_date(holdings: Holdings) -> str:
    return f"{holdings.last.year}年{holdings.last.month}月{holdings.last.day}日"


def welcome_html(examples: Sequence[str]) -> Markup:
    """What stands in an empty conversation."""
    buttons = Markup("").join(
        Markup('<li><button type="button" data-ask="{0}">{0}</button></li>').format(example)
        for example in examples
    )
    return Markup(
        '<div class="welcome"><p>就已收录的快报提问，回答逐句标明出处，点 [1] 可核对原文。</p>'
        '<ul class="examples" aria-label="示例问题">{}</ul></div>'
    ).format(buttons)


def loading_html() -> Markup:
    """What stands there while the models are loaded."""
    return Markup(
        '<div class="welcome"><p>正在加载快报和模型，几秒钟就好。可以先把问题写好，也可以现在就提问。</p></div>'
    )


def empty_index_html() -> Markup:
    """What stands there when nothing is indexed."""
    return Markup('<div class="welcome problem" role="alert"><p>{}</p><pre>{}</pre></div>').format(
        EMPTY_INDEX, INGEST_COMMAND
    )


def not_ready_html(message: str) -> Markup:
    """What stands there when the chain could not be loaded."""
    return Markup('<div class="welcome problem" role="alert">{}</div>').format(lines_html(message))


def lines_html(text: str) -> Markup:
    """A paragraph a line."""
    return Markup("").join(
        Markup("<p>{}</p>").format(line) for line in text.split("\n") if line.strip()
    )
