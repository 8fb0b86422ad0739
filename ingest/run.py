"""One run over files: what is new is embedded in batches and written issue by issue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.changes import compare_issues
from ingest.chunker import chunk_bulletin
from ingest.loader import find_files
from ingest.manifest import Manifest
from ingest.reading import look, read_file
from ingest.report import FileReport, Status, file_report
from rag.catalog import Catalog
from rag.departments import DepartmentNames
from rag.embeddings import Embedder
from rag.errors import SourceError
from rag.schema import Bulletin, Chunk, IssueRecord, ParseWarning
from rag.vector_store import NewIssue, VectorStore

# Writing costs 43 ms an issue in batches of 64 chunks, 25 ms in batches of 128. With larger ones
# an issue would wait long for its turn: 128 chunks take 2 to 10 s to embed.
BATCH_CHUNKS = 128
# Rows of later files keep their items while an earlier issue waits to be written.
WAITING_ROWS = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `items` counts those written to the index."""

    files: int
    files_total: int
    items: int
    name: str


@dataclass
class _File:
    """A file being taken in; it is remembered when the last of its issues is written."""

    path: Path
    digest: str
    modified: float
    waiting: int = 0
    failed: bool = False
    reports: list[FileReport] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An issue that waits to be embedded and written; `place` is its row in the report."""

    place: int
    file: _File
    report: FileReport
    record: IssueRecord
    chunks: list[Chunk]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The file that an issue came from in this run."""

    content_hash: str
    path: str
    modified: float


