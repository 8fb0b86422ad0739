"""Fifty people ask at once while issues are taken in: python -m benchmarks.load [--seconds N]

Starts app.py over the demo issues in a folder of its own. Every user asks questions of all types
from samples/qa.jsonl through the page's API, one after another without a pause, while another
process takes 200 generated issues of another series into the same index. An answer belongs to its
question when it is what the same question got from the idle program before or after the run; one
that is what only another question got would be a mix-up.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.page import healthy, processor_time, program, until, with_samples
from benchmarks.typesetting import archive

ROOT = Path(__file__).resolve().parent.parent
PER_TYPE = 6
# Only the text and the sources are compared; times and scores differ from call to call.
_COMPARED = ("question", "answer", "citations")


@dataclass(frozen=True)
class Asked:
    """One question with its conversation."""

    type: str
    question: str
    history: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Done:
    """A call: what was asked (by its place in the list), when it began, how long it took."""

    number: int
    begun: float
    seconds: float
    answer: str
    problem: str


def main() -> int:
    """Measure, print, and say by the exit status whether all went well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("--seconds", type=int, default=300, metavar="N")
    parser.add_argument("--users", type=int, default=50, metavar="N")
    parser.add_argument("--issues", type=int, default=200, metavar="N")
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS")
    options = parser.parse_args()
    asked = questions()
    with tempfile.TemporaryDirectory() as folder:
        data, texts = Path(folder) / "data", Path(folder) / "issues"
        environment = with_samples(data)
        write_issues(texts, options.issues)
        with program(environment) as (address, process):
            until(lambda: healthy(address))
            before = [call(address, each) for each in asked]
            with measured_memory(process.pid) as memory, ingesting(environment, texts) as ingest:
                spent = processor_time(process.pid)
                done = run(address, asked, options.users, options.seconds, options.pause)
                spent = processor_time(process.pid) - spent
            after = [call(address, each) for each in asked]
    print(f"页面进程的处理器时间：每题 {1000 * spent / len(done):.0f} ms")
    return report(asked, done, before, after, memory, ingest)


