"""What a way out costs, beside the same requests sent straight to the same service.

    python tests/benchmarks/bench_egress.py [--requests 300] [--megabytes 300]

The service is a process of its own on this machine. Prints p50 and p95 of a small request on a kept
connection, the rate of a long answer, 200 requests at once, and how much later the first token of a
stream comes; then the first two again for AWS, where each request is signed anew. Expected: at most
3 ms more at p50; at least 100 MB/s with scrubbing; the first token at most 5 ms later.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from jupyter_agent import person as person_door
from jupyter_agent import spawn
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

sys.path.insert(0, str(Path(__file__).parents[1]))
import steps
from aws_requests import Signer

_BLOCK = (b"the quick brown fox jumps over the lazy dog and runs away from it\n" * 1000)[:65536]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--megabytes", type=int, default=300)
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    value = secrets.token_hex(16)
    port = _start_service(value, options.megabytes)
    with tempfile.TemporaryDirectory() as folder:
        folders = Folders.of({"JUPYTER_AGENT_HOME": folder})
        hello = person_door.hello(folders, {"JUPYTER_AGENT_KEY_SOURCE": "memory"})
        origin = f"http://127.0.0.1:{port}"
        with Client(folders, hello) as person, Client(folders, Hello()) as caller:
            steps.save(person, "KEY", value)
            person.call("grant.add", label="KEY", script=f"egress {origin}")
            number = caller.begin(
                "egress.open", label="KEY", host=origin, header="Authorization: Bearer {}"
            )
            way = steps.until(caller, number, "open")["variables"]
            through = int(way["KEY_URL"].rpartition(":")[2])
            straight = (port, f"Bearer {value}")
            ours = (through, f"Bearer {way['KEY']}")
            broker = int(person.call("status")["pid"])
            before = _cpu(broker)
            _small(straight, ours, options.requests)
            spent = (_cpu(broker) - before) / (options.requests + 20)
            print(f"  {spent * 1000:.2f} ms of the broker's processor time for each")
            _long(straight, ours, options.megabytes)
            _first(straight, ours)
            _many(straight, ours)
            _aws(person, caller, port, options.requests, options.megabytes)
            os.kill(broker, signal.SIGTERM)
            steps.wait_until(lambda: not Path(f"/proc/{broker}").exists())
    print(f"load average {os.getloadavg()[0]:.1f}")


def _cpu(pid: int) -> float:
    """Seconds of processor time; proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


Target = tuple[int, str]
AWS_ID, AWS_SECRET = "made-up-key-id-of-nobody", "made-up-secret-access-key-of-nobody-12345"


def _get(connection: HTTPConnection, target: Target, path: str) -> Any:
    connection.request("GET", path, headers={"Authorization": target[1]})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    return answer


def _aws(person: Client, caller: Client, port: int, number: int, megabytes: int) -> None:
    """The same for AWS: a client signs in both cases, and for us with its placeholder."""
    origin = f"http://127.0.0.1:{port}"
    values = {"AWS_SECRET_ACCESS_KEY": AWS_SECRET, "AWS_ACCESS_KEY_ID": AWS_ID}
    for label, value in values.items():
        steps.save(person, label, value)
        person.call("grant.add", label=label, script=f"egress {origin}")
    opening = caller.begin("egress.open", label="AWS_SECRET_ACCESS_KEY", host=origin)
    way = steps.until(caller, opening, "open")["variables"]
    through = int(way["AWS_ENDPOINT_URL"].rpartition(":")[2])
    signers = {
        "straight": (port, Signer(AWS_ID, AWS_SECRET)),
        "through us": (through, Signer(way["AWS_ACCESS_KEY_ID"], way["AWS_SECRET_ACCESS_KEY"])),
    }
    taken: dict[str, list[float]] = {name: [] for name in signers}
    rates = []
    connections = {name: HTTPConnection("127.0.0.1", to) for name, (to, _) in signers.items()}

    def get(name: str, path: str) -> Any:
        to, signer = signers[name]
        draft = signer.sign("GET", path, f"127.0.0.1:{to}")
        connections[name].request("GET", path, headers=dict(draft.headers))
        answer = connections[name].getresponse()
        assert answer.status == 200, answer.read()
        return answer

    for turn in range(number + 20):
        for name in signers:
            began = time.perf_counter()
            get(name, "/small").read()
            if turn >= 20:
                taken[name].append(time.perf_counter() - began)
    for name in signers:
        began, size = time.perf_counter(), 0
        answer = get(name, "/long")
        while more := len(answer.read(1 << 20)):
            size += more
        rates.append(size / (time.perf_counter() - began) / 1e6)
    print(f"\nAWS, signed anew: small request, {number} each; an answer of {megabytes} MB")
    for (name, seconds), rate in zip(taken.items(), rates, strict=True):
        p95 = statistics.quantiles(seconds, n=20)[-1]
        middle = statistics.median(seconds) * 1000
        print(f"  {name:<22} {middle:7.2f} ms {p95 * 1000:7.2f} ms {rate:7.0f} MB/s")
    before, after = (statistics.median(seconds) for seconds in taken.values())
    print(f"  {(after - before) * 1000:+.2f} ms, ratio {after / before:.1f}")


