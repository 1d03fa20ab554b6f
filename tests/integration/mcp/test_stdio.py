"""`jupyter agent mcp`: real hosts of both generations of the SDK, over stdin and stdout."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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
        ("request_secret", {"label": "OTHER_KEY", "why": "to have it"}),
        ASK,
        ASK,
        host=host,
        server=server,
        person=["decline", value],
    )
    assert seen["sdk"] == host
    assert seen["version"] == ("2026-07-28" if (host, server) == (2, 2) else "2025-11-25")
    assert [tool["name"] for tool in seen["tools"]] == TOOLS
    listed, ran, refused, wrong, unknown, declined, *asked = seen["results"]
    assert [each["label"] for each in said(listed)["secrets"]] == ["DEMO_TOKEN"]
    assert said(ran)["stdout"] == "[secret:DEMO_TOKEN]\n"
    assert (refused["isError"], said(refused)["error"]["code"]) == (True, "grant_required")
    assert (wrong["isError"], unknown["isError"]) == (True, True)
    assert planted.found_in(json.dumps(seen).encode()) == []
    (event,) = [e for e in stored.call("audit.read")["events"] if e["decision"] == "grant"]
    assert (event["actor"], event["why"]) == ("agent:claude", RUN["why"])
    # The value is entered in a page, and passes the host and its model by.
    assert [each["mode"] for each in seen["elicited"]] == ["url", "url"]
    assert all(each["url"].startswith("http://127.0.0.1:") for each in seen["elicited"])
    assert said(declined)["state"] == "declined"
    assert [said(result)["state"] for result in asked] == ["saved", "saved"]
    assert value not in json.dumps(seen)
    assert "NEW_KEY" in [each["label"] for each in stored.call("secret.list")["secrets"]]


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
