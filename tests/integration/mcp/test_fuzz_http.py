"""Whatever is sent to the door for agents: it answers, never with an error of ours or a value."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from canary import Canary
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from traitlets.config import Config

CASES = 60

# What stands for the stored value, the token, the address: they are known to the test only.
VALUE, TOKEN, HERE = "{VALUE}", "{TOKEN}", "{HERE}"

TEXTS = st.sampled_from(
    ["", "x", "DEMO_TOKEN", "K=DEMO_TOKEN", VALUE, "\0", "\ud800", "true", "ü" * 40, "{}", "null"]
) | st.text(max_size=12)
NAMES = st.sampled_from(
    ["command", "secrets", "why", "timeout", "url", "secret", "method", "headers", "body", "place",
     "label", "name", "arguments", "_meta", "progressToken", "uri", "cursor", VALUE]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
# A command without a secret runs: only such as do nothing.
COMMANDS = st.sampled_from(["true", "echo $DEMO_TOKEN", "exit 3", "", "\0"]) | st.integers()
TOOL_CALLS = st.fixed_dictionaries(
    {"name": st.sampled_from(["list_secret_labels", "http_request", "request_secret", VALUE, 1])},
    optional={"arguments": JSON, "_meta": JSON},
) | st.fixed_dictionaries(
    {
        "name": st.just("run_command"),
        "arguments": st.fixed_dictionaries(
            {"command": COMMANDS}, optional={"secrets": JSON, "why": TEXTS, "timeout": JSON}
        ),
    }
)
METHODS = st.sampled_from(
    ["tools/list", "initialize", "ping", "notifications/cancelled", "resources/read",
     "prompts/list", "logging/setLevel", "completion/complete", "server/discover", VALUE, ""]
) | st.text(max_size=8)  # fmt: skip
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0") | st.just("2.0") | JSON, "method": METHODS},
    optional={"id": st.integers() | st.text("abc", max_size=3) | st.none(), "params": JSON},
)
CALLS = st.builds(
    lambda params, number: {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": params,
    },
    TOOL_CALLS,
    st.integers(),
)
BODIES = (
    st.builds(lambda value: json.dumps(value).encode(), CALLS | MESSAGES | JSON)
    | st.builds(lambda value: json.dumps([value]).encode(), MESSAGES)
    | st.binary(max_size=30)
)
RIGHT = {
    "Host": HERE,
    "Authorization": f"Bearer {TOKEN}",
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
}
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=15)
WRONG = st.dictionaries(
    st.sampled_from(
        [*RIGHT, "Origin", "Mcp-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name",
         "Sec-Fetch-Site", "X-Forwarded-Host", "Cookie", "Last-Event-ID", "Accept-Encoding"]
    ),
    st.sampled_from(
        ["", "null", "https://elsewhere.example", f"http://{HERE}", "elsewhere.example:1", "[::1]",
         "2025-11-25", "2026-07-28", "1", f"Bearer {VALUE}", f"token {TOKEN}", "*/*", "text/html"]
    )
    | LINES,
    max_size=2,
)  # fmt: skip
DUMPED = st.builds(lambda value: json.dumps(value).encode(), CALLS)
REQUESTS = st.one_of(
    st.tuples(st.just("POST"), st.just({}), DUMPED),  # as a program sends it
    st.tuples(st.just("POST"), st.just({}), BODIES),
    st.tuples(st.just("POST"), WRONG, DUMPED),
    st.tuples(
        st.sampled_from(["POST", "GET", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH"]), WRONG, BODIES
    ),
)


@pytest.fixture
def jp_server_config() -> Config:
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_agent": True}}})


def made_up() -> list[tuple[str, dict[str, str], bytes]]:
    cases = []

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(REQUESTS)
    def keep(case: Any) -> None:
        cases.append(case)

    keep()
    return cases


async def answered(port: int, raw: bytes) -> bytes:
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(raw)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


async def test_no_request_gets_a_value_or_an_error_of_the_servers_own(  # noqa: PLR0917
    jp_serverapp, jp_fetch, stored, token_file, planted: Canary, caplog, jp_logging_stream
):
    port = jp_serverapp.port
    meant = {
        VALUE: planted.value,
        TOKEN: token_file.read_text(encoding="ascii"),
        HERE: f"127.0.0.1:{port}",
    }

    def filled(text: bytes) -> bytes:
        for placeholder, value in meant.items():
            text = text.replace(placeholder.encode(), value.encode())
        return text

    statuses: list[int] = []
    for method, wrong, body in made_up():
        sent = filled(body)
        headers = {**RIGHT, **wrong, "Content-Length": str(len(sent)), "Connection": "close"}
        lines = [f"{method} {jp_serverapp.base_url}jupyter-agent/mcp HTTP/1.1"]
        lines += [f"{name}: {text}" for name, text in headers.items()]
        head = filled("\r\n".join(lines).encode() + b"\r\n\r\n")
        answer = await answered(port, head + sent)
        statuses.append(int(answer.split()[1]))
        assert statuses[-1] < 500, (method, wrong, body, answer)
        assert planted.found_in(answer) == [], (method, wrong, body)
        assert meant[TOKEN].encode() not in answer
    assert statuses.count(200) >= CASES // 6  # they came as far as the tools
    logged = (caplog.text + jp_logging_stream.getvalue()).encode()
    assert planted.found_in(logged) == []
    assert "Traceback" not in caplog.text
