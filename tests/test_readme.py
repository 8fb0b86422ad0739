"""What README promises can be done: commands, options, files, settings, and the answers it shows."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

import app
from ingest.__main__ import main as ingest_main
from rag.__main__ import main as rag_main
from rag.settings import PREFIX, Settings
from tests.commands import ROOT, run_python

READMES = ("README.md", "README.en.md")
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in READMES}
ALL = "\n".join(TEXTS.values())
TOP = {path.name for path in ROOT.iterdir()}
# Appear when the commands are run.
MADE = ("data", ".venv", ".cache", "models", ".env")
SHELL = {"cd", "rm", ".", "pip", "apt-get", "git"}


def blocks(language: str, text: str = ALL) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def inline(text: str = ALL) -> list[str]:
    """What stands between single backticks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def shown_commands() -> Iterator[list[str]]:
    """Every command in the READMEs as words, without the comment behind it."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    lines += [
        line[2:] for block in blocks("console") for line in block.splitlines() if line[:2] == "$ "
    ]
    lines += [text for text in inline() if re.match(r"(python|make|pip|apt-get|\.) ", text)]
    for line in lines:
        # [--json] in a synopsis is an option like any other.
        words = shlex.split(re.sub(r"[\[\]](?!')", " ", line), comments=True)
        if words:
            yield words


COMMANDS = list(shown_commands())
PYTHON_COMMANDS = [words[1:] for words in COMMANDS if words[0] == "python"]


MAIN = {("-m", "rag"): rag_main, ("-m", "ingest"): ingest_main, ("app.py",): app.main}


@cache
def help_text(*words: str) -> str:
    """What a program or subcommand prints for --help."""
    size = 2 if words[0] == "-m" else 1
    shown = io.StringIO()
    with redirect_stdout(shown), pytest.raises(SystemExit) as end:
        MAIN[words[:size]]([*words[size:], "--help"])
    assert end.value.code == 0
    return shown.getvalue()


def help_of(words: list[str]) -> str:
    """The help of the program or subcommand that a command runs."""
    size = 2 if words[0] == "-m" else 1
    program, rest = tuple(words[:size]), words[size:]
    for word in rest:
        named = rf"[{{,]{re.escape(word)}[,}}]|{re.escape(' '.join((*program, word)))} "
        if not re.search(named, help_text(*program)):
            break
        program = (*program, word)
    return help_text(*program)


def test_there_are_commands_to_check() -> None:
    programs = {" ".join(words[:2]) for words in PYTHON_COMMANDS}
    assert {"-m ingest", "-m rag"} <= programs
    assert {" ".join(words[:2]) for words in COMMANDS if words[0] == "make"} >= {
        "make run",
        "make test",
    }


def test_every_program_is_a_known_one() -> None:
    assert {words[0] for words in COMMANDS} <= {"python", "make", *SHELL}


@pytest.mark.parametrize("words", PYTHON_COMMANDS, ids=" ".join)
def test_command_knows_its_options(words: list[str]) -> None:
    if words[0] == "samples/check_qa.py":  # has no options
        assert len(words) == 1
        return
    text = help_of(words)
    for word in words:
        if word.startswith("--"):
            assert re.search(rf"{re.escape(word)}\b", text), f"{word} in: {text}"


def test_make_knows_every_target_and_variable() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for words in COMMANDS:
        if words[0] != "make":
            continue
        for word in words[1:]:
            if "=" in word:
                assert re.search(rf"^{word.split('=')[0]} \?=", makefile, re.M), word
            else:
                assert re.search(rf"^{word}:", makefile, re.M), word


def test_every_extra_named_is_declared() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra in re.findall(r"\.\[(\w+)\]", ALL):
        assert re.search(rf"^{extra} = \[", project, re.M), extra


def test_every_file_named_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", ALL)
    named = [text for text in inline() if re.fullmatch(r"[\w./-]+", text)]
    words = [word for command in COMMANDS for word in command]
    paths = [*links, *(p for p in [*named, *words] if p.split("/")[0] in TOP or "/" in p)]
    assert len(paths) > 10
    missing = [
        path for path in paths if path.split("/")[0] not in MADE and not (ROOT / path).exists()
    ]
    assert missing == []


def test_every_folder_has_its_line() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    folders = {line.split("/")[0] for line in tracked.split("\0") if "/" in line}
    if not folders:
        pytest.skip("not a git checkout")
    shown = set(re.findall(r"^\| .*$", TEXTS["README.md"], re.M))
    for folder in folders - {".ci"}:
        assert any(f"`{folder}/`" in line for line in shown), folder


def test_settings_table_is_complete_and_true() -> None:
    rows = re.findall(rf"^\| `({PREFIX}\w+)` \| (.*?) \| (.*?) \|$", TEXTS["README.md"], re.M)
    expected = []
    for name, field in Settings.model_fields.items():
        default = str(field.default) if isinstance(field.default, Path) else ""
        expected.append(
            (PREFIX + name.upper(), f"`{default}`" if default else "", field.description)
        )
    assert rows == expected


@pytest.mark.parametrize(
    ("command", "output"),
    [block.split("\n", 1) for block in blocks("console", TEXTS["README.md"])],
    ids=["answered", "not found"],
)
def test_answer_is_the_one_shown(command: str, output: str, sample_archive: Path) -> None:
    words = shlex.split(command.removeprefix("$ "))
    assert words[:4] == ["python", "-m", "rag", "ask"]
    done = run_python(*words[1:], data_dir=sample_archive)
    assert done.stdout == output, "copy the real output into README.md"


def test_readme_shows_an_answer_with_its_source_and_a_refusal() -> None:
    shown = blocks("console", TEXTS["README.md"])
    assert any("来源：\n[1] 《" in block for block in shown)
    assert any("\n没有找到：" in block for block in shown)
