"""The page in headless Chromium: over the hand-written archive of page_fake, then for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import docx
import pytest
from page_fake import ATTACK, FakeChain
from page_server import Served, serve
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import app
from rag.accounts import Accounts

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="没有 chromium，安装：apt-get install chromium"
)
PATIENCE = 60_000  # milliseconds; models may still be loading on a busy machine
QUESTION = "2023年一季度技改投资上报额是多少？"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = serve(FakeChain(), tmp_path_factory.mktemp("data"))
    yield running
    running.server.should_exit = True


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # The page's first load took 5 seconds, Playwright's own limit, on a machine with a load of 12.
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


@dataclass
class Watched:
    """A browser page that remembers every address asked for and every rule broken."""

    page: Page
    addresses: list[str]
    violations: list[str]
    errors: list[str]


_WATCH_POLICY = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(event.blockedURI + ' ' + event.violatedDirective);
});
"""


def watch(browser: Browser, **options: object) -> Watched:
    context = browser.new_context(locale="zh-CN", **options)  # type: ignore[arg-type]
    context.add_init_script(_WATCH_POLICY)
    watched = Watched(context.new_page(), [], [], [])
    context.on("request", lambda request: watched.addresses.append(request.url))
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
    return watched


@pytest.fixture(scope="module")
def desktop(browser: Browser) -> Iterator[BrowserContext]:
    """One context for many tests, so that the page's files are fetched once."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    context.add_init_script(_WATCH_POLICY)
    yield context
    context.close()


@pytest.fixture
def page(desktop: BrowserContext, served: Served) -> Iterator[Page]:
    opened = desktop.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(served.url)
    expect(opened.locator(".examples button").first).to_be_visible()
    yield opened
    assert errors == []
    opened.close()


def ask(page: Page, question: str) -> None:
    """Type a question, press Enter, and wait until the answer is whole."""
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    expect(page.locator("#current .question")).to_contain_text(question[:40])
    expect(page.locator("#current .working")).to_have_count(0, timeout=PATIENCE)


def test_no_request_leaves_the_machine(browser: Browser, served: Served) -> None:
    watched = watch(browser)
    page = watched.page
    page.goto(served.url)
    expect(page.locator(".examples button").first).to_be_visible()
    ask(page, QUESTION)
    page.click("#current .cite")
    page.click("#current [data-open]")
    expect(page.locator("#issue mark")).to_be_visible()
    page.wait_for_timeout(1000)
    remote = [url for url in watched.addresses if urlsplit(url).scheme in ("http", "https", "ws")]
    assert remote
    assert {urlsplit(url).netloc for url in remote} == {urlsplit(served.url).netloc}
    # A request that the policy stops is never sent, so it is looked for on its own.
    assert page.evaluate("window.violations") == []
    page.context.close()


def test_browser_is_forbidden_every_other_address(page: Page) -> None:
    outcome = page.evaluate("fetch('https://example.com/').then(() => 'sent', () => 'refused')")
    assert outcome == "refused"
    assert page.evaluate("window.violations") == ["https://example.com/ connect-src"]


def test_only_local_fonts_are_named(page: Page) -> None:
    used = page.evaluate(
        "[...document.styleSheets].flatMap(s => [...s.cssRules])"
        ".filter(r => r instanceof CSSFontFaceRule).map(r => r.cssText)"
    )
    assert [rule for rule in used if "//" in rule.replace(page.url, "")] == []


def test_answer_shows_its_source_beside_it(page: Page) -> None:
    ask(page, QUESTION)
    answer = page.locator("#current .answer")
    card = page.locator("#current .card")
    expect(answer).to_contain_text("5452万元")
    expect(card.locator(".label")).to_have_text(
        "《延津政务快报》2023年第18期（2023-04-21）【全力拼经济】科工局"
    )
    expect(card.locator("mark")).to_have_text(
        "一季度，我县技改投资上报额5452万元，同比增速达到54.8%。"
    )
    left, right = answer.bounding_box(), card.bounding_box()
    assert left is not None
    assert right is not None
    assert right["x"] >= left["x"] + left["width"]


def test_marker_points_at_its_card(page: Page) -> None:
    ask(page, QUESTION)
    page.click("#current .cite")
    expect(page.locator("#current .card")).to_have_class(re.compile("pointed"))
    expect(page.locator("#current .card")).to_be_focused()


def test_item_unfolds_whole(page: Page) -> None:
    ask(page, QUESTION)
    opening = page.get_by_text("建立技改项目库", exact=False)
    expect(opening).to_be_hidden()
    page.click("#current [data-unfold]")
    expect(opening).to_be_visible()


def test_whole_issue_opens_at_the_quote_and_closes_with_escape(page: Page) -> None:
    ask(page, QUESTION)
    page.click("#current [data-open]")
    quote = page.locator("#issue mark")
    expect(quote).to_have_text("一季度，我县技改投资上报额5452万元，同比增速达到54.8%。")
    expect(quote).to_be_in_viewport()
    assert page.evaluate("document.querySelector('#issue .issue-body').scrollTop") > 0
    expect(page.locator("#issue .bar > span")).to_have_text(
        "《延津政务快报》2023年第18期（2023-04-21）"
    )
    page.keyboard.press("Escape")
    expect(page.locator("#issue")).to_be_hidden()


def test_refusal_offers_the_nearest_item(page: Page) -> None:
    ask(page, "延津县2024年GDP是多少")
    expect(page.locator("#current .answer")).to_contain_text("没有找到")
    expect(page.locator("#current .nearest .card")).to_contain_text("安罗高速")
    page.click("#current .nearest [data-open]")
    expect(page.locator("#issue .cited")).to_be_in_viewport()


def test_masthead_fact_opens_at_its_line(page: Page) -> None:
    ask(page, "第18期的责任编辑是谁")
    page.click("#current [data-open]")
    expect(page.locator("#issue mark")).to_have_text("责任编辑：李勉")
    expect(page.locator("#issue mark")).to_be_in_viewport()


def test_example_question_is_asked_with_a_click(page: Page) -> None:
    example = page.locator(".examples button").first
    words = example.inner_text()
    example.click()
    expect(page.locator("#current .question")).to_have_text(words)
    expect(page.locator("#current .answer-foot")).to_be_visible()
    expect(page.locator(".examples")).to_have_count(0)


def test_markup_in_bulletin_and_question_does_nothing(page: Page) -> None:
    ask(page, f"<b>{ATTACK}")
    expect(page.locator("#current .card")).to_contain_text("<script>")
    page.click("#current [data-open]")
    expect(page.locator("#issue .cited")).to_contain_text("<script>")
    assert page.evaluate("window.hacked") is None
    assert page.locator("#current img, #current a, #issue img, #issue a").count() == 0


def test_follow_up_carries_the_conversation(page: Page, served: Served) -> None:
    ask(page, QUESTION)
    ask(page, "同比呢？")
    assert served.chain.asked[-1]["question"] == "同比呢？"
    assert [turn["role"] for turn in served.chain.asked[-1]["history"]] == ["user", "assistant"]
    expect(page.locator("#earlier .turn")).to_have_count(1)
    expect(page.locator("#earlier .card mark")).to_be_visible()


def test_new_conversation_forgets_the_old_one(page: Page, served: Served) -> None:
    ask(page, QUESTION)
    page.click("#fresh")
    expect(page.locator(".examples button").first).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "再问一次")
    assert served.chain.asked[-1]["history"] == []


def test_running_answer_can_be_stopped(page: Page) -> None:
    page.fill("#question textarea", "慢慢说")
    page.press("#question textarea", "Enter")
    expect(page.locator("#current .text")).to_contain_text("5452")
    page.click("#question .stop-button")
    expect(page.locator("#current .answer")).to_contain_text("已停止")
    expect(page.locator("#question .submit-button")).to_be_visible()
    ask(page, QUESTION)
    expect(page.locator("#current .answer-foot")).to_be_visible()


def test_failure_is_told_in_chinese_without_a_trace(page: Page) -> None:
    ask(page, "让它崩溃")
    expect(page.locator("#current [role=alert]")).to_contain_text("程序内部出错")
    assert "secret" not in page.content()
    ask(page, QUESTION)
    expect(page.locator("#current .card")).to_be_visible()


def test_question_of_100000_characters_gets_a_clear_answer(page: Page) -> None:
    ask(page, "长" * 100_000)
    expect(page.locator("#current [role=alert]")).to_contain_text("问题太长")


def test_empty_question_is_not_asked(page: Page, served: Served) -> None:
    before = len(served.chain.asked)
    page.fill("#question textarea", "   ")
    page.press("#question textarea", "Enter")
    expect(page.get_by_text("请先输入问题")).to_be_visible()
    assert len(served.chain.asked) == before


def test_copied_quote_carries_its_source(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, QUESTION)
    page.locator("#current .card [data-copy]").click()
    expect(page.locator("#said")).to_have_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith(
        "54.8%。”（来源：《延津政务快报》2023年第18期（2023年4月21日）“全力拼经济”栏，科工局）"
    )


def test_period_is_changed_in_place_and_asked_again(page: Page, served: Served) -> None:
    ask(page, QUESTION)
    page.click("#current .chips .value")
    page.fill("#current .in-place input", "2022年上半年")
    page.press("#current .in-place input", "Enter")
    expect(page.locator("#current .question")).to_have_text("2022年上半年技改投资上报额是多少？")
    expect(page.locator("#current .answer-foot")).to_be_visible(timeout=PATIENCE)
    assert served.chain.asked[-1]["history"] == []


def test_period_is_taken_out_with_a_click(page: Page) -> None:
    ask(page, QUESTION)
    page.click("#current .chips .drop")
    expect(page.locator("#current .question")).to_have_text("技改投资上报额是多少？")


def test_last_question_is_asked_again_and_edited_in_its_place(page: Page, served: Served) -> None:
    ask(page, QUESTION)
    before = len(served.chain.asked)
    page.click("#current [data-retry]")
    # The foot of the answer before stands there until the new one comes, and meanwhile the page
    # takes no further question.
    while len(served.chain.asked) == before:
        page.wait_for_timeout(100)
    page.wait_for_timeout(2000)
    expect(page.locator("#current .answer-foot")).to_be_visible(timeout=PATIENCE)
    page.click("#current [data-edit]")
    page.fill("#current .in-place input", "第18期的责任编辑是谁")
    page.press("#current .in-place input", "Enter")
    expect(page.locator("#current .card mark")).to_have_text("责任编辑：李勉", timeout=PATIENCE)
    expect(page.locator("#earlier .turn")).to_have_count(0)
    asked = [question["question"] for question in served.chain.asked[before:]]
    assert asked == [QUESTION, "第18期的责任编辑是谁"]


def test_conversation_is_opened_again_exported_and_deleted(page: Page) -> None:
    ask(page, "技改投资存档问题")
    page.click("#fresh")
    expect(page.locator(".examples button").first).to_be_visible()
    page.click("#records")
    row = page.locator("#talks li").filter(has_text="技改投资存档问题")
    with page.expect_download() as download:
        row.get_by_text("Word").click()
    paragraphs = [p.text for p in docx.Document(str(download.value.path())).paragraphs]
    assert paragraphs[2] == "技改投资存档问题"
    assert paragraphs[-1].startswith("[1] 《延津政务快报》2023年第18期")
    row.get_by_text("技改投资存档问题").click()
    expect(page.locator("#current .question")).to_have_text("技改投资存档问题")
    expect(page.locator("#current .card mark")).to_be_visible()
    page.click("#records")
    row.get_by_text("删除").click()
    expect(row).to_have_count(0)


def test_wrong_answer_is_reported_with_a_reason(page: Page, served: Served) -> None:
    ask(page, QUESTION)
    page.click("#current [data-verdict=down]")
    page.select_option("#current .complaint select", "wrong_figure")
    page.fill("#current .complaint input", "5542万元")
    page.click("#current .complaint button")
    expect(page.locator("#said")).to_have_text("已记下，谢谢")
    [verdict] = served.desk.feedback.all()
    assert (verdict.helpful, verdict.correct) == (False, "5542万元")


def open_tab(page: Page, name: str) -> None:
    page.evaluate("window.scrollTo(0, 0)")
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        page.locator(".overflow-menu button").first.click()
        tab = page.locator(".overflow-dropdown button").filter(has_text=name)
    tab.click()


def test_figure_is_found_while_typing_and_opens_at_its_sentence(page: Page) -> None:
    open_tab(page, "速查")
    page.locator(".finder input").press_sequentially("技改投资")
    row = page.locator("table.facts tbody tr").first
    expect(row.locator(".value")).to_have_text("5452万元")
    expect(row.locator("mark")).to_have_text("5452万元")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "5452万元" in download.value.path().read_text(encoding="utf-8-sig")
    row.locator("[data-open]").click()
    expect(page.locator("#issue mark")).to_contain_text("5452万元")
    expect(page.locator("#issue mark")).to_be_in_viewport()


def test_markup_of_a_bulletin_does_nothing_in_the_digest(page: Page) -> None:
    open_tab(page, "期刊")
    page.get_by_role("button", name="第3期").click()
    page.locator(".part summary").click()
    expect(page.locator(".part details")).to_contain_text("<script>")
    assert page.evaluate("window.hacked") is None
    assert page.locator(".part img").count() == 0


def test_issue_is_leafed_through_from_its_year(page: Page) -> None:
    open_tab(page, "期刊")
    expect(page.locator(".gap").first).to_have_text("缺第1—2期")
    page.get_by_role("button", name="第18期").click()
    expect(page.locator(".digest")).to_contain_text("技改投资上报额 5452万元")
    page.locator(".digest [data-open]").first.click()
    expect(page.locator("#issue .cited")).to_be_in_viewport()


def test_state_tells_what_is_indexed(page: Page) -> None:
    open_tab(page, "状态")
    expect(page.locator("table.status")).to_contain_text("2 期 3 条")


def test_every_tab_fits_a_phone(browser: Browser, served: Served) -> None:
    watched = watch(browser, viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = watched.page
    page.goto(served.url)
    expect(page.locator(".examples button").first).to_be_visible()
    for name, part in (
        ("速查", "table.facts"),
        ("期刊", ".pick"),
        ("导入", ".upload"),
        ("评测", ".finder .act"),
        ("状态", "table.status"),
    ):
        open_tab(page, name)
        expect(page.locator(part).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    assert watched.errors == []
    page.context.close()


def test_phone_shows_the_source_below_and_needs_no_sideways_scroll(
    browser: Browser, served: Served
) -> None:
    page = watch(browser, viewport={"width": 390, "height": 844}).page
    page.goto(served.url)
    expect(page.locator(".examples button").first).to_be_visible()
    ask(page, QUESTION)
    answer = page.locator("#current .answer").bounding_box()
    card = page.locator("#current .card").bounding_box()
    assert answer is not None
    assert card is not None
    assert card["y"] >= answer["y"] + answer["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_dark_mode_keeps_text_readable(browser: Browser, served: Served) -> None:
    page = watch(browser, color_scheme="dark").page
    page.goto(served.url)
    expect(page.locator(".examples button").first).to_be_visible()
    ask(page, QUESTION)
    for place in (".answer .text p", ".card .excerpt", ".card mark", ".question"):
        assert page.evaluate(_CONTRAST, f"#current {place}") >= 4.5
    page.context.close()


# Contrast by WCAG 2.1: (L1 + 0.05) / (L2 + 0.05); 4.5 is its bound for running text.
_CONTRAST = """selector => {
  const luminance = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let element = document.querySelector(selector);
  const ink = luminance(getComputedStyle(element).color);
  while (/rgba\\(.*, 0\\)/.test(getComputedStyle(element).backgroundColor)) {
    element = element.parentElement;
  }
  const paper = luminance(getComputedStyle(element).backgroundColor);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}"""


def test_two_people_ask_at_once(browser: Browser, served: Served) -> None:
    pages = [watch(browser).page for _ in range(2)]
    for page in pages:
        page.goto(served.url)
        expect(page.locator(".examples button").first).to_be_visible()
    pages[0].fill("#question textarea", "慢慢说")
    pages[0].press("#question textarea", "Enter")
    expect(pages[0].locator("#current .working")).to_be_visible()
    ask(pages[1], "延津县2024年GDP是多少")
    expect(pages[1].locator("#current .answer")).to_contain_text("没有找到")
    expect(pages[0].locator("#current .question")).to_have_text("慢慢说")
    expect(pages[0].locator("#current .working")).to_be_visible()
    for page in pages:
        page.context.close()


def test_reader_chooses_how_the_next_question_is_answered(browser: Browser, tmp_path: Path) -> None:
    running = serve(FakeChain(), tmp_path, chat_model="qwen")
    page = watch(browser, viewport={"width": 1366, "height": 768}).page
    page.goto(running.url)
    expect(page.locator(".examples button").first).to_be_visible()
    expect(page.get_by_role("radio", name="大模型")).to_be_checked()
    ask(page, QUESTION)
    expect(page.locator("#current .engine")).to_contain_text("模型撰写")
    page.get_by_role("radio", name="摘录").check()
    page.click("#current [data-retry]")
    expect(page.locator("#current .engine")).to_have_text("原文摘录")
    assert [asked["engine"] for asked in running.chain.asked[-2:]] == ["chat", "extractive"]
    page.context.close()
    running.server.should_exit = True


def test_without_a_chat_model_there_is_nothing_to_choose(page: Page, served: Served) -> None:
    expect(page.get_by_role("radio")).to_have_count(0)
    ask(page, QUESTION)
    assert served.chain.asked[-1]["engine"] is None


def test_empty_archive_says_what_to_run(browser: Browser, tmp_path: Path) -> None:
    running = serve(FakeChain(empty=True), tmp_path)
    page = watch(browser).page
    page.goto(running.url)
    expect(page.locator("#welcome pre")).to_contain_text("python -m ingest")
    expect(page.locator("#head")).to_contain_text("尚无数据")
    page.context.close()
    running.server.should_exit = True


def test_two_readers_sign_in_and_keep_their_own_conversations(
    browser: Browser, tmp_path: Path
) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    for name in ("甲", "乙"):
        accounts.add(name, "correct horse battery")
    running = serve(FakeChain(), tmp_path, accounts)
    pages = []
    for name in ("甲", "乙"):
        page = watch(browser).page
        page.goto(running.url)
        page.fill("#name", name)
        page.fill("#password", "correct horse battery")
        page.get_by_role("button", name="登录").click()
        expect(page.locator("#head .leave")).to_contain_text(name)
        ask(page, f"{name}问技改投资")
        pages.append(page)
    assert [each.title for each in running.desk.conversations.listed("甲")] == ["甲问技改投资"]
    pages[1].click("#records")
    expect(pages[1].locator("#talks li")).to_have_count(1)
    pages[1].keyboard.press("Escape")
    open_tab(pages[1], "导入")
    expect(pages[1].locator(".part .problem")).to_contain_text("只有管理员")
    pages[1].get_by_role("button", name="退出").click()
    expect(pages[1].locator("#password")).to_be_visible()
    for page in pages:
        page.context.close()
    running.server.should_exit = True


def test_lost_connection_is_told_in_chinese(browser: Browser, tmp_path: Path) -> None:
    running = serve(FakeChain(), tmp_path)
    page = watch(browser, viewport={"width": 390, "height": 844}).page
    page.goto(running.url)
    expect(page.locator(".examples button").first).to_be_visible()
    page.route("**/gradio_api/**", lambda route: route.abort())
    page.fill("#question textarea", QUESTION)
    page.press("#question textarea", "Enter")
    toast = page.locator(".toast-wrap")
    expect(toast).to_contain_text(re.compile("没有连上|连接断了"))
    assert re.search("[A-Za-z]{4,}", toast.inner_text()) is None
    page.context.close()
    running.server.should_exit = True


def test_files_of_the_machine_are_not_served(page: Page, served: Served) -> None:
    for path in (Path(app.__file__).resolve(), Path("/etc/passwd")):
        answer = page.request.get(f"{served.url}gradio_api/file={path}")
        assert answer.status in (403, 404)
    assert page.request.get(f"{served.url}page/../app.py").status == 404
    assert page.request.get(f"{served.url}page/%2e%2e/layout.py").status == 404


def test_the_page_is_declared_chinese(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.title() == "政务快报问答"


# --- the real program over the demo issues -----------------------------------------------------

ROOT = Path(app.__file__).resolve().parent

# Python reports every connection and every name looked up to this hook, in any thread.
_WATCH_SOCKETS = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = arguments[1] if event == "socket.connect" else arguments[0]
        with open(os.environ["CONNECTION_LOG"], "a") as log:
            print(host, file=log)

sys.addaudithook(note)
note("socket.connect", (None, "watching"))
"""


