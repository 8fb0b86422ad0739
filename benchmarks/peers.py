"""This product beside what a user would pick instead, in one run, with the same embedding model:

    python -m benchmarks.peers SAMPLES QA.jsonl [--peer PYTHON] [--chat URL --model NAME] [--first N]

- the pipeline of a tutorial: RecursiveCharacterTextSplitter 500/50, Chroma, the nearest four
  pieces, one call of the chat model;
- paper-qa, when PYTHON has it (python3.11 -m venv PEER && PEER/bin/pip install paper-qa), with
  pieces of the same size and with its own defaults. Its embeddings come from this product's
  embedder behind a server on loopback.

Without --chat, a stand-in writes for both: it copies the sentence that shares most pairs of
characters with the question, and marks where it is from. Retrieval, ingest, memory and the
pipelines' own time are real then; answers and citations are those of a good copyist.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.retrieval import HANDED_ON, place_of
from rag.metrics import missing_groups

PEER = Path(__file__).with_name("paperqa_peer.py")
SENTENCES = re.compile(r"[^。！？；\n]+[。！？；]?")
CITED = re.compile(r"\[(\d)\]")
TUTORIAL_PROMPT = "根据资料回答问题，句末用 [编号] 注明出处；资料里没有就回答“没有找到”。\n\n{pieces}\n\n问题：{question}"
Row = dict[str, Any]


def main() -> None:
    options = arguments()
    if options.work:
        WORK[options.work](json.loads(options.samples.read_text("utf-8")), options.qa)
        return
    rows = chosen(options.qa, options.first)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = subprocess.Popen(
            [*THIS, "--work", "serve", str(write(folder / "serve.json", {})), str(folder / "port")]
        )
        try:
            base = address(folder / "port", server)
            task = {
                "samples": str(options.samples.resolve()),
                "questions": [row["question"] for row in rows],
                "embeddings": base,
                "chat": options.chat or base,
                "model": options.model,
                "chat_is_real": bool(options.chat),
                "handed_on": HANDED_ON,
            }
            print(
                f"{len(rows)} 问，对话模型：{(options.chat and options.model) or '替身'}",
                flush=True,
            )
            for title, command, more in systems(options):
                task_file = write(folder / "task.json", {**task, **more})
                result = folder / "result.json"
                subprocess.run([*command, str(task_file), str(result)], check=True)
                report(title, json.loads(result.read_text("utf-8")), rows)
            print(f"句向量服务的内存峰值 {peak_of(server.pid):.0f} MB")
        finally:
            server.terminate()
            server.wait()


THIS = [sys.executable, "-m", "benchmarks.peers"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("samples", type=Path)
    parser.add_argument("qa", type=Path)
    parser.add_argument("--peer", help="the Python that has paper-qa")
    parser.add_argument("--chat", default="", help="an OpenAI-compatible server, …/v1")
    parser.add_argument("--model", default="bench")
    parser.add_argument("--first", type=int, default=0, help="only so many questions, evenly taken")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


def systems(options: argparse.Namespace) -> Iterable[tuple[str, list[str], Row]]:
    """Name, command and settings of each run."""
    yield "本产品（原文摘录）", [*THIS, "--work", "product"], {"engine": "extractive"}
    if options.chat:
        yield "本产品（对话模型）", [*THIS, "--work", "product"], {"engine": "chat"}
    yield "教程做法 500/50", [*THIS, "--work", "tutorial"], {}
    if options.peer:
        same = {"chunk": 500, "overlap": 50, "evidence": HANDED_ON, "skip_summary": True}
        own = {"chunk": 5000, "overlap": 250, "evidence": 10, "skip_summary": False}
        yield "paper-qa 500/50，前 4 段，不逐段摘要", [options.peer, str(PEER)], same
        if not options.chat:
            yield "paper-qa 自己的缺省值", [options.peer, str(PEER)], own


def chosen(qa: Path, first: int) -> list[Row]:
    """Questions with one answer in one item and no history, so that one quote settles it."""
    rows = [json.loads(line) for line in qa.read_text("utf-8").splitlines()]
    rows = [
        r
        for r in rows
        if r["answerable"] and not r["history"] and len(r["gold"]) == 1 and r["gold"][0]["section"]
    ]
    return rows[:: max(1, len(rows) // first)][:first] if first else rows


def report(title: str, result: Row, rows: Sequence[Row]) -> None:
    places = [
        place_of(row["gold_quote"], asked["retrieved"][:HANDED_ON])
        for row, asked in zip(rows, result["asked"], strict=True)
    ]
    cited = [
        place_of(row["gold_quote"], [text]) is not None
        for row, asked in zip(rows, result["asked"], strict=True)
        for text in asked["cited"]
    ]
    right = [
        not missing_groups(asked["answer"], row["must_include"])
        for row, asked in zip(rows, result["asked"], strict=True)
    ]
    times = sorted(asked["ms"] for asked in result["asked"])
    p95 = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    figures = {
        "片段": result["pieces"],
        "入库秒": f"{result['ingest_s']:.1f}",
        "p50 毫秒": f"{times[len(times) // 2]:.0f}",
        "p95 毫秒": f"{p95:.0f}",
        "内存峰值 MB": f"{result['peak_mb']:.0f}",
        "引文在第一段": f"{sum(p == 0 for p in places) / len(rows):.3f}",
        "在前四段": f"{sum(p is not None for p in places) / len(rows):.3f}",
        "引用": len(cited),
        "引用准确": f"{sum(cited) / len(cited):.3f}" if cited else "—",
        "答对": f"{sum(right) / len(rows):.3f}",
    }
    print(
        f"{title}：" + "，".join(f"{name} {value}" for name, value in figures.items()), flush=True
    )


# --- the systems, each in a process of its own ---------------------------------------------------


def run_product(task: Row, result: Path) -> None:
    from ingest.indexer import ingest_paths
    from rag.chain import build_chain
    from rag.embeddings import load_embeddings
    from rag.settings import load_settings

    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings().model_copy(update={"data_dir": Path(folder)})
        if task["engine"] == "chat":
            update = {"chat_model": task["model"], "chat_base_url": task["chat"]}
            settings = settings.model_copy(update=update)
        embeddings = load_embeddings(settings.embedding_model, settings.data_dir)
        started = time.perf_counter()
        files = sorted(Path(task["samples"]).glob("*.txt"))
        ingest_paths(files, settings, embeddings=embeddings)
        spent = time.perf_counter() - started
        chain = build_chain(settings)
        chain.invoke("准备", engine="extractive")

        def ask(question: str) -> Row:
            answer = chain.invoke(question, engine=task["engine"])
            ids = list(dict.fromkeys(citation.chunk_id for citation in answer.citations))
            return {
                "retrieved": [hit.chunk.text for hit in answer.retrieved[: task["handed_on"]]],
                "cited": [chunk.text for chunk in chain.catalog.chunks(ids)],
                "answer": answer.text,
            }

        finish(result, spent, chain.store.count(), [timed(ask, q) for q in task["questions"]])


def run_tutorial(task: Row, result: Path) -> None:
    import chromadb
    import numpy as np
    from langchain_openai import ChatOpenAI
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from pydantic import SecretStr

    from rag.embeddings import load_embeddings
    from rag.settings import load_settings

    settings = load_settings()
    embeddings = load_embeddings(settings.embedding_model, settings.data_dir)
    chat = ChatOpenAI(
        model=task["model"], base_url=task["chat"], api_key=SecretStr("none"), timeout=600
    )
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        splitter = RecursiveCharacterTextSplitter(chunk_size=500, chunk_overlap=50)
        pieces = [
            piece
            for file in sorted(Path(task["samples"]).glob("*.txt"))
            for piece in splitter.split_text(file.read_text("utf-8"))
        ]
        collection = chromadb.PersistentClient(folder).create_collection(
            "pieces", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        vectors = np.asarray(embeddings.embed_documents(pieces), dtype=np.float32)
        collection.add([str(n) for n in range(len(pieces))], vectors, documents=pieces)
        spent = time.perf_counter() - started

        def ask(question: str) -> Row:
            vector = np.asarray([embeddings.embed_query(question)], dtype=np.float32)
            found = (collection.query(vector, n_results=task["handed_on"])["documents"] or [[]])[0]
            numbered = "\n\n".join(f"[{n}] {text}" for n, text in enumerate(found, 1))
            prompt = TUTORIAL_PROMPT.format(pieces=numbered, question=question)
            answer = str(chat.invoke(prompt).content)
            numbers = {int(n) for n in CITED.findall(answer)}
            cited = [text for n, text in enumerate(found, 1) if n in numbers]
            return {"retrieved": found, "cited": cited, "answer": answer}

        finish(result, spent, len(pieces), [timed(ask, q) for q in task["questions"]])


def timed(ask: Callable[[str], Row], question: str) -> Row:
    began = time.perf_counter()
    asked = ask(question)
    return {**asked, "ms": 1000 * (time.perf_counter() - began)}


def finish(result: Path, ingest_s: float, pieces: int, asked: list[Row]) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write(result, {"ingest_s": ingest_s, "pieces": pieces, "asked": asked, "peak_mb": peak})


# --- embeddings and the stand-in for a chat model, on loopback -----------------------------------


def serve(task: Row, port_file: Path) -> None:
    from rag.embeddings import load_embeddings
    from rag.settings import load_settings

    settings = load_settings()
    embeddings = load_embeddings(settings.embedding_model, settings.data_dir)

    def embedded(body: Row) -> Row:
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        if body["model"] == "query":
            vectors = [embeddings.embed_query(text) for text in texts]
        else:
            vectors = embeddings.embed_documents(texts)
        data = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        return {"object": "list", "model": body["model"], "data": data, "usage": usage}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = embedded(body) if self.path.endswith("/embeddings") else completed(body)
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port_file.write_text(str(server.server_address[1]), encoding="utf-8")
    server.serve_forever()


def completed(body: Row) -> Row:
    """What the stand-in says to paper-qa's summary and answer prompts, and to the tutorial's."""
    prompt = "\n".join(str(message["content"]) for message in body["messages"])
    question = re.findall(r"(?:Question|问题)[:：] ?(.+)", prompt)[-1]
    if "relevance_score" in prompt:
        excerpt = prompt.split("\n\n---\n\n")[-2]
        sentence, share = nearest(question, [(excerpt, "")])[:2]
        text = json.dumps(
            {"summary": sentence, "relevance_score": max(1, round(10 * share))}, ensure_ascii=False
        )
    elif keyed := re.findall(r"^(pqac-[0-9a-f]+): (.*?)(?=^From )", prompt, re.M | re.S):
        sentence, _, key = nearest(question, [(text, key) for key, text in keyed])
        text = f"{sentence} ({key})"
    else:
        pieces = re.findall(r"^\[(\d)\] (.*?)(?=^\[\d\] |^问题：)", prompt, re.M | re.S)
        sentence, _, number = nearest(question, [(text, number) for number, text in pieces])
        text = f"{sentence}[{number}]"
    message = {"role": "assistant", "content": text}
    return {
        "id": "stand-in",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def nearest(question: str, texts: Sequence[tuple[str, str]]) -> tuple[str, float, str]:
    """The sentence that shares most pairs of characters with the question, the share, its key."""
    wanted = pairs(question)
    every = [(part.strip(), key) for text, key in texts for part in SENTENCES.findall(text)]
    sentence, key = max(every, key=lambda each: len(wanted & pairs(each[0])), default=("", ""))
    return sentence, len(wanted & pairs(sentence)) / max(1, len(wanted)), key


def pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def address(port_file: Path, server: subprocess.Popen[bytes]) -> str:
    while not (port_file.exists() and port_file.read_text("utf-8")):
        if server.poll() is not None:
            raise SystemExit("句向量服务没有启动")
        time.sleep(0.1)
    return f"http://127.0.0.1:{port_file.read_text('utf-8')}/v1"


def peak_of(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def write(path: Path, value: Row) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


WORK: dict[str, Callable[[Row, Path], None]] = {
    "product": run_product,
    "tutorial": run_tutorial,
    "serve": serve,
}

if __name__ == "__main__":
    main()
