"""What pyproject.toml declares is what the code needs, so that an installed copy works."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = ("rag", "ingest", "page", "prompts")
# The only file that may need an extra: it says so, in Chinese, where that is missing.
NEEDS_EXTRA = {"ingest/formats/ocr.py": "ocr"}


def python_files() -> list[Path]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [*files, ROOT / "app.py"]


def distributions(requirements: Iterable[str]) -> set[str]:
    """Normalised names (PEP 503) of requirement lines."""
    return {normalised(re.split(r"[^\w.-]", line)[0]) for line in requirements}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def foreign_imports(path: Path) -> set[str]:
    """Top names of everything imported from outside the standard library and the product."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    return names - sys.stdlib_module_names - set(PACKAGES)


def test_everything_imported_is_declared() -> None:
    base = distributions(PROJECT["project"]["dependencies"])
    extras = PROJECT["project"]["optional-dependencies"]
    providers = packages_distributions()
    missing = set()
    for path in python_files():
        place = path.relative_to(ROOT).as_posix()
        declared = base | distributions(extras.get(NEEDS_EXTRA.get(place, ""), []))
        for name in foreign_imports(path):
            if declared.isdisjoint(map(normalised, providers.get(name, [name]))):
                missing.add(f"{name} in {place}")
    assert missing == set()


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in python_files()} - {ROOT}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_other_file_travels_with_its_package() -> None:
    declared = PROJECT["tool"]["setuptools"]["package-data"]
    left_behind = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".pyc")
        and not any(
            fnmatch(path.relative_to(ROOT / package).as_posix(), pattern)
            for pattern in declared.get(package, [])
        )
    ]
    assert left_behind == []
