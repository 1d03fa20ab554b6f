"""A model's tools, called as a model calls them, against a real broker."""

from __future__ import annotations

import asyncio
import base64
import random

import pytest
from persons import answer_next
from steps import sleeping, wait_until

from jupyter_agent.chat.passage import Passage
from jupyter_agent.chat.tools import tools
from jupyter_agent.client import Hello
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.client.model_door import ModelDoor
from jupyter_agent.screen import Screener

LABEL = "DEMO_TOKEN"


def test_a_command_runs_with_a_label_once_a_person_says_yes(call, stored, folders, planted):
    answer_next(folders, "once")
    states: list[str] = []
    outcome = call(
        "run_command",
        command='echo "in: $DEMO_TOKEN" && printf %s "$DEMO_TOKEN" | base64 -w0',
        secrets=["DEMO_TOKEN"],
        why="to see it run",
        states=states,
    )
    assert states == ["asking", "running"]
    assert outcome.data["exit"] == 0
    assert outcome.data["stdout"].startswith("in: [secret:DEMO_TOKEN]\n")
    assert outcome.data["scrubbed"] == {"DEMO_TOKEN": 2}
    assert planted.found_in(outcome.text.encode()) == []


def test_output_in_two_bytes_a_character_is_withheld(call, stored, folders, planted):
    answer_next(folders, "once")
    outcome = call(
        "run_command",
        command='printf %s "$DEMO_TOKEN" | iconv -t UTF-16LE; printf %s "$DEMO_TOKEN" | wc -c',
        secrets=["DEMO_TOKEN"],
        why="a program that writes as Windows does",
    )
    assert outcome.data["exit"] == 0
    assert "withheld" in outcome.data["stdout"]
    assert planted.value not in outcome.data["stdout"].replace("\0", "")


def test_a_no_is_a_result_with_a_reason_and_a_next_step(call, stored, folders):
    answer_next(folders, "deny")
    outcome = call("run_command", command="echo $DEMO_TOKEN", secrets=["DEMO_TOKEN"], why="because")
    assert outcome.code == "grant_denied"
    assert "Do not try the same again" in outcome.data["error"]["next_step"]


def test_without_anybody_to_ask_nothing_runs(call, stored):
    outcome = call("run_command", command="echo 1", secrets=["DEMO_TOKEN"], why="because")
    assert outcome.code == "grant_required"


def test_a_value_in_an_argument_is_refused_whatever_its_form(call, stored, planted):
    value = planted.value
    for typed in (
        value,
        base64.b64encode(value.encode()).decode(),
        "\u200b".join(value),
        "".join(chr(0xFEE0 + ord(each)) for each in value),  # wide letters
    ):
        outcome = call("run_command", command=f"echo {typed}", why="because")
        assert outcome.code == "secret_blocked", typed
        assert planted.found_in(outcome.text.encode()) == []


def test_a_secret_that_nobody_stored_is_refused_by_the_rules(call, person):
    token = f"ghp_{random.Random(7).randbytes(18).hex()}"
    outcome = call("run_command", command=f"curl -H 'X: {token}' x", why="because")
    assert outcome.code == "secret_blocked"
    assert token not in outcome.text


def test_what_a_command_prints_of_a_value_it_was_not_granted_is_masked(
    call, stored, folders, planted, tmp_path
):
    answer_next(folders, "once")
    file = tmp_path / "left"
    file.write_text(f"note {planted.value}\n")
    try:
        outcome = call("run_command", command=f"base64 {file}; rev {file} | rev", why="look")
    finally:
        file.unlink()
    assert planted.found_in(outcome.text.encode()) == []
    assert outcome.data["exit"] == 0


def test_a_request_goes_to_its_service_with_the_value_and_comes_back_without(
    call, stored, service, folders, planted
):
    answer_next(folders, "once")
    outcome = call("http_request", url=f"{service.origin}/echo?x=1", secret=LABEL, why="look")
    assert outcome.data["status"] == 200
    assert "Bearer [secret:DEMO_TOKEN]" in outcome.data["body"]
    assert planted.found_in(outcome.text.encode()) == []
    assert service.heads[0][0] == "GET /echo?x=1 HTTP/1.1"


