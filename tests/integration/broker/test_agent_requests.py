"""What a person permits an agent on a way out: the one request that they have read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from persons import Watcher
from steps import save, until

from jupyter_agent.client import Client
from jupyter_agent.errors import GrantDenied, GrantRequired, RequestInvalid

pytestmark = pytest.mark.one_broker

GET = {"method": "GET", "target": "/echo?q=1"}


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def service(planted: Canary) -> Iterator[Service]:
    with bearer_service(lambda request: planted.value in str(request.headers)) as service:
        yield service


@pytest.fixture
def agent(person: Client, enter, planted: Canary) -> Client:
    save(person, "DEMO_TOKEN", planted.value)
    return enter("claude")


def ask(client: Client, service: Service, request: Any = GET, **more: Any) -> int:
    place = {} if "query" in more else {"header": "Authorization: Bearer {}"}
    fields = {"label": "DEMO_TOKEN", "host": service.origin, "request": request, **place, **more}
    return client.begin("egress.open", **fields)


def send(way: dict[str, Any], method: str, target: str, **more: Any) -> httpx.Response:
    base, placeholder = way["variables"]["DEMO_TOKEN_URL"], way["variables"]["DEMO_TOKEN"]
    headers = {"Authorization": f"Bearer {placeholder}", **more.pop("headers", {})}
    # What httpx adds by itself would be part of the request.
    plain = httpx.Client(headers={"User-Agent": "", "Accept": ""})
    with plain:
        del plain.headers["user-agent"], plain.headers["accept"]
        return plain.request(method, base + target, headers=headers, **more)


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 403, answer.text
    return str(answer.json()["error"]["data"]["rule"])


@pytest.mark.one_broker(shared=False)
def test_a_person_reads_the_whole_request_and_a_yes_is_for_it_alone(
    agent, service, watcher: Watcher, planted, person
):
    body = {"headers": {"Content-Type": "text/plain"}, "body": "grüße"}
    post = {"method": "POST", "target": "/echo-body?to=1", **body}
    number = ask(agent, service, post, why="to greet")
    asked = watcher.asked()
    assert asked["script"] == f"egress POST {service.origin}/echo-body?to=1"
    assert asked["request"] == {"headers": {"content-type": "text/plain"}, "body": "grüße"}
    assert asked["why"] == "to greet"
    watcher.answer(asked, "once")
    way = until(agent, number, "open")
    text = {"Content-Type": "text/plain"}
    for method, target, content, headers in (
        ("POST", "/echo-body?to=2", "grüße", text),
        ("POST", "/echo?to=1", "grüße", text),
        ("PUT", "/echo-body?to=1", "grüße", text),
        ("POST", "/echo-body?to=1", "grüsse", text),
        ("POST", "/echo-body?to=1", "grüße", {**text, "X-HTTP-Method-Override": "DELETE"}),
        ("POST", "/echo-body?to=1", "grüße", {"Content-Type": "text/html"}),
        ("POST", "/echo-body?to=1&to=1", "grüße", text),
        ("POST", "/echo-body?to=1", "x" * 70_000, text),
    ):
        answer = send(way, method, target, content=content.encode(), headers=headers)
        assert refused(answer) in {"one request", "size"}, (method, target, headers)
    assert service.heads == []
    first = send(way, "POST", "/echo-body?to=1", content="grüße".encode(), headers=text)
    assert (first.status_code, first.text) == (200, "grüße")
    again = send(way, "POST", "/echo-body?to=1", content="grüße".encode(), headers=text)
    assert refused(again) == "one request"
    assert len(service.heads) == 1
    (event,) = person.call("audit.read")["events"]
    assert (event["why"], event["decision"]) == ("to greet", "once")


@pytest.mark.parametrize("left_out", ["x-dry-run", "content-length", "close, X-Dry-Run"])
def test_nothing_of_what_was_read_is_left_out_on_the_way(agent, service, watcher, left_out):
    dry = {"X-Dry-Run": "1"}
    number = ask(
        agent, service, {"method": "POST", "target": "/echo-body", "headers": dry, "body": "all"}
    )
    watcher.answer(watcher.asked(), "once")
    way = until(agent, number, "open")
    # A header that is named in Connection goes no further than to us (RFC 9110, section 7.6.1).
    without = {**dry, "Connection": left_out}
    assert refused(send(way, "POST", "/echo-body", content=b"all", headers=without)) == "connection"
    assert service.heads == []
    assert send(way, "POST", "/echo-body", content=b"all", headers=dry).text == "all"
    assert ("x-dry-run", "1") in service.heads[0][1]


def test_always_is_for_this_request_and_not_for_its_host(agent, service, watcher, person, planted):
    number = ask(agent, service)
    watcher.answer(watcher.asked(), "always")
    assert send(until(agent, number, "open"), "GET", "/echo?q=1").status_code == 200
    again = ask(agent, service)  # nobody is asked
    assert send(until(agent, again, "open"), "GET", "/echo?q=1").status_code == 200
    for other in (
        {**GET, "target": "/echo?q=2"},
        {**GET, "target": "/"},
        {**GET, "method": "DELETE"},
        {**GET, "body": "x"},
        {**GET, "headers": {"X-Method": "DELETE"}},
    ):
        number = ask(agent, service, other)
        watcher.answer(watcher.asked(), "deny")
        with pytest.raises(GrantDenied):
            until(agent, number, "open")
    number = ask(agent, service, query="key")  # the value would stand in another place
    watcher.answer(watcher.asked(), "deny")
    with pytest.raises(GrantDenied):
        until(agent, number, "open")


def test_what_is_granted_for_a_whole_host_is_not_for_agents(agent, service, person, guest):
    script = f"egress {service.origin}"
    for who in (None, "agent", "agent:claude"):
        person.call("grant.add", label="DEMO_TOKEN", script=script, who=who)
    with pytest.raises(GrantRequired) as caught:
        until(agent, ask(agent, service), "open")
    (line,) = caught.value.data["grant"]
    assert f"egress GET {service.origin}/echo?q=1" in line
    # Somebody's own program may send one request where it may send any.
    way = until(guest, ask(guest, service), "open")
    assert refused(send(way, "GET", "/echo?q=2")) == "one request"
    assert send(way, "GET", "/echo?q=1").status_code == 200


def test_a_grant_written_by_hand_is_for_a_method_and_an_address(agent, service, person):
    script = f"egress GET {service.origin}/echo?q=1"
    person.call("grant.add", label="DEMO_TOKEN", script=script, who="agent:claude")
    assert send(until(agent, ask(agent, service), "open"), "GET", "/echo?q=1").status_code == 200
    with pytest.raises(GrantRequired):
        until(agent, ask(agent, service, {**GET, "target": "/echo?q=10"}), "open")


def test_a_host_that_is_denied_is_denied_for_each_request(agent, service, person, watcher):
    exact = f"egress GET {service.origin}/echo?q=1"
    person.call("grant.add", label="DEMO_TOKEN", script=exact, who="agent")
    person.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}", deny=True)
    with pytest.raises(GrantDenied):
        until(agent, ask(agent, service), "open")


def test_the_place_in_a_query_is_no_part_of_what_is_read(agent, service, watcher):
    number = ask(agent, service, query="key")
    watcher.answer(watcher.asked(), "once")
    way = until(agent, number, "open")
    base, placeholder = way["variables"]["DEMO_TOKEN_URL"], way["variables"]["DEMO_TOKEN"]
    plain = httpx.Client()
    with plain:
        del plain.headers["user-agent"], plain.headers["accept"]
        other = plain.get(f"{base}/echo?q=1&more=2&key={placeholder}")
        assert refused(other) == "one request"
        plain.get(f"{base}/echo?q=1&key={placeholder}")
    assert service.heads[0][0].startswith("GET /echo?q=1&key=")


STATES_NONE = (
    {"request": None},
    {"request": "GET /"},
    {"request": {"method": "get", "target": "/"}},
    {"request": {"method": "GET", "target": "x"}},
    {"request": {"method": "GET", "target": "/a b"}},
    {"request": {"method": "GET", "target": "/", "headers": ["x"]}},
    {"request": {"method": "GET", "target": "/", "headers": {"x": 1}}},
    {"request": {"method": "GET", "target": "/", "body": 1}},
    {"request": {"method": "GET", "target": "/", "body": "x" * 70_000}},
    {"postgres": "127.0.0.1/db", "user": "me", "request": GET},
    {"postgres": "127.0.0.1/db", "user": "me", "request": None},
    {"service": "aws", "request": GET, "label": "AWS_SECRET_ACCESS_KEY"},
    {"service": "openai", "request": None},
)


def test_an_agent_states_one_request_and_gets_no_way_to_all_of_a_service(enter):
    agent = enter()
    for fields in STATES_NONE:
        given = {"label": "DEMO_TOKEN", **fields}
        if set(fields) == {"request"}:
            given |= {"host": "https://api.example.com", "header": "Authorization: Bearer {}"}
        with pytest.raises(RequestInvalid):
            until(agent, agent.begin("egress.open", **given), "open")
