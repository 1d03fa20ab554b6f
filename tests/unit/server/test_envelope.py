"""Ordinary envelopes are not screened; whatever else stands in one is."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.session import Session

from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.server.envelope import bare, unusual
from jupyter_agent.server.gate import Gate

GATE = Gate(Screener())
TOKENS = [
    assemble(shape, 4)
    for shape in ("sk-{+}ant-api03-{word:93}AA", "gh{+}p_{alnum:36}", "AK{+}IA{upper:16}")
]


def test_what_jupyterlab_sends_is_ordinary():
    cell = str(uuid.uuid4())
    header = {
        "date": "2026-11-22T20:15:00.000Z",
        "msg_id": str(uuid.uuid4()),
        "msg_type": "execute_request",
        "session": str(uuid.uuid4()),
        "username": "",
        "version": "5.2",
        "subshell_id": None,
    }
    metadata = {"cellId": cell, "deletedCells": [cell, cell], "recordTiming": False}

    assert unusual(header, {}, metadata) == {}
    assert bare(header).keys() == header.keys() - {"username"}


def test_what_jupyter_client_sends_is_ordinary_but_for_the_users_name():
    message = Session(username="somebody").msg("execute_request", {})

    beside = unusual(message["header"], message["parent_header"], message["metadata"])

    assert beside == {"header": {"username": "somebody"}}
    assert GATE.check("", {}, (), beside) is None


@given(
    st.sampled_from(TOKENS),
    st.sampled_from(["header", "parent", "metadata"]),
    st.sampled_from(["msg_id", "session", "msg_type", "username", "date", "cellId", "more"]),
    st.sampled_from(["itself", "deep in it", "its name"]),
    st.sampled_from(["", None, True, 4, 0.5, [], {}]),
)
def test_a_token_is_never_ordinary_wherever_it_stands(token, part, name, where, nothing):
    parts = {"header": {}, "parent": {}, "metadata": {}}
    field = {"itself": {name: token}, "deep in it": {name: [{"in": token}]}}
    parts[part] = field.get(where, {token: nothing})

    beside = unusual(parts["header"], parts["parent"], parts["metadata"])

    assert GATE.check("", {}, (), beside) is not None
    assert token not in str(bare(parts["header"]))


@given(st.none() | st.text(max_size=9) | st.lists(st.integers(), max_size=3))
def test_parts_that_are_no_objects_are_looked_at_too(part):
    assert unusual({}, part, part) == ({"parent_header": part, "metadata": part} if part else {})
