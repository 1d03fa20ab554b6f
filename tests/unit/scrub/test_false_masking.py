"""Ordinary logs come back as they are: nothing in them is taken for a value that is not there."""

from __future__ import annotations

import base64
import random
import string

from jupyter_agent.scrub import Fingerprints, Others, Scrubber


def logs(rng: random.Random, size: int) -> bytes:
    """Lines as programs log them, with numbers, hashes, ids, base64, URLs, JSON and escapes."""
    words = ("request", "connection", "took", "/usr/lib/python3/dist-packages", "GET", "error:")
    lines, length = [], 0
    while length < size:
        raw = rng.randbytes(24)
        line = (
            f"2026-11-28T12:{rng.randrange(60):02}:{rng.random() * 60:09.6f}Z "
            f"{rng.choice(words)} {rng.choice(words)} id={raw.hex()} "
            f"{base64.b64encode(raw).decode()} "
            f'{{"n": {rng.random()}, "at": 0x{rng.getrandbits(48):012x}}} '
            f"https://example.org/a%20b?q={rng.getrandbits(32):08x}&amp;page={rng.randrange(99)} "
            f"\x1b[32m{rng.choice(words)}\x1b[0m\n"
        ).encode()
        lines.append(line)
        length += len(line)
    return b"".join(lines)


def test_ten_megabytes_of_logs_and_twenty_secrets_give_no_marker() -> None:
    rng = random.Random(7)
    text = logs(rng, 10_000_000)
    letters = string.ascii_letters + string.digits + "!#%&*+-/=?_"
    values = {f"S{n}": "".join(rng.choices(letters, k=20)).encode() for n in range(20)}
    scrubber = Scrubber(values, others=Others({"OTHER": rng.randbytes(20).hex().encode()}))
    scrubber.hasten()
    step = 64 * 1024
    shown = b"".join(scrubber.feed(text[at : at + step]) for at in range(0, len(text), step))
    assert shown + scrubber.finish() == text
    assert not any(scrubber.hits.values())
    assert Fingerprints.of(values).spans(text[:1_000_000].decode()) == []
