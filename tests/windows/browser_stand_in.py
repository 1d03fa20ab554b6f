"""A process in a browser's place: it speaks a browser's pipe, and has children that end with it.

Chromium itself was not run on Windows by us. This reads and writes the handles that it is told in
its arguments, as Chromium does (DevToolsPipeHandler), and ends when its pipe is closed.
"""

from __future__ import annotations

import base64
import json
import msvcrt
import os
import subprocess
import sys
from typing import Any

CHILD = "import time; time.sleep(600)"


def main() -> None:
    flags = dict(word.partition("=")[::2] for word in sys.argv[1:])
    reads, writes = (
        msvcrt.open_osfhandle(int(number), os.O_BINARY)
        for number in flags["--remote-debugging-io-pipes"].split(",")
    )
    # With a console of its own: one that is shared lives on, and Wine's has what it inherited.
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], creationflags=subprocess.CREATE_NO_WINDOW, **nowhere
    )
    lock = os.path.join(flags["--user-data-dir"], "lockfile")  # noqa: PTH118
    with open(lock, "w", encoding="utf-8"):  # noqa: PTH123  (open for as long as it runs)
        heard = b""
        while piece := os.read(reads, 1 << 16):
            heard += piece
            *messages, heard = heard.split(b"\0")
            for message in messages:
                for answer in answers(json.loads(message), child.pid):
                    os.write(writes, json.dumps(answer).encode() + b"\0")


PAGE = {"targetId": "t1", "type": "page", "url": "https://example.com/login", "title": "Sign in"}
ANSWERS: dict[str, dict[str, Any]] = {
    "Target.getTargets": {"targetInfos": [PAGE]},
    "Target.attachToTarget": {"sessionId": "s1"},
}
EVENTS: dict[str, dict[str, Any]] = {
    "Target.setDiscoverTargets": {"method": "Target.targetCreated", "params": {"targetInfo": PAGE}},
    "Page.startScreencast": {
        "method": "Page.screencastFrame",
        "params": {
            "sessionId": 1,
            "metadata": {"deviceWidth": 900, "deviceHeight": 700},
            "data": base64.b64encode(b"\xff\xd8 in the place of a picture").decode(),
        },
    },
}
typed: list[str] = []


def answers(message: dict[str, Any], child: int) -> list[dict[str, Any]]:
    method, params = message["method"], message["params"]
    of = {"sessionId": message["sessionId"]} if "sessionId" in message else {}
    if method == "Browser.getVersion":
        told = {"arguments": sys.argv[1:], "pid": os.getpid(), "child": child, "typed": typed}
        return [{"id": message["id"], "result": {**told, "temp": os.environ["TEMP"]}}]
    if method == "Tell":  # an event as large as a picture, and the answer behind it
        event = {"method": "Told", "params": {"text": "ü" * params["size"]}}
        return [event, {"id": message["id"], "result": {}}]
    if method == "Browser.close":
        os._exit(7)
    if method == "Refuse":
        return [{"id": message["id"], "error": {"code": -32601, "message": "not known"}}]
    if method.startswith("Input."):
        typed.append(params.get("text", ""))
    events = [EVENTS[method] | of] if method in EVENTS else []
    return [*events, {"id": message["id"], "result": ANSWERS.get(method, {})} | of]


main()
