"""Coverage-guided fuzzing of one target: python -m tests.fuzz_run TARGET [--minutes 10].

An input that raises, or that takes over two seconds of processor time, is kept in
.cache/fuzz/TARGET/found under the place where it went wrong, and the run goes on. At the end they
are run again without instrumentation, which slows everything about sevenfold, and those that are
well then are dropped. --replay does that alone. Needs the extra `fuzz` (atheris).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path

FOLDER = Path(".cache/fuzz")
SLOW = 2.0  # seconds
LONGEST = {"parser": 20_000, "question": 3000, "citations": 6000, "loader": 60_000, "answer": 1500}


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz_run", description=__doc__)
    options.add_argument("target", choices=[*LONGEST])
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--replay", action="store_true")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    folder = FOLDER / given.target
    if given.replay:
        return replay(given.target, folder)
    if given.inside:
        fuzz(given.target, folder, int(given.minutes * 60))
        return 0
    return supervise(given.target, given.minutes, folder)


def supervise(target: str, minutes: float, folder: Path) -> int:
    """Run the fuzzer in a process of its own, which a fault in native code may end."""
    from tests.fuzz_targets import TARGETS, WORDS

    for name in ("corpus", "found", "seeds"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[target][1]()):
        (folder / "seeds" / f"{number:02d}").write_bytes(seed)
    (folder / "words").write_text(
        "".join(f'"{_escaped(word)}"\n' for word in WORDS[target].split("|") if word), "ascii"
    )
    executions, edges, ended = 0, 0, []
    end = time.monotonic() + minutes * 60
    while (left := end - time.monotonic()) > 5:
        command = [sys.executable, "-m", "tests.fuzz_run", target, "--inside"]
        done = subprocess.run(
            [*command, f"--minutes={left / 60}"], check=False, capture_output=True, text=True
        )
        log = done.stderr
        (folder / "log").write_text(log, "utf-8")
        counts = re.findall(r"number_of_executed_units:\s*(\d+)|^#(\d+)\s", log, re.M)
        executions += int(max((a or b for a, b in counts), key=int, default="0"))
        edges = max([edges, *(int(n) for n in re.findall(r"cov: (\d+)", log))])
        if done.returncode != 0:
            ended.append(f"exit {done.returncode}: {log[-300:]}")
        if len(ended) >= 3:
            break
    replayed = [sys.executable, "-m", "tests.fuzz_run", target, "--replay"]
    subprocess.run(replayed, check=False, stdout=subprocess.DEVNULL)
    found = sorted(path.name for path in (folder / "found").iterdir() if path.suffix != ".json")
    result: dict[str, object] = {
        "executions": executions,
        "edges": edges,
        "findings": found,
        "ended": ended,
    }
    (folder / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    print(json.dumps({"target": target, **result}, ensure_ascii=False, indent=1))
    return 1 if found or ended else 0


def fuzz(target: str, folder: Path, seconds: int) -> None:
    import atheris  # type: ignore[import-untyped]

    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(
        include=["ingest", "rag", "page"], enable_loader_override=False
    ):
        from tests.fuzz_targets import TARGETS
    run, _ = TARGETS[target]

    def one(data: bytes) -> None:
        started = time.process_time()
        try:
            run(data)
        except Exception as error:
            keep(folder / "found", place_of(error), data, error)
        spent = time.process_time() - started
        if spent > SLOW:
            keep(folder / "found", "slow", data, TimeoutError(f"{spent:.1f} s"), str(len(data)))

    arguments = [
        "fuzz",
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST[target]}",
        f"-dict={folder / 'words'}",
        f"-artifact_prefix={folder / 'found'}{os.sep}",
        "-report_slow_units=1000",
        "-print_final_stats=1",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-len_control=20",
        "-reload=0",
    ]
    atheris.Setup([*arguments, str(folder / "corpus"), str(folder / "seeds")], one)
    atheris.Fuzz()


def replay(target: str, folder: Path) -> int:
    """Run what was found again and drop what is well now; 1 when something still goes wrong."""
    from tests.fuzz_targets import TARGETS

    TARGETS[target][0](next(iter(TARGETS[target][1]())))  # what is made on first use
    wrong = 0
    for path in sorted((folder / "found").iterdir()):
        if path.suffix == ".json":
            continue
        started = time.process_time()
        try:
            TARGETS[target][0](path.read_bytes())
            said = "ok"
        except Exception as error:
            said = place_of(error)
        spent = time.process_time() - started
        print(f"{path.name}  {spent:.2f} s  {said}")
        if said == "ok" and spent <= SLOW:
            path.unlink()
            path.with_name(path.name + ".json").unlink(missing_ok=True)
        else:
            wrong += 1
    return 1 if wrong else 0


def place_of(error: BaseException) -> str:
    """The kind of an error and the last line of the product that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if re.search(r"/(?:rag|ingest|page|tests)/", f.filename)]
    last = own[-1] if own else frames[-1]
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"


def keep(folder: Path, name: str, data: bytes, error: BaseException, more: str = "") -> None:
    """Keep the shortest input of each place; of slow ones, every one."""
    folder.mkdir(parents=True, exist_ok=True)
    if name == "slow":
        name = f"slow-{hashlib.sha256(data).hexdigest()[:8]}"
    path = folder / name
    if path.exists() and path.stat().st_size <= len(data):
        return
    path.write_bytes(data)
    told = {"error": f"{type(error).__name__}: {error}"[:500], "more": more}
    told["trace"] = "".join(traceback.format_exception(error))[-2000:]
    path.with_name(name + ".json").write_text(json.dumps(told, ensure_ascii=False, indent=1))


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass"))


if __name__ == "__main__":
    sys.exit(main())
