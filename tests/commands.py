"""The commands of the product as other programs run them: a process of its own each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
SAMPLE_ISSUES = sorted(SAMPLES.glob("*.txt"))


def run_python(
    *words: str | Path, data_dir: Path, **settings: str
) -> subprocess.CompletedProcess[str]:
    """`python WORDS…` with the settings given and no others, in a folder without a .env file.

    `today="2025-11-21"` sets BULLETIN_TODAY.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BULLETIN_")}
    own = {f"BULLETIN_{name.upper()}": value for name, value in settings.items()}
    data_dir.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=data_dir,
        env={
            **kept,
            **own,
            "BULLETIN_DATA_DIR": str(data_dir),
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "OMP_WAIT_POLICY": "passive",
            "COLUMNS": "120",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def new_data_folder(folder: Path, model_folder: Path) -> Path:
    """A data folder in which the default model is already there."""
    folder.mkdir()
    (folder / "models").symlink_to(model_folder.parent, target_is_directory=True)
    return folder
