"""How often a value stands in the broker's memory, as root sees it from outside."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest
from canary import Canary
from memory import copies
from steps import planted, run, save, sealed_fields

from jupyter_agent import entry

PAGE = Path(__file__).parents[3] / "docs/threat-model.md"
RUNS, MATCHES, LISTS, EXPORTS = 400, 290, 300, 10


def admitted():
    """What the page admits: copies as it is, and in hex and base64 together."""
    sentence = r"at most (\d+) copies as it is and (\d+) in hex or base64"
    (found,) = re.findall(sentence, PAGE.read_text(encoding="utf-8"))
    return tuple(map(int, found))


def export(person, path):
    offer = person.call("vault.offer", origin="test")["offer"]
    sealed = entry.seal(entry.Offer.from_json(offer), b"six words nobody would guess")
    fields = {name: each for name, each in sealed_fields(offer, sealed).items() if name != "label"}
    person.call("vault.export", path=str(path), memory=16, passphrase=fields)


def children(pid):
    """The processes that a process has started and that are still there: its runner."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            stat = (process / "stat").read_text()
        except OSError:
            continue
        if stat.rsplit(")", 1)[1].split()[1] == str(pid):
            found.append(int(process.name))
    return found


@pytest.mark.root
def test_a_thousand_uses_leave_no_more_copies_than_the_page_admits(person, guest, tmp_path):
    """Each kind of use, in any order; what is freed meanwhile counts too."""
    if os.getuid() != 0:
        pytest.skip("only root may look into the broker")
    chance = random.Random()
    value = Canary.make(chance).value
    planted.append(value)
    save(person, "A", value)
    person.call("grant.add", label="A", any_command=True)
    pid = person.welcome["pid"]
    uses = ["run"] * RUNS + ["match"] * MATCHES + ["list"] * LISTS + ["export"] * EXPORTS
    assert len(uses) == 1000
    chance.shuffle(uses)
    for number, use in enumerate(uses):
        if use == "run":
            script = 'echo "$A" | base64; echo "$A"' if number % 5 == 0 else "true"
            assert run(guest, script, "A").exit == 0
        elif use == "match":
            text = f"a text with {value} in it" if number % 5 == 0 else f"an ordinary text {number}"
            assert bool(person.call("match", text=text)["matches"]) == (number % 5 == 0)
        elif use == "list":
            person.call("secret.list")
        else:
            export(person, tmp_path / f"export-{number}")
    raw, encoded = admitted()
    (runner,) = children(pid)
    found = copies(pid, value.encode())
    print(f"after 1,000 uses: {found}; in the runner: {copies(runner, value.encode())}")
    assert found["raw"] > 0, "the broker recognises the value, so it must be there"
    assert found["raw"] <= raw
    assert found["hex"] + found["base64"] <= encoded
    assert not any(copies(runner, value.encode()).values())
    person.call("lock")
    locked = copies(pid, value.encode())
    print(f"locked: {locked}")
    assert locked["raw"] <= raw
