"""Figures that the sources don't print but that follow from them by one calculation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations

from rag.verifier.quantities import Quantity, printed_number, share, unit_words

# Operands speak of the same thing when their labels share this much.
_SAME_LABEL = 0.3


def computed(claim: Quantity, given: Sequence[Quantity]) -> str:
    """How the claimed figure is computed from given ones (3180－2350＝830亩); "" when it isn't.

    A sum, a difference or a growth rate counts, each only where the word before the figure says
    that it is one, of figures printed in the same unit and said of the same thing.
    """
    number = printed_number(claim.figure)
    if number is None or not claim.derived or claim.about or claim.bound:
        return ""
    unit = unit_words(claim.figure)
    exact = [
        q for q in given if not q.about and not q.bound and printed_number(q.figure) is not None
    ]
    if unit == "%" and claim.derived == "change":
        return _growth(number, exact)
    points = unit.endswith("百分点")
    same = [q for q in exact if unit_words(q.figure) == ("%" if points else unit)]
    values = [_number(q) for q in same]
    total = claim.derived == "sum"
    if (
        total
        and not points
        and len(same) >= 2
        and sum(values) == number
        and all(_alike(same[0], other) for other in same[1:])
    ):
        return f"{'＋'.join(map(str, values))}＝{number}{unit}"
    for a, b in permutations(same, 2):
        if not _alike(a, b):
            continue
        x, y = _number(a), _number(b)
        if total and not points and x + y == number:
            return f"{x}＋{y}＝{number}{unit}"
        if not total and x - y == number:
            return f"{x}－{y}＝{number}{unit}"
    return ""


def _growth(number: Decimal, given: Sequence[Quantity]) -> str:
    for new, old in permutations(given, 2):
        if unit_words(new.figure) != unit_words(old.figure) or not _alike(new, old):
            continue
        x, y = _number(new), _number(old)
        if not y or unit_words(new.figure) == "%":
            continue
        rate = abs(x - y) / y * 100
        if rate.quantize(number) == number:
            return f"{x}÷{y}－1＝{number}%" if x > y else f"1－{x}÷{y}＝{number}%"
    return ""


def _number(quantity: Quantity) -> Decimal:
    number = printed_number(quantity.figure)
    assert number is not None
    return number


def _alike(a: Quantity, b: Quantity) -> bool:
    words = (a.label or a.clause, b.label or b.clause)
    return max(share(words[0], words[1]), share(words[1], words[0])) >= _SAME_LABEL
