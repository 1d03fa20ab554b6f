"""A service that speaks the API of OpenAI, wants a key, and answers from a script.

It speaks those of Anthropic and Google, too, for the model ``m-1``, as far as a conversation with
tools goes. Sources: https://platform.openai.com/docs/api-reference/chat/streaming,
https://docs.anthropic.com/en/docs/build-with-claude/streaming,
https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
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
        breaks: Whether an answer ends in an error, after all of its words.
        busy: Set while an answer is being streamed.
    """

    http: Service
    script: Script = lambda _messages: "hello"
    requests: list[bytes] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    pause: float = 0.0
    breaks: bool = False
    busy: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.http.origin}/v1"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of all requests, read."""
        return [json.loads(body) for body in self.requests]

    def answer(self, request: Any, api: Api) -> None:
        self.arrived.append(time.perf_counter())
        self.requests.append(request.sent)
        asked = json.loads(request.sent)
        said = self.script(asked[api.messages])
        events = api.events(said)
        if self.breaks:
            events[-2:] = [_event({"error": {"message": "overloaded", "type": "server_error"}})]
        self.busy.set()
        with contextlib.suppress(OSError):  # the caller was stopped
            request.stream(events, pause=self.pause)


@dataclass(frozen=True)
class Api:
    """How one maker's API says it.

    Attributes:
        path: Where it is asked.
        messages: The field of a request that holds the conversation.
        events: An answer, as server-sent events.
    """

    path: str
    messages: str
    events: Callable[[str | dict[str, Any]], list[bytes]]


@contextlib.contextmanager
def chat_service(knows: Callable[[Any], bool]) -> Iterator[ChatService]:
    """Serve until left; what carries no credential that it knows gets a 401."""
    with bearer_service(knows) as http:
        service = ChatService(http)

        def guarded(request: Any, api: Api) -> None:
            if knows(request):
                service.answer(request, api)
            else:
                request.answer(401, b'{"error": {"message": "who are you?", "type": "auth"}}')

        for api in APIS:
            http.more[api.path] = functools.partial(guarded, api=api)
        yield service


def _openai(said: str | dict[str, Any]) -> list[bytes]:
    return [*map(_event, _chunks(said)), b"data: [DONE]\n\n"]


def _event(data: dict[str, Any]) -> bytes:
    name = f"event: {data['type']}\n" if "type" in data else ""
    return f"{name}data: {json.dumps(data)}\n\n".encode()


def _words(said: str) -> list[str]:
    return [word for word in re.split(r"(?<= )", said) if word]


def _anthropic(said: str | dict[str, Any]) -> list[bytes]:
    if isinstance(said, str):
        block = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": word} for word in _words(said)]
        reason = "end_turn"
    else:
        call = {"id": f"t{time.monotonic_ns()}", "name": said["tool"], "input": {}}
        block = {"type": "tool_use", **call}
        written = json.dumps(said["arguments"])
        deltas = [{"type": "input_json_delta", "partial_json": written}]
        reason = "tool_use"
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m-1", "content": [],
               "stop_reason": None, "stop_sequence": None,
               "usage": {"input_tokens": 1200, "output_tokens": 1}}  # fmt: skip
    ended = {"stop_reason": reason, "stop_sequence": None}
    return [
        _event({"type": "message_start", "message": message}),
        _event({"type": "content_block_start", "index": 0, "content_block": block}),
        *(_event({"type": "content_block_delta", "index": 0, "delta": each}) for each in deltas),
        _event({"type": "content_block_stop", "index": 0}),
        _event({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 7}}),
        _event({"type": "message_stop"}),
    ]


def _google(said: str | dict[str, Any]) -> list[bytes]:
    if isinstance(said, str):
        parts = [{"text": word} for word in _words(said)]
    else:
        parts = [{"functionCall": {"name": said["tool"], "args": said["arguments"]}}]
    usage = {"promptTokenCount": 1200, "candidatesTokenCount": 7, "totalTokenCount": 1207}
    chunks = [{"content": {"role": "model", "parts": [part]}, "index": 0} for part in parts]
    chunks[-1]["finishReason"] = "STOP"
    last = {"usageMetadata": usage, "modelVersion": "m-1", "responseId": "r"}
    return [
        _event({"candidates": [chunk], **(last if chunk is chunks[-1] else {})}) for chunk in chunks
    ]


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


APIS = (
    Api("/v1/chat/completions", "messages", _openai),
    Api("/v1/messages", "messages", _anthropic),
    Api("/v1beta/models/m-1:streamGenerateContent", "contents", _google),
)


def _chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1"}
    return {**head, "choices": [choice]}