def questions() -> list[Asked]:
    """The first questions of each type of the demo set, in the order of the file."""
    lines = (ROOT / "samples" / "qa.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    asked: list[Asked] = []
    taken: Counter[str] = Counter()
    for row in rows:
        taken[row["type"]] += 1
        if taken[row["type"]] <= PER_TYPE:
            asked.append(Asked(row["type"], row["question"], tuple(row.get("history") or ())))
    return asked


def write_issues(folder: Path, count: int) -> None:
    """Generated issues as text files, of a series that the demo archive does not have."""
    folder.mkdir()
    for number, (issue, text) in enumerate(archive(count)):
        named = text.replace(issue.series, "邻县政务快报")
        (folder / f"{number:04}.txt").write_text(named, encoding="utf-8")


def call(address: str, asked: Asked, client: httpx.Client | None = None) -> str:
    """The compared parts of an answer as JSON; RuntimeError with what the page says instead."""
    own = client or httpx.Client(timeout=120)
    try:
        body = {"data": [asked.question, list(asked.history)]}
        event = own.post(f"{address}gradio_api/call/ask", json=body).raise_for_status().json()
        told = own.get(f"{address}gradio_api/call/ask/{event['event_id']}").raise_for_status().text
    finally:
        if client is None:
            own.close()
    # Heartbeats come before the event that ends the call.
    kind, _, data = told.strip().split("\n\n")[-1].partition("\ndata: ")
    if kind != "event: complete":
        raise RuntimeError(data.strip() or told)
    answer = json.loads(data)[0]
    return json.dumps({key: answer[key] for key in _COMPARED}, ensure_ascii=False)


def run(
    address: str, asked: Sequence[Asked], users: int, seconds: float, pause: float
) -> list[Done]:
    """All users ask until the time is up; what each call gave."""
    done: list[Done] = []
    began = time.perf_counter()

    def user(seed: int) -> None:
        rng = random.Random(seed)
        with httpx.Client(timeout=120) as client:
            while (begun := time.perf_counter() - began) < seconds:
                number = rng.randrange(len(asked))
                answer = problem = ""
                try:
                    answer = call(address, asked[number], client)
                except (httpx.HTTPError, RuntimeError) as error:
                    problem = f"{type(error).__name__} {error}"
                spent = time.perf_counter() - began - begun
                done.append(Done(number, begun, spent, answer, problem))
                time.sleep(pause)

    threads = [threading.Thread(target=user, args=(seed,)) for seed in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """Run `work` in a thread while the block runs, and wait for its end."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def measured_memory(process: int) -> Iterator[list[int]]:
    """The resident megabytes of a process, every second while the block runs (Linux)."""
    measured: list[int] = []
    over = threading.Event()

    def watch() -> None:
        status = Path(f"/proc/{process}/status")
        while not over.wait(1):
            lines = status.read_text(encoding="ascii").splitlines()
            [size] = [line.split()[1] for line in lines if line.startswith("VmRSS")]
            measured.append(int(size) // 1024)

    with beside(watch):
        try:
            yield measured
        finally:
            over.set()


@contextmanager
def ingesting(environment: dict[str, str], folder: Path) -> Iterator[dict[str, Any]]:
    """Take the files in by another process while the block runs; its counts and seconds."""
    told: dict[str, Any] = {}

    def ingest() -> None:
        began = time.perf_counter()
        finished = subprocess.run(
            [sys.executable, "-m", "ingest", str(folder), "--json"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        counts = json.loads(finished.stdout or "{}")
        told.update({key: counts.get(key) for key in ("added", "replaced", "failed")})
        told.update(seconds=time.perf_counter() - began, exit=finished.returncode)

    with beside(ingest):
        yield told


def report(
    asked: Sequence[Asked],
    done: Sequence[Done],
    before: Sequence[str],
    after: Sequence[str],
    memory: Sequence[int],
    ingest: dict[str, Any],
) -> int:
    """Print the figures; 1 when a call failed or an answer was another question's."""
    good = [each for each in done if not each.problem]
    own = {n: {before[n], after[n]} for n in range(len(asked))}
    others = {answer: n for n, answer in [*enumerate(before), *enumerate(after)]}
    strange = [each for each in good if each.answer not in own[each.number]]
    mixed = [
        each
        for each in strange
        if each.answer in others
        or json.loads(each.answer)["question"] != asked[each.number].question
    ]
    lasted = max(each.begun + each.seconds for each in done)
    print(f"请求 {len(done)} 次，{len(done) / lasted:.1f} 次每秒，出错 {len(done) - len(good)} 次")
    for problem, count in Counter(each.problem for each in done if each.problem).most_common(5):
        print(f"  {count} 次：{problem}")
    print(f"耗时：{_times([each.seconds for each in good])}")
    by_type: dict[str, list[float]] = defaultdict(list)
    for each in good:
        by_type[asked[each.number].type].append(each.seconds)
    for kind, seconds in sorted(by_type.items(), key=lambda pair: -statistics.mean(pair[1])):
        print(f"  {kind}：{_times(seconds)}")
    print(f"串给别人的回答：{len(mixed)}；因入库而与前后都不同的回答：{len(strange) - len(mixed)}")
    for each in strange[:5]:
        print(f"  {asked[each.number].question}")
    parts = [memory[len(memory) * n // 10] for n in range(10)] + [memory[-1]]
    print(f"内存（MB，从头到尾十等分处）：{parts}，最大 {max(memory)}")
    print(f"同时入库：{ingest}")
    print(f"平均负载：{os.getloadavg()[0]:.1f}")
    return int(len(good) < len(done) or bool(mixed))


def _times(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return 1000 * ordered[int(share * (len(ordered) - 1))]

    return f"{len(ordered)} 次，p50 {at(0.5):.0f} ms，p95 {at(0.95):.0f} ms，最长 {at(1):.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
