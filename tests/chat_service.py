"""A service that speaks the API of OpenAI, wants a key, and answers from a script."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bearer_service import Service, bearer_service

Script = Callable[[list[dict[str, Any]]], "str | dict[str, Any]"]


@dataclass
class ChatService:
    """One running service.

    Attributes:
        http: The service itself; its address, and what it was sent.
        script: Given a request's messages, says the answer: a text, or ``{"tool", "arguments"}``.
        requests: The bodies of all requests, as they arrived.
        arrived: When each arrived, in seconds of ``time.perf_counter``.
        pause: Seconds between two words of an answer.
        busy: Set while an answer is being streamed.
    """

    http: Service
    script: Script = lambda _messages: "hello"
    requests: list[bytes] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    pause: float = 0.0
    busy: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.http.origin}/v1"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of all requests, read."""
        return [json.loads(body) for body in self.requests]

    def answer(self, request: Any) -> None:
        self.arrived.append(time.perf_counter())
        self.requests.append(request.sent)
        said = self.script(json.loads(request.sent)["messages"])
        self.busy.set()
        with contextlib.suppress(OSError):  # the caller was stopped
            request.stream(
                [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in _chunks(said)]
                + [b"data: [DONE]\n\n"],
                pause=self.pause,
            )


@contextlib.contextmanager
def chat_service(knows: Callable[[Any], bool]) -> Iterator[ChatService]:
    """Serve until left; what carries no credential that it knows gets a 401."""
    with bearer_service(knows) as http:
        service = ChatService(http)

        def guarded(request: Any) -> None:
            if knows(request):
                service.answer(request)
            else:
                request.answer(401, b'{"error": {"message": "who are you?", "type": "auth"}}')

        http.more["/v1/chat/completions"] = guarded
        yield service


def _chunks(said: str | dict[str, Any]) -> list[dict[str, Any]]:
    if isinstance(said, str):
        words = said.split(" ")
        deltas = [
            {"content": word + (" " if at < len(words) - 1 else "")}
            for at, word in enumerate(words)
        ]
        reason = "stop"
    else:
        call = {"name": said["tool"], "arguments": json.dumps(said["arguments"])}
        deltas = [{"tool_calls": [{"index": 0, "id": f"c{time.monotonic_ns()}", "type": "function",
                                   "function": call}]}]  # fmt: skip
        reason = "tool_calls"
    usage = {"prompt_tokens": 1200, "completion_tokens": 7, "total_tokens": 1207}
    return [
        *(_chunk({"role": "assistant", **delta}) for delta in deltas),
        {**_chunk({}, reason), "usage": usage},
    ]


def _chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1"}
    return {**head, "choices": [choice]}
