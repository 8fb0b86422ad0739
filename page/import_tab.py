"""The 导入 tab: upload with progress and a report, what becomes of revised issues, removal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.datastructures import UploadFile

from page.archive import Archive
from page.importing import LARGEST_FILE, MOST_FILES, Importer, Job, suffixes, without_folder
from page.visitor import may_administer
from rag.errors import BulletinError, SourceError
from rag.settings import Settings

# The ingest is imported where it is called: it brings Chroma, which the page need not wait for.
if TYPE_CHECKING:
    from ingest.report import FileReport, IngestReport


LARGEST_UPLOAD = 200 * 2**20
_TOO_MUCH = f"一次导入的文件合计超过{LARGEST_UPLOAD // 2**20} MB，请分几次。"


class NotAllowedError(BulletinError):
    """The visitor is no administrator."""


def administrators_only(request: Request) -> None:
    """Let administrators through, and everybody where there are no accounts."""
    if not may_administer(request):
        raise NotAllowedError("只有管理员可以导入和移除快报。")


def build_import_tab() -> None:
    """The tab; the server fills it when it is opened."""
    gr.HTML('<div class="part" data-part="desk/import" data-fresh></div>', apply_default_css=False)


def import_routes(
    settings: Settings, importer: Importer, archive: Callable[[], Archive]
) -> APIRouter:
    """Upload, progress, decision, removal."""
    router = APIRouter(prefix="/desk/import", dependencies=[Depends(administrators_only)])

    @router.get("")
    def opening() -> HTMLResponse:
        return HTMLResponse(str(form_html(archive())))

    @router.post("")
    async def upload(request: Request) -> HTMLResponse:
        async with request.form(max_files=MOST_FILES + 1, max_fields=10) as form:
            files = [part for part in form.getlist("files") if isinstance(part, UploadFile)]
            uploads: list[tuple[str, bytes]] = []
            size = 0
            for part in files:
                content = await part.read(LARGEST_FILE + 1)
                size += len(content)
                # The length need not be given beforehand.
                if size > LARGEST_UPLOAD:
                    raise SourceError(_TOO_MUCH)
                uploads.append((part.filename or "文件", content))
        return HTMLResponse(str(job_html(importer.receive(uploads), settings)))

    @router.get("/job/{id}")
    def progress(id: str) -> HTMLResponse:
        return HTMLResponse(str(job_html(importer.job(id), settings)))

    @router.post("/job/{id}")
    async def decided(id: str, request: Request) -> HTMLResponse:
        job = importer.job(id)
        try:
            skip = [str(name) for name in json.loads(await request.body() or b"[]")]
        except (ValueError, TypeError) as error:
            raise SourceError("没有读懂怎样处理这些文件，请重新选择。") from error
        importer.go_on(job, skip)
        return HTMLResponse(str(job_html(job, settings)))

    @router.delete("/issue")
    def removed(key: str) -> HTMLResponse:
        issue = importer.remove(key)
        said = Markup('<p class="remark">已移除{}。</p>').format(issue.label)
        return HTMLResponse(str(said + held_html(archive())))

    return router


def form_html(archive: Archive) -> Markup:
    """The box for files, and the issues that can be removed."""
    return Markup(
        '<form class="upload" data-upload="desk/import"><label class="drop-here">'
        '<input type="file" name="files" multiple accept="{}"><b>选择文件</b>或把文件拖到这里'
        "<small>一次最多{}个，每个不超过 {} MB；支持文本、Word、WPS、PDF、图片、网页、压缩包</small>"
        '</label></form><div id="import-job" aria-live="polite"></div>'
        '<details class="held"><summary>已收录的快报（移除某一期）</summary>'
        '<div id="import-held">{}</div></details>'
    ).format(",".join(suffixes()), MOST_FILES, LARGEST_FILE // 2**20, held_html(archive))


def held_html(archive: Archive) -> Markup:
    """The issues held, the newest first, each with a button that removes it."""
    rows = Markup("").join(
        Markup(
            "<tr><td>{0}</td><td>{1}</td><td>"
            '<button type="button" class="quiet danger" data-remove="{2}" data-name="{0}">移除'
            "</button></td></tr>"
        ).format(issue.label, day.isoformat(), issue.key)
        for issue, day in reversed(archive.dates())
    )
    return Markup("<table><tbody>{}</tbody></table>").format(rows)


def job_html(job: Job, settings: Settings) -> Markup:
    """How far a job is; while it runs, the page asks again by itself."""
    if job.problem:
        return Markup('<p class="problem" role="alert">{}</p>').format(job.problem)
    if job.stage == "looking":
        return _running(job, "正在读取文件", 0, 0)
    if job.stage == "asking":
        return _question_html(job)
    if job.stage == "running":
        return _running(job, "正在入库", job.done, job.total)
    return report_html(job.report, job, settings)


def _running(job: Job, words: str, done: int, total: int) -> Markup:
    share = Markup(' max="{}" value="{}"').format(total, done) if total else ""
    count = f"{done}/{total}" if total else ""
    return Markup(
        '<div class="running" data-again="desk/import/job/{}"><span>{}……{}</span>'
        "<progress{}></progress></div>"
    ).format(job.id, words, count, share)


def _question_html(job: Job) -> Markup:
    rows = Markup("").join(
        Markup(
            '<li><b>{}</b>（{}）与库里的内容不同。<label><input type="radio" name="{}" value="replace"'
            ' checked> 用新文件替换</label> <label><input type="radio" name="{}" value="skip"> 跳过'
            "</label></li>"
        ).format(found.issue.label if found.issue else "", found.file, found.file, found.file)
        for found in job.found
        if found.state == "revised"
    )
    return Markup(
        '<form class="decide" data-decide="desk/import/job/{}"><p>有的期已经在库里，请决定：</p>'
        '<ul>{}</ul><button type="submit" class="act">继续导入</button></form>'
    ).format(job.id, rows)


def report_html(report: IngestReport | None, job: Job, settings: Settings) -> Markup:
    """What became of each file, with warnings by place."""
    from ingest.report_table import summary

    parts: list[Markup] = []
    if report:
        rows = Markup("").join(row for file in report.files for row in _file_rows(file, settings))
        parts.append(
            Markup(
                '<p class="found"><b>{}</b></p><table class="report"><thead><tr><th>结果</th>'
                "<th>期号</th><th>日期</th><th>条目</th><th>文件</th></tr></thead>"
                "<tbody>{}</tbody></table>"
            ).format(summary(report), rows)
        )
        if report.warnings:
            parts.append(
                Markup("<details><summary>全库提示（{}）</summary>{}</details>").format(
                    len(report.warnings),
                    Markup("").join(Markup("<p>{}</p>").format(w.message) for w in report.warnings),
                )
            )
    if job.skipped:
        parts.append(Markup("<p>已跳过：{}</p>").format("、".join(job.skipped)))
    return Markup("").join(parts)


def _file_rows(file: FileReport, settings: Settings) -> Iterator[Markup]:
    from ingest.report_table import STATUS_WORDS

    yield Markup(
        '<tr class="{}"><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>'
    ).format(
        file.status.value,
        STATUS_WORDS[file.status],
        file.issue.label if file.issue else "",
        file.published.isoformat() if file.published else "",
        file.item_count if file.issue else "",
        file.path.replace("\\", "/").rpartition("/")[2],
    )
    remarks = [f"第{w.line}行：{w.message}" if w.line else w.message for w in file.warnings]
    if file.changes:
        remarks += [
            f"{revision.name}："
            + (
                f"{'、'.join(revision.figures_before) or '（无）'} 改为"
                f" {'、'.join(revision.figures_after) or '（无）'}"
                if revision.figures_before or revision.figures_after
                else "文字有改动"
            )
            for revision in file.changes.revised
        ]
        remarks += [f"新增{name}" for name in file.changes.added]
        remarks += [f"删去{name}" for name in file.changes.removed]
    if file.error:
        remarks.insert(0, file.error)
    for remark in remarks:
        yield Markup('<tr class="note"><td></td><td colspan="4">{}</td></tr>').format(
            without_folder(remark, settings.data_dir)
        )
