"""Messages are read strictly, in both formats."""

from __future__ import annotations

import json
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import (
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from jupyter_agent.server.messages import V1, UnreadableMessage, read

HEADER = {"msg_id": "1", "msg_type": "execute_request", "session": "s"}


def v1(header=HEADER, content=None, buffers=(), channel="shell"):
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content or {"code": "1"})]
    return serialize_msg_to_ws_v1([*parts, *buffers], channel)


def text(**changed):
    fields = {
        "channel": "shell",
        "header": HEADER,
        "parent_header": {},
        "metadata": {},
        "content": {"code": "1"},
    }
    return json.dumps(fields | changed)


TWICE = text().replace('{"code": "1"}', '{"code": "1", "code": "2"}')
"""Of two fields of one name one program takes the first and another the last."""


@pytest.mark.parametrize(
    ("message", "subprotocol"), [(v1(), V1), (text(), None)], ids=["v1", "json"]
)
def test_a_message_is_read_and_handed_on_unchanged(message, subprotocol):
    request, onward = read(message, subprotocol)

    assert (request.channel, request.type, request.session) == ("shell", "execute_request", "s")
    assert request.content == {"code": "1"}
    assert onward == message


@pytest.mark.parametrize(
    ("message", "subprotocol"), [(v1(), V1), (text(), None)], ids=["v1", "json"]
)
def test_other_content_keeps_the_rest_of_the_message(message, subprotocol):
    request, _ = read(message, subprotocol)

    again, _ = read(request.with_content({"code": "2"}), subprotocol)

    assert again.content == {"code": "2"}
    assert (again.channel, again.header) == (request.channel, request.header)


def test_buffers_are_read_in_both_formats():
    fields = json.loads(text(buffers=[b"one".decode()])) | {"buffers": [b"one"]}

    assert read(v1(buffers=[b"one"]), V1)[0].buffers == [b"one"]
    assert read(serialize_binary_message(fields), None)[0].buffers == [b"one"]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff" * 64,  # claims more parts than any machine can hold
        v1(channel="hallway"),
        v1(header={"msg_id": "1"}),
        v1(header={"msg_type": 7}),
        v1(header=["msg_type"]),
        v1(content=["code"]),
        serialize_msg_to_ws_v1(
            [json.dumps(HEADER).encode(), b"{}", b"{}", b'{"code": "1", "code": "2"}'], "shell"
        ),
        serialize_msg_to_ws_v1([json.dumps(HEADER).encode()], "shell"),
        serialize_msg_to_ws_v1(
            [json.dumps(HEADER).encode(), b"{}", b"{}", '{"code": "1"}'.encode("utf-16")], "shell"
        ),
        text(),
    ],
)
def test_what_is_no_v1_message_is_refused(message):
    with pytest.raises(UnreadableMessage):
        read(message, V1)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        "{",
        "{}",
        text(channel="hallway"),
        text(channel=["shell"]),
        text(header=None),
        text(content="code"),
        b"\xff" * 64,
        b"\x7f\xff\xff\xff" + b"\0" * 16,
        TWICE,
        struct.pack("!II", 1, 8) + TWICE.encode(),
        struct.pack("!III", 2, 12, 12 + len(TWICE)) + TWICE.encode() + b"a buffer",
    ],
)
def test_what_is_no_json_message_is_refused(message):
    with pytest.raises(UnreadableMessage):
        read(message, None)


@given(st.binary(max_size=400) | st.text(max_size=400), st.sampled_from([V1, None]))
def test_nothing_but_the_one_error_comes_out(message, subprotocol):
    with suppress(UnreadableMessage):
        read(message, subprotocol)


@given(st.text(min_size=8, max_size=40))
def test_the_error_does_not_quote_the_message(secret):
    for subprotocol in (V1, None):
        with pytest.raises(UnreadableMessage) as refusal:
            read("{" + secret, subprotocol)
        assert str(refusal.value) == "not a Jupyter message"
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__
