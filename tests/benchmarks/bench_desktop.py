"""How fast a desktop of this machine is: python tests/benchmarks/bench_desktop.py

Prints cold start, key to pixel, idle CPU, the relay's throughput, teardown, and three at once, each
with the machine's load. Throughput comes per second of CPU, too, relay and source together, which
others' work does not change much. The viewer is a second Chromium here, which takes its share of
the same processors: figures are upper bounds. The baseline is a bare WebSocket of the same run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from desktop_world import World
from tornado import httpserver, web, websocket

from jupyter_agent.desktop.listening import Listening
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.provider import StartOptions
from jupyter_agent.desktop.screen import Screen
from jupyter_agent.processes import tree

MEGABYTES = 256
PIECE = bytes(256 * 1024)
KEYS = 30
QUIET = 20.0  # seconds of which idle CPU is the mean

# The middle of the picture, looked at once a frame: blue once the site is painted.
SEEN = """() => {
  const canvas = document.querySelector('canvas');
  if (!canvas || !canvas.width) return null;
  const { width, height } = canvas;
  const [r, g, b] = canvas.getContext('2d').getImageData(width / 2, height * 0.8, 1, 1).data;
  return [r, g, b];
}"""
PAINTED = [34, 102, 170]  # #2266aa, the site's ground; a JPEG is a little beside it


def load() -> str:
    return "load " + " ".join(f"{n:.1f}" for n in os.getloadavg())


def line(what: str, figure: str) -> None:
    print(f"{what:<42} {figure:<34} {load()}", flush=True)


async def painted(world: World) -> None:
    """Wait until the site's colour is seen in the frame."""
    # Not Playwright's own waiting: the page's policy lets nobody evaluate a text there.
    await world.page.frames[1].evaluate(
        f"async wanted => {{ const seen = {SEEN};"
        "  const near = is => is && wanted.every((n, i) => Math.abs(n - is[i]) < 9);"
        "  while (!near(seen())) await new Promise(requestAnimationFrame); }",
        PAINTED,
    )


async def cold_start(world: World) -> tuple[float, float]:
    """Seconds until it is seen in the panel, and seconds of CPU that the desktop has taken."""
    begun = time.monotonic()
    desktop = await world.provider().start(StartOptions(url=world.site, width=1000, height=700))
    old, world.desktop = world.desktop, desktop
    await desktop.take_over("me")
    await world.show("control")
    await painted(world)
    took = time.monotonic() - begun
    cpu = cpu_of(desktop._machine.keeper)
    await old.close()
    return took, cpu


async def key_to_pixel(world: World, top: int) -> list[float]:
    """From the key's event in the viewer to a changed pixel in its canvas: a dot in the field.

    Args:
        world: Where a person types.
        top: Where the field is in the picture, below what the browser shows of its own.
    """
    return await world.page.frames[1].evaluate(
        """async ([keys, top]) => {
          const canvas = document.querySelector('canvas');
          const field = document.querySelector('textarea');
          const pen = canvas.getContext('2d');
          const row = () => pen.getImageData(0, top, canvas.width, 80).data;
          const press = (type, key) => field.dispatchEvent(new KeyboardEvent(type,
            {key, code: key === 'x' ? 'KeyX' : 'Backspace', keyCode: key === 'x' ? 88 : 8,
              bubbles: true, cancelable: true}));
          const frame = () => new Promise(requestAnimationFrame);
          const pause = ms => new Promise(done => setTimeout(done, ms));
          const took = [];
          for (let n = 0; n < keys; n += 1) {
            await pause(150);
            const before = row(), begun = performance.now(), key = n % 2 ? 'Backspace' : 'x';
            press('keydown', key); press('keyup', key);
            for (;;) {
              await frame();
              const now = row();
              let same = true;
              for (let i = 0; i < now.length && same; i += 4) same = now[i] === before[i];
              if (!same || performance.now() - begun > 2000) break;
            }
            took.push(performance.now() - begun);
          }
          return took;
        }""",
        [KEYS, top],
    )


def latency(what: str, took: list[float]) -> None:
    keys = sorted(took)
    line(
        what,
        f"median {statistics.median(keys):.1f} ms, least {keys[0]:.1f}, p95 "
        f"{keys[int(len(keys) * 0.95)]:.1f} ms",
    )


def cpu_of(keeper: int) -> float:
    """Seconds of CPU that everything below the keeper has taken; proc(5), fields 14 and 15."""
    ticks = 0
    for pid, _ in tree.descendants(keeper):
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            continue
        fields = stat[stat.rindex(b")") + 2 :].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def idle(world: World, how: str) -> None:
    """The page stands, its caret in a field, and the panel is seen; the relay is this process."""
    keeper = world.desktop._machine.keeper
    await asyncio.sleep(3)
    before, own = cpu_of(keeper), time.process_time()
    await asyncio.sleep(QUIET)
    inside, relay = (cpu_of(keeper) - before) / QUIET, (time.process_time() - own) / QUIET
    line(f"idle CPU, {how} (aim 1 % of a core)", f"desktop {inside:.2%}, relay {relay:.2%}")


