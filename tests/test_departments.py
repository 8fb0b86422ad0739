"""The alias table of offices."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.departments import DepartmentNames, load_departments
from rag.errors import SettingsError

SHIPPED = load_departments()


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        ("应急局", "应急管理局"),
        ("县应急局", "应急管理局"),
        ("延津县应急管理局", "应急管理局"),
        ("环保局", "生态环境局"),
        ("文旅局", "文广旅游局"),
        ("住建局", "住建城管局"),
        ("资规局", "自然资源局"),
        ("国土局", "自然资源局"),
        ("农业局", "农业农村局"),
        ("发展和改革委员会", "发改委"),
        ("县教育局", "教体局"),
        ("卫生健康委员会", "卫健委"),
        ("应 急 局", "应急管理局"),
    ],
)
def test_shipped_aliases(printed: str, canonical: str) -> None:
    assert SHIPPED.canonical(printed) == canonical


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        ("县融媒体宣传站", "融媒体宣传站"),
        ("丰庄镇", "丰庄镇"),
        ("文岩街道", "文岩街道"),
        ("县委", "县委"),
        ("县", "县"),
    ],
)
def test_unknown_names_stay_without_county_in_front(printed: str, canonical: str) -> None:
    assert SHIPPED.canonical(printed) == canonical


def test_every_alias_leads_to_one_office() -> None:
    for name in SHIPPED.known():
        assert SHIPPED.canonical(name) == name
        for alias in SHIPPED.aliases(name):
            assert SHIPPED.canonical(alias) == name
            if not alias.startswith("县"):
                assert SHIPPED.canonical(f"县{alias}") == name


def test_known_and_aliases_keep_the_order_of_the_table() -> None:
    names = DepartmentNames({"乙局": ["丙局", "丁局"], "甲局": []})
    assert names.known() == ("乙局", "甲局")
    assert names.aliases("乙局") == ("丙局", "丁局")
    assert names.aliases("戊局") == ()


def test_a_person_can_edit_a_copy(tmp_path: Path) -> None:
    table = tmp_path / "departments.toml"
    table.write_text('"大数据局" = ["数据局"]\n', encoding="utf-8")
    assert load_departments(table).canonical("县数据局") == "大数据局"


def test_without_a_copy_the_shipped_table_is_used(tmp_path: Path) -> None:
    assert load_departments(tmp_path / "departments.toml").known() == SHIPPED.known()


@pytest.mark.parametrize("content", ["大数据局 = ", '"大数据局" = "数据局"', '"大数据局" = [1]'])
def test_a_broken_table_is_named(tmp_path: Path, content: str) -> None:
    table = tmp_path / "departments.toml"
    table.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"部门别名表.*departments\.toml"):
        load_departments(table)
