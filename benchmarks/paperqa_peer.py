"""One run of paper-qa for benchmarks/peers.py, by the Python in whose environment it is installed.

PEER_PYTHON benchmarks/paperqa_peer.py TASK.json RESULT.json
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

# Otherwise a list of prices is fetched from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from lmi.embeddings import EmbeddingModes, LiteLLMEmbeddingModel  # type: ignore[import-not-found]
from paperqa import Docs, Settings  # type: ignore[import-not-found]

CITED = re.compile(r"pqac-[0-9a-f]+")


class Embedder(LiteLLMEmbeddingModel):  # type: ignore[misc]
    """Says whether it is the question that is embedded, which e5 models want to know."""

    def set_mode(self, mode: EmbeddingModes) -> None:
        self.name = "openai/query" if mode == EmbeddingModes.QUERY else "openai/passage"


def settings_for(task: dict[str, Any]) -> Settings:
    chat = {
        "model_list": [
            {
                "model_name": task["model"],
                "litellm_params": {
                    "model": f"openai/{task['model']}",
                    "api_base": task["chat"],
                    "api_key": "none",
                    "timeout": 600,
                },
            }
        ]
    }
    return Settings(
        llm=task["model"],
        llm_config=chat,
        summary_llm=task["model"],
        summary_llm_config=chat,
        # No look-ups of publications on the network, no reading of pictures.
        parsing={
            "use_doc_details": False,
            # It takes Chinese for a damaged file.
            "disable_doc_valid_check": True,
            "multimodal": False,
            "reader_config": {"chunk_chars": task["chunk"], "overlap": task["overlap"]},
        },
        answer={"evidence_k": task["evidence"], "evidence_skip_summary": task["skip_summary"]},
    )


async def run(task: dict[str, Any]) -> dict[str, Any]:
    settings = settings_for(task)
    embedder = Embedder(
        name="openai/passage",
        config={
            "kwargs": {"api_base": task["embeddings"], "api_key": "none", "drop_params": True},
            "batch_size": 16,
        },
    )
    docs = Docs()
    started = time.perf_counter()
    for file in sorted(Path(task["samples"]).glob("*.txt")):
        await docs.aadd(
            file,
            citation=file.stem,
            docname=file.stem,
            settings=settings,
            embedding_model=embedder,
        )
    # The index is made when it is first asked.
    await docs.retrieve_texts("准备", 1, settings, embedder)
    result: dict[str, Any] = {"ingest_s": time.perf_counter() - started, "asked": []}
    for question in task["questions"]:
        found = await docs.retrieve_texts(question, task["handed_on"], settings, embedder)
        began = time.perf_counter()
        session = await docs.aquery(question, settings=settings, embedding_model=embedder)
        spent = 1000 * (time.perf_counter() - began)
        keys = set(CITED.findall(session.raw_answer))
        cited = [c.text.text for c in session.contexts if str(c.id) in keys]
        result["asked"].append(
            {
                "retrieved": [text.text for text in found],
                "cited": cited,
                "answer": session.raw_answer,
                "ms": spent,
            }
        )
    result["pieces"] = len(docs.texts)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


if __name__ == "__main__":
    outcome = asyncio.run(run(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
    Path(sys.argv[2]).write_text(json.dumps(outcome, ensure_ascii=False), encoding="utf-8")
