"""Templates load by name and can only be filled with exactly their variables."""

import itertools
import re
from datetime import date

import pytest

from prompts import PromptError, load_prompt, parse_prompt
from rag.text import fold

TEMPLATES = ["answer", "summary"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_asks_for_day_evidence_and_question(name):
    assert load_prompt(name).variables == {"today", "evidence", "question"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_shows_a_right_and_a_wrong_example(name):
    system = load_prompt(name).turns[0][1]

    assert "\n正确：" in system
    assert "\n错误：" in system


@pytest.mark.parametrize("name", TEMPLATES)
def test_example_answers_obey_their_own_rules(name):
    turns = load_prompt(name).turns
    for (_, asked), (role, answer) in itertools.pairwise(turns):
        if role != "assistant" or answer == "未找到。":
            continue
        given = dict(re.findall(r"^\[(\d+)\] (.*)$", asked, re.M))
        for sentence, numbers in re.findall(r"([^\[\]。]+)((?:\[\d+\])+)", answer):
            assert set(re.findall(r"\d+", numbers)) <= set(given)
            cited = "".join(given[number] for number in re.findall(r"\d+", numbers))
            figures = re.findall(r"\d+(?:\.\d+)?(?!\d*年)[一-鿿%]", fold(sentence))
            assert all(figure in cited for figure in figures)


def test_an_example_of_nothing_found_is_given():
    assert ("assistant", "未找到。") in load_prompt("answer").turns


def test_filling_replaces_every_variable_in_the_last_turn():
    day = date(2025, 11, 21).isoformat()

    turns = load_prompt("answer").fill(today=day, evidence="[1] 麦田", question="多少亩？")

    assert turns[-1] == ("user", "今天是2025-11-21。\n材料：\n[1] 麦田\n问题：多少亩？")


def test_braces_in_a_value_are_not_variables():
    prompt = parse_prompt("t", "=== user\n{{a}} {{b}}\n")

    assert prompt.fill(a="{{b}}", b="{x}") == [("user", "{{b}} {x}")]


@pytest.mark.parametrize(
    ("values", "message"),
    [({"a": "1"}, "缺少变量：b"), ({"a": "1", "b": "2", "c": "3"}, "没有变量：c")],
)
def test_missing_and_unknown_variables_are_named(values, message):
    with pytest.raises(PromptError, match=message):
        parse_prompt("t", "=== user\n{{a}} {{b}}\n").fill(**values)


@pytest.mark.parametrize(
    "text",
    ["", "没有段落", "前言\n=== user\n问", "=== 用户\n问", "=== system\n答", "=== user\n\n"],
)
def test_a_malformed_template_is_refused(text):
    with pytest.raises(PromptError):
        parse_prompt("t", text)


@pytest.mark.parametrize("name", ["nowhere", "../pyproject", ""])
def test_an_unknown_template_is_refused(name):
    with pytest.raises(PromptError, match="没有提示词"):
        load_prompt(name)
