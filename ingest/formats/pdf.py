"""PDF → text: by its characters, or by recognition where the pages are pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from ingest.formats import ocr
from ingest.formats.errors import BrokenDocumentError, EncryptedDocumentError
from ingest.formats.page_layout import PageOfPieces, Piece, pages_text

# A page of an issue has 300 characters or more; a scan has none, or a stamp of a scanner.
_LEAST_CHARACTERS = 20
MOST_PAGES = 2000
# A page of small print has 5,000; packed, a million identical ones take a few hundred bytes.
MOST_CHARACTERS = 50_000
_SCAN_DPI = 200


@dataclass(frozen=True, slots=True)
class PdfText:
    """The running text of a PDF; `scanned` when any page was read by recognition."""

    text: str
    scanned: bool


def read_pdf(data: bytes) -> PdfText:
    """Read a PDF. Raises BrokenDocumentError, EncryptedDocumentError or ocr.MissingOcrError."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise EncryptedDocumentError(str(error)) from error
        raise BrokenDocumentError(str(error)) from error
    try:
        if len(document) > MOST_PAGES:
            raise BrokenDocumentError(f"{len(document)} pages")
        pages = [_page(document[number]) for number in range(len(document))]
        scans = [number for number, page in enumerate(pages) if _is_scan(page)]
        # Blank pages beside pages of text are no scans.
        if scans and (len(scans) == len(pages) or _has_picture(document, scans)):
            for number in scans:
                pages[number] = _recognise(document[number])
            return PdfText(pages_text(pages), scanned=True)
        return PdfText(pages_text(pages), scanned=False)
    except pypdfium2.PdfiumError as error:
        raise BrokenDocumentError(str(error)) from error
    finally:
        document.close()


def _page(page: pypdfium2.PdfPage) -> PageOfPieces:
    width, height = page.get_size()
    text_page = page.get_textpage()
    if text_page.count_chars() > MOST_CHARACTERS:
        raise BrokenDocumentError(f"{text_page.count_chars()} characters on a page")
    pieces: list[Piece] = []
    area = pdfium.FS_RECTF()
    space = ""
    for index in range(text_page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text_page.raw, index)
        char = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        if char.isspace():
            # The reader makes up spaces of its own, from gaps that page_layout measures better.
            real = pdfium.FPDFText_IsGenerated(text_page.raw, index) != 1
            space = " " if real else space
            continue
        # The loose box has the height of the font, the same for 一 and 国.
        shown = char and code not in (0xFFFE, 0xFFFF, 0x2)
        if not shown or not pdfium.FPDFText_GetLooseCharBox(text_page.raw, index, area):
            continue
        top, bottom = height - area.top, height - area.bottom
        pieces.append(Piece(space + char, area.left, area.right, top, bottom))
        space = ""
    if space and pieces:
        # The space after a heading that ends with the page.
        pieces[-1] = replace(pieces[-1], text=pieces[-1].text + space)
    text_page.close()
    return PageOfPieces(width, height, tuple(pieces))


def _is_scan(page: PageOfPieces) -> bool:
    unreadable = sum("\ue000" <= piece.text.strip()[-1] <= "\uf8ff" for piece in page.pieces)
    return len(page.pieces) - unreadable < max(_LEAST_CHARACTERS, len(page.pieces) // 2)


def _has_picture(document: pypdfium2.PdfDocument, numbers: Sequence[int]) -> bool:
    kinds = (pdfium.FPDF_PAGEOBJ_IMAGE,)
    return any(any(document[number].get_objects(filter=kinds)) for number in numbers)


def _recognise(page: pypdfium2.PdfPage) -> PageOfPieces:
    width, height = page.get_size()
    # A page may claim to be of any size.
    scale = min(_SCAN_DPI / 72, (ocr.LARGEST_PICTURE / max(width * height, 1.0)) ** 0.5)
    image = page.render(scale=scale).to_pil().convert("RGB")
    return ocr.recognise(image)
