"""A small archive on the disk to be damaged, and questions to it.

Another process makes it: here nothing of it is open, so files can be broken as a disk breaks them.
"""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from rag.chain import BulletinChain, build_chain
from rag.doctor import examine_data, repair
from rag.settings import Settings
from tests.commands import run_python
from tests.fakes import FakeEmbeddings, bulletin_text

EMBEDDINGS = FakeEmbeddings()
TECHNOLOGY = (
    "全力拼经济",
    "科工局",
    "县科工局加速技改助力企业转型升级 一季度，我县技改投资上报额5452万元，同比增速达到54.8%。",
)
ROADS = (
    "全力拼经济",
    "交通运输局",
    "县交通运输局全力推进安罗高速项目建设 累计完成投资19.46亿元，占总投资的52.15%。",
)
FLOODS = (
    "防汛备汛",
    "应急管理局",
    "县应急管理局扎实开展汛前装备物资点验 派出6个检查组对13个乡镇的防汛物资进行了点验。",
)
ISSUES = ((18, "4月21日", (TECHNOLOGY, FLOODS)), (19, "5月6日", (ROADS,)))
# None that the answer model is asked about: it would be made in every data folder.
QUESTIONS = (
    "2023年一季度技改投资上报额是多少？",
    "安罗高速项目累计完成投资多少？",
    "派出几个检查组点验防汛物资？",
    "2023年粮食总产多少吨？",
)

INGEST = """
import sys
from pathlib import Path
from ingest.indexer import ingest_paths
from rag.vector_store import connection
from tests.fault_archive import EMBEDDINGS, answers, open_chain, settings
connection.CHECKPOINT_ROWS = 1  # so that Chroma's vector files are there to be broken
for path in sorted(Path(sys.argv[1]).iterdir()):
    assert ingest_paths([path], settings(Path(sys.argv[2])), embeddings=EMBEDDINGS).ok
answers(open_chain(Path(sys.argv[2])))
"""


def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, today=date(2025, 11, 21), _env_file=None)  # type: ignore[call-arg]


def write_issues(folder: Path) -> Path:
    """The text files that the archive is made from."""
    folder.mkdir()
    for number, day, items in ISSUES:
        text = bulletin_text(number, items, day=day)
        (folder / f"第{number}期.txt").write_text(text, encoding="utf-8")
    return folder


@cache
def _made() -> TemporaryDirectory[str]:
    """Goes away with this process."""
    made = TemporaryDirectory(prefix="fault-archive-")
    place = Path(made.name)
    folder = write_issues(place / "files")
    done = run_python("-c", INGEST, folder, place / "data", data_dir=place / "data")
    assert done.returncode == 0, done.stderr
    return made


def new_archive(data_dir: Path) -> Path:
    """A data folder of one's own with both issues in it."""
    shutil.copytree(Path(_made().name) / "data", data_dir)
    return data_dir


def open_chain(data_dir: Path) -> BulletinChain:
    return build_chain(settings(data_dir), EMBEDDINGS)  # type: ignore[arg-type]


def answers(chain: BulletinChain) -> list[tuple[str, tuple[str, ...]]]:
    """Text and citations of the answers to all questions."""
    given = [chain.invoke(question) for question in QUESTIONS]
    assert not any(answer.error for answer in given), [answer.error for answer in given]
    return [(a.text, tuple(f"{c.label}{c.quote}" for c in a.citations)) for a in given]


def mended(data_dir: Path) -> dict[str, str]:
    """What the doctor says it did, by check."""
    done = repair(lambda: examine_data(settings(data_dir), EMBEDDINGS))
    return {finding.check: outcome for finding, outcome in done}


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def scramble(path: Path) -> None:
    """Overwrite all but the first page, as a bad disk does."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 500)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()
