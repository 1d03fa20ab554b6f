"""26 ways to print a value, for three kinds of value; docs/scrubbing.md publishes the result."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from carriers import CARRIERS, carrier_of, made_up_secrets

from jupyter_agent.scrub import Scrubber

VECTORS = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parents[2] / "vectors" / "scrub").glob("*.json"))
]
SEED = 20


def surviving(value: bytes, carrier: str) -> float:
    """The part of what carries the value, 0 to 1, that is still there after scrubbing."""
    pieces = CARRIERS[carrier](value)
    scrubber = Scrubber({"LABEL": value})
    shown = b"".join([*map(scrubber.feed, pieces), scrubber.finish()])
    form = carrier_of(carrier, value)
    rest = shown.replace(b"[secret:LABEL]", b"")
    blocks = SequenceMatcher(None, form, rest, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size > 2) / len(form)


def is_scrubbed(value: bytes, carrier: str) -> bool:
    # What stays of a private key is its first and last line, which are no secret.
    public = sum(len(line) for line in value.splitlines() if line.startswith(b"-----"))
    return surviving(value, carrier) <= max(0.3, public / len(value) if public else 0)


def test_the_vectors_are_the_26_cases():
    assert len(VECTORS) == 26
    assert {vector["carrier"] for vector in VECTORS} == set(CARRIERS)


@pytest.mark.parametrize("kind", ["token", "ssh-key", "password"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["carrier"])
def test_each_case_is_scrubbed_exactly_where_the_docs_say_so(vector, kind):
    value = made_up_secrets(SEED)[kind]
    verdict = "scrubbed" if is_scrubbed(value, vector["carrier"]) else "leaks"
    assert verdict == vector["expect"][kind]


def test_the_matrix_meets_its_bar(capsys):
    secrets = made_up_secrets(SEED)
    print(f"\n{'':30}" + "".join(f"{kind:>10}" for kind in secrets))
    scrubbed = dict.fromkeys(secrets, 0)
    for vector in VECTORS:
        row = {kind: is_scrubbed(value, vector["carrier"]) for kind, value in secrets.items()}
        for kind, yes in row.items():
            scrubbed[kind] += yes
        marks = "".join(f"{'yes' if yes else '-':>10}" for yes in row.values())
        print(f"{vector['carrier']:30}{marks}")
    print(f"{'of 26':30}" + "".join(f"{count:>10}" for count in scrubbed.values()))
    assert scrubbed["token"] >= 24
    assert scrubbed["ssh-key"] >= 24
    assert scrubbed["password"] >= 22


@pytest.mark.parametrize("carrier", sorted(set(CARRIERS) - {"first-75", "gzip-and-base64"}))
def test_the_verdict_does_not_hang_on_one_made_up_value(carrier):
    for seed in range(40):
        for kind, value in made_up_secrets(seed).items():
            assert is_scrubbed(value, carrier), f"{kind} of seed {seed}"


def test_a_value_that_is_not_scrubbed_counts_as_surviving():
    value = made_up_secrets(SEED)["token"]
    assert surviving(value, "gzip-and-base64") > 0.9
    assert surviving(value, "first-75") > 0.9
