"""Many forms of the same thing: what files, programs and people write, in each form and language.

The templates are in ``tests/vectors/screen``; the values are drawn here, so that no secret stands
in the repository. They were written from the formats, not from any scanner's cases.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import pytest

from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble

FOLDER = Path(__file__).parents[2] / "vectors" / "screen"
SCREENER = Screener()
DRAWINGS = range(8)
WORDS = ("Tulip", "Harbor", "kettle", "Sommer", "Blau", "gato", "Luna", "zima", "maple", "Vento")


def groups(name: str) -> dict[str, list[str]]:
    """The templates of a file by the names of its groups; its own name, before the first."""
    found: dict[str, list[str]] = {}
    group = name.removesuffix(".txt")
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            group = line.removeprefix("## ")
        elif not line.startswith("# "):
            found.setdefault(group, []).append(line)
    return found


CLEAN = {**groups("formats-clean.txt"), **groups("prose-clean.txt")}


def chosen_password(seed: int) -> str:
    """A password as people choose them: never only letters."""
    random = Random(seed)
    one, two = random.sample(WORDS, 2)
    number = random.randrange(10, 99)
    return (
        f"{one}-{two}{number}",
        f"{one}{number}{number}!",
        f"{one}#{number}x",
        assemble("{alnum:10}", seed),
        f"{one.lower()}{number}{two.lower()}",
        f"{one}_{two}_{number}",
        f"{one[:4]}@{number}7x",
        f"{one}{number}${two}",
    )[seed % 8]


@cache
def values(seed: int) -> dict[str, str]:
    """What the fields of the templates stand for."""
    random = Random(seed)
    password = chosen_password(seed)
    return {
        "P": password,
        "C": str(random.randrange(100_000, 999_999)),
        "C3": str(random.randrange(100, 999)),
        "N4": str(random.randrange(2_100, 9_999)),
        "N4H": f"{random.randrange(2_100, 9_999)}#",
        "V": assemble("{alnum:36}", seed),
        "B40": assemble("{base64:40}", seed),
        "B44": assemble("{base64:43}=", seed),
        "B64": assemble("{base64:86}", seed) + "==",
        "SIG": assemble("{alnum:43}%3D", seed),
        "HEX16": assemble("{hex:16}", seed),
        "HEX32": assemble("{hex:32}", seed),
        "HEX40": assemble("{hex:40}", seed),
        "HEX48": assemble("{hex:48}", seed),
        "HEX64": assemble("{hex:64}", seed),
        "HEX128": assemble("{hex:128}", seed),
        "UUID": assemble("{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}", seed),
        "AL14": assemble("{alnum:14}", seed),
        "AL16": assemble("{alnum:16}", seed),
        "AL24": assemble("{alnum:24}", seed),
        "AL38": assemble("{alnum:38}", seed),
        "AL64": assemble("{alnum:64}", seed),
        "B64P": base64.b64encode(assemble("{alnum:15}", seed).encode()).decode(),
        "B64UP": base64.b64encode(f"ana:{password}".encode()).decode(),
    }


def filled(template: str, seed: int) -> tuple[str, str]:
    """The text, and the first value in it."""
    text = template.replace("\\n", "\n")
    first = (len(text), "")
    for name, value in values(seed).items():
        at = text.find("{" + name + "}")
        first = min(first, (at, value)) if at >= 0 else first
    for name, value in values(seed).items():
        text = text.replace("{" + name + "}", value)
    return text, first[1]


def found(text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in SCREENER.screen(text)]


def failures(templates: list[str], check: Callable[[str, int], bool]) -> list[str]:
    """Each template that does not do what it should in one of its drawings.

    One test a group and not one a line: a test costs more than the look at a hundred lines.
    """
    return [line for line in templates if not all(check(line, seed) for seed in DRAWINGS)]


@pytest.mark.parametrize(
    "templates", groups("formats-secret.txt").values(), ids=[*groups("formats-secret.txt")]
)
def test_the_value_is_found_where_a_format_puts_it(templates: list[str]) -> None:
    def is_found(template: str, seed: int) -> bool:
        text, value = filled(template, seed)
        return value in found(text)

    assert failures(templates, is_found) == []


@pytest.mark.parametrize(
    "templates", groups("prose-secret.txt").values(), ids=[*groups("prose-secret.txt")]
)
def test_what_people_say_is_heard_and_the_span_is_the_value(templates: list[str]) -> None:
    def is_heard(template: str, seed: int) -> bool:
        text, value = filled(template.replace("{C3} {C3}", "{C}"), seed)
        if found(text) != [value]:
            return False
        # A sentence that begins with a capital is the same one, in every script that has them.
        first = text[0] if text.startswith(value) else text[0].title()
        return first == text[0] or found(first + text[1:]) == [value]

    assert failures(templates, is_heard) == []


@pytest.mark.parametrize("templates", CLEAN.values(), ids=[*CLEAN])
def test_ordinary_lines_are_clean(templates: list[str]) -> None:
    assert failures(templates, lambda line, seed: found(filled(line, seed)[0]) == []) == []


@pytest.mark.parametrize("text", ["{0}\nmy password is {1}", "password: {1}\n{0}"])
def test_ordinary_talk_stays_clean_before_and_after_a_password(text: str) -> None:
    password = chosen_password(0)

    said = [
        template
        for template in CLEAN["prose-clean"]
        if found(text.format(template, password)) != [password]
    ]

    assert said == []
