"""The rules are compiled when that pays, and what is found does not depend on it."""

from __future__ import annotations

import pytest

from jupyter_agent import rulecache
from jupyter_agent.cli.screening.engine import screener
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble

TOKEN = assemble("gh{+}p_{alnum:36}", 3)


@pytest.fixture
def warmed(monkeypatch):
    """How often the rules were made ready."""
    calls = []
    warm = rulecache.warm
    monkeypatch.setattr(rulecache, "warm", lambda *these: calls.append(1) or warm(*these))
    return calls


def test_a_short_text_does_not_wait_for_the_compiled_rules(warmed):
    assert len(screener(Folders.of(), many=False).screen(f"t = '{TOKEN}'")) == 1
    assert warmed == []


def test_a_long_text_and_a_folder_do_once(warmed):
    some = screener(Folders.of(), many=False)
    long = "x = 1\n" * 20_000 + f"t = '{TOKEN}'"

    assert [len(some.screen(long)), len(some.screen(long))] == [1, 1]
    assert warmed == [1]
    screener(Folders.of(), many=True)  # there are compiled rules in the cache now
    assert warmed == [1]


def test_without_hyperscan_it_is_tried_once_and_screened_all_the_same(warmed, monkeypatch):
    def missing(_):
        raise ImportError

    monkeypatch.setattr(Screener, "compile", missing)
    some = screener(Folders.of(), many=True)

    assert len(some.screen("x = 1\n" * 20_000 + f"t = '{TOKEN}'")) == 1
    assert warmed == [1]
