from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.screen import Screener, expressions
from jupyter_agent.screen.catalogue import unpack, with_expressions
from jupyter_agent.screen.expressions import deflated, inflated
from jupyter_agent.screen.rule import load_rules

FEW = load_rules(["settings"])
PACKED = Screener(rules=FEW).compile()


def test_each_rule_and_gate_of_a_packed_catalogue_has_its_expression_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = with_expressions(PACKED)
    re.purge()
    monkeypatch.setattr(re, "compile", lambda *_: pytest.fail("compiled again"))
    catalogue, words, _ = unpack(packed)
    found = [catalogue[index].regex for index in range(len(catalogue))]
    gates = [gate.matcher().__self__ for gate in words.gates]  # type: ignore[attr-defined]
    monkeypatch.undo()
    assert len(found) == len(FEW)
    assert gates
    assert found == [re.compile(rule.pattern, re.ASCII) for rule in catalogue.rules]
    assert gates == [re.compile(gate.expression) for gate in words.gates]


def test_what_is_packed_without_expressions_finds_the_same() -> None:
    text = "api_key = 'q8Zr41LmX0vN7tWc5yBd'"
    found = Screener(PACKED, rules=FEW).screen(text)
    assert found
    assert found == Screener(with_expressions(PACKED), rules=FEW).screen(text)


def test_where_python_keeps_no_code_an_expression_is_compiled_when_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expressions, "dialect", lambda: "")
    assert deflated("a+") == b""
    assert inflated("a+", re.ASCII, b"").match("aa")


@given(st.lists(st.sampled_from(["a", "(?P<x>b)?", "[c-f]{2,3}+", "(?i:é)", "(d|e)", "\\w"])))
def test_an_expression_comes_back_as_it_was(pieces: list[str]) -> None:
    pattern = "".join(dict.fromkeys(pieces))
    again = inflated(pattern, re.ASCII, deflated(pattern, re.ASCII))
    whole = re.compile(pattern, re.ASCII)
    assert again == whole
    assert (again.groups, again.groupindex) == (whole.groups, whole.groupindex)
