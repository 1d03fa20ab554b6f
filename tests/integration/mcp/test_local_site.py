"""The one-time page of `jupyter agent mcp`: who may open it, what it takes, when it is gone."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from form_pages import enter, fetch, label_of

from jupyter_agent import agenttoken
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.mcp.entries import Page
from jupyter_agent.mcp.local_site import LocalSite

Try = Callable[[Page], None]


@pytest.fixture
def with_page(token_file) -> Callable[..., Page]:
    """Serves a page while something is tried with it, in a thread."""

    def trying(attempt: Try, seconds: float = 60.0) -> Page:
        async def serve() -> Page:
            hello = agenttoken.hello(token_file)
            site = LocalSite(lambda: AsyncClient.open(folders_of(), hello), seconds)
            page = await site.page("NEW_KEY", 'to <call> "it"')
            assert await site.page("NEW_KEY", "again") is page
            await asyncio.to_thread(attempt, page)
            await site.close()
            return page

        return asyncio.run(serve())

    return trying


def folders_of():
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    return Folders.of()


def test_a_person_enters_a_value_and_the_page_is_gone(with_page, stored, planted):
    def attempt(page: Page) -> None:
        status, headers, body = fetch(page.url)
        assert (status, label_of(body)) == (200, "NEW_KEY")
        assert b"to &lt;call&gt; &quot;it&quot;" in body
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        enter(page.url, planted.value)
        with pytest.raises(OSError, match="refused"):  # with its last form the port is closed
            fetch(page.url)

    assert with_page(attempt).done.result() == "saved"
    shown = {one["label"]: one for one in stored.call("secret.list")["secrets"]}
    assert shown["NEW_KEY"]["note"] == "Entered in a page of the agent claude."


def test_only_its_own_page_under_its_own_name_is_answered(with_page):
    def attempt(page: Page) -> None:
        url, origin = page.url, "://".join(urlsplit(page.url)[:2])
        body = {"origin": origin}
        for status, address, sent, headers in (
            (404, f"{origin}/{'x' * 43}/", None, {}),
            (404, f"{origin}/", None, {}),
            (404, f"{url}nothing", None, {}),
            (404, f"{url}../form.js", None, {}),
            (421, url, None, {"Host": "elsewhere.example"}),
            (421, url, None, {"Host": "localhost:80"}),
            (403, f"{url}offer", body, {"Origin": "https://elsewhere.example"}),
            (403, f"{url}offer", body, {"Origin": "null"}),
            (403, f"{url}offer", body, {"Sec_Fetch_Site": "cross-site"}),
            (403, f"{url}offer", body, {"Content_Type": "text/plain"}),
            (403, f"{url}declined", {}, {"Origin": "https://elsewhere.example"}),
            (400, f"{url}save", {"label": "OTHER", "origin": origin}, {}),
            (400, f"{url}save", {"label": "NEW_KEY", "origin": "https://x"}, {}),
            (400, f"{url}save", [], {}),
        ):
            assert fetch(address, sent, **headers)[0] == status, (address, headers)
        assert not page.done.done()

    with_page(attempt)


def test_what_is_no_request_gets_no_answer(with_page):
    def attempt(page: Page) -> None:
        parts = urlsplit(page.url)
        for raw in (
            b"\0\0\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
        ):
            with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw_socket:
                raw_socket.sendall(raw)
                assert b"200" not in raw_socket.recv(1000)[:20]
        assert fetch(page.url)[0] == 200

    with_page(attempt)


def test_a_no_on_the_page_is_a_no(with_page):
    def attempt(page: Page) -> None:
        assert fetch(f"{page.url}declined", {})[0] == 200

    assert with_page(attempt).done.result() == "declined"


def test_it_is_gone_when_its_time_is_over(with_page):
    def attempt(page: Page) -> None:
        import time  # noqa: PLC0415

        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                fetch(page.url)
            except OSError:
                return
        raise AssertionError("it is still there")

    assert with_page(attempt, seconds=0.5).done.cancelled()


STRANGER = """
import os, select, socket, sys
os.setgid(65534); os.setgroups([]); os.setuid(65534)
address = "127.0.0.1", int(sys.argv[1])
def ask():
    with socket.create_connection(address, timeout=10) as asking:
        asking.sendall(b"GET " + sys.argv[2].encode() + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        return asking.recv(1000).split(b" ")[1].decode()
print(ask(), flush=True)
silent = {socket.create_connection(address, timeout=10) for _ in range(40)}
while len(silent) > 16 and (ended := select.select(silent, [], [], 4)[0]):
    silent -= set(ended)
print(len(silent), flush=True)
sys.stdin.read()
"""


@pytest.mark.root
def test_another_user_is_turned_away_and_keeps_nobody_out(with_page):
    def attempt(page: Page) -> None:
        parts = urlsplit(page.url)
        with subprocess.Popen(
            ["/usr/bin/python3", "-c", STRANGER, str(parts.port), parts.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as stranger:
            assert stranger.stdout is not None
            assert stranger.stdout.readline() == "403\n"
            assert stranger.stdout.readline() == "16\n"  # the others were hung up on at once
            assert fetch(page.url)[0] == 200
            stranger.communicate()

    with_page(attempt)
