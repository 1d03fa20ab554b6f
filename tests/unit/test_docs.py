"""What the documents say can be found."""

from __future__ import annotations

import re
from functools import cache

import pytest
from sources import ROOT, texts

PAGES = sorted(path for path in texts(".md") if path.parts[0] != "labextension")


@cache
def tests_there_are() -> set[str]:
    return {
        name
        for path, text in texts(".py").items()
        if path.parts[0] == "tests"
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_test_that_a_page_names_is_there(page: object) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / str(page)).read_text()))
    assert not named - tests_there_are()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_between_pages_leads_somewhere(page: object) -> None:
    path = ROOT / str(page)
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert not [link for link in local if not (path.parent / link).exists()]


def test_every_guarantee_of_the_threat_model_names_a_test() -> None:
    text = (ROOT / "docs/threat-model.md").read_text()
    promised = text.partition("## What we guarantee")[2].partition("## What each adversary")[0]
    rows = [line for line in promised.splitlines() if re.match(r"\| \S", line)]
    assert rows
    assert not [row for row in rows if "`test_" not in row and "shown by" not in row]


def test_pictures_are_small() -> None:
    pictures = list((ROOT / "docs/images").glob("*.png"))
    assert pictures
    assert not [path for path in pictures if path.stat().st_size > 150_000]
