"""The direction of imports, where frameworks are named, and that importing does nothing.

A new module of rag/ gets its line in LAYERS. Imports are read from the source, so that those
inside functions and below TYPE_CHECKING count too.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("rag", "ingest", "page", "prompts")

# From the ground up: a module imports from its own layer and from those above it in this table.
LAYERS = {
    "base": "errors schema settings text",
    "parts": "answer_model data_folder departments embedding_model embeddings entities faults fusion"
    " logs metrics reranker running_page synonyms",
    "stores": "accounts backup catalog feedback index_mending vector_store word_vectors",
    "steps": "citations extractive generative query retriever verifier",
    "whole": "answer_json chain doctor evaluation upkeep __main__",
}
HEIGHT = {
    f"rag.{name}": height for height, names in enumerate(LAYERS.values()) for name in names.split()
}
HEIGHT["prompts"] = HEIGHT["rag.metrics"]  # templates are one of the parts
OPEN_TO_INGEST = ("base", "parts", "stores")
# What the page uses to take files in and to show what became of them.
PUBLIC_SIDE_OF_INGEST = frozenset(
    f"ingest.{name}"
    for name in ("indexer", "loader", "reading", "removal", "report", "report_table", "run")
)

# The domain can be read without them.
FRAMEWORKS = {
    "langchain_core": {"rag.chain", "rag.embeddings", "rag.generative", "rag.retriever"},
    "langchain": {"rag.generative"},
    "chromadb": {"rag.vector_store"},
    "gradio": {"page"},
    "torch": {"rag.embeddings"},
    "sentence_transformers": {"rag.embeddings", "rag.reranker"},
}


def modules() -> dict[str, Path]:
    files = [path for top in PACKAGES for path in (ROOT / top).rglob("*.py")]
    return {module_name(path): path for path in [*files, ROOT / "app.py"]}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_names(path: Path) -> Iterator[str]:
    """Dotted names; `from a import b` gives a.b, which may be a module or a name of a."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(path: Path) -> set[str]:
    """The modules of the product that a file imports."""
    found = set()
    for name in imported_names(path):
        if name.split(".")[0] in (*PACKAGES, "app"):
            found.add(name if name in MODULES else name.rpartition(".")[0] or name)
    return found


def unit(module: str) -> str:
    """A module of rag with all below it; the other packages are one each."""
    top, *rest = module.split(".")
    return f"rag.{rest[0]}" if top == "rag" and rest else top


MODULES = modules()
IMPORTS = {name: imported_modules(path) for name, path in MODULES.items()}


def test_every_module_of_rag_has_its_place_and_every_place_its_module() -> None:
    placed = {name for name in HEIGHT if name.startswith("rag.")}
    assert {unit(name) for name in MODULES if name.startswith("rag.")} == placed


def may_import(module: str, target: str) -> bool:
    """Whether the table lets a module of the product import another."""
    own, other = unit(module), unit(target)
    if own in HEIGHT:
        return other in HEIGHT and HEIGHT[other] <= HEIGHT[own]
    if own == "ingest":
        open_to_it = {f"rag.{name}" for layer in OPEN_TO_INGEST for name in LAYERS[layer].split()}
        return other in {"ingest", *open_to_it}
    return other in HEIGHT or other == "page" or target in PUBLIC_SIDE_OF_INGEST


def test_imports_point_downwards() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in IMPORTS.items()
        for target in targets
        if not may_import(module, target)
    ]
    assert wrong == []


def test_nothing_imports_the_application_or_a_command() -> None:
    imported = set().union(*IMPORTS.values())
    assert {name for name in imported if name == "app" or name.endswith("__main__")} == set()


def test_no_two_parts_import_each_other_even_by_way_of_others() -> None:
    graph: dict[str, set[str]] = {}
    for module, targets in IMPORTS.items():
        graph.setdefault(unit(module), set()).update(map(unit, targets))
    below = {part: targets - {part} for part, targets in graph.items()}
    assert set(below) <= set(TopologicalSorter(below).static_order())  # CycleError names a ring


@pytest.mark.parametrize("name", LAYERS["base"].split())
def test_base_needs_only_the_standard_library_pydantic_and_the_word_cutter(name: str) -> None:
    allowed = {"rag", "pydantic", "pydantic_settings", "rjieba", "dotenv"}
    foreign = {imported.split(".")[0] for imported in imported_names(MODULES[f"rag.{name}"])}
    assert foreign - sys.stdlib_module_names <= allowed


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_framework_is_named_in_its_own_place_only(framework: str) -> None:
    named_in = {
        unit(module)
        for module, path in MODULES.items()
        if any(name.split(".")[0] == framework for name in imported_names(path))
    }
    assert named_in == FRAMEWORKS[framework]


@pytest.mark.parametrize("package", ["rag", "ingest", "page"])
def test_package_is_empty_in_itself(package: str) -> None:
    assert (ROOT / package / "__init__.py").read_text("utf-8") == ""


# Imports every module and reports what happened meanwhile.
IMPORT_EVERYTHING = """
import gc, importlib, json, os, sys, threading
root, names = sys.argv[1], sys.argv[2:]
sys.path.insert(0, root)
events = []
def watch(event, arguments):
    if event in ("sqlite3.connect", "socket.connect", "subprocess.Popen"):
        events.append(event)
    elif event == "open" and str(arguments[0]).startswith(root + os.sep):
        path = str(arguments[0])[len(root) + 1:]
        # The files of other packages, and of an editable installation of this one.
        ours = not path.startswith(".venv") and ".egg-info" not in path
        if ours and ".py" not in path:
            events.append("open " + path)
before = dict(os.environ)
sys.addaudithook(watch)
for name in names:
    importlib.import_module(name)
from chromadb.api import ClientAPI
print(json.dumps({
    "events": events,
    "environment": sorted(set(before.items()) ^ set(os.environ.items())),
    "threads": [thread.name for thread in threading.enumerate()],
    "clients": sum(issubclass(type(thing), ClientAPI) for thing in gc.get_objects()),
    "models": [m for m in ("torch", "sentence_transformers", "onnxruntime") if m in sys.modules],
}))
"""


def test_importing_every_module_does_nothing(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BULLETIN_")}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, str(ROOT), *sorted(MODULES)],
        cwd=tmp_path,
        # A folder of its own as home: whatever is written there while importing is seen.
        env={**kept, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "events": [],
        "environment": [],
        "threads": ["MainThread"],
        "clients": 0,
        "models": [],
    }
    assert list(tmp_path.iterdir()) == []
