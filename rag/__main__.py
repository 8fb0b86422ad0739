"""Command line: ask, evaluate, feedback, user, status, backup, restore, doctor."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.accounts import Accounts
from rag.answer_json import answer_to_json
from rag.chain import BulletinChain, build_chain
from rag.data_folder import keep_private
from rag.errors import BulletinError, SettingsError
from rag.evaluation.engines import NAMES as ENGINE_NAMES
from rag.evaluation.engines import engines
from rag.evaluation.questions import load_questions
from rag.evaluation.runner import run_evaluation, text_lookup
from rag.evaluation.side_by_side import side_by_side
from rag.evaluation.table import format_table
from rag.feedback import FeedbackBook, question_rows
from rag.schema import Answer
from rag.settings import Settings, load_settings
from rag.upkeep import add_upkeep_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 well, 1 the command failed, 2 wrong usage."""
    keep_private()
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "ask" and not options.batch and options.question is None:
        parser.error("请给出问题，或用 --batch 指定问题文件")
    try:
        settings = load_settings()
        return int(options.run(options, settings))
    except BulletinError as error:
        print(f"错误：{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rag", description="政务快报问答")
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("ask", help="回答问题，附原文出处")
    ask.add_argument("question", nargs="?", help="问题")
    ask.add_argument("--json", action="store_true", help="输出 JSON")
    ask.add_argument(
        "--engine",
        choices=("extractive", "chat"),
        help="回答方式：原文摘录，或由对话模型撰写；缺省按设置",
    )
    ask.add_argument("--batch", type=Path, metavar="IN.jsonl", help="问题文件，每行一个 JSON")
    ask.add_argument("--out", type=Path, metavar="OUT.jsonl", help="答案文件；缺省写到标准输出")
    ask.set_defaults(run=_ask)
    evaluate = commands.add_parser("evaluate", help="用问答集评测")
    evaluate.add_argument("qa", type=Path, metavar="QA.jsonl")
    evaluate.add_argument(
        "--engine",
        metavar="名称,…",
        help=f"要比较的回答方式：{'、'.join(ENGINE_NAMES)}；缺省按设置",
    )
    evaluate.add_argument("--out", type=Path, metavar="DIR", help="结果目录")
    evaluate.add_argument("--compare", type=Path, metavar="OLD.json", help="与以前的结果比较")
    evaluate.add_argument(
        "--min",
        action="append",
        default=[],
        metavar="指标=值",
        help="达不到时以 1 退出，可多次给出",
    )
    evaluate.set_defaults(run=_evaluate)
    feedback = commands.add_parser("feedback", help="读者对回答的评价")
    actions = feedback.add_subparsers(dest="action", required=True)
    export = actions.add_parser("export", help="把评价变成问答集的行")
    export.add_argument("--out", type=Path, metavar="QA.jsonl", help="缺省写到标准输出")
    export.set_defaults(run=_export_feedback)
    _add_user_commands(commands.add_parser("user", help="网页的账户"))
    status = commands.add_parser("status", help="库里有什么、用什么模型、存在哪里")
    status.add_argument("--json", action="store_true", help="输出 JSON")
    status.set_defaults(run=_status)
    add_upkeep_commands(commands)
    return parser


# --- ask -----------------------------------------------------------------------------------------


def _ask(options: argparse.Namespace, settings: Settings) -> int:
    chain = build_chain(settings)
    if options.batch:
        return _ask_batch(chain, options.batch, options.out, options.engine)
    answer, milliseconds = _timed(chain, {"question": options.question}, options.engine)
    if options.json:
        print(json.dumps(answer_to_json(answer, None, milliseconds), ensure_ascii=False))
    else:
        print(_shown(answer))
    return 1 if answer.outcome == "error" else 0


def _timed(
    chain: BulletinChain, question: dict[str, Any], engine: str | None
) -> tuple[Answer, float]:
    started = time.perf_counter()
    answer = chain.invoke(question, engine=engine)
    return answer, 1000 * (time.perf_counter() - started)


def _shown(answer: Answer) -> str:
    if answer.error:
        return f"错误：{answer.error}"
    lines = [answer.text, *(f"注：{notice}" for notice in answer.notices)]
    if answer.citations:
        lines += ["", "来源："]
        lines += [f"[{c.number}] {c.label}\n    “{c.quote}”" for c in answer.citations]
        if answer.checks.figures:
            lines.append(f"数字核对：{answer.checks.verified}/{answer.checks.figures} 在原文中")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Row:
    id: str | None
    question: dict[str, Any]


def _ask_batch(chain: BulletinChain, source: Path, target: Path | None, engine: str | None) -> int:
    try:
        out = target.open("w", encoding="utf-8") if target else sys.stdout
    except OSError as error:
        raise SettingsError(f"答案文件 {target} 写不了：{error.strerror}") from error
    try:
        for row in _rows(source):
            answer, milliseconds = _timed(chain, row.question, engine)
            line = json.dumps(answer_to_json(answer, row.id, milliseconds), ensure_ascii=False)
            print(line, file=out, flush=True)
    finally:
        if target:
            out.close()
    return 0