@dataclass
class Program:
    """app.py as a process of its own."""

    url: str
    connections: Path


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "sitecustomize.py").write_text(_WATCH_SOCKETS, encoding="utf-8")
    log = folder / "connections.txt"
    log.touch()
    environment = {name: v for name, v in os.environ.items() if not name.startswith("BULLETIN_")}
    environment |= {
        "BULLETIN_DATA_DIR": str(folder / "data"),
        "BULLETIN_EMBEDDING_MODEL": str(model_folder),
        "CONNECTION_LOG": str(log),
        "PYTHONPATH": str(folder),
        "PYTHONIOENCODING": "utf-8",
    }
    issues = sorted(str(path) for path in (ROOT / "samples").glob("*.txt"))
    subprocess.run([sys.executable, "-m", "ingest", *issues], cwd=ROOT, env=environment, check=True)
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    try:
        assert address
        yield Program(address.group(), log)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def real_page(browser: Browser, program: Program) -> Iterator[Page]:
    page = watch(browser, viewport={"width": 1366, "height": 768}).page
    page.goto(program.url)
    expect(page.locator(".examples button").first).to_be_visible(timeout=PATIENCE)
    yield page
    page.context.close()


def test_real_answer_opens_at_its_sentence_in_the_issue(real_page: Page) -> None:
    ask(real_page, "2023年一季度技改投资上报额是多少？")
    expect(real_page.locator("#current .text")).to_contain_text("4187万元")
    real_page.locator("#current .cite").first.click()
    card = real_page.locator("#current .card.pointed")
    expect(card.locator(".label")).to_contain_text("《云禾政务快报》2023年第14期（2023-04-14）")
    expect(card.locator("mark").first).to_contain_text("4187万元")
    card.locator("[data-open]").click()
    expect(real_page.locator("#issue mark").first).to_contain_text("4187万元")
    expect(real_page.locator("#issue mark").first).to_be_in_viewport()


