"""Pictures of pages → pieces of text, by a recogniser whose models come with its package."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from ingest.formats.errors import BrokenDocumentError
from ingest.formats.page_layout import PageOfPieces, Piece, pages_text

LARGEST_PICTURE = 80_000_000
MOST_PAGES = 200
_HAN = re.compile("[一-鿿]")


class MissingOcrError(RuntimeError):
    """The optional package for character recognition is not installed."""


def read_image(data: bytes) -> str:
    """The running text of a picture of a page (or of all pages of a TIFF)."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > LARGEST_PICTURE:
                raise BrokenDocumentError("picture too large")
            pages = []
            for number in range(min(getattr(image, "n_frames", 1), MOST_PAGES + 1)):
                if number == MOST_PAGES:
                    raise BrokenDocumentError(f"more than {MOST_PAGES} pages")
                image.seek(number)
                if image.width * image.height > LARGEST_PICTURE:
                    raise BrokenDocumentError("picture too large")
                pages.append(recognise(image.convert("RGB")))
    except (BrokenDocumentError, MissingOcrError):
        raise
    except Exception as error:  # Pillow raises whatever a broken picture leads it to.
        raise BrokenDocumentError(str(error)) from error
    return pages_text(pages)


def recognise(image: Image.Image) -> PageOfPieces:
    """The lines of text on a picture. Raises MissingOcrError."""
    pixels = np.asarray(image.convert("RGB"))
    # Its test for upside-down lines turned an upright one now and then, and lost it.
    found = _engine()(pixels, use_cls=False, return_word_box=True, return_single_char_box=True)
    pieces: list[Piece] = []
    boxes = found.boxes if found.boxes is not None else ()
    words = found.word_results or ((),) * len(boxes)
    for box, text, characters in zip(boxes, found.txts or (), words, strict=False):
        xs, ys = [float(point[0]) for point in box], [float(point[1]) for point in box]
        line = pixels[max(0, int(min(ys))) : int(max(ys)) + 1].min(axis=2)
        spaced = _with_spaces(text, characters, line)
        pieces.append(Piece(spaced, min(xs), max(xs), min(ys), max(ys)))
    return PageOfPieces(image.width, image.height, tuple(pieces))


def _with_spaces(text: str, characters: Sequence[Any], line: np.ndarray[Any, Any]) -> str:
    """The text with the space between two Chinese characters that recognition leaves out.

    A heading ends at such a space. The places of characters are rough, so the gap is measured in
    the picture, between the middles of two characters.
    """
    if len(characters) != len(text) or any(len(each[0]) != 1 for each in characters):
        return text
    middles = [(each[2][0][0] + each[2][1][0]) / 2 for each in characters]
    dark = (line < line.mean() * 0.75).any(axis=0)
    widest = 0.45 * line.shape[0]
    spaced = text[0]
    for place in range(1, len(text)):
        between = dark[int(middles[place - 1]) : int(middles[place]) + 1]
        both_han = _HAN.match(text[place - 1]) and _HAN.match(text[place])
        spaced += (" " if both_han and _longest_blank(between) > widest else "") + text[place]
    return spaced


def _longest_blank(dark: np.ndarray[Any, Any]) -> int:
    longest = run = 0
    for ink in dark:
        run = 0 if ink else run + 1
        longest = max(longest, run)
    return longest


@cache
def _engine() -> Any:
    # Else onnxruntime queues events with the program's path, to be sent to its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingOcrError from error
    return RapidOCR(params={"Global.log_level": "critical"})
