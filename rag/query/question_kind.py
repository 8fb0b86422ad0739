"""What kind of answer a question wants: one fact, a full scan, a table or the masthead.

The rules of intent.py know the words that clerks use; this small classifier knows how whole
questions are put, and corrects the rules where it is sure. A multinomial logistic regression over
the question's characters and pairs of characters, names and times put aside, and over what the
rules said (fitted by benchmarks/question_kind.py).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from rag.schema import Intent
from rag.text import Located

Kind = Literal["one", "scan", "table", "masthead"]
WEIGHTS = Path(__file__).with_name("question_kind.json")
# With each archive left out of the fit in turn, it corrected the rules above this probability 50
# times rightly and once wrongly (benchmarks/question_kind.py).
SURE = 0.8
_KIND_OF: dict[Intent, Kind] = {
    Intent.LIST: "scan",
    Intent.COUNT: "scan",
    Intent.DIGEST: "scan",
    Intent.COMPARE: "table",
    Intent.TREND: "table",
    Intent.SUM: "table",
    Intent.MASTHEAD: "masthead",
}
# Said in words of their own (合计, 几条, 责任编辑, 为什么), and too rare to have been learned.
_PLAIN = (Intent.SUM, Intent.COUNT, Intent.MASTHEAD, Intent.REASON)
_MEASURES = re.compile("措施|做法|办法|举措")


def kind_of(intent: Intent) -> Kind:
    """The kind that an intent belongs to."""
    return _KIND_OF.get(intent, "one")


@dataclass(frozen=True, slots=True)
class Shape:
    """A question without its matter: `text` has T, D and N for times, offices and issues."""

    text: str
    intent: Intent
    times: int
    names: int
    issues: int


def shape_of(
    text: str,
    intent: Intent,
    times: Sequence[Located],
    names: Sequence[Located],
    issues: Sequence[Located],
) -> Shape:
    """The shape of a folded question, by the places of what was found in it."""
    placed = [
        (x, sign) for sign, found in zip("TDN", (times, names, issues), strict=True) for x in found
    ]
    for mention, sign in sorted(placed, key=lambda pair: -pair[0].start):
        text = text[: mention.start] + sign + text[mention.end :]
    return Shape(re.sub(r"\d+", "0", text), intent, len(times), len(names), len(issues))


def features(shape: Shape) -> dict[str, float]:
    """The features by name: the characters and pairs together have length 1."""
    text = f"^{shape.text}$"
    grams = {*text, *(text[i : i + 2] for i in range(len(text) - 1))}
    found = {f"g:{gram}": 1 / math.sqrt(len(grams)) for gram in grams}
    found[f"rules:{shape.intent.value}"] = 1.0
    for name, count, least in (
        ("time", shape.times, 1),
        ("times", shape.times, 2),
        ("name", shape.names, 1),
        ("names", shape.names, 2),
        ("issue", shape.issues, 1),
    ):
        if count >= least:
            found[name] = 1.0
    return found


class KindModel:
    """The fitted weights: of each feature one number for each kind."""

    def __init__(
        self, kinds: Sequence[Kind], bias: Sequence[float], weights: Mapping[str, Sequence[float]]
    ) -> None:
        self._kinds = tuple(kinds)
        self._bias = tuple(bias)
        self._weights = weights

    def probabilities(self, shape: Shape) -> dict[Kind, float]:
        """The probability of each kind."""
        logits = list(self._bias)
        for name, value in features(shape).items():
            for place, weight in enumerate(self._weights.get(name, ())):
                logits[place] += value * weight
        most = max(logits)
        shares = [math.exp(logit - most) for logit in logits]
        return dict(zip(self._kinds, (share / sum(shares) for share in shares), strict=True))

    def correction(self, shape: Shape) -> Kind | None:
        """The kind where it is surely another than the rules say; None to leave it at theirs."""
        if shape.intent in _PLAIN or (
            shape.intent is Intent.MANNER and _MEASURES.search(shape.text)
        ):
            return None
        kind, sure = max(self.probabilities(shape).items(), key=lambda pair: pair[1])
        return kind if sure > SURE and kind != kind_of(shape.intent) else None


@lru_cache(maxsize=1)
def kind_model() -> KindModel:
    """The model that is shipped."""
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return KindModel(stored["kinds"], stored["bias"], stored["weights"])


def write_model(
    path: Path, kinds: Sequence[str], bias: Iterable[float], weights: Mapping[str, Iterable[float]]
) -> None:
    """Write a fitted model, numbers to two places, features of no weight left out."""
    rounded = {name: [round(float(w), 2) for w in row] for name, row in sorted(weights.items())}
    stored = {
        "kinds": list(kinds),
        "bias": [round(float(b), 2) for b in bias],
        "weights": {name: row for name, row in rounded.items() if any(row)},
    }
    text = json.dumps(stored, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")
