"""A stand-in for a language model, for the tour: it has a script, and speaks the API of OpenAI.

Prints its port and answers on this machine only, until its standard input closes. Asked for labels
it uses a tool, as real models do; anything else it says back in a few words.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Model(BaseHTTPRequestHandler):
    """Answers `POST /v1/chat/completions`, as a stream."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for delta in _deltas(body["messages"]):
            self._say(delta, None)
        self._say({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, delta: dict, reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        chunk = {"id": "demo", "object": "chat.completion.chunk", "created": 0, "model": "demo"}
        self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _deltas(messages: list[dict]) -> list[dict]:
    last = messages[-1]
    if last["role"] == "tool":
        labels = [each["label"] for each in json.loads(last["content"])["secrets"]]
        return [{"content": f"You have stored: **{', '.join(labels) or 'nothing yet'}**. "},
                {"content": "I see labels only."}]  # fmt: skip
    text = str(last["content"])
    if "secrets" in text and "<attached" not in text:
        call = {"name": "list_secret_labels", "arguments": "{}"}
        return [{"tool_calls": [{"index": 0, "id": "1", "type": "function", "function": call}]}]
    lines = text.splitlines()
    return [{"content": f"You wrote: *{lines[0]}* "}, {"content": f"({len(text)} characters)"}]


# Stop in the notebook means the cell, not this service.
signal.signal(signal.SIGINT, signal.SIG_IGN)
with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