def test_every_example_question_is_answered(real_page: Page) -> None:
    examples = real_page.locator(".examples button").all_inner_texts()
    assert len(examples) == 4
    for example in examples:
        real_page.click("#fresh")
        real_page.get_by_role("button", name=example, exact=True).click()
        expect(real_page.locator("#current .question")).to_have_text(example)
        expect(real_page.locator("#current .working")).to_have_count(0, timeout=PATIENCE)
        assert real_page.locator("#current .cite").count() > 0, example


def test_real_refusal_says_so(real_page: Page) -> None:
    ask(real_page, "云禾县2024年GDP是多少")
    expect(real_page.locator("#current .text")).to_contain_text("没有找到")
    expect(real_page.locator("#current .cite")).to_have_count(0)


ISSUE = """云禾政务快报

第 47 期

云禾县人民政府办公室

2025年11月14日

【经济运行】

禾澜高速运营平稳有序 县交通运输局加强路网监测，优化服务区功能，保障群众出行。截至11月10日，禾澜高速累计通行车辆26.4万辆。（交通运输局）

责任编辑：陆苇
"""


def test_uploaded_issue_is_answered_from_and_removed_again(real_page: Page, tmp_path: Path) -> None:
    paths = tmp_path / "2025年第47期.txt", tmp_path / "会议通知.txt"
    paths[0].write_text(ISSUE, encoding="utf-8")
    paths[1].write_text("请于明天上午九点开会。", encoding="utf-8")
    open_tab(real_page, "导入")
    real_page.set_input_files("form.upload input", [str(path) for path in paths])
    report = real_page.locator("table.report")
    expect(report).to_contain_text("《云禾政务快报》2025年第47期", timeout=PATIENCE)
    expect(report).to_contain_text("没有找到期号")
    open_tab(real_page, "问答")
    ask(real_page, "禾澜高速累计通行车辆多少？")
    expect(real_page.locator("#current .text")).to_contain_text("26.4万辆")
    open_tab(real_page, "导入")
    real_page.locator(".held summary").click()
    real_page.on("dialog", lambda dialog: dialog.accept())
    real_page.locator("tr").filter(has_text="2025年第47期").locator("[data-remove]").click()
    expect(real_page.locator("#import-held")).to_contain_text("已移除", timeout=PATIENCE)


def test_topic_is_drawn_over_time_and_each_point_opens_its_source(real_page: Page) -> None:
    open_tab(real_page, "期刊")
    real_page.get_by_role("button", name="专题走势").click()
    real_page.fill("#journal .finder input", "禾澜高速 完成投资")
    points = real_page.locator(".chart g[data-open]")
    expect(points.last).to_contain_text("37.82亿元")
    assert points.count() > 2
    real_page.wait_for_timeout(2000)  # the chart is drawn again for each letter typed
    points.last.press("Enter")
    expect(real_page.locator("#issue mark")).to_contain_text("37.82亿元")
    expect(real_page.locator("#issue mark")).to_be_in_viewport()


def test_the_program_itself_connects_to_nothing_outside(real_page: Page, program: Program) -> None:
    ask(real_page, "2023年一季度技改投资上报额是多少？")
    outside = [
        line
        for line in program.connections.read_text(encoding="utf-8").splitlines()
        if not re.search(r"127\.0\.0\.1|::1|localhost|^/|^None$", line)
    ]
    # One line from the program and one from each process that it starts: the watch is on.
    assert outside
    assert set(outside) == {"watching"}
