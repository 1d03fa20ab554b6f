"""Ways out: a program holds a placeholder, and the value goes to one host only."""

from __future__ import annotations

import base64
import json
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from steps import run, save, until, wait_until
from ways_out import open_way, until_gone

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import GrantRequired


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def service(planted: Canary) -> Iterator[Service]:
    known = f"Bearer {planted.value}"
    with bearer_service(lambda request: request.headers.get("Authorization") == known) as service:
        yield service


@pytest.fixture
def granted(person: Client, planted: Canary, service: Service) -> Client:
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}")
    return person


@pytest.fixture
def way(granted: Client, guest: Client, service: Service) -> dict:
    return open_way(guest, service)


@pytest.fixture
def http(way: dict) -> Iterator[httpx.Client]:
    variables = way["variables"]
    headers = {"Authorization": f"Bearer {variables['DEMO_TOKEN']}"}
    with httpx.Client(base_url=variables["DEMO_TOKEN_URL"], headers=headers) as client:
        yield client


def test_the_service_gets_the_value_and_the_caller_its_answer(http, service, planted):
    answer = http.get("/echo", params={"q": "1"})
    assert answer.status_code == 200
    line, headers = service.heads[0]
    assert line == "GET /echo?q=1 HTTP/1.1"
    assert ("authorization", f"Bearer {planted.value}") in [(n.lower(), v) for n, v in headers]
    assert {n.lower(): v for n, v in headers}["host"] == f"127.0.0.1:{service.port}"
    assert "[secret:DEMO_TOKEN]" in answer.text
    assert planted.found_in(answer.content) == []
    assert json.loads(answer.text)["at"] == "/echo?q=1"


def test_an_echo_comes_back_scrubbed(http, planted, subtests):
    for path in ["/echo", "/echo-gzip", "/echo-deflate", "/echo-header", "/split"]:
        with subtests.test(path=path):
            answer = http.get(path, follow_redirects=False)
            assert answer.status_code == 200
            assert planted.found_in(answer.content + str(answer.headers).encode()) == []
            assert b"[secret:DEMO_TOKEN]" in answer.content + str(answer.headers).encode()


def test_an_echo_in_the_name_of_a_header_does_not_come_back(http, planted):
    answer = http.get("/echo-name")
    assert answer.headers["x-other"] == "1"
    shown = str(answer.headers).lower().encode()
    assert planted.value.lower().encode() not in shown


@pytest.mark.parametrize("path", ["/echo-brotli", "/echo-utf16"])
def test_an_answer_that_can_not_be_looked_through_is_kept_back(http, planted, path):
    answer = http.get(path)
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "egress_failed"
    assert planted.found_in(answer.content) == []


def test_tokens_stream_as_they_come(http):
    with http.stream("GET", "/stream") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        parts = list(answer.iter_raw())
    assert len(parts) >= 5
    assert b"".join(parts) == b"".join(b"data: %d\n\n" % n for n in range(5))


def test_bodies_of_any_size_go_through_both_ways(http, service):
    big = random.Random(1).randbytes(3_000_000)
    assert http.post("/echo-body", content=big).content == big
    chunks = iter([big[:1_000_000], big[1_000_000:]])
    assert http.post("/echo-body", content=chunks).content == big
    assert service.bodies == [len(big), len(big)]


