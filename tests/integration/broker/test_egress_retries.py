"""What programs do by themselves: follow, try again, give up; none of it moves a value."""

from __future__ import annotations

import random
import socket
import threading
import urllib.request
from collections.abc import Iterator

import httpx
import openai
import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from steps import save, until, wait_until

from jupyter_agent.client import Client, Hello


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def service(planted: Canary) -> Iterator[Service]:
    known = f"Bearer {planted.value}"
    with bearer_service(lambda request: request.headers.get("Authorization") == known) as service:
        yield service


@pytest.fixture
def way(person: Client, guest: Client, service: Service, planted: Canary) -> dict[str, str]:
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    return open_way(guest, service)


def open_way(client: Client, service: Service) -> dict[str, str]:
    number = client.begin(
        "egress.open",
        label="DEMO_TOKEN",
        host=service.origin,
        header="Authorization: Bearer {}",
    )
    return until(client, number, "open")["variables"]


def bearer(way: dict[str, str]) -> dict[str, str]:
    return {"Authorization": "Bearer " + way["DEMO_TOKEN"]}


def connected(way: dict[str, str]) -> socket.socket:
    """A caller that writes its own HTTP."""
    port = int(way["DEMO_TOKEN_URL"].rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def head(way: dict[str, str]) -> bytes:
    """The rest of a request behind its first line."""
    host = way["DEMO_TOKEN_URL"].partition("//")[2]
    return f"Host: {host}\r\nAuthorization: {bearer(way)['Authorization']}\r\n\r\n".encode()


def test_who_follows_a_redirect_elsewhere_takes_a_placeholder_there_at_most(way, service, planted):
    with bearer_service(lambda _request: True) as elsewhere:
        service.more["/away"] = lambda request: request.answer(
            302, b"", ("Location", f"{elsewhere.origin}/take")
        )
        # urllib keeps every header on its way to another host, as few libraries still do.
        request = urllib.request.Request(way["DEMO_TOKEN_URL"] + "/away", headers=bearer(way))  # noqa: S310
        assert urllib.request.urlopen(request).status == 200  # noqa: S310
        ((line, headers),) = elsewhere.heads
        assert line == "GET /take HTTP/1.1"
        assert ("Authorization", f"Bearer {way['DEMO_TOKEN']}") in headers
        assert planted.found_in(str(headers).encode()) == []
        httpx.get(way["DEMO_TOKEN_URL"] + "/away", headers=bearer(way), follow_redirects=True)
        assert planted.found_in(str(elsewhere.heads).encode()) == []


def test_a_placeholder_of_another_way_opens_nothing_and_neither_does_its_port(
    way, folders, service, person
):
    with Client(folders, Hello()) as another:
        other = open_way(another, service)
        mixed = httpx.get(way["DEMO_TOKEN_URL"] + "/ok", headers=bearer(other))
        assert mixed.status_code == 403
        assert mixed.json()["error"]["code"] == "egress_refused"
        assert httpx.get(other["DEMO_TOKEN_URL"] + "/ok", headers=bearer(other)).text == "ok"
    wait_until(lambda: len(person.call("egress.list")["ways"]) == 1)
    again = httpx.get(way["DEMO_TOKEN_URL"] + "/ok", headers=bearer(other))
    assert again.status_code == 403  # of one that is closed
    assert len(service.heads) == 1


@pytest.mark.parametrize("address", ["::1", "127.0.0.2", "127.1.1.1"])
def test_a_way_is_at_one_address_of_this_machine(way, address):
    port = int(way["DEMO_TOKEN_URL"].rpartition(":")[2])
    with pytest.raises(OSError):  # noqa: PT011  (a refusal, or a machine without IPv6)
        socket.create_connection((address, port), timeout=5)


def test_names_of_loopback_reach_it_by_one_name_only(way, service):
    port = way["DEMO_TOKEN_URL"].rpartition(":")[2]
    assert httpx.get(f"http://localhost:{port}/ok", headers=bearer(way)).text == "ok"
    for name in ("localhost.", "localhost.localdomain", "LOCALHOST.example", "ip6-localhost"):
        headers = {**bearer(way), "Host": f"{name}:{port}"}
        assert httpx.get(f"http://127.0.0.1:{port}/ok", headers=headers).status_code == 403
    assert len(service.heads) == 1


def test_a_library_tries_again_by_its_own_rules_and_each_try_is_written_down(
    way, person, service, planted
):
    tries: list[int] = []

    def busy(request) -> None:
        tries.append(1)
        if len(tries) < 3:
            request.answer(503, b"{}", ("Retry-After", "0"), ("x-should-retry", "true"))
        else:
            request.answer(200, b'{"object": "list", "data": []}', ("Content-Type", MIME))

    service.more["/v1/models"] = busy
    client = openai.OpenAI(
        api_key=way["DEMO_TOKEN"], base_url=way["DEMO_TOKEN_URL"] + "/v1", max_retries=2
    )
    assert list(client.models.list()) == []
    sent = [dict(headers)["authorization"] for _, headers in service.heads]
    assert sent == [f"Bearer {planted.value}"] * 3
    wait_until(lambda: person.call("audit.read")["events"][-1]["exit"] is not None)
    events = person.call("audit.read")["events"][-3:]
    assert [event["exit"] for event in events] == [503, 503, 200]


MIME = "application/json"


def test_a_caller_that_gives_up_ends_the_request_there_too_and_may_try_again(way, service):
    hung_up, hangs = threading.Event(), threading.Event()

    def wait(request) -> None:
        hangs.set()
        if request.connection.recv(1) == b"":
            hung_up.set()

    service.more["/slow"] = wait
    with connected(way) as caller:
        caller.sendall(b"GET /slow HTTP/1.1\r\n" + head(way))
        assert hangs.wait(30)  # not after a time: it could give up before the service has it
    assert hung_up.wait(30)
    assert httpx.get(way["DEMO_TOKEN_URL"] + "/ok", headers=bearer(way)).text == "ok"


def test_a_service_that_breaks_off_is_said_so_and_nothing_is_sent_twice(way, service):
    def gone(request) -> None:
        request.connection.shutdown(socket.SHUT_RDWR)

    service.more["/gone"] = gone
    refused = httpx.post(way["DEMO_TOKEN_URL"] + "/gone", headers=bearer(way), content=b"once")
    assert refused.status_code == 502
    assert "broke off" in refused.json()["error"]["message"]
    assert [line for line, _ in service.heads] == ["POST /gone HTTP/1.1"]


def test_what_may_have_been_done_is_not_sent_again_on_a_new_connection(way, service):
    def gone(request) -> None:
        request.connection.shutdown(socket.SHUT_RDWR)

    service.more["/gone"] = gone
    for method in ("POST", "PATCH"):  # without a body: nothing but the method says what it does
        assert httpx.get(way["DEMO_TOKEN_URL"] + "/ok", headers=bearer(way)).text == "ok"
        refused = httpx.request(method, way["DEMO_TOKEN_URL"] + "/gone", headers=bearer(way))
        assert refused.status_code == 502
        assert "broke off" in refused.json()["error"]["message"]
    lines = [line for line, _ in service.heads if "/gone" in line]
    assert lines == ["POST /gone HTTP/1.1", "PATCH /gone HTTP/1.1"]


def test_what_a_service_says_unasked_is_not_taken_for_the_next_answer(way, service):
    def twice(request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none" * 2)

    service.more["/twice"] = twice
    for _ in range(3):
        assert httpx.get(way["DEMO_TOKEN_URL"] + "/twice", headers=bearer(way)).text == "one"
        assert httpx.get(way["DEMO_TOKEN_URL"] + "/ok", headers=bearer(way)).text == "ok"


def test_an_answer_that_is_cut_does_not_look_whole_to_a_caller_of_http_1_0(way, service):
    def cut(request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"a" * 70_000)
        request.connection.shutdown(socket.SHUT_RDWR)

    service.more["/cut"] = cut
    with connected(way) as caller:
        caller.sendall(b"GET /cut HTTP/1.0\r\n" + head(way))
        with caller.makefile("rb") as answer, pytest.raises(ConnectionResetError):
            answer.read()
