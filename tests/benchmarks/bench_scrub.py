"""What scrubbing costs, beside plain copying of the same bytes in the same run.

    python tests/benchmarks/bench_scrub.py

Seconds of processor time, so that a busy machine changes little. ``x`` says how many times as long
as copying it takes.
"""

from __future__ import annotations

import random
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from jupyter_agent.scrub import Scrubber

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
        begin = time.process_time()
        for at in range(0, len(data), piece):
            action(data[at : at + piece])
        return time.process_time() - begin

    return min(once() for _ in range(5))


def _cases(rng: random.Random) -> Iterator[tuple[str, dict[str, bytes], bytes, int]]:
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


def _construction(rng: random.Random) -> None:
    for name, secrets in (
        ("1 secret", {"A": _token(rng)}),
        ("100 secrets", {f"S{number}": _token(rng) for number in range(100)}),
        ("1 secret of 4 KB", {"A": _token(rng, 4096)}),
    ):
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            Scrubber(secrets)
            times.append(time.perf_counter() - begin)
        print(f"construction, {name:28}{min(times) * 1e3:10.3f} ms")


def _memory() -> None:
    """Peak memory of a process that scrubs 100 MB, over the same without scrubbing."""
    program = (
        "import resource, sys\n"
        "from jupyter_agent.scrub import Scrubber\n"
        "block = b'an ordinary line of output\\n' * 2400\n"
        "scrubber = Scrubber({'A': b'Zq7' * 12} if sys.argv[1] == 'on' else {})\n"
        "for _ in range(1600): scrubber.feed(block)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", program, switch])) / 1024
        for switch in ("off", "on")
    ]
    print(f"memory for 100 MB of output: {peaks[1] - peaks[0]:.1f} MB more, {peaks[1]:.1f} in all")


def main() -> None:
    """Print the table."""
    rng = random.Random(1)
    print(f"{'':40}{'MB/s':>8}{'x copy':>9}{'us/write':>10}")
    for name, secrets, data, piece in _cases(rng):
        copied = _seconds(bytearray().extend, data, piece)
        scrubbed = _seconds(Scrubber(secrets).feed, data, piece)
        writes = -(-len(data) // piece)
        print(
            f"{name:40}{len(data) / scrubbed / 1e6:8.0f}{scrubbed / copied:9.1f}"
            f"{scrubbed / writes * 1e6:10.1f}"
        )
    _construction(rng)
    _memory()


if __name__ == "__main__":
    main()
