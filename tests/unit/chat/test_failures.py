"""What people read when a model can't be asked: real answers of makers and servers."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jupyter_agent.chat import model
from jupyter_agent.chat.answering import CUT, Answering
from jupyter_agent.chat.choice import choose
from jupyter_agent.chat.passage import Passage
from jupyter_agent.errors import ModelFailed
from jupyter_agent.screen import Screener

HIDDEN = "words of the request"
"""Makers repeat those; no error of ours does."""


class Service(ThreadingHTTPServer):
    """Answers everything with one status and body."""

    status, body, kind = 200, b"", "application/json"


@pytest.fixture
def service() -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        server: Service

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(self.server.status)
            self.send_header("Content-Type", self.server.kind)
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *_: object) -> None:
            pass

    with Service(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


async def nothing(_text: str) -> None:
    return None


def ask(service: Service, kind: str, key: str = "") -> Answering:
    url = f"http://127.0.0.1:{service.server_port}"
    chosen = choose(f"{kind}:m", url)
    asked = model.built(chosen, url, model.NO_KEY)
    answering = Answering(asked, "the model", Passage(Screener(), nothing), [], lambda _: None, key)
    asyncio.run(answering.answer("hello", [], []))
    return answering


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": f"{message} ({HIDDEN})", **more}}


@pytest.mark.parametrize(
    ("kind", "status", "said", "what", "hint"),
    [
        (
            "google",
            400,
            error("API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT"),
            "did not accept the key",
            "%secret replace MY_KEY",
        ),
        ("openai", 400, error("Incorrect API key provided: ab"), "did not accept", "MY_KEY"),
        ("openai", 401, error("no"), "did not accept the key", "%secret replace MY_KEY"),
        (
            "openai",
            400,
            error("This model's maximum context length is 8192 tokens."),
            "too long",
            "%agent_chat --new",
        ),
        ("anthropic", 400, error("prompt is too long: 213462 tokens"), "too long", "--new"),
        ("anthropic", 400, error("Your credit balance is too low"), "wants to be paid", "account"),
        ("openai", 429, error("Quota", code="insufficient_quota"), "wants to be paid", "account"),
        ("openai", 400, error("gemma:2b does not support tools"), "can't use tools", "--no-tools"),
        (
            "openai",
            404,
            error("No endpoints found that support tool use."),
            "can't use tools",
            "--no-tools",
        ),
        ("openai", 400, error("no"), "did not understand", "--no-tools"),
        ("openai", 404, error("The model `m` does not exist"), "no such model", "--model"),
        ("openai", 404, "404 page not found", "nothing at that address", "/v1"),
        ("openai", 404, {"detail": "Not Found"}, "nothing at that address", "/v1"),
    ],
)
def test_what_a_status_means_is_said_with_the_next_step(  # noqa: PLR0917
    service, kind, status, said, what, hint
):
    service.status, service.body = status, json.dumps(said).encode()
    if isinstance(said, str):
        service.body, service.kind = said.encode(), "text/plain"
    with pytest.raises(ModelFailed) as failed:
        ask(service, kind, "MY_KEY")
    assert what in failed.value.message
    assert hint in failed.value.hint
    assert HIDDEN not in str(failed.value)


def test_a_server_that_sends_on_to_another_one_hands_it_no_conversation(service):
    """Within the server it is followed: there are those that want a slash."""
    asked: list[str] = []

    class Sending(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(307)
            within = self.path.startswith("/a") and "/again" not in self.path
            self.send_header("Location", "/again" if within else elsewhere)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    elsewhere = f"http://127.0.0.1:{service.server_port}/"
    told: list[str] = []
    service.RequestHandlerClass.do_POST = lambda _request: told.append("the conversation")
    with ThreadingHTTPServer(("127.0.0.1", 0), Sending) as sending:
        threading.Thread(target=sending.serve_forever, args=(0.01,), daemon=True).start()
        chosen = choose("openai:m", f"http://127.0.0.1:{sending.server_port}/a")
        asked_model = model.built(chosen, chosen.url, model.NO_KEY)
        answering = Answering(
            asked_model, "the model", Passage(Screener(), nothing), [], lambda _: None
        )
        with pytest.raises(ModelFailed) as failed:
            asyncio.run(answering.answer("hello", [], []))
        sending.shutdown()
    assert "sends on to another address" in failed.value.message
    assert "--url" in failed.value.hint
    assert "/again" in asked
    assert told == []


def event(text: str, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": reason}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n".encode()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"data: {no json\n\n", "no answer"),
        (b'data: {"x": "\xff"}\n\n', "no answer"),
        (b"<html>", "no answer"),
        (event("", "content_filter"), "declined to answer"),
        (event("one") + b"data: {no json\n\n", "no answer"),
    ],
)
def test_an_answer_that_is_none_is_no_server_that_can_not_be_reached(service, body, what):
    service.kind, service.body = "text/event-stream", body
    with pytest.raises(ModelFailed) as failed:
        ask(service, "openai")
    assert what in failed.value.message
    assert failed.value.hint


def test_an_answer_that_breaks_off_is_no_server_that_can_not_be_reached(service):
    service.kind, service.body = "text/event-stream", event("one two")
    finish = BaseHTTPRequestHandler.end_headers
    with pytest.MonkeyPatch.context() as patch:

        def longer(request: BaseHTTPRequestHandler) -> None:
            request.send_header("Content-Length", "9999")
            finish(request)

        patch.setattr(service.RequestHandlerClass, "end_headers", longer)
        with pytest.raises(ModelFailed) as failed:
            ask(service, "openai")
    assert "broke off in the middle" in failed.value.message


def test_an_answer_that_is_cut_is_said_to_be(service):
    service.kind, service.body = "text/event-stream", event("one two", "length")
    assert ask(service, "openai").usage.ended == CUT
    service.body = event("one two", "stop")
    assert ask(service, "openai").usage.ended == ""


def test_a_key_that_is_missing_is_asked_for(service):
    service.status, service.body = 401, json.dumps(error("no")).encode()
    with pytest.raises(ModelFailed) as failed:
        ask(service, "openai")
    assert "wants a key" in failed.value.message
    assert "--key LABEL" in failed.value.hint


def test_what_a_library_raises_is_not_behind_what_people_read():
    """IPython shows a page of frames where a group of errors is."""

    class Failing:
        async def _run(self, *_: Any) -> None:
            raise ExceptionGroup("many", [ExceptionGroup("more", [ConnectionError(HIDDEN)])])

    answering = Answering(None, "the model", Passage(Screener(), nothing), [], lambda _: None)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Answering, "_run", Failing._run)
        with pytest.raises(ModelFailed) as failed:
            asyncio.run(answering.answer("hello", [], []))
    assert "can't be reached" in failed.value.message
    assert failed.value.__context__ is None
