"""`jupyter agent mcp`: real hosts of both generations of the SDK, over stdin and stdout."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from steps import wait_until

DESKTOP = ("wait", "read", "ask", "navigate", "click", "type", "press")
TOOLS = [
    *("list_secret_labels", "run_command", "http_request", "request_secret", "open_desktop"),
    *(f"desktop_{each}" for each in DESKTOP),
]
RUN = {"command": 'echo "$DEMO_TOKEN"', "secrets": ["DEMO_TOKEN"], "why": "to see it"}


def said(result: dict) -> dict:
    return json.loads(result["content"][0]["text"])


ASK = ("request_secret", {"label": "NEW_KEY", "why": "to call the weather service"})


@pytest.mark.parametrize(("host", "server"), [(1, 2), (2, 1), (2, 2)])
def test_a_host_uses_a_secret_by_its_label_and_shows_the_address_where_one_is_entered(
    stored, planted, act, host, server
):
    """All in one session, because starting a host and a server is what takes long."""
    value = planted.value[::-1]
    seen = act(
        ("list_secret_labels", {}),
        ("run_command", RUN),
        ("run_command", {**RUN, "command": 'echo "$DEMO_TOKEN" | base64'}),
        ("run_command", {"command": 1}),
        ("nothing", {}),
        ASK,
        ASK,
        host=host,
        server=server,
        person=value,
    )
    assert seen["sdk"] == host
    assert seen["version"] == ("2026-07-28" if (host, server) == (2, 2) else "2025-11-25")
    assert [tool["name"] for tool in seen["tools"]] == TOOLS
    listed, ran, refused, wrong, unknown, *asked = seen["results"]
    assert [each["label"] for each in said(listed)["secrets"]] == ["DEMO_TOKEN"]
    assert said(ran)["stdout"] == "[secret:DEMO_TOKEN]\n"
    assert (refused["isError"], said(refused)["error"]["code"]) == (True, "grant_required")
    assert (wrong["isError"], unknown["isError"]) == (True, True)
    assert planted.found_in(json.dumps(seen).encode()) == []
    (event,) = [e for e in stored.call("audit.read")["events"] if e["decision"] == "grant"]
    assert (event["actor"], event["why"]) == ("agent:claude", RUN["why"])
    # The value is entered in a page, and passes the host and its model by.
    (shown,) = seen["elicited"]
    assert shown["mode"] == "url"
    assert shown["url"].startswith("http://127.0.0.1:")
    assert [said(result)["state"] for result in asked] == ["saved", "saved"]
    assert value not in json.dumps(seen)
    assert "NEW_KEY" in [each["label"] for each in stored.call("secret.list")["secrets"]]


def test_a_person_who_declines_an_address_declines_the_secret(stored, act):
    seen = act(ASK, host=2, server=2, person="decline")
    assert said(seen["results"][0])["state"] == "declined"
    assert len(seen["elicited"]) == 1


def test_a_host_that_shows_no_addresses_gets_a_link_and_no_form(stored, act):
    seen = act(ASK, ASK, host=1, server=2)
    first, again = map(said, seen["results"])
    assert (first["state"], set(first)) == ("pending", {"label", "state", "note", "url"})
    assert again["url"] == first["url"]  # the same page, as long as it is open
    assert seen["elicited"] == []


def test_an_agent_that_is_not_known_is_told_so_at_once(stored, act):
    stored.call("agent.forget", name="claude")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "jupyter_agent.cli", "mcp", "--agent", "claude"],
        input=b"",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert b"not known" in done.stderr
    assert done.stdout == b""


def test_forgetting_an_agent_ends_what_it_does_in_the_middle(stored, token_file):
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "jupyter_agent.cli", "mcp", "--agent", "claude"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with server:
        script = {"command": "sleep 60", "secrets": [], "why": "to wait"}
        for message in (
            {
                "id": 1,
                "method": "initialize",
                "params": {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "clientInfo": {"name": "test", "version": "1"},
                },
            },
            {"method": "notifications/initialized"},
            {
                "id": 2,
                "method": "tools/call",
                "params": {"name": "run_command", "arguments": script},
            },
        ):
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            server.stdin.flush()
        server.stdout.readline()
        wait_until(lambda: len(stored.call("runs.list")["runs"]) == 1, 30)
        stored.call("agent.forget", name="claude")
        answer = json.loads(server.stdout.readline())
        assert json.loads(answer["result"]["content"][0]["text"])["error"]["code"] in {
            "run_lost",
            "broker_refused",
        }
        assert stored.call("runs.list")["runs"] == []
        server.stdin.close()
        assert server.wait(20) == 0
