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
            ("claude-x", "https://gw.example.com/v1", "MINE"),
            "claude-x",
            "MINE",
            {"host": "https://gw.example.com", "header": "Authorization: Bearer {}"},
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


def test_a_server_of_ones_own_speaks_the_api_of_openai_whatever_its_models_are_called() -> None:
    for name in ("claude-x", "gemini-2", "gpt-4o"):
        chosen = choose(name, "https://gw.example.com/v1")
        assert (chosen.api, chosen.kind, chosen.key) == ("openai", "", "")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://localhost/v1", True),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://127.evil.example/v1", False),
        ("http://localhost.evil.example/v1", False),
        ("http://10.0.0.1/v1", False),
    ],
)
def test_this_machine_is_told_by_its_address_and_not_by_how_a_name_begins(url, here) -> None:
    assert choose("m", url).on_this_machine is here
    assert choice.is_loopback(url) is here


@pytest.mark.parametrize(
    ("kind", "origin", "path"),
    [
        ("openai", "https://api.openai.com", "/v1"),
        ("anthropic", "https://api.anthropic.com", ""),
        ("google", "https://generativelanguage.googleapis.com", ""),
        ("openrouter", "https://openrouter.ai", "/api/v1"),
        ("mistral", "https://api.mistral.ai", "/v1"),
        ("groq", "https://api.groq.com", "/openai/v1"),
        ("deepseek", "https://api.deepseek.com", ""),
        ("together", "https://api.together.xyz", "/v1"),
        ("xai", "https://api.x.ai", "/v1"),
        ("fireworks", "https://api.fireworks.ai", "/inference/v1"),
        ("ollama", "http://127.0.0.1:11434", "/v1"),
        ("lmstudio", "http://127.0.0.1:1234", "/v1"),
        ("vllm", "http://127.0.0.1:8000", "/v1"),
    ],
)
def test_where_each_kind_is_asked(kind, origin, path) -> None:
    chosen = choose(f"{kind}:some/model:tag")
    assert chosen.name == "some/model:tag"
    service = KINDS[kind].service
    known = str(services.known()[service].origin) if service else chosen.origin
    assert (known, chosen.path) == (origin, path)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://127.0.0.1:8000/v1", "/v1"),
        ("http://localhost:11434/v1/", "/v1"),
        ("https://gateway.example.com/openai/v1", "/openai/v1"),
        ("http://[::1]:8080", ""),
    ],
)
def test_an_address_of_ones_own_ends_where_the_library_goes_on(url, path) -> None:
    chosen = choose("m", url)
    assert (chosen.path, chosen.origin) == (path, url.rstrip("/").removesuffix(path))


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
        ("m", "http://127.0.0.1:99999/v1"),
        ("m", "http://127.0.0.1:0/v1"),
        ("m", "http://127.0.0.1:x/v1"),
        ("m", "http://127.0.0.1:1/v 1"),
        ("m", "http://models.example/v1", "MINE"),
        ("openai:m", "http://models.example/v1"),
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
