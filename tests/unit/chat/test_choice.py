"""Which model a person means, and where that leads."""

from __future__ import annotations

import pytest

from jupyter_agent.chat import choice
from jupyter_agent.chat.choice import KINDS, choose
from jupyter_agent.egress import services
from jupyter_agent.errors import AgentError


@pytest.mark.parametrize(
    ("typed", "shown", "key", "way"),
    [
        (("openai:m",), "openai:m", "OPENAI_API_KEY", {"service": "openai"}),
        (("claude-x",), "anthropic:claude-x", "ANTHROPIC_API_KEY", {"service": "anthropic"}),
        (
            ("openai:m", "https://gw.example.com/v1", "MINE"),
            "openai:m",
            "MINE",
            {"service": "openai", "host": "https://gw.example.com"},
        ),
        (
            ("m", "http://127.0.0.1:9/v1", "MINE"),
            "m",
            "MINE",
            {"host": "http://127.0.0.1:9", "header": "Authorization: Bearer {}"},
        ),
    ],
)
def test_a_model_and_the_way_its_key_goes(typed, shown, key, way) -> None:
    chosen = choose(*typed)
    assert (str(chosen), chosen.key) == (shown, key)
    assert chosen.way() == {"label": key, **way}
    assert choice.of_json(chosen.to_json()) == chosen


def test_servers_on_this_machine_need_no_key() -> None:
    for name in ("ollama:m", "lmstudio:m", "vllm:m", "local"):
        assert choose(name).key == ""
        assert choose(name).on_this_machine
    assert choose("openai:m", "http://localhost:1/v1").key == ""


def test_every_kind_with_a_key_is_a_service_that_egress_knows_under_that_label() -> None:
    for name, kind in KINDS.items():
        if kind.label:
            known = services.known()[kind.service]
            assert kind.label in known.key, name
            # What a vendor's own library appends to the address differs; the host does not.
            assert kind.path.startswith("/") or not kind.path


@pytest.mark.parametrize(
    "typed",
    [
        ("nobody",),
        ("openai:",),
        ("m", "ftp://x"),
        ("m", "https://me@x.example/"),
        ("m", "https://x.example/?key=1"),
        ("m", "http://127.0.0.1:1", "not a label"),
    ],
)
def test_what_can_not_be_meant_is_refused_and_not_repeated(typed) -> None:
    with pytest.raises(AgentError) as refused:
        choose(*typed)
    assert "me@x" not in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize("found", [None, [], {}, {"model": 1}, {"model": "nobody"}])
def test_what_was_written_down_and_is_none_is_none(found) -> None:
    assert choice.of_json(found) is None
