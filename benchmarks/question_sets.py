"""The folders of bulletins that questions are measured on, each taken into an index of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.indexer import ingest_paths
from rag.chain import BulletinChain, build_chain
from rag.evaluation.questions import Question, load_questions
from rag.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
ARCHIVES = ROOT / "benchmarks" / "archives"
# Their failures were all read, so that nothing is tested on them: all of their questions are
# learned from, of the others the dev part alone.
WHOLE = ("yuanze", "lanxi", "xiyang", "huaidu", "jichuan", "dizhou", "shuoyu")
# Types of questions that one item answers.
OF_ONE_ITEM = (
    "number",
    "date",
    "place_name",
    "department",
    "issue",
    "reason_how",
    "paraphrase",
    "alias",
    "typo",
    "near_dup",
    "unanswerable_near",
)


def question_sets(given: Sequence[str]) -> Iterator[tuple[str, BulletinChain, list[Question]]]:
    """(name, chain, questions) of each FOLDER QA.jsonl pair given, or else of the samples and the
    invented archives. The index goes away with the next one."""
    names = [Path(name) for name in given]
    pairs = list(zip(names[::2], names[1::2], strict=True)) or [
        (folder, folder / "qa.jsonl")
        for folder in (ROOT / "samples", *sorted(ARCHIVES.iterdir()))
        if folder.is_dir()
    ]
    for folder, qa in pairs:
        with tempfile.TemporaryDirectory() as name:
            settings = load_settings().model_copy(update={"data_dir": Path(name)})
            ingest_paths(sorted(folder.glob("*.txt")), settings)
            yield folder.name, build_chain(settings), load_questions(qa)
