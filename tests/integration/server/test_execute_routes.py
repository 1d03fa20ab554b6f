"""A route of another extension that runs a cell's text gets nothing to run or to log.

The extension here does what jupyter_server_nbmodel does: it logs what it got, puts it in a queue,
and has a client of the kernel's manager run it.
"""

from __future__ import annotations

import asyncio
import json

import pytest
from jupyter_server.base.handlers import APIHandler
from steps import allow
from tornado import web
from tornado.httpclient import HTTPClientError

pytestmark = pytest.mark.one_server

BLOCKED = "application/vnd.jupyter-agent.blocked+json"


class Execute(APIHandler):
    """``POST api/kernels/<id>/execute`` and ``…/input``."""

    seen: list[dict]

    @web.authenticated
    async def post(self, kernel_id):
        body = self.get_json_body()
        self.seen.append(body)
        self.log.debug("to run: %s", body)
        if "code" not in body or kernel_id not in self.kernel_manager:
            self.finish("{}")
            return
        client = self.kernel_manager.get_kernel(kernel_id).client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        heard = []
        reply = await client.execute_interactive(body["code"], output_hook=heard.append, timeout=60)
        client.stop_channels()
        self.finish(json.dumps({"reply": reply["content"], "heard": heard}, default=str))


@pytest.fixture
def seen(jp_serverapp):
    """What the extension got to see."""
    settings = jp_serverapp.web_app.settings
    if "execute" not in settings:
        settings["execute"] = handler = type("ThisServersExecute", (Execute,), {})
        route = jp_serverapp.base_url + r"api/kernels/([\w-]+)/(?:execute|input)"
        jp_serverapp.web_app.add_handlers(".*$", [(route, handler)])
    settings["execute"].seen = []
    return settings["execute"].seen


@pytest.fixture
def post(jp_fetch):
    async def send(kernel_id, verb, **fields):
        answer = await jp_fetch(
            "api",
            "kernels",
            kernel_id,
            verb,
            method="POST",
            body=json.dumps(fields),
            request_timeout=90,
        )
        return json.loads(answer.body)

    return send


@pytest.mark.parametrize("name", ["python3", "bash"])
async def test_the_extension_never_sees_the_secret_and_shows_the_box(  # noqa: PLR0917  (fixtures)
    new_kernel, bash_kernel, post, seen, canary, name, everything_logged, tmp_path, agent_home
):
    kernel_id = await new_kernel(name)

    answer = await post(
        kernel_id, "execute", code=f"TOKEN={canary.value}", metadata={"cell_id": "c1"}
    )

    assert answer["reply"]["ename"] == "SecretBlocked"
    (box,) = (m for m in answer["heard"] if m["header"]["msg_type"] == "display_data")
    (finding,) = box["content"]["data"][BLOCKED]["findings"]
    assert (finding["start"], finding["end"]) == (6, 6 + len(canary.value))
    assert seen[0]["metadata"] == {"cell_id": "c1"}
    assert not canary.found_in(json.dumps([answer, seen]).encode())
    assert not canary.found_in(everything_logged())
    assert canary.search_tree(tmp_path, agent_home) == []


async def test_what_would_run_on_another_servers_kernel_is_taken_out(post, seen, canary):
    server = {"url": "https://example.org", "token": "the token of that server"}

    await post("0a1b", "execute", code=f"TOKEN='{canary.value}'", server=server)
    await post("0a1b", "input", input=canary.value)
    await post("0a1b", "execute", code="print(1)", server=server)

    stopped, answered, passed = seen
    assert "SecretBlocked" in stopped["code"]
    assert stopped["server"] == server
    assert answered == {"input": ""}
    assert passed == {"code": "print(1)", "server": server}
    assert not canary.found_in(json.dumps(seen).encode())


@pytest.mark.parametrize("place", ["code", "metadata"])
async def test_no_shape_of_body_carries_it_past(post, seen, canary, place):
    fields = {"code": "1", "metadata": {}} | {place: [{"deep": canary.value}]}

    await post("0a1b", "execute", **fields)

    assert not canary.found_in(json.dumps(seen).encode())


@pytest.mark.parametrize(
    "odd",
    [
        lambda body: b"\x0c" + body,
        lambda body: body.replace(b"{", b'{"code": "1", ', 1),
        lambda body: body.replace(b": 1}", b": " + b"[" * 4000 + b"]" * 4000 + b"}"),
        lambda body: body.decode().encode("utf-16"),
    ],
    ids=["a form feed", "two of one name", "too deep", "utf-16"],
)
async def test_an_odd_body_does_not_carry_it_past_and_is_answered(jp_fetch, seen, canary, odd):
    body = odd(json.dumps({"code": f"TOKEN='{canary.value}'", "number": 1}).encode())
    path = ("api", "kernels", "0a1b", "execute")

    try:
        await jp_fetch(*path, method="POST", body=body, request_timeout=20)
    except HTTPClientError as refused:
        assert refused.code in (400, 500)  # noqa: PT017  (either is an answer)

    assert not canary.found_in(json.dumps(seen).encode())


async def test_clean_requests_pass_as_they_are(new_kernel, post, seen):
    kernel_id = await new_kernel()

    answer = await post(kernel_id, "execute", code="print('hi')", metadata={"cell_id": "c1"})
    await asyncio.gather(*(post(kernel_id, "execute", cells=[{"cell_id": "c1"}]) for _ in range(3)))

    assert answer["reply"]["status"] == "ok"
    assert seen[0] == {"code": "print('hi')", "metadata": {"cell_id": "c1"}}
    assert seen[1:] == [{"cells": [{"cell_id": "c1"}]}] * 3


async def test_routes_that_take_a_cell_ask_for_it_too(post, seen, owner, stored_value, canary):
    allow(owner, "anthropic-api-key", canary.value)

    await post("0a1b", "execute", code=f"x = '{stored_value}'", metadata={"note": stored_value})
    await post("0a1b", "input", input=stored_value)
    await post("0a1b", "execute", code=f"len('{canary.value}')")

    stopped, answered, allowed = seen
    assert "SecretBlocked" in stopped["code"]
    assert stored_value not in json.dumps(stopped)
    assert answered == {"input": ""}
    assert allowed == {"code": f"len('{canary.value}')"}


@pytest.mark.stands(reason="it was let through")
async def test_what_is_allowed_once_is_not_used_up_on_the_way(
    new_kernel, post, seen, owner, canary
):
    kernel_id = await new_kernel()
    allow(owner, "anthropic-api-key", canary.value, scope="once")

    first = await post(kernel_id, "execute", code=f"len('{canary.value}')")
    second = await post(kernel_id, "execute", code=f"len('{canary.value}')")

    assert first["reply"]["status"] == "ok"
    assert second["reply"]["ename"] == "SecretBlocked"
