"""Attempts to get a value out of a way: each is refused, and the service never hears of it."""

from __future__ import annotations

import base64
import http.client
import os
import random
import re
import socket
from collections.abc import Iterator
from typing import Final

import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from conftest import end_brokers
from steps import save, until

from jupyter_agent import person as person_door
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

CANARY = Canary.make(random.Random())


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with bearer_service(lambda request: CANARY.value in str(request.headers)) as service:
        yield service


@pytest.fixture(scope="module")
def open_way(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    """One way for all attempts: none may spoil it for the next."""
    home = tmp_path_factory.mktemp("attempts")
    folders = Folders.of({"JUPYTER_AGENT_HOME": str(home)})
    hello = person_door.hello(folders, {"JUPYTER_AGENT_KEY_SOURCE": "file"})
    with Client(folders, hello) as person, Client(folders, Hello()) as guest:
        save(person, "DEMO_TOKEN", CANARY.value)
        person.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}")
        number = guest.begin(
            "egress.open",
            label="DEMO_TOKEN",
            host=service.origin,
            header="Authorization: Bearer {}",
        )
        yield until(guest, number, "open")
        assert CANARY.search_tree(home) == []
        assert CANARY.search_proc(os.getuid()) == []
    end_brokers(home)


@pytest.fixture
def way(open_way: dict, service: Service) -> dict:
    service.heads.clear()
    return open_way


def ask(way: dict, raw: str, *, until_hung_up: bool = False) -> bytes:
    """What comes back for these bytes: HOST, PORT and P stand for what the way has."""
    variables = way["variables"]
    port = int(variables["DEMO_TOKEN_URL"].rpartition(":")[2])
    text = raw.replace("{HOST}", f"127.0.0.1:{port}").replace("{P}", variables["DEMO_TOKEN"])
    text = text.replace("{PORT}", str(port))
    other = "jupyter-agent-placeholder-" + "A" * 43
    text = text.replace("{OTHER}", other)
    pair = f"me:{variables['DEMO_TOKEN']}".encode()
    text = text.replace("{B64}", base64.b64encode(pair).decode())
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode("latin-1"))
        if until_hung_up:
            return b"".join(iter(lambda: connection.recv(65536), b""))
        answer = http.client.HTTPResponse(connection)
        try:
            answer.begin()
        except (http.client.BadStatusLine, ConnectionResetError):
            return b""
        return b"HTTP/1.1 %d %s\n" % (answer.status, str(answer.headers).encode()) + answer.read()


AUTH: Final = "Authorization: Bearer {P}\n"
HOST: Final = "Host: {HOST}\n"

