"""Offices whose names are places too: towns, zones, parks."""

from __future__ import annotations

import re

_OFFICE_ENDS = re.compile(r"^县|(?:街道办事处|街道办|街道|[镇乡局委办]|中心|大队)$")


def town(name: str) -> bool:
    """Whether the office is a town's or an area's, a place that other offices write about."""
    return name.endswith(("镇", "乡", "街道", "管委会"))


def names_place(name: str) -> bool:
    """Whether the office's name is a place's as well: 开发区污水处理厂."""
    return town(name) or name.endswith(("开发区", "园区", "景区", "新区"))


def stem(name: str) -> str:
    """马营 of 马营镇, 招商 of 县招商局: what a text that speaks of it holds."""
    return _OFFICE_ENDS.sub("", _OFFICE_ENDS.sub("", name)) or name