class Bare(websocket.WebSocketHandler):
    async def open(self) -> None:
        with contextlib.suppress(websocket.WebSocketClosedError):  # it has had enough
            for _ in range(MEGABYTES * 1024 * 1024 // len(PIECE)):
                await self.write_message(PIECE, binary=True)
            self.close()


TAKER = """
import base64, os, socket, sys, time
host, path, origin, protocols, enough = sys.argv[1:6]
name, port = host.split(':')
s = socket.create_connection((name, int(port)))
head = [f'GET {path} HTTP/1.1', f'Host: {host}', 'Upgrade: websocket', 'Connection: Upgrade',
  f'Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}', 'Sec-WebSocket-Version: 13']
head += [f'Origin: {origin}', f'Sec-WebSocket-Protocol: {protocols}'] if origin else []
s.sendall('\\r\\n'.join([*head, '', '']).encode())
buffer = bytearray(1 << 20); total = 0; begun = time.monotonic()
while (n := s.recv_into(buffer)) and total < int(enough): total += n
print(total / 1e6 / (time.monotonic() - begun))
"""


async def taken(host: str, path: str, origin: str = "", protocols: str = "") -> tuple[float, float]:
    """MB a second that a plain client in a process of its own takes, and MB a second of our CPU."""
    own = time.process_time()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        TAKER,
        host,
        path,
        origin,
        protocols,
        str(MEGABYTES * 1_000_000),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return float(out), MEGABYTES / (time.process_time() - own)


async def throughput(world: World) -> list[tuple[float, float]]:
    folder = tempfile.mkdtemp()
    path = f"{folder}/hose"

    async def hose(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):  # it has had enough
            for _i in range(MEGABYTES * 1024 * 1024 // len(PIECE)):
                writer.write(PIECE)
                await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(hose, path)
    results = []
    for stream in (Screen(Path(path), lambda: False, Listening()),):
        grant = await world.streams.grant(stream, "view", world.panel, one_port=False)
        page, _, ticket = grant.url.partition("#")
        host, _, rest = page.removeprefix("http://").partition("/")
        protocols = f"jupyter-agent-desktop, ticket.{ticket}"
        results.append(await taken(host, f"/{rest}/stream", grant.origin, protocols))
        await world.streams.forget(stream)
    server.close()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    bare = httpserver.HTTPServer(web.Application([("/", Bare)], log_function=lambda _: None))
    bare.add_socket(listener)
    results.append(await taken(f"127.0.0.1:{listener.getsockname()[1]}", "/"))
    bare.stop()
    return results


async def bench(world: World) -> None:
    await world.begin()
    await world.show("control")
    await painted(world)
    starts = [await cold_start(world) for _ in range(3)]
    line("cold start to painted page (aim 1.5 s)", " ".join(f"{s:.2f}" for s, _ in starts) + " s")
    line("its CPU, all processes of the desktop", " ".join(f"{c:.2f}" for _, c in starts) + " s")
    await world.until("there")
    latency("key to pixel, VNC (aim 35 ms median)", await key_to_pixel(world, 80))
    await idle(world, "VNC")
    (screen, screen_cpu), (bare, bare_cpu) = await throughput(world)
    line("relay to viewer (aim 200 MB/s)", f"{screen:.0f} MB/s, a bare WebSocket {bare:.0f}")
    line("the same per second of CPU", f"{screen_cpu:.0f} MB, a bare WebSocket {bare_cpu:.0f}")
    others = await asyncio.gather(
        *(world.provider().start(StartOptions(url=world.site)) for _ in range(2))
    )
    line("three at once", f"{1 + len(others)} run")
    reports = [await desktop.close() for desktop in (*others, world.desktop)]
    line(
        "teardown (aim 1 s)",
        " ".join(f"{r.seconds:.2f}" for r in reports)
        + f" s, left {[s for r in reports for s in r.left]}",
    )
    await world.end()


async def bench_pictures(world: World) -> None:
    await world.begin()
    await world.show("control")
    await painted(world)
    latency("key to pixel, CDP (aim 80 ms median)", await key_to_pixel(world, 0))
    await idle(world, "CDP")
    await world.end()


def main() -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(bench(World(loop)))
    loop.run_until_complete(bench_pictures(World(loop, LocalCdp)))
    loop.close()


if __name__ == "__main__":
    main()
