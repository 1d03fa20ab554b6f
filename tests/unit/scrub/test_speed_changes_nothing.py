"""What is compiled for speed changes nothing else, and where it is missing nothing changes."""

from __future__ import annotations

import base64
import json
import random
import string
import sys
import threading

import pytest
from carriers import CARRIERS, made_up_secrets

from jupyter_agent.scrub import Others, Scrubber

SECRETS = made_up_secrets(3)


def scrub(scrubber: Scrubber, *pieces: bytes) -> bytes:
    return b"".join([*map(scrubber.feed, pieces), scrubber.finish()])


@pytest.fixture
def without_hyperscan(monkeypatch):
    monkeypatch.setitem(sys.modules, "hyperscan", None)


def wait_for_compiling() -> None:
    for thread in threading.enumerate():
        if thread.name == "scrub-compile":
            thread.join(60)


@pytest.mark.parametrize("carrier", sorted(CARRIERS))
def test_compiled_or_not_every_case_of_the_matrix_comes_out_alike(carrier):
    for seed in range(12):
        for value in made_up_secrets(seed).values():
            plain, compiled = Scrubber({"A": value}), Scrubber({"A": value})
            compiled.hasten()
            pieces = CARRIERS[carrier](value)
            assert scrub(compiled, *pieces) == scrub(plain, *pieces)


def test_a_run_that_prints_much_compiles_by_itself_and_prints_the_same():
    line = b"nothing in it " + b"." * 50 + b"\n"
    data = line * 3000 + SECRETS["token"] + b"\n" + line * 3000
    stream = Scrubber(SECRETS)
    shown = stream.feed(data)
    wait_for_compiling()
    assert stream._known.hastened
    expected = data.replace(SECRETS["token"], b"[secret:token]")
    assert shown + stream.feed(data) + stream.finish() == expected + expected


def test_a_run_that_prints_little_compiles_nothing():
    stream = Scrubber(SECRETS)
    stream.feed(b"x" * 60_000)
    wait_for_compiling()
    assert not stream._known.hastened


def test_where_hyperscan_is_missing_the_result_is_the_same(without_hyperscan):
    stream = Scrubber(SECRETS, others=Others({"OTHER": made_up_secrets(4)["token"]}))
    stream.hasten()
    assert not stream._known.hastened
    shown = scrub(stream, SECRETS["token"] + b" " + made_up_secrets(4)["token"])
    assert shown == b"[secret:token] [secret:OTHER]"


def test_compiled_others_find_the_same():
    rng = random.Random(5)
    values = {f"S{n}": "".join(rng.choices(string.ascii_letters, k=30)).encode() for n in range(9)}
    words = [*values.values(), b"a", b"some-longer-word-that-is-no-secret", b"=", b"\n", b"\xff"]
    plain, compiled = Others(values), Others(values)
    compiled.hasten()
    for _ in range(300):
        text = b"".join(rng.choices(words, k=12))
        assert compiled.spans(text) == plain.spans(text)


def test_nothing_is_masked_in_10_mb_of_logs_with_20_secrets():
    rng = random.Random(6)
    letters = string.ascii_letters + string.digits
    secrets = {f"S{n}": "".join(rng.choices(letters, k=20)).encode() for n in range(20)}
    words = ["GET", "/api/v1/items", "200", "took", "13ms", "user=alice", "ok", "connection", "a"]

    def line(number: int) -> str:
        stamp = f"2026-01-02 03:04:{number % 60:02},{number % 1000:03}"
        some = " ".join(rng.choices(words, k=6))
        noise = rng.randbytes(18)
        more = rng.choice([noise.hex(), base64.b64encode(noise).decode(), noise.hex(":"), "-"])
        return json.dumps({"t": stamp, "m": f"\x1b[32m{some}\x1b[0m", "id": more, "n": number})

    data = "".join(line(number) + "\n" for number in range(20_000)).encode()
    stream = Scrubber(secrets)
    stream.hasten()
    size = 0
    while size < 10_000_000:
        assert stream.feed(data) == data
        size += len(data)
    assert not any(stream.hits.values())
