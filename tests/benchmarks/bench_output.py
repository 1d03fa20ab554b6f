"""What scrubbing costs a kernel's output on its way to a page, beside Jupyter's own work for it.

    python tests/benchmarks/bench_output.py [--secrets 20]

Messages go through the connection class of Jupyter Server, from the parts that a kernel sends to
the frame for the websocket, without and with our scrubbing, in turns; the least of many is shown.
A ratio of 2 means that ours takes as long as all that Jupyter does there. The kernel's and the
page's own work, which is more, is not counted.
"""

from __future__ import annotations

import argparse
import os
import random
import string
import time
from types import SimpleNamespace
from typing import Any

from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from jupyter_agent.scrub import Fingerprints
from jupyter_agent.server.outgoing import Outgoing

V1 = "v1.kernel.websocket.jupyter.org"
LINE = "2026-11-28 12:00:00 INFO worker 7: handled /api/v1/items/4711 in 12 ms\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--secrets", type=int, default=20)
    options = parser.parse_args()
    rng = random.Random(1)
    letters = string.ascii_letters + string.digits
    values = {f"L{n}": "".join(rng.choices(letters, k=40)).encode() for n in range(options.secrets)}
    known = Fingerprints.of(values)
    known.hasten()
    base64 = "".join(rng.choices(letters + "+/", k=1_000_000))
    shas = "".join(f"{rng.getrandbits(160):040x} a commit\n" for _ in range(2_000))
    texts = {
        "a line": LINE,
        "8 kB of log": LINE * 120,
        "200 kB of log": LINE * 2_800,
        "1 MB of log": LINE * 14_000,
        "100 kB of 40-digit hashes": shas,
        "1 MB picture": base64,
        "8 kB with a value": LINE * 120 + values["L0"].decode(),
    }
    print(f"load average {os.getloadavg()[0]:.1f}; {options.secrets} secrets; microseconds")
    print(f"{'':28}{'protocol':>9}{'Jupyter':>10}{'added':>9}{'ratio':>7}{'ours MB/s':>11}")
    for name, text in texts.items():
        for protocol in (V1, None):
            _row(name, text, protocol, known)


def _row(name: str, text: str, protocol: str | None, known: Fingerprints) -> None:
    session = Session(key=b"0" * 32)
    picture = name.endswith("picture")
    content: dict[str, Any] = (
        {"data": {"image/png": text}, "metadata": {}}
        if picture
        else {"name": "stdout", "text": text}
    )
    message = session.msg("display_data" if picture else "stream", content, parent={"msg_id": "1"})
    parts = session.serialize(message)
    connection = _connection(protocol, session)
    outgoing = Outgoing()

    def scrub() -> None:
        session.feed_identities(parts)
        changed, seen = outgoing.scrub(parts[2:], known)
        if seen:
            session.sign(changed[:4])

    def jupyter() -> None:
        session.digest_history.clear()
        connection.handle_outgoing_message("iopub", parts)

    rounds = 400 if len(text) < 50_000 else 30
    plain, added = _least(jupyter, rounds), _least(scrub, rounds)
    print(
        f"{name:28}{'v1' if protocol else 'json':>9}{plain * 1e6:10.0f}{added * 1e6:9.0f}"
        f"{(plain + added) / plain:7.2f}{len(text) / added / 1e6:11.0f}"
    )


def _connection(protocol: str | None, session: Session) -> Any:
    handler = KernelWebsocketHandler.__new__(KernelWebsocketHandler)
    # As tornado: text is encoded, and a header goes in front.
    handler.ws_connection = SimpleNamespace(selected_subprotocol=protocol, is_closing=lambda: False)
    handler.write_message = lambda m, binary=False: (  # noqa: ARG005
        b"\x81" + (m if isinstance(m, bytes) else m.encode())
    )
    kernel = ServerKernelManager(parent=AsyncMappingKernelManager())
    connection = ZMQChannelsWebsocketConnection(parent=kernel, websocket_handler=handler)
    connection.session = session
    connection.channels = {"iopub": SimpleNamespace(channel="iopub", closed=lambda: False)}
    connection.limit_rate = False
    return connection


def _least(work: Any, rounds: int) -> float:
    least = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - began)
    return least


if __name__ == "__main__":
    main()
