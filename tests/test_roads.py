from __future__ import annotations

import pytest

from rag.query.roads import as_printed


@pytest.mark.parametrize(
    "typed", ["三一八省道", "318省道", "省道318", "S318", "s318", "省道三一八"]
)
@pytest.mark.parametrize("printed", ["S318线改建", "318省道改建", "省道318线", "省道S318线"])
def test_a_numbered_road_as_the_archive_prints_it(typed: str, printed: str) -> None:
    text = as_printed(f"{typed}全长多少", lambda words: words in printed)
    assert text.removesuffix("全长多少") in printed


def test_what_the_archive_doesnt_print_stays() -> None:
    assert as_printed("G107在哪，12345热线", lambda words: False) == "G107在哪，12345热线"
