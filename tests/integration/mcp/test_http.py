"""The tools over HTTP, inside a real Jupyter server: who may call, and real hosts that do."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import pytest
from canary import Canary
from form_pages import label_of
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from traitlets.config import Config

from jupyter_agent.client import Client
from jupyter_agent.processes import tree

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
RUN = {"command": 'echo "$DEMO_TOKEN"', "secrets": ["DEMO_TOKEN"], "why": "to see it"}


@pytest.fixture
def jp_server_config() -> Config:
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_agent": True}}})


@pytest.fixture
def token(token_file) -> str:
    return token_file.read_text(encoding="ascii")


@pytest.fixture
def url(jp_serverapp, jp_fetch, stored) -> str:
    """Its address; `jp_fetch` is what makes the server listen."""
    return f"http://127.0.0.1:{jp_serverapp.port}{jp_serverapp.base_url}jupyter-agent/mcp"


async def post(url: str, body: Any = LIST, *, method: str = "POST", **headers: str) -> HTTPResponse:
    own = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = json.dumps(body) if not isinstance(body, str) else body
    return await AsyncHTTPClient().fetch(
        url, method=method, body=raw if method == "POST" else None, headers=own | sent,
        raise_error=False,
    )  # fmt: skip


def called(name: str, arguments: dict) -> dict:
    return {**LIST, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def said(answer: HTTPResponse) -> dict:
    return json.loads(json.loads(answer.body)["result"]["content"][0]["text"])


async def test_an_agent_calls_with_its_own_token_by_posts_until_it_is_forgotten(
    url, token, planted, stored: Client
):
    listed = await post(url, Authorization=f"Bearer {token}")
    assert listed.code == 200
    assert len(json.loads(listed.body)["result"]["tools"]) == 12
    ran = await post(url, called("run_command", RUN), Authorization=f"Bearer {token}")
    assert said(ran)["stdout"] == "[secret:DEMO_TOKEN]\n"
    assert planted.found_in(ran.body) == []
    for method in ("GET", "DELETE"):
        answer = await post(url, method=method, Authorization=f"Bearer {token}")
        assert (answer.code, answer.headers["Allow"]) == (405, "POST")
    stored.call("agent.forget", name="claude")
    assert (await post(url, Authorization=f"Bearer {token}")).code == 401


async def test_nobody_else_calls(url, token, jp_serverapp, folders, person):
    jupyters = jp_serverapp.identity_provider.token
    person_key = folders.person_key.read_text(encoding="ascii")
    capability = secrets.token_urlsafe(32)
    person.call("kernel.register", kernel_id="k", capability=capability, pid=None, started=None)
    narrow = f"Bearer {token}"
    for code, query, headers in (
        (401, "", {}),
        (401, "", {"Authorization": "Bearer "}),
        (401, "", {"Authorization": f"Basic {token}"}),
        (401, "", {"Authorization": f"Bearer {token}x"}),
        (401, "", {"Authorization": f"Bearer {person_key}"}),
        (401, "", {"Authorization": f"Bearer {capability}"}),
        (401, f"?token={token}", {}),
        (401, f"?token={jupyters}", {}),
        (401, "", {"Cookie": f"token={token}"}),
        (403, "", {"Authorization": f"Bearer {jupyters}"}),
        (403, "", {"Authorization": f"token {jupyters}"}),
        (403, "", {"Authorization": f"token {token}"}),
        (403, "", {"Authorization": narrow, "Origin": "https://elsewhere.example"}),
        (403, "", {"Authorization": narrow, "Origin": "null"}),
        (403, "", {"Authorization": narrow, "Sec_Fetch_Site": "cross-site"}),
        (403, "", {"Authorization": narrow, "Host": "elsewhere.example:8888"}),
        (200, "", {"Authorization": narrow, "Origin": url.partition("/jupyter-agent")[0][:24]}),
    ):
        if code == 200:
            headers["Origin"] = "/".join(url.split("/")[:3])
        answer = await post(url + query, **headers)
        assert answer.code == code, (query, list(headers))
        if code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_kernel_with_an_agents_token_is_refused(url, token, stored: Client):
    """The server is no way around what a kernel is lowered to."""
    program = (
        "import sys, urllib.request\n"
        "request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"
        "'Authorization': 'Bearer ' + sys.stdin.readline().strip(),"
        "'Content-Type': 'application/json', 'Accept': 'application/json, text/event-stream'})\n"
        "try:\n    print(urllib.request.urlopen(request).status)\n"
        "except urllib.error.HTTPError as refusal:\n    print(refusal.code)\n"
    )
    import sys  # noqa: PLC0415

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, url, json.dumps(LIST),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    found = tree.parent_and_start(process.pid)
    assert found is not None
    stored.call(
        "kernel.register",
        kernel_id="k1",
        capability="c" * 43,
        notebook="/n/a.ipynb",
        pid=process.pid,
        started=found[1],
    )
    out, _ = await process.communicate(token.encode() + b"\n")
    assert out.strip() == b"403"


@pytest.mark.parametrize("host", [1, 2])
async def test_a_host_calls_over_http(url, token, planted: Canary, act, host):
    seen = await asyncio.to_thread(
        act,
        ("list_secret_labels", {}),
        ("run_command", RUN),
        *[("request_secret", {"label": "NEW_KEY", "why": "to call the weather service"})] * 2,
        host=host,
        server=2,
        url=url,
        headers={"Authorization": f"Bearer {token}"},
    )
    _, ran, asked, again = (json.loads(each["content"][0]["text"]) for each in seen["results"])
    assert ran["stdout"] == "[secret:DEMO_TOKEN]\n"
    assert asked["state"] == "pending"
    assert asked["url"].startswith(url.removesuffix("mcp") + "entry/")
    assert again["url"] == asked["url"]  # the same page, as long as it is open
    assert seen["elicited"] == []
    assert planted.found_in(json.dumps(seen).encode()) == []


async def test_what_an_agent_writes_is_in_no_log(url, token, planted, caplog, jp_logging_stream):
    value = planted.value[::-1]
    for body in (
        value,
        json.dumps({"value": value}),
        [{"jsonrpc": "2.0", "id": 1, "method": value}],
        {**LIST, "method": value},
        {**LIST, "method": "tools/call", "params": {"name": 1, "arguments": value}},
        called("run_command", {"command": 1, value: value}),
        called(value, {"x": value}),
    ):
        answer = await post(f"{url}?q={value}", body, Authorization=f"Bearer {token}")
        assert answer.code in (200, 400), body
    said = (caplog.text + jp_logging_stream.getvalue()).encode()
    assert Canary(value).found_in(said) == []


async def test_the_form_is_behind_jupyters_login(url, token, jp_fetch, jp_serverapp):
    ask = called("request_secret", {"label": "NEW_KEY", "why": "to <b>call</b> it"})
    link = said(await post(url, ask, Authorization=f"Bearer {token}"))["url"]
    nonce = link.rstrip("/").rpartition("/")[2]
    outside = await AsyncHTTPClient().fetch(link, raise_error=False, follow_redirects=False)
    assert outside.code in (302, 403)
    own = {"Authorization": f"token {jp_serverapp.identity_provider.token}"}
    page = await AsyncHTTPClient().fetch(link, headers=own)
    assert label_of(page.body) == "NEW_KEY"
    assert b"the agent <b>claude</b>" in page.body
    assert b"&lt;b&gt;call&lt;/b&gt;" in page.body
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    for name in ("form.js", "form.css", "entry.js"):
        assert (await jp_fetch("jupyter-agent", "entry", nonce, name)).code == 200
    await jp_fetch("jupyter-agent", "entry", nonce, "declined", method="POST", body="{}")
    gone = await AsyncHTTPClient().fetch(
        link, headers={"Authorization": f"token {jp_serverapp.identity_provider.token}"},
        raise_error=False,
    )  # fmt: skip
    assert gone.code == 404
