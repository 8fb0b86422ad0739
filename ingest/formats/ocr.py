"""Pictures of pages → pieces of text, by a recogniser whose models come with its package."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from ingest.formats.errors import BrokenDocumentError
from ingest.formats.page_layout import PageOfPieces, Piece, pages_text

_LARGEST_PICTURE = 80_000_000


class MissingOcrError(RuntimeError):
    """The optional package for character recognition is not installed."""


def read_image(data: bytes) -> str:
    """The running text of a picture of a page (or of all pages of a TIFF)."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _LARGEST_PICTURE:
                raise BrokenDocumentError("picture too large")
            pages = []
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                pages.append(recognise(image.convert("RGB")))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError) as error:
        raise BrokenDocumentError(str(error)) from error
    return pages_text(pages)


def recognise(image: Image.Image) -> PageOfPieces:
    """The lines of text on a picture. Raises MissingOcrError."""
    pixels = np.asarray(image.convert("RGB"))
    found = _engine()(pixels)
    pieces: list[Piece] = []
    for box, text in zip(
        found.boxes if found.boxes is not None else (), found.txts or (), strict=False
    ):
        xs, ys = [point[0] for point in box], [point[1] for point in box]
        pieces.append(Piece(text, min(xs), max(xs), min(ys), max(ys)))
    return PageOfPieces(image.width, image.height, tuple(pieces))


@cache
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingOcrError from error
    return RapidOCR(params={"Global.log_level": "critical"})