def _rows(source: Path) -> Iterator[_Row]:
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"问题文件 {source} 读不出来：{error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise SettingsError(f"问题文件 {source} 第 {number} 行不是 JSON：{error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise SettingsError(f"问题文件 {source} 第 {number} 行缺少 question")
        identifier = row.get("id")
        yield _Row(
            None if identifier is None else str(identifier),
            {"question": row["question"], "history": row.get("history") or []},
        )


# --- evaluate ------------------------------------------------------------------------------------


def _evaluate(options: argparse.Namespace, settings: Settings) -> int:
    load_questions(options.qa)  # a bad file is named before the models are loaded
    chain = build_chain(settings)
    names = options.engine.split(",") if options.engine else [chain.engine]
    evaluation = run_evaluation(
        options.qa,
        engines(chain, names),
        day=settings.current_date().isoformat(),
        settings=_setting_rows(settings),
        models={"embedding": chain.embeddings.model_id, "chat": settings.chat_model},
        out=options.out,
        compare_with=options.compare,
        minimums=options.min,
        text_of=text_lookup(chain.catalog),
        canonical=chain.departments.canonical,
        progress=_progress if sys.stderr.isatty() else None,
    )
    print(format_table(evaluation.results))
    if len(names) > 1:
        print("\n" + side_by_side(evaluation.results, evaluation.scored))
    for shortfall in evaluation.shortfalls:
        print(shortfall, file=sys.stderr)
    return 1 if evaluation.shortfalls else 0


def _progress(engine: str, done: int, total: int) -> None:
    print(f"\r{engine} {done}/{total}", end="\n" if done == total else "", file=sys.stderr)


# --- feedback ------------------------------------------------------------------------------------


def _export_feedback(options: argparse.Namespace, settings: Settings) -> int:
    book = FeedbackBook(settings.data_dir / "feedback.jsonl")
    verdicts = book.all()
    rows = question_rows(verdicts)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    left = len(verdicts) - len(rows)
    print(
        f"{len(verdicts)} 条评价，写出 {len(rows)} 题"
        + (f"；{left} 条说了不对而没有给出正确的回答，未写出" if left else ""),
        file=sys.stderr,
    )
    return 0


# --- user ----------------------------------------------------------------------------------------


def _add_user_commands(user: argparse.ArgumentParser) -> None:
    actions = user.add_subparsers(dest="action", required=True)
    for name, help, run in (
        ("add", "新建账户，密码从键盘或标准输入读取", _add_user),
        ("password", "改密码", _change_password),
        ("key", "生成供程序使用的接口密钥", _new_key),
        ("remove", "删除账户", _remove_user),
    ):
        action = actions.add_parser(name, help=help)
        action.add_argument("name", metavar="用户名")
        if name == "add":
            action.add_argument("--admin", action="store_true", help="可以导入、移除快报和评测")
        action.set_defaults(run=run)
    actions.add_parser("list", help="列出账户").set_defaults(run=_list_users)


def _accounts(settings: Settings) -> Accounts:
    return Accounts(settings.data_dir / "accounts.json")


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("密码：")
    if password != getpass.getpass("再输入一次："):
        raise SettingsError("两次输入的密码不同。")
    return password


def _add_user(options: argparse.Namespace, settings: Settings) -> int:
    role = "administrator" if options.admin else "reader"
    _accounts(settings).add(options.name, _read_password(), role)
    print(f"已建立{_ROLE_NAMES[role]}账户 {options.name}")
    return 0


def _change_password(options: argparse.Namespace, settings: Settings) -> int:
    _accounts(settings).set_password(options.name, _read_password())
    print(f"已改 {options.name} 的密码")
    return 0


def _new_key(options: argparse.Namespace, settings: Settings) -> int:
    print(_accounts(settings).new_key(options.name))
    print("密钥只显示这一次；以前的密钥已失效。", file=sys.stderr)
    return 0


def _remove_user(options: argparse.Namespace, settings: Settings) -> int:
    _accounts(settings).remove(options.name)
    print(f"已删除账户 {options.name}")
    return 0


def _list_users(options: argparse.Namespace, settings: Settings) -> int:
    for account in _accounts(settings).all():
        print(f"{account.name}\t{_ROLE_NAMES[account.role]}")
    return 0


_ROLE_NAMES = {"reader": "读者", "administrator": "管理员"}


# --- status --------------------------------------------------------------------------------------


def _setting_rows(settings: Settings) -> dict[str, str]:
    rows = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        shown = "" if value is None else str(value)  # a secret prints as asterisks
        rows[f"BULLETIN_{name.upper()}"] = shown
    return rows


def _status(options: argparse.Namespace, settings: Settings) -> int:
    chain = build_chain(settings)
    issues = chain.catalog.issues()
    info = {
        "settings": _setting_rows(settings),
        "embedding": {"model": chain.embeddings.model_id, "dimension": chain.embeddings.dimension},
        "engine": chain.engine,
        "issues": len(issues),
        "items": chain.catalog.count(),
        "first": issues[0].published.isoformat() if issues else None,
        "last": issues[-1].published.isoformat() if issues else None,
        "series": sorted({record.issue.series for record in issues}),
        "fault": chain.store.fault,
    }
    if options.json:
        print(json.dumps(info, ensure_ascii=False))
        return 0
    print(f"已入库：{info['issues']} 期、{info['items']} 条", end="")
    print(
        f"（{info['first']} 至 {info['last']}）"
        if issues
        else "；请先运行 python -m ingest 快报文件或文件夹"
    )
    if chain.store.fault:
        print(f"注意：{chain.store.fault}。现在的回答依据已同步到本机的内容")
    print(f"句向量模型：{chain.embeddings.model_id}（{chain.embeddings.dimension} 维）")
    if chain.engine == "chat":
        print(f"回答方式：由对话模型 {settings.chat_model} 撰写，逐句核对（chat）")
    else:
        print("回答方式：原文摘录（extractive）")
    print("设置：")
    for name, value in _setting_rows(settings).items():
        print(f"  {name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