def test_methods_and_statuses_are_passed_on(http, service):
    for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert http.request(method, "/any").status_code == 200
    assert [line.split()[0] for line, _ in service.heads] == [
        *("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
    ]
    http.headers["Authorization"] = http.headers["Authorization"].removeprefix("Bearer ")
    assert http.get("/echo").status_code == 403  # not in the place it was permitted for


def test_one_connection_serves_many_requests(http, service):
    for _ in range(20):
        assert http.get("/ok").text == "ok"


def test_a_redirect_within_the_service_stays_with_us_and_another_one_does_not(http, service):
    def to(place: str):
        return lambda request: request.answer(302, b"", ("Location", place))

    service.more["/here"] = to(f"{service.origin}/echo")
    service.more["/there"] = to("https://elsewhere.example/x")
    service.more["/by-host"] = to(service.origin.removeprefix("http:") + "/echo")
    assert http.get("/here").headers["location"] == str(http.base_url.join("/echo"))
    assert http.get("/by-host").headers["location"] == str(http.base_url.join("/echo"))
    assert http.get("/there").headers["location"] == "https://elsewhere.example/x"


def test_the_next_page_of_a_list_is_asked_for_by_way_of_us(http, service):
    links = (
        f'<{service.origin}/ok?page=2>; rel="next", </ok?page=1>; rel="first", '
        '<https://elsewhere.example/>; rel="author"'
    )
    service.more["/list"] = lambda request: request.answer(200, b"[]", ("Link", links))
    found = http.get("/list").links
    assert http.get(found["next"]["url"]).text == "ok"
    assert (found["first"]["url"], found["author"]["url"]) == (
        "/ok?page=1",
        "https://elsewhere.example/",
    )


def test_where_a_service_leads_on_with_its_query_the_placeholder_stands_in_it(
    person, guest, planted
):
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)

    def lead_on(request: Any) -> None:
        _, _, query = request.path.partition("?")
        link = f'<{service.origin}/list/?page=2&{query}>; rel="next", <https://x.example/?{query}>'
        request.answer(301, b"", ("Location", f"/list/?{query}&page=1"), ("Link", link))

    with bearer_service(lambda request: f"api_key={planted.value}" in request.path) as service:
        service.more["/list"] = lead_on
        variables = open_way(guest, service, query="api_key")["variables"]
        at = f"{variables['DEMO_TOKEN_URL']}/list?api_key={variables['DEMO_TOKEN']}"
        first = httpx.get(at)
        assert planted.found_in(str(first.headers).encode()) == []
        assert httpx.get(at, follow_redirects=True).text == "ok"
        assert httpx.get(first.links["next"]["url"]).text == "ok"


def test_a_password_of_basic_may_have_letters_of_any_alphabet(person, guest):
    password = "pä ss:wörd-" + Canary.make(random.Random()).value
    save(person, "DEMO_TOKEN", password)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    known = "Basic " + base64.b64encode(f"me:{password}".encode()).decode()
    with bearer_service(lambda request: request.headers["Authorization"] == known) as service:
        number = guest.begin("egress.open", label="DEMO_TOKEN", host=service.origin, basic=True)
        variables = until(guest, number, "open")["variables"]
        pair = ("me", variables["DEMO_TOKEN"])
        assert httpx.get(variables["DEMO_TOKEN_URL"], auth=pair).text == "ok"


def test_a_program_may_say_how_it_fetches_as_node_does(http):
    assert http.get("/ok", headers={"Sec-Fetch-Mode": "cors"}).text == "ok"


def test_each_request_is_in_the_audit_without_query_and_value(http, person, planted):
    http.get("/echo", params={"token": "hidden-in-the-query"})
    http.post(f"/echo-body/{planted.value[:4]}", content=b"12345")
    first, second = person.call("audit.read")["events"][-2:]
    assert first["command"].startswith("GET http://127.0.0.1:")
    assert first["command"].endswith("/echo")
    assert (first["labels"], first["exit"], first["decision"]) == (["DEMO_TOKEN"], 200, "grant")
    assert first["hits"] == {"DEMO_TOKEN": 1}
    assert first["bytes"] > 0
    assert second["command"].startswith("POST ")


def test_the_way_ends_with_its_owner(granted, folders, service):
    with Client(folders, Hello()) as owner:
        way = open_way(owner, service)
        address = way["variables"]["DEMO_TOKEN_URL"]
        assert len(granted.call("egress.list")["ways"]) == 1
    until_gone(granted)
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_taking_back_the_grant_ends_the_way(http, granted):
    assert http.get("/ok").status_code == 200
    grant = granted.call("grant.list")["grants"][0]["id"]
    granted.call("grant.remove", grant=grant)
    refused = http.get("/ok")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "grant_denied"
    until_gone(granted)


def test_taking_back_the_grant_ends_an_answer_that_still_comes(http, granted, service):
    enough = threading.Event()

    def without_end(request: Any) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"6\r\nhello\n\r\n")
        enough.wait(60)

    service.more["/without-end"] = without_end
    try:
        with http.stream("GET", "/without-end") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "hello"
            granted.call("grant.remove", grant=granted.call("grant.list")["grants"][0]["id"])
            with pytest.raises(httpx.TransportError):
                next(lines)
    finally:
        enough.set()
    until_gone(granted)


def test_what_was_scrubbed_of_an_answer_that_was_not_read_to_its_end_is_in_the_audit(
    http, person, service
):
    enough = threading.Event()

    def echo_without_end(request: Any) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(request.headers["Authorization"].encode() + b"\n")
        request.close_connection = True
        enough.wait(60)

    service.more["/without-end"] = echo_without_end
    try:
        with http.stream("GET", "/without-end") as answer:
            assert next(answer.iter_lines()) == "Bearer [secret:DEMO_TOKEN]"
        wait_until(lambda: person.call("audit.read")["events"][-1]["hits"] == {"DEMO_TOKEN": 1})
    finally:
        enough.set()


