"""A process in a browser's place: it speaks a browser's pipe, and has children that end with it.

Chromium itself was not run on Windows by us. This reads and writes the handles that it is told in
its arguments, as Chromium does (DevToolsPipeHandler), and ends when its pipe is closed.
"""

from __future__ import annotations

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


def answers(message: dict[str, Any], child: int) -> list[dict[str, Any]]:
    if message["method"] == "Browser.getVersion":
        told = {"arguments": sys.argv[1:], "pid": os.getpid(), "child": child}
        return [{"id": message["id"], "result": {**told, "temp": os.environ["TEMP"]}}]
    if message["method"] == "Tell":  # an event as large as a picture, and the answer behind it
        event = {"method": "Told", "params": {"text": "ü" * message["params"]["size"]}}
        return [event, {"id": message["id"], "result": {}}]
    if message["method"] == "Browser.close":
        os._exit(7)
    return [{"id": message["id"], "error": {"code": -32601, "message": "not known"}}]


main()
