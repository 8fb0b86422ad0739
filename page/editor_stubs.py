"""Gradio without the type stubs that it writes for editors while it is imported.

For each of its components Gradio parses its own source again and rewrites a .pyi file beside it:
over a third of the time that its import takes, and a write outside the data folder.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_WRITER = "gradio.component_meta"


class _StubsLeftOut(MetaPathFinder):
    """Finds the module that writes the stubs, and loads it without its writing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _WRITER:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        loader = spec.loader
        run = loader.exec_module

        def without_writing(module: ModuleType) -> None:
            run(module)
            if "create_or_modify_pyi" in vars(module):
                vars(module)["create_or_modify_pyi"] = lambda *_: None

        loader.exec_module = without_writing  # type: ignore[method-assign]
        return spec


def leave_out_stubs() -> None:
    """Call before Gradio is imported; afterwards it does nothing."""
    if not any(isinstance(finder, _StubsLeftOut) for finder in sys.meta_path):
        sys.meta_path.insert(0, _StubsLeftOut())