def _small(straight: Target, ours: Target, number: int) -> None:
    taken: dict[str, list[float]] = {"straight": [], "through us": []}
    targets = dict(zip(taken, (straight, ours), strict=True))
    connections = {name: HTTPConnection("127.0.0.1", target[0]) for name, target in targets.items()}
    for turn in range(number + 20):
        for name, target in targets.items():
            began = time.perf_counter()
            _get(connections[name], target, "/small").read()
            if turn >= 20:
                taken[name].append(time.perf_counter() - began)
    print(f"\nsmall request, {number} each      p50        p95")
    for name, seconds in taken.items():
        p95 = statistics.quantiles(seconds, n=20)[-1]
        print(f"  {name:<22} {statistics.median(seconds) * 1000:7.2f} ms {p95 * 1000:7.2f} ms")
    before, after = (statistics.median(seconds) for seconds in taken.values())
    print(f"  {(after - before) * 1000:+.2f} ms, ratio {after / before:.1f}")


def _long(straight: Target, ours: Target, megabytes: int) -> None:
    print(f"\nan answer of {megabytes} MB")
    rates = []
    for name, target in (("straight", straight), ("through us", ours)):
        answer = _get(HTTPConnection("127.0.0.1", target[0]), target, "/long")
        began, size = time.perf_counter(), 0
        while more := len(answer.read(1 << 20)):
            size += more
        rates.append(size / (time.perf_counter() - began) / 1e6)
        print(f"  {name:<22} {rates[-1]:7.0f} MB/s")
    print(f"  ratio {rates[1] / rates[0]:.2f}")


def _first(straight: Target, ours: Target) -> None:
    print("\nfirst token of a stream, best and median of 30")
    medians = []
    for name, target in (("straight", straight), ("through us", ours)):
        connection = HTTPConnection("127.0.0.1", target[0])
        taken = []
        for _ in range(30):
            answer = _get(connection, target, "/stream")
            written = float(answer.readline().split()[1])
            taken.append(time.time() - written)
            answer.read()
        medians.append(statistics.median(taken))
        print(f"  {name:<22} {min(taken) * 1000:7.2f} ms {medians[-1] * 1000:7.2f} ms")
    print(f"  {(medians[1] - medians[0]) * 1000:+.2f} ms")


def _many(straight: Target, ours: Target) -> None:
    print("\n200 requests at once")
    for name, target in (("straight", straight), ("through us", ours)):
        barrier = threading.Barrier(200)

        def one(_: int, target: Target = target, barrier: threading.Barrier = barrier) -> float:
            barrier.wait()
            began = time.perf_counter()
            _get(HTTPConnection("127.0.0.1", target[0], timeout=60), target, "/small").read()
            return time.perf_counter() - began

        began = time.perf_counter()
        with ThreadPoolExecutor(200) as pool:
            taken = list(pool.map(one, range(200)))
        print(
            f"  {name:<22} all in {time.perf_counter() - began:5.2f} s, slowest {max(taken):5.2f} s"
        )


def _start_service(value: str, megabytes: int) -> int:
    """A service in a process of its own; gives its port."""
    told, tell = os.pipe()
    until, alive = os.pipe()
    if spawn.fork() == 0:
        os.close(told)
        os.close(alive)
        os.dup2(until, 0)  # it ends when this process does
        asyncio.run(_serve(value, megabytes, lambda port: os.write(tell, b"%d\n" % port)))
        os._exit(0)
    os.close(tell)
    return int(os.read(told, 10))


async def _serve(value: str, megabytes: int, say: Callable[[int], object]) -> None:
    wanted = f"authorization: bearer {value}".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            path = head.split(b" ", 2)[1]
            # Whether a signature is right, the tests look at; here it is what it costs.
            known = wanted in head.lower() or f"Credential={AWS_ID}/".encode() in head
            writer.write(b"HTTP/1.1 200 OK\r\n" if known else b"HTTP/1.1 401 No\r\n")
            if path == b"/small":
                writer.write(b"Content-Length: 2\r\n\r\nok")
            elif path == b"/long":
                blocks = megabytes * 1_000_000 // len(_BLOCK)
                writer.write(b"Content-Length: %d\r\n\r\n" % (blocks * len(_BLOCK)))
                for _ in range(blocks):
                    writer.write(_BLOCK)
                    await writer.drain()
            else:
                writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
                for _ in range(3):
                    line = b"data: %.6f\n\n" % time.time()
                    writer.write(b"%x\r\n%s\r\n" % (len(line), line))
                    await writer.drain()
                    await asyncio.sleep(0.005)
                writer.write(b"0\r\n\r\n")
            await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
    say(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(sys.stdin.buffer.raw.readinto, bytearray(1))


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, OSError):
        return b""


if __name__ == "__main__":
    main()
