"""Old office formats (.doc, .wps, .rtf, .odt) → .docx, through LibreOffice."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

_TIME_LIMIT = 120
# Pictures that a document names by their address are not fetched, macros are not run.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


class MissingOfficeError(RuntimeError):
    """LibreOffice is not installed."""


class ConversionError(RuntimeError):
    """LibreOffice could not read the file."""


def convert_to_docx(data: bytes, suffix: str) -> bytes:
    """The document as .docx. Raises MissingOfficeError or ConversionError."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise MissingOfficeError
    with tempfile.TemporaryDirectory(prefix="bulletin-") as folder:
        source = Path(folder) / f"issue{suffix}"
        source.write_bytes(data)
        # A profile of its own: two conversions at once, or an open LibreOffice, would block it.
        user = Path(folder) / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        profile = user.parent.as_uri()
        command = [
            program,
            f"-env:UserInstallation={profile}",
            "--headless",
            "--norestore",
            "--convert-to",
            "docx:MS Word 2007 XML",
            "--outdir",
            folder,
            str(source),
        ]
        try:
            subprocess.run(command, check=False, capture_output=True, timeout=_TIME_LIMIT)
        except (subprocess.TimeoutExpired, OSError) as error:
            raise ConversionError(str(error)) from error
        target = Path(folder) / "issue.docx"
        if not target.is_file():
            raise ConversionError(suffix)
        return target.read_bytes()
