"""How fast the page is there and answers: python -m benchmarks.page [--questions N]

Starts app.py over the demo issues in a folder of its own and drives Debian's chromium. All times
in milliseconds; a busy machine makes them longer.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = (
    "2023年一季度技改投资上报额是多少？",
    "2025年1—9月城镇新增就业多少人？",
    "禾澜高速累计完成投资多少亿元？",
    "2024年第18期是谁签发的？",
    "财政局最近做了哪些工作？",
)
# Resolves with the time from pressing Enter to the first words of the answer on the screen.
_FIRST_WORDS = """question => new Promise((resolve) => {
  const box = document.querySelector('#question textarea');
  box.value = question;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  setTimeout(() => {
    const before = document.querySelectorAll('.turn').length;
    const started = performance.now();
    new MutationObserver((_, observer) => {
      const turns = document.querySelectorAll('.turn').length;
      const words = document.querySelector('#current .text');
      const asked = document.querySelector('#current .question');
      if (turns > before && words && asked.textContent === question) {
        observer.disconnect();
        resolve(performance.now() - started);
      }
    }).observe(document.body, { childList: true, subtree: true });
    box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    box.dispatchEvent(new KeyboardEvent('keypress', { key: 'Enter', bubbles: true }));
  }, 300);
})"""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page")
    parser.add_argument("--questions", type=int, default=20, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "BULLETIN_CHROMA_URL"}
        environment |= {"BULLETIN_DATA_DIR": folder, "BULLETIN_TODAY": "2025-11-21"}
        issues = sorted(str(path) for path in (ROOT / "samples").glob("*.txt"))
        subprocess.run(
            [sys.executable, "-m", "ingest", *issues],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        _measure(environment, options.questions)
    return 0


def _measure(environment: dict[str, str], questions: int) -> None:
    port = _free_port()
    address = f"http://127.0.0.1:{port}/"
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        _report("从启动到监听", _until(lambda: _connects(port), started))
        _report("从启动到首页送出", _until(lambda: _answers(address), started))
        _report("从启动到可以提问（模型已加载）", _until(lambda: _healthy(address), started))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            opened = [_opening(browser.new_page(), address) for _ in range(3)]
            _report("打开页面到可以输入（3 次的中位数）", statistics.median(opened))
            page = browser.new_page()
            _opening(page, address)
            first: list[float] = []
            for number in range(questions):
                page.click("#fresh")
                page.wait_for_selector(".examples button")
                first.append(page.evaluate(_FIRST_WORDS, QUESTIONS[number % len(QUESTIONS)]))
                page.wait_for_selector("#current .answer-foot")
            first.sort()
            _report(f"提问到第一段回答（{questions} 问的中位数）", statistics.median(first))
            _report("提问到第一段回答（95 分位）", first[int(0.95 * (len(first) - 1))])
            browser.close()
    finally:
        process.terminate()
        process.wait(20)


def _opening(page: Page, address: str) -> float:
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("#question textarea:enabled")
    return 1000 * (time.perf_counter() - started)


def _report(what: str, milliseconds: float) -> None:
    print(f"{what}：{milliseconds:.0f} ms", flush=True)


def _until(done: Callable[[], bool], started: float) -> float:
    while not done():
        time.sleep(0.02)
    return 1000 * (time.perf_counter() - started)


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return bool(re.search(rb"gradio", answer.read()))
    except OSError:
        return False


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}health", timeout=60) as answer:
            return int(answer.status) == 200
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
