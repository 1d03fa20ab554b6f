"""Screening as machine code: it is what is installed, and it changes nothing but the time."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
import time
import tomllib
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from sources import ROOT

import jupyter_agent
from jupyter_agent.cli.installation import installation
from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Screener

pytestmark = pytest.mark.skipif(
    Path(jupyter_agent.__file__).parent == ROOT / "jupyter_agent",
    reason="an editable install has no machine code; dev.sh installs the wheel",
)
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
MODULES = BUILD["targets"]["wheel"]["hooks"]["custom"]["modules"]

# Prints where each text's findings are, or that there was no time, by both engines.
PROGRAM = """
import json, sys
from random import Random
from test_vectors import CLEAN, FOLDER, groups, values
from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Screener, load_rules
from jupyter_agent.screen import look
from jupyter_agent.screen.examples import assemble

rules = load_rules()
texts = [assemble(each) for rule in rules for each in (*rule.match, *rule.skip)]
for name in sorted(path.name for path in FOLDER.glob("*.txt")):
    for templates in groups(name).values():
        for number, template in enumerate(templates):
            text = template
            for field, value in values(number % 8).items():
                text = text.replace("{" + field + "}", value)
            texts.append(text)
random = Random(22)
# Texts of many secrets, in wide characters, behind disguises, and cut where nobody would cut them.
for _ in range(150):
    some = random.sample(texts, 4)
    between = random.choice([" ", "\\n", "\\u00e9 ", "\\U0001f600", "\\x1b[1m", "%41", "\\\\n"])
    joined = between.join(some)
    at = random.randrange(len(joined))
    texts += [joined[:at] + "\\u200b" + joined[at:], joined[at:], joined[:at]]
texts.append("".join(random.sample(texts, 300)))


def places(screener, text):
    try:
        return [(f.rule, f.start, f.end) for f in screener.screen(text)]
    except ScreenTimeout:
        return "no time"


plain = Screener(rules=rules, clock=lambda: 0.0)
fast = Screener(plain.compile(), rules=rules, clock=lambda: 0.0)
print(json.dumps({
    "made of": look.__file__,
    "texts": len(texts),
    "found": [places(fast, text) for text in texts],
    "found plainly": [places(plain, text) for text in texts[::5]],
    "doubtful": list(fast.doubtful(texts)),
}))
"""


def test_every_module_that_shall_be_machine_code_is() -> None:
    files = [str(import_module(f"jupyter_agent.screen.{name}").__file__) for name in MODULES]
    assert not [file for file in files if not file.endswith(tuple(EXTENSION_SUFFIXES))]


def test_the_doctor_says_so() -> None:
    said = {each["id"]: each["message"] for each in installation()}
    assert said["screener"].endswith("rules on hyperscan, as machine code.")


def test_machine_code_and_its_sources_find_the_same() -> None:
    def found(*first: str) -> dict[str, object]:
        path = [*first, str(ROOT / "tests"), str(ROOT / "tests/unit/screen")]
        program = f"import sys; sys.path[:0] = {path!r}\n{PROGRAM}"
        command = [sys.executable, "-P", "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
        said: dict[str, object] = json.loads(done.stdout)
        return said

    machine_code, sources = found(), found(str(ROOT))
    assert str(machine_code.pop("made of")).endswith(tuple(EXTENSION_SUFFIXES))
    assert sources.pop("made of") == str(ROOT / "jupyter_agent/screen/look.py")
    assert machine_code == sources
    assert isinstance(found_in := machine_code["found"], list)
    assert sum(map(bool, found_in)) > 2_000


@cache
def _database() -> bytes:
    return Screener().compile()


@pytest.mark.parametrize(
    "text",
    [
        f"gh{'p'}_{'Zx9' * 10} " * 20_000,
        "api_key token secret: 'x' \\x41 &lt; " * 40_000,
        "\\x41" * 300_000,
        "password = 'Tulip-Harbor42'\n" * 20_000,
    ],
    ids=["prefixes", "names and disguises", "disguises", "secrets"],
)
def test_other_threads_get_their_turn_while_a_long_text_is_screened(text: str) -> None:
    """As a server's event loop does, which would stand still otherwise."""
    screener = Screener(_database())
    spent: list[float] = []

    def screen() -> None:
        began = time.thread_time()
        with suppress(ScreenTimeout):
            screener.screen(text)
        spent.append(time.thread_time() - began)

    thread = threading.Thread(target=screen)
    longest = 0.0
    # One pass over what thousands of tests have left is not this text's doing.
    gc.collect()
    gc.freeze()
    thread.start()
    # What counts is the processor's time that the other thread has used since this one's last turn:
    # a busy machine takes it from both.
    before = time.process_time() - time.thread_time()
    while thread.is_alive():
        now = time.process_time() - time.thread_time()
        longest = max(longest, now - before)
        before = now
    gc.unfreeze()
    assert longest < max(0.05, spent[0] / 3)
