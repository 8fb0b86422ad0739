"""Checks of the machine: installation, disk, port, chat server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires
from pathlib import Path

import httpx
from packaging.requirements import Requirement

from rag.doctor.finding import Finding, fault, ok, warning
from rag.running_page import is_our_page
from rag.settings import Settings

PROGRAM = "bulletin-qa"
REINSTALL = "删去 .venv 文件夹后运行 make run，会重新安装；data/ 不受影响"
LEAST_FREE = 200 * 2**20  # an ingest needs room for a second copy of the vectors of 300 items
LOW_FREE = 2 * 2**30
SECONDS = 3.0


def check_installation() -> Finding:
    """Every package that is needed is there, in a fitting version and with all its files."""
    check = "依赖的软件包"
    try:
        wanted = [Requirement(line) for line in requires(PROGRAM) or []]
    except PackageNotFoundError:
        return warning(check, "本程序没有安装在当前的 Python 里，查不了", "请用 make run 安装")
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate()]
    problems = [problem for each in wanted if (problem := problem_of(each))]
    if problems:
        return fault(check, f"安装不完整：{'、'.join(problems)}", REINSTALL)
    return ok(check, f"{len(wanted)} 个，都完整")


def problem_of(wanted: Requirement) -> str:
    """What is wrong with an installed package; empty when nothing is."""
    try:
        found = distribution(wanted.name)
        version = found.version
    except PackageNotFoundError:
        return f"缺 {wanted.name}"
    except (KeyError, TypeError):
        version = None
    # What a killed installation leaves behind has no version or no list of files.
    if not version or found.files is None:
        return f"{wanted.name} 没有装完"
    if not wanted.specifier.contains(version, prereleases=True):
        return f"{wanted.name} 是 {version}，应为 {wanted.specifier}"
    gone = _missing_file(found)
    return f"{wanted.name} 缺文件 {gone}" if gone else ""


def _missing_file(found: Distribution) -> str:
    for file in found.files or ():
        # Compiled files come and go.
        if file.suffix != ".pyc" and not Path(str(file.locate())).exists():
            return str(file)
    return ""


def check_folder(data_dir: Path) -> Finding:
    """The data folder exists, can be written, and the disk has room."""
    check = "数据目录"
    place = data_dir.resolve()
    if not data_dir.exists():
        return warning(check, f"{place} 还没有", "入库时自动建立：python -m ingest 快报文件夹")
    try:
        with tempfile.TemporaryFile(dir=data_dir) as file:
            file.write(b"\0" * 2**16)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return fault(
            check,
            f"{place} 不能写入（{error.strerror}）",
            "让运行本程序的用户有写权限，腾出磁盘空间，或用 BULLETIN_DATA_DIR 指定别的目录",
        )
    free = shutil.disk_usage(data_dir).free
    left = f"{place}，磁盘剩余 {free / 2**30:.1f} GB"
    if free < LEAST_FREE:
        return fault(check, left, "磁盘快满了，入库会失败：请腾出空间")
    if free < LOW_FREE:
        return warning(check, left, "磁盘空间不多了，请留出 2 GB 以上")
    return ok(check, left)


def check_port(port: int) -> Finding:
    """Whether the page could be opened there, or is."""
    check = f"网页端口 {port}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            if is_our_page("127.0.0.1", port):
                return ok(check, "页面正在运行")
            return warning(
                check, "被别的程序占用", f"换一个端口：python app.py --port {port % 65535 + 1}"
            )
    return ok(check, "空着，页面没有运行")


def check_chat(settings: Settings) -> Iterator[Finding]:
    """Whether the chat server answers; nothing where none is set."""
    if not settings.chat_model or not settings.chat_base_url:
        return
    check = "对话模型"
    key = settings.chat_api_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    address = re.sub(r"/+$", "", settings.chat_base_url) + "/models"
    try:
        answer = httpx.get(address, headers=headers, timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield warning(
            check,
            f"连不上 {settings.chat_base_url}（{type(error).__name__}），现在只给原文摘录",
            "启动对话模型的服务，或改正 BULLETIN_CHAT_BASE_URL",
        )
        return
    if answer.status_code in (401, 403):
        yield warning(check, f"{settings.chat_base_url} 不接受密钥", "请改正 BULLETIN_CHAT_API_KEY")
    else:
        yield ok(check, f"{settings.chat_model}，{settings.chat_base_url} 有回应")
