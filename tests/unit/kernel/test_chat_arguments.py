"""The line of a chat cell."""

from __future__ import annotations

import pytest

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.kernel.chat_arguments import parse


@pytest.mark.parametrize(
    "more", ["--model openai:m", "--url http://x", "--key MY_KEY", "--no-tools"]
)
def test_an_agent_is_asked_for_without_what_a_model_takes(more):
    with pytest.raises(RequestInvalid) as refused:
        parse(f"--agent codex {more}")
    assert "Leave out --agent" in refused.value.hint


def test_an_agent_sees_what_is_attached_and_begins_anew():
    asked = parse("--agent 'npx my-agent' --with df,x --new")
    assert (asked.agent, asked.attached, asked.new) == ("npx my-agent", ("df", "x"), True)