def test_lock_ends_every_way(http, granted):
    granted.call("lock")
    until_gone(granted)
    with pytest.raises(httpx.TransportError):
        http.get("/ok")
    granted.call("unlock")


def test_without_a_grant_the_error_carries_the_line_that_grants_it(person, guest, service, planted):
    save(person, "DEMO_TOKEN", planted.value)
    with pytest.raises(GrantRequired, match="jupyter agent grant DEMO_TOKEN") as refused:
        open_way(guest, service)
    assert f"egress {service.origin}" in refused.value.data["grant"][0]


def test_a_value_that_was_replaced_is_used_from_then_on(http, granted, service):
    new = Canary.make(random.Random())
    save(granted, "DEMO_TOKEN", new.value, replace=True)
    http.get("/echo")
    assert f"Bearer {new.value}" in [text for _, text in service.heads[-1][1]]


def test_a_way_leads_for_its_own_program_only(way):
    values = [way["variables"]["DEMO_TOKEN_URL"], way["variables"]["DEMO_TOKEN"]]
    child, stranger = (
        subprocess.run(
            [sys.executable, "-c", program, *values], capture_output=True, text=True, check=True
        ).stdout
        for program in (ASKS, LEAVES + ASKS)
    )
    assert (child, stranger) == ("200", "403")


@pytest.mark.skipif(not socket.has_ipv6, reason="a machine without IPv6")
def test_a_program_whose_sockets_are_of_ipv6_is_let_in_as_java_is(way):
    values = [way["variables"]["DEMO_TOKEN_URL"], way["variables"]["DEMO_TOKEN"]]
    for program, status in ((BY_IPV6 + ASKS, "200"), (LEAVES + BY_IPV6 + ASKS, "403")):
        done = subprocess.run(
            [sys.executable, "-c", program, *values], capture_output=True, text=True, check=True
        )
        assert done.stdout == status


BY_IPV6 = """
import http.client, socket
def connect(self):
    self.sock = socket.socket(socket.AF_INET6)
    self.sock.connect(("::ffff:" + self.host, self.port))
http.client.HTTPConnection.connect = connect
"""


ASKS = """
import sys, urllib.error, urllib.request
address, placeholder = sys.argv[1:]
request = urllib.request.Request(
    address + "/ok", headers={"Authorization": "Bearer " + placeholder}
)
try:
    print(urllib.request.urlopen(request).status, end="")
except urllib.error.HTTPError as error:
    print(error.code, end="")
"""

# A double fork leaves the family: the grandchild's parent ends, and it becomes nobody's child.
LEAVES = """
import os, select
told, tell = os.pipe()
if os.fork():
    os.close(tell)
    os.read(told, 1)  # the end of the grandchild
    os._exit(0)
os.close(told)
gone, alive = os.pipe()
if os.fork():
    os._exit(0)
os.close(alive)
os.read(gone, 1)  # the end of its parent
"""


def test_a_grant_for_a_host_lets_no_program_of_that_name_have_the_value(granted, guest, service):
    with pytest.raises(GrantRequired):
        run(guest, f"egress {service.origin}", "DEMO_TOKEN")


def test_a_rule_that_denies_the_host_wins_also_over_a_way_that_is_open(http, granted, service):
    assert http.get("/ok").status_code == 200
    granted.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}", deny=True)
    assert http.get("/ok").status_code == 403
    assert len(service.heads) == 1


def test_a_label_for_another_notebook_or_with_no_use_left_opens_nothing(person, guest, service):
    save(person, "DEMO_TOKEN", "correct-horse-battery-staple-42")
    person.call(
        "grant.add",
        label="DEMO_TOKEN",
        script=f"egress {service.origin}",
        notebook="/another.ipynb",
    )
    with pytest.raises(GrantRequired):
        open_way(guest, service)
    person.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}", uses=1)
    assert open_way(guest, service)["way"]
    with pytest.raises(GrantRequired):
        open_way(guest, service)


@pytest.mark.parametrize("change", ["remove", "rename"])
def test_a_way_does_not_outlive_its_secret(way, granted, change):
    granted.call(
        f"secret.{change}", label="DEMO_TOKEN", **({"to": "B"} if change == "rename" else {})
    )
    until_gone(granted)
