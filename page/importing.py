"""Files taken in through the page: stored, looked at, and given to the ingest in the background."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from page.archive import Archive
from page.engine import UNEXPECTED
from rag.errors import BulletinError, SourceError
from rag.schema import Bulletin, IssueRef
from rag.settings import Settings

# The ingest is imported where it is called: it brings Chroma, which the page need not wait for.
if TYPE_CHECKING:
    from ingest.report import IngestReport
    from ingest.run import Progress
    from rag.embeddings import Embedder

log = logging.getLogger(__name__)

LARGEST_FILE = 20 * 2**20
MOST_FILES = 100
_PLAIN = frozenset({".txt", ".text", ".md", ".markdown"})
_PACKED = frozenset({".docx", ".zip"})
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
_NAME = re.compile(r"[^\w\-—–.（）()《》【】 ]+")


@cache
def suffixes() -> tuple[str, ...]:
    """The endings of the files that can be taken in."""
    from ingest import loader

    several = (
        loader.TEXT_SUFFIXES,
        loader.MARKDOWN_SUFFIXES,
        loader.HTML_SUFFIXES,
        loader.IMAGE_SUFFIXES,
        loader.OFFICE_SUFFIXES,
        _PACKED,
        {".pdf"},
    )
    return tuple(sorted(frozenset().union(*several)))


@dataclass(frozen=True, slots=True)
class Found:
    """An issue in an uploaded file, or the reason why there is none (then `issue` is None).

    `state` is new, same or revised, against what the index holds.
    """

    file: str
    issue: IssueRef | None = None
    items: int = 0
    state: str = "new"
    error: str = ""


@dataclass
class Job:
    """One upload on its way: looked at → (decided) → running → done."""

    id: str
    files: tuple[Path, ...]
    found: tuple[Found, ...] = ()
    stage: str = "looking"
    done: int = 0
    total: int = 0
    report: IngestReport | None = None
    problem: str = ""
    skipped: tuple[str, ...] = ()
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def undecided(self) -> bool:
        """Whether a person has to say what becomes of a revised issue."""
        return any(found.state == "revised" for found in self.found)


class Importer:
    """Takes in files one job after another; the last jobs are remembered."""

    def __init__(
        self,
        settings: Settings,
        archive: Callable[[], Archive],
        embedder: Callable[[], Embedder],
    ) -> None:
        self._settings = settings
        self._archive = archive
        self._embedder = embedder
        self._jobs: dict[str, Job] = {}

    @property
    def folder(self) -> Path:
        """Where uploaded files are kept, each under the digest of its content."""
        return self._settings.data_dir / "uploads"

    def job(self, id: str) -> Job:
        try:
            return self._jobs[id]
        except KeyError:
            raise SourceError("这次导入已经结束，请重新选择文件。") from None

    def receive(self, uploads: Sequence[tuple[str, bytes]]) -> Job:
        """Store files given as (name, content) and look at them in the background.

        Raises SourceError for too many files and for one that is too large or of another kind.
        """
        if not uploads:
            raise SourceError("请先选择文件。")
        if len(uploads) > MOST_FILES:
            raise SourceError(f"一次最多导入{MOST_FILES}个文件，现有{len(uploads)}个，请分几次。")
        for name, content in uploads:
            check_upload(name, content)
        job = Job(uuid.uuid4().hex, tuple(self._store(name, content) for name, content in uploads))
        while len(self._jobs) >= 50:
            del self._jobs[next(iter(self._jobs))]
        self._jobs[job.id] = job
        self._in_background(job, self._look)
        return job

    def go_on(self, job: Job, skip: Sequence[str] = ()) -> None:
        """Take in a job's files, without those named in `skip`; a second call does nothing."""
        if job.stage != "asking":
            return
        job.stage = "running"
        job.skipped = tuple(skip)
        self._in_background(job, self._take_in)

    def remove(self, key: str) -> IssueRef:
        """Take an issue out of the index; SourceError when it is not there."""
        from ingest.removal import remove_issue

        known = {issue.key: issue for issue, _ in self._archive().dates()}
        if key not in known:
            raise SourceError("库里没有这一期，可能已经移除。")
        issue = known[key]
        name = f"《{issue.series}》{issue.year}-{issue.number}{issue.edition}"
        return remove_issue(name, self._settings, embeddings=self._embedder())

    def _store(self, name: str, content: bytes) -> Path:
        folder = self.folder / hashlib.sha256(content).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / safe_name(name)
        path.write_bytes(content)
        return path

    def _in_background(self, job: Job, work: Callable[[Job], None]) -> None:
        def run() -> None:
            try:
                work(job)
            except BulletinError as error:
                job.problem = without_folder(str(error), self._settings.data_dir)
            except Exception:
                log.exception("导入时出错")
                job.problem = UNEXPECTED
            if job.problem or job.stage == "done":
                job.stage = "done"
                job.finished.set()

        threading.Thread(target=run, name="import", daemon=True).start()

    def _look(self, job: Job) -> None:
        from ingest.reading import read_file

        hashes = {record.issue.key: record.content_hash for record in self._archive().issues()}
        found: list[Found] = []
        for path in job.files:
            for _, result in read_file(path):
                if isinstance(result, str):
                    told = without_folder(result, self._settings.data_dir)
                    found.append(Found(path.name, error=told))
                else:
                    found.append(_found(path, result, hashes))
        job.found = tuple(found)
        job.stage = "asking"
        if not job.undecided:
            self.go_on(job)

    def _take_in(self, job: Job) -> None:
        paths = [path for path in job.files if path.name not in job.skipped]
        if paths:
            from ingest.indexer import ingest_paths

            def tell(progress: Progress) -> None:
                job.done, job.total = progress.files, progress.files_total

            job.report = ingest_paths(
                paths, self._settings, embeddings=self._embedder(), on_progress=tell
            )
        job.stage = "done"