@dataclass
class Run:
    """One run over the files. `before` is what the index held, None for none at all."""

    store: VectorStore
    before: VectorStore | None
    catalog: Catalog | None
    manifest: Manifest
    embedder: Embedder
    departments: DepartmentNames
    on_progress: Callable[[Progress], None]
    on_file: Callable[[FileReport], None]
    written: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._hashes = self.before.hashes() if self.before else {}
        self._seen: dict[str, _Seen] = {}
        self._queue: list[_Waiting] = []
        self._rows: list[FileReport | None] = []
        self._shown = 0
        self._items = 0
        self._files = 0
        self._total = 0

    @property
    def reports(self) -> list[FileReport]:
        """One row an issue or failed file, in the order of the files."""
        return [row for row in self._rows if row is not None]

    @property
    def rebuilding(self) -> bool:
        return self.before is not self.store

    def take_all(self, paths: Sequence[Path]) -> None:
        """Read, embed and write every file below the paths."""
        found: dict[Path, None] = {}
        for path in paths:
            try:
                files = find_files(path)
                if not files:
                    raise SourceError(f"{path}：文件夹里没有文件。")
                found.update(dict.fromkeys(files))
            except SourceError as error:
                self._report(FileReport(str(path), Status.FAILED, error=str(error)))
            except OSError as error:
                message = f"{path}：文件夹无法打开（{error.strerror}：{error.filename}）。"
                self._report(FileReport(str(path), Status.FAILED, error=message))
        self._total = len(found)
        for path in found:
            self._take(path)
            self._files += 1
            self._progress(path.name)
            if len(self._rows) - self._shown > WAITING_ROWS:
                self._write_queue()
        self._write_queue()

    def _take(self, path: Path) -> None:
        file = _File(path, *look(path))
        known = self.manifest.known(path, file.digest) if file.digest else None
        if known and not self.rebuilding and self._recall(file, known):
            return
        for name, found in read_file(path):
            if isinstance(found, str):
                file.failed = True
                self._report(FileReport(name, Status.FAILED, error=found))
            else:
                self._consider(file, name, found)
        self._finish(file)

    def _recall(self, file: _File, known: list[FileReport]) -> bool:
        """Report a file that has not changed; False when the index no longer agrees with it."""
        reports: list[FileReport] = []
        for report in known:
            assert report.issue is not None
            key = report.issue.key
            now = self._hashes.get(key)
            if now is None:
                return False
            if now != report.content_hash:
                other = self.manifest.file_of(key, now)
                if other is None:
                    return False
                report = _warned(report, "superseded", f"本期已由另一个文件 {other} 取代")
            duplicate = report.status is Status.DUPLICATE or key in self._seen
            status = Status.DUPLICATE if duplicate else Status.UNCHANGED
            reports.append(replace(report, status=status))
        for report in reports:
            assert report.issue is not None
            seen = _Seen(report.content_hash, report.path, file.modified)
            if self._hashes[report.issue.key] == report.content_hash:
                self._seen.setdefault(report.issue.key, seen)
            self._report(report)
        return True

    def _consider(self, file: _File, name: str, bulletin: Bulletin) -> None:
        """Queue an issue that the index does not hold yet; report any other."""
        report = file_report(name, bulletin)
        key = bulletin.issue.key
        seen = self._seen.get(key)
        if seen and seen.content_hash == bulletin.content_hash:
            same = f"与 {seen.path} 是同一期，内容相同"
            self._settle(file, _warned(report, "duplicate", same), Status.DUPLICATE)
            return
        if seen and seen.modified > file.modified:
            newer = f"与 {seen.path} 是同一期而内容不同；采用了修改时间较晚的后者"
            self._settle(file, _warned(report, "superseded", newer), Status.DUPLICATE)
            return
        if seen:
            other = f"与 {seen.path} 是同一期而内容不同；采用了本文件"
            report = _warned(report, "conflict", other)
        self._seen[key] = _Seen(bulletin.content_hash, name, file.modified)
        if not self.rebuilding and self._hashes.get(key) == bulletin.content_hash:
            [stored] = self.store.records([key])
            if stored.source == bulletin.source:
                self._settle(file, report, Status.UNCHANGED)
            else:
                same = f"与已入库的 {stored.source} 内容相同"
                self._settle(file, _warned(report, "duplicate", same), Status.DUPLICATE)
            return
        if any(waiting.record.issue.key == key for waiting in self._queue):
            self._write_queue()  # the older version of this issue
        record, chunks = chunk_bulletin(bulletin, self.departments)
        file.waiting += 1
        self._queue.append(_Waiting(self._reserve(), file, report, record, chunks))
        if sum(len(waiting.chunks) for waiting in self._queue) >= BATCH_CHUNKS:
            self._write_queue()

    def _write_queue(self) -> None:
        queue, self._queue = self._queue, []
        vectors = iter(embed(self.embedder, [c.text for w in queue for c in w.chunks]))
        compared = [self._compare(waiting) for waiting in queue]
        self.store.add_issues(
            [NewIssue(w.record, w.chunks, [next(vectors) for _ in w.chunks]) for w in queue]
        )
        keys = [waiting.record.issue.key for waiting in queue]
        if self.catalog:
            self.catalog.sync(self.store, keys)
        self.written.update(keys)
        for waiting, report in zip(queue, compared, strict=True):
            self._hashes[waiting.record.issue.key] = waiting.record.content_hash
            self._items += report.item_count
            waiting.file.waiting -= 1
            self._settle(waiting.file, report, report.status, waiting.place)
            self._finish(waiting.file)
            self._progress(waiting.file.path.name)
        if not self.rebuilding:
            self.manifest.commit()

    def _compare(self, waiting: _Waiting) -> FileReport:
        """What the issue will be to what is indexed: new, the same, or changed, and how."""
        key = waiting.record.issue.key
        indexed = self._hashes.get(key)
        if indexed is None:
            return replace(waiting.report, status=Status.ADDED)
        if indexed == waiting.record.content_hash:
            return replace(waiting.report, status=Status.UNCHANGED)
        source = self.store if key in self.written else self.before
        old = source.chunks([key]) if source else []
        changes = compare_issues(old, waiting.chunks)
        return replace(waiting.report, status=Status.REPLACED, changes=changes)

    def _settle(
        self, file: _File, report: FileReport, status: Status, place: int | None = None
    ) -> None:
        report = replace(report, status=status)
        file.reports.append(report)
        self._report(report, place)

    def _finish(self, file: _File) -> None:
        if file.waiting == 0 and file.digest and file.reports and not file.failed:
            self.manifest.remember(file.path, file.digest, file.reports)

    def _reserve(self) -> int:
        self._rows.append(None)
        return len(self._rows) - 1

    def _report(self, report: FileReport, place: int | None = None) -> None:
        """Hand rows over in the order of the files, though issues wait to be written."""
        self._rows[self._reserve() if place is None else place] = report
        while self._shown < len(self._rows) and (row := self._rows[self._shown]) is not None:
            self.on_file(row)
            self._rows[self._shown] = replace(row, items=())
            self._shown += 1

    def _progress(self, name: str) -> None:
        self.on_progress(Progress(self._files, self._total, self._items, name))


def embed(embedder: Embedder, texts: Sequence[str]) -> list[list[float]]:
    """One vector a text, in order. Texts of like length go together, long ones first."""
    if not texts:
        return []
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    vectors = embedder.embed_documents([texts[i] for i in order])
    placed = dict(zip(order, vectors, strict=True))
    return [placed[i] for i in range(len(texts))]


def _warned(report: FileReport, code: str, message: str) -> FileReport:
    return replace(report, warnings=(*report.warnings, ParseWarning(code, message)))
