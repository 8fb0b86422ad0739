"""How fast the page is there and answers: python -m benchmarks.page [--starts N] [--questions N]

Starts app.py over the demo issues in a folder of its own and drives Debian's chromium. All times
in milliseconds; a busy machine makes them longer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = (
    "2023年一季度技改投资上报额是多少？",
    "2025年1—9月城镇新增就业多少人？",
    "禾澜高速累计完成投资多少亿元？",
    "2024年第18期是谁签发的？",
    "财政局最近做了哪些工作？",
)
# Resolves with the time from pressing Enter to the first words of the answer on the screen.
_FIRST_WORDS = """question => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('no answer within 30 s')), 30000);
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
    parser.add_argument("--starts", type=int, default=3, metavar="N")
    parser.add_argument("--questions", type=int, default=20, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        environment = with_samples(Path(folder))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        starts = [_start(environment, browser) for _ in range(options.starts)]
        for what, times in zip(STEPS, zip(*starts, strict=True), strict=True):
            listed = "、".join(f"{each:.0f}" for each in times)
            print(f"{what}：最好 {min(times):.0f} ms（各次 {listed}）")
        with program(environment) as (address, _):
            until(lambda: healthy(address))
            _questions(browser, address, options.questions)
        browser.close()
    return 0


def with_samples(folder: Path) -> dict[str, str]:
    """The environment of a program over a data folder with the demo issues."""
    kept = {name: v for name, v in os.environ.items() if name != "BULLETIN_CHROMA_URL"}
    environment = kept | {"BULLETIN_DATA_DIR": str(folder), "BULLETIN_TODAY": "2025-11-21"}
    issues = sorted(str(path) for path in (ROOT / "samples").glob("*.txt"))
    subprocess.run(
        [sys.executable, "-m", "ingest", *issues],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return environment


STEPS = (
    "从启动到监听",
    "其中处理器时间",
    "从监听到页面可以输入（浏览器先已打开，内容未缓存）",
    "从启动到页面可以输入",
    "从启动到示例问题出现（模型已加载）",
)


def _start(environment: dict[str, str], browser: Browser) -> tuple[float, ...]:
    """The times of STEPS for one start of the program."""
    context = browser.new_context()
    page = context.new_page()
    started = time.perf_counter()
    with program(environment) as (address, process):
        port = int(address.rstrip("/").rpartition(":")[2])
        until(lambda: _connects(port))
        listening = time.perf_counter()
        processor = processor_time(process.pid)
        page.goto(address)
        page.wait_for_selector("#question textarea:enabled")
        interactive = time.perf_counter()
        page.wait_for_selector(".examples button")
        ready = time.perf_counter()
        context.close()
    return (
        1000 * (listening - started),
        1000 * processor,
        1000 * (interactive - listening),
        1000 * (interactive - started),
        1000 * (ready - started),
    )


@contextmanager
def program(environment: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """app.py as a process of its own, and its address."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.terminate()
        process.wait(20)


def processor_time(process: int) -> float:
    """The seconds that a process has kept a processor busy (Linux); another's load adds little."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _questions(browser: Browser, address: str, number: int) -> None:
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector(".examples button")
    first: list[float] = []
    for asked in range(number):
        page.click("#fresh")
        page.wait_for_selector(".examples button")
        first.append(page.evaluate(_FIRST_WORDS, QUESTIONS[asked % len(QUESTIONS)]))
        page.wait_for_selector("#current .answer-foot")
    first.sort()
    print(f"提问到第一段回答（{number} 问的中位数）：{statistics.median(first):.0f} ms")
    print(f"提问到第一段回答（95 分位）：{first[int(0.95 * (len(first) - 1))]:.0f} ms")
    print(f"平均负载：{os.getloadavg()[0]:.1f}")


def until(done: Callable[[], bool]) -> None:
    """Wait for it."""
    while not done():
        time.sleep(0.01)


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def healthy(address: str) -> bool:
    """Whether questions can be asked."""
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