def _found(path: Path, bulletin: Bulletin, hashes: dict[str, str]) -> Found:
    before = hashes.get(bulletin.issue.key)
    state = "new" if before is None else "same" if before == bulletin.content_hash else "revised"
    return Found(path.name, bulletin.issue, len(bulletin.items), state)


def check_upload(name: str, content: bytes) -> None:
    """Refuse a file that is too large, empty, or by its name or content no document."""
    shown = safe_name(name)
    if Path(shown).suffix.lower() not in suffixes():
        raise SourceError(f"{shown}：不支持这种文件。可导入：{'、'.join(suffixes())}。")
    if not content:
        raise SourceError(f"{shown}：文件是空的。")
    if len(content) > LARGEST_FILE:
        raise SourceError(f"{shown}：文件超过{LARGEST_FILE // 2**20} MB。")
    suffix = Path(shown).suffix.lower()
    if content.startswith(_PROGRAMS) or (suffix in _PLAIN and _is_binary(content)):
        raise SourceError(f"{shown}：内容不是文档，没有导入。")
    if suffix == ".pdf" and b"%PDF-" not in content[:1024]:
        raise SourceError(f"{shown}：内容不是 PDF。")
    if suffix in _PACKED and not content.startswith(b"PK"):
        raise SourceError(f"{shown}：内容与扩展名不符，请用 Word 或 WPS 另存后再导入。")


def _is_binary(content: bytes) -> bool:
    # UTF-16 text has zero bytes, and begins with a mark.
    return b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff"))


def safe_name(name: str) -> str:
    """The last part of a name, without signs that could lead out of a folder."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = _NAME.sub("_", last).strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[:80]}{dot}{suffix[:10]}" if dot else kept[:80] or "文件"


def without_folder(message: str, folder: Path) -> str:
    """A message to a reader, the machine's folders taken out of it."""
    for place in {str(folder.resolve()), str(folder)}:
        message = re.sub(rf"{re.escape(place)}(?:/[^\s：:，。、/]+)*/", "", message)
    return message