def test_places_and_bodies_of_requests(call, stored, service, planted):
    stored.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}")
    for place in ("header: X-Api-Key: {}", "header: Authorization: Token {}"):
        outcome = call(
            "http_request",
            url=f"{service.origin}/echo-body",
            secret=LABEL,
            place=place,
            method="POST",
            headers={"Content-Type": "text/plain"},
            body="grüße",
            why="look",
        )
        assert outcome.data["body"] == "grüße", outcome.text
    outcome = call(
        "http_request",
        url="https://someone@api.example.com/",
        secret=LABEL,
        why="look",
    )
    assert outcome.code == "request_invalid"


@pytest.mark.parametrize("place", ["query: api_key", "header: Authorization: Bearer {}"])
def test_where_a_service_leads_on_to_is_told_as_the_service_says_it(call, stored, service, place):
    def lead_on(request) -> None:
        query = request.path.partition("?")[2]
        link = f'<{service.origin}/list?page=2&{query}>; rel="next"'
        request.answer(302, b"", ("Location", f"{service.origin}/list/"), ("Link", link))

    stored.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}")
    service.more["/list"] = lead_on
    at = f"{service.origin}/list"
    outcome = call("http_request", url=f"{at}?a=1", secret=LABEL, place=place, why="look")
    headers = outcome.data["headers"]
    assert headers["location"] == f"{at}/"
    more = "&api_key=[secret:DEMO_TOKEN]" if place.startswith("query") else ""
    assert headers["link"] == f'<{at}?page=2&a=1{more}>; rel="next"'


def test_labels_are_listed_with_dates_and_without_values(call, stored, planted):
    outcome = call("list_secret_labels")
    assert [each["label"] for each in outcome.data["secrets"]] == ["DEMO_TOKEN"]
    assert planted.found_in(outcome.text.encode()) == []


def test_a_secret_is_asked_for_by_label_and_never_in_the_chat(call, stored):
    assert call("request_secret", label="NEW_TOKEN", why="x").data["state"] == "pending"
    assert call("request_secret", label="DEMO_TOKEN", why="x").data["state"] == "saved"
    assert call("request_secret", label="not a label", why="x").code == "label_invalid"
    assert call.entries == [("NEW_TOKEN", "x")]


def test_arguments_that_are_none_are_explained_and_not_repeated(call, person):
    for arguments in (
        {"command": "x"},
        {"command": 1, "why": "x"},
        {"command": "x", "why": "x", "hunter2": 1},
        {"command": "x", "why": "x", "secrets": "hunter2"},
        {"command": "x", "why": "x", "timeout": 0},
    ):
        outcome = call("run_command", **arguments)
        assert outcome.code == "request_invalid"
        assert "hunter2" not in outcome.text


def test_a_command_without_secrets_is_asked_about_too(call, stored, folders):
    assert call("run_command", command="echo 1", why="look").code == "grant_required"
    answer_next(folders, "deny")
    assert call("run_command", command="echo 1", why="look").code == "grant_denied"
    answer_next(folders, "once")
    assert call("run_command", command="echo 1", why="look").data["stdout"] == "1\n"


def test_stopping_ends_the_command_with_everything_it_started(folders, stored):
    async def act() -> None:
        door = ModelDoor(lambda: AsyncClient.open(folders, Hello()), None, cwd="/")
        run = {tool.name: tool for tool in tools(door, Passage(Screener(), door.match))}
        task = asyncio.create_task(
            run["run_command"].call({"command": "sleep 7531 & sleep 7531", "why": "wait"})
        )
        while len(sleeping("7531")) < 2:  # noqa: ASYNC110  (other processes send no event)
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        await door.close()

    asyncio.run(act())
    wait_until(lambda: sleeping("7531") == [])
