from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.synonyms import SAME, load_synonyms, with_synonyms


def test_words_of_a_group_stand_for_one_another() -> None:
    table = load_synonyms()
    assert "地区生产总值" in table["gdp"]
    assert "gdp" in table["地区生产总值"]
    assert "规模以上" in table["规上"]


def test_a_table_of_ones_own_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.toml"
    path.write_text('groups = [["大棚", "温室", "暖棚"]]', encoding="utf-8")
    assert load_synonyms(path) == {
        "大棚": ("温室", "暖棚"),
        "温室": ("大棚", "暖棚"),
        "暖棚": ("大棚", "温室"),
    }


@pytest.mark.parametrize("text", ["groups = [[1]]", 'groups = ["大棚"]', "groups = ["])
def test_what_is_no_table_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "synonyms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"synonyms\.toml"):
        load_synonyms(path)


def test_synonyms_are_added_to_what_the_vectors_say() -> None:
    related = with_synonyms(lambda word: {"近": 0.5}, {"gdp": ("生产总值",)})
    assert related("GDP") == {"近": 0.5, "生产总值": SAME}
    assert related("别的") == {"近": 0.5}
