"""What scrubbing costs, beside copying and counting the same bytes in the same run.

    python tests/benchmarks/bench_scrub.py

Seconds of processor time of the thread that scrubs, so that a busy machine changes little. *first*
is the output before anything is compiled, as in nearly all runs; *then* what follows.
"""

from __future__ import annotations

import random
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_agent.scrub import Others, Scrubber

sys.path.append(str(Path(__file__).parents[1]))
from carriers import made_up_secrets

_SIZE = 64 * 1024
_WORDS = (
    *("INFO", "error", "request", "/api/v1/users", "200", "took", "13ms", "path=/var/log/syslog"),
    *("connection", "from", "10.0.0.7", '{"a": 1}', "GET", "0x7fff3a", "done", "[ok]"),
)
_ESCAPED_WORDS = (*_WORDS, "50%", "\x1b[32mok\x1b[0m", "a\\nb", "q?a=b%20c&d=e")


def _token(rng: random.Random, length: int = 36) -> bytes:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length)).encode()


def _log(rng: random.Random, words: tuple[str, ...]) -> bytes:
    lines = (" ".join(rng.choices(words, k=9)) + "\n" for _ in range(_SIZE // 20))
    return "".join(lines).encode()[:_SIZE]


def _seconds(action: Callable[[bytes], object], data: bytes, piece: int) -> float:
    """Processor time for ``data`` in pieces, the best of five."""

    def once() -> float:
        begin = time.thread_time()
        for at in range(0, len(data), piece):
            action(data[at : at + piece])
        return time.thread_time() - begin

    return min(once() for _ in range(5))


def _scrubbing(secrets: dict[str, bytes], others: Others | None) -> tuple[Scrubber, Scrubber]:
    """A scrubber that never compiles anything, and one that has."""
    first = Scrubber(secrets, others=others)
    first._early = 0
    then = Scrubber(secrets, others=others)
    then.hasten()
    return first, then


def _cases(rng: random.Random) -> Iterator[tuple[str, dict[str, bytes], bytes, int]]:
    """Name, secrets, output, and how much of it is written at a time."""
    clean, escaped = _log(rng, _WORDS) * 16, _log(rng, _ESCAPED_WORDS) * 16
    many = {f"S{number}": _token(rng) for number in range(100)}
    one = {"S0": many["S0"]}
    token = one["S0"]
    armour = "-----{} OPENSSH " + "PRIVATE KEY-----"
    body = [_token(rng, 70) for _ in range(26)]
    key = b"\n".join([armour.format("BEGIN").encode(), *body, armour.format("END").encode(), b""])
    yield "no secret", {}, clean, _SIZE
    yield "1 secret", one, clean, _SIZE
    yield "1 secret, writes of 200 bytes", one, clean[:_SIZE], 200
    yield "1 secret, colours and escapes", one, escaped, _SIZE
    for count in (5, 20, 100):
        yield f"{count} secrets", dict(list(many.items())[:count]), clean, _SIZE
    mixed = {
        f"{kind}_{number}": value
        for number in range(34)
        for kind, value in made_up_secrets(number).items()
    }
    yield "100 tokens, keys and passwords", dict(list(mixed.items())[:100]), clean, _SIZE
    yield "100 secrets, colours and escapes", many, escaped, _SIZE
    yield "a private key of 28 lines", {"KEY": key}, clean, _SIZE
    once_a_block = b"".join(
        clean[at : at + _SIZE - 36] + token for at in range(0, 16 * _SIZE, _SIZE)
    )
    yield "1 secret, printed once in 64 KiB", one, once_a_block, _SIZE
    yield "1 secret, in every line of 100 bytes", one, (token + b"." * 63 + b"\n") * 5000, _SIZE
    yield "1 secret, printed over and over", one, (token + b"\n") * 5000, _SIZE
    yield "hostile: 36 a, printed over and over", {"A": b"a" * 36}, b"a" * _SIZE, _SIZE
    yield "hostile: 36 a, with a space between", {"A": b"a" * 36}, b"a " * (_SIZE // 2), _SIZE
    yield "hostile: all but the last character", one, token[:-1] * 2000, _SIZE


def _preparation(rng: random.Random) -> None:
    print(f"\n{'':40}{'ms to build':>12}{'ms to compile':>15}{'MB':>8}")
    for name, build in (
        ("scrubber, 1 secret", "Scrubber(secrets(1))"),
        ("scrubber, 5 secrets", "Scrubber(secrets(5))"),
        ("scrubber, 100 secrets", "Scrubber(secrets(100))"),
    ):
        program = (
            "import random, string, sys, time\n"
            "from jupyter_agent.scrub import Scrubber\n"
            "rng = random.Random(1)\n"
            "letters = string.ascii_letters + string.digits\n"
            "def secrets(n):\n"
            "    return {f'S{i}': ''.join(rng.choices(letters, k=36)).encode() for i in range(n)}\n"
            "Scrubber({'A': b'a-value-to-warm-up'}).feed(b'x')\n"
            "def peak():\n"
            "    status = open('/proc/self/status').read()\n"
            "    return int(status.split('VmHWM:')[1].split()[0])\n"
            "def now(): return time.thread_time(), peak()\n"
            "begin = now()\n"
            f"built = {build}\n"
            "middle = now()\n"
            "built.hasten()\n"
            "end = now()\n"
            "print((middle[0] - begin[0]) * 1e3, (end[0] - middle[0]) * 1e3,\n"
            "      (end[1] - begin[1]) / 1024)\n"
        )
        built, compiled, memory = map(
            float, subprocess.check_output([sys.executable, "-c", program]).split()
        )
        print(f"{name:40}{built:12.1f}{compiled:15.1f}{memory:8.1f}")


def _memory() -> None:
    """Peak memory of a process that scrubs 1 GB, over the same without scrubbing."""
    program = (
        "import sys\n"
        "from jupyter_agent.scrub import Scrubber\n"
        "block = b'an ordinary line of output\\n' * 2400\n"
        "secrets = {f'S{n}': b'Zq7%d' % n * 12 for n in range(5)}\n"
        "scrubber = Scrubber(secrets if sys.argv[1] == 'on' else {})\n"
        "for _ in range(16_000): scrubber.feed(block)\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
    )
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", program, switch])) / 1024
        for switch in ("off", "on")
    ]
    print(f"memory for 1 GB of output: {peaks[1] - peaks[0]:.1f} MB more, {peaks[1]:.1f} in all")


def main() -> None:
    """Print the table."""
    rng = random.Random(1)
    sample = _log(rng, _WORDS) * 16
    for name, action in (
        ("copying", bytearray().extend),
        ("bytes.count", lambda data: data.count(b"abcdefgh")),
    ):
        print(f"{name:40}{len(sample) / _seconds(action, sample, _SIZE) / 1e6:10.0f} MB/s")
    print(f"\n{'MB/s':40}{'first':>10}{'then':>10}{'us/write':>10}")
    others = Others({f"O{number}": _token(rng) for number in range(100)})
    for name, secrets, data, piece in _cases(rng):
        speeds = [
            len(data) / _seconds(scrubber.feed, data, piece) / 1e6
            for scrubber in _scrubbing(secrets, None)
        ]
        print(f"{name:40}{speeds[0]:10.0f}{speeds[1]:10.0f}{piece / speeds[1]:10.1f}")
        if name == "5 secrets":
            _, then = _scrubbing(secrets, others)
            speed = len(data) / _seconds(then.feed, data, piece) / 1e6
            print(f"{'... and 100 others':40}{'':10}{speed:10.0f}{piece / speed:10.1f}")
    _preparation(rng)
    _memory()


if __name__ == "__main__":
    main()