ATTEMPTS: Final = {
    "an address of another host": f"GET http://x.example/ HTTP/1.1\nHost: x.example\n{AUTH}\n",
    "an address, as to a proxy": f"GET http://127.0.0.1/ HTTP/1.1\n{HOST}{AUTH}\n",
    "a path that begins with two slashes": f"GET //elsewhere.example/x HTTP/1.1\n{HOST}{AUTH}\n",
    "CONNECT": f"CONNECT elsewhere.example:443 HTTP/1.1\n{HOST}{AUTH}\n",
    "TRACE, which echoes headers": f"TRACE / HTTP/1.1\n{HOST}{AUTH}\n",
    "a method of one's own": f"STEAL / HTTP/1.1\n{HOST}{AUTH}\n",
    "the asterisk": f"OPTIONS * HTTP/1.1\n{HOST}{AUTH}\n",
    "another host's name": f"GET / HTTP/1.1\nHost: elsewhere.example\n{AUTH}\n",
    "a name that leads here (rebinding)": f"GET / HTTP/1.1\nHost: x.example:{{PORT}}\n{AUTH}\n",
    "the host without its port": f"GET / HTTP/1.1\nHost: 127.0.0.1\n{AUTH}\n",
    "the host with another port": f"GET / HTTP/1.1\nHost: 127.0.0.1:1\n{AUTH}\n",
    "loopback in short": f"GET / HTTP/1.1\nHost: 127.1:{{PORT}}\n{AUTH}\n",
    "loopback as a number": f"GET / HTTP/1.1\nHost: 2130706433:{{PORT}}\n{AUTH}\n",
    "loopback in IPv6": f"GET / HTTP/1.1\nHost: [::1]:{{PORT}}\n{AUTH}\n",
    "loopback mapped into IPv6": f"GET / HTTP/1.1\nHost: [::ffff:127.0.0.1]:{{PORT}}\n{AUTH}\n",
    "a host with a user before it": f"GET / HTTP/1.1\nHost: a@127.0.0.1:{{PORT}}\n{AUTH}\n",
    "two hosts": f"GET / HTTP/1.1\n{HOST}Host: elsewhere.example\n{AUTH}\n",
    "no host": f"GET / HTTP/1.1\n{AUTH}\n",
    "a page of another site": f"GET / HTTP/1.1\n{HOST}Origin: https://evil.example\n{AUTH}\n",
    "a page without an origin": f"GET / HTTP/1.1\n{HOST}Sec-Fetch-Site: cross-site\n{AUTH}\n",
    "a websocket": f"GET / HTTP/1.1\n{HOST}Upgrade: websocket\nConnection: Upgrade\n{AUTH}\n",
    "a websocket beside HTTP/2": (
        f"GET / HTTP/1.1\n{HOST}Upgrade: h2c, websocket\nConnection: Upgrade\n{AUTH}\n"
    ),
    "HTTP/2 from the start": "PRI * HTTP/2.0\n\nSM\n\n",
    "two ends (CL.TE)": (
        f"POST / HTTP/1.1\n{HOST}{AUTH}Content-Length: 6\nTransfer-Encoding: chunked\n\n0\n\nG"
    ),
    "two lengths": f"POST / HTTP/1.1\n{HOST}{AUTH}Content-Length: 1\nContent-Length: 2\n\nab",
    "a length that is none": f"POST / HTTP/1.1\n{HOST}{AUTH}Content-Length: +1\n\na",
    "a coding that hides the chunks": (
        f"POST / HTTP/1.1\n{HOST}{AUTH}Transfer-Encoding: xchunked\n\n0\n\n"
    ),
    "chunked, said twice": (
        f"POST / HTTP/1.1\n{HOST}{AUTH}Transfer-Encoding: chunked, chunked\n\n0\n\n"
    ),
    "a blank before the colon": f"GET / HTTP/1.1\n{HOST}Authorization : Bearer {{P}}\n\n",
    "a zero byte in a header": f"GET / HTTP/1.1\n{HOST}{AUTH}X-A: b\x00c\n\n",
    "a bare line feed in a header": f"GET / HTTP/1.1\n{HOST}X-A: b\x0bc\n{AUTH}\n",
    "the placeholder in the path": f"GET /{{P}} HTTP/1.1\n{HOST}\n",
    "the placeholder in the query": f"GET /?k={{P}} HTTP/1.1\n{HOST}\n",
    "the placeholder in another header": f"GET / HTTP/1.1\n{HOST}X-Api-Key: {{P}}\n\n",
    "the placeholder in a cookie": f"GET / HTTP/1.1\n{HOST}Cookie: k={{P}}\n\n",
    "the placeholder in two places": f"GET /?k={{P}} HTTP/1.1\n{HOST}{AUTH}\n",
    "the placeholder in two headers": f"GET / HTTP/1.1\n{HOST}{AUTH}{AUTH}\n",
    "the placeholder twice in its header": (
        f"GET / HTTP/1.1\n{HOST}Authorization: Bearer {{P}} {{P}}\n\n"
    ),
    "more in its header": f"GET / HTTP/1.1\n{HOST}Authorization: Bearer {{P}}, X=1\n\n",
    "another scheme": f"GET / HTTP/1.1\n{HOST}Authorization: Token {{P}}\n\n",
    "Basic instead of Bearer": f"GET / HTTP/1.1\n{HOST}Authorization: Basic {{B64}}\n\n",
    "Basic beside Bearer": f"GET / HTTP/1.1\n{HOST}{AUTH}Authorization: Basic {{B64}}\n\n",
    "a line folded into another header": (
        f"GET / HTTP/1.1\n{HOST}X-A: b\n Authorization: Bearer {{P}}\n\n"
    ),
    "a header that is left out": f"GET / HTTP/1.1\n{HOST}{AUTH}X-A: b\nConnection: X-A\n\n",
    "a body that is left out": (
        f"POST / HTTP/1.1\n{HOST}{AUTH}Connection: content-length\nContent-Length: 1\n\nx"
    ),
    "no placeholder": f"GET / HTTP/1.1\n{HOST}\n",
    "a placeholder of somebody else": f"GET / HTTP/1.1\n{HOST}Authorization: Bearer {{OTHER}}\n\n",
    "two placeholders": f"GET / HTTP/1.1\n{HOST}{AUTH}X-B: {{OTHER}}\n\n",
    "a head without an end": f"GET / HTTP/1.1\n{HOST}{AUTH}X-A: " + "a" * 70_000 + "\n\n",
    "no HTTP": "hello\n\n",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_attempt_is_refused_and_reaches_nobody(way, service, attempt):
    answer = ask(way, ATTEMPTS[attempt])
    assert re.match(rb"HTTP/1\.1 (400|403|502) |$", answer)
    assert service.heads == []
    assert CANARY.found_in(answer) == []


HEADERS_OF_OURS: Final = (
    "Proxy-Authorization: x",
    "X-Forwarded-Host: evil",
    "Forwarded: host=evil",
)


def test_what_servers_take_for_an_address_does_not_arrive(way, service):
    more = "\n".join(HEADERS_OF_OURS)
    answer = ask(way, f"GET /ok HTTP/1.1\n{HOST}{AUTH}{more}\nConnection: close, TE\nTE: x\n\n")
    assert answer.startswith(b"HTTP/1.1 200")
    names = {name.lower() for name, _ in service.heads[0][1]}
    assert names == {"host", "accept-encoding", "authorization"}


@pytest.mark.parametrize("body", ["", "hello"])
def test_an_offer_of_http_2_does_not_arrive_and_is_answered_as_if_there_was_none(
    way, service, body
):
    offer = "Upgrade: h2c\nHTTP2-Settings: AAMAAABk\nConnection: Upgrade, HTTP2-Settings\n"
    one = f"POST /ok HTTP/1.1\n{HOST}{AUTH}{offer}Content-Length: {len(body)}\n\n{body}"
    answer = ask(way, one + one + f"GET /ok HTTP/1.1\n{HOST}\n", until_hung_up=True)
    assert (answer.count(b"HTTP/1.1 200"), answer.count(b"HTTP/1.1 403")) == (2, 1)
    names = {name.lower() for head in service.heads for name, _ in head[1]}
    assert names == {"host", "accept-encoding", "authorization", "content-length"}
    assert service.bodies[-2:] == [len(body), len(body)]


def test_a_request_hidden_behind_another_is_a_request_of_its_own(way, service):
    first = f"GET /ok HTTP/1.1\n{HOST}{AUTH}\n"
    answer = ask(way, first + f"GET /ok HTTP/1.1\n{HOST}\n", until_hung_up=True)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 403") == 1
    assert len(service.heads) == 1
