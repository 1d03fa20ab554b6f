"""What the hosts of coding agents are answered.

Events and answers as the vendors document them: https://code.claude.com/docs/en/hooks and
openai/codex, codex-rs/hooks/schema/generated.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from notebooks_made import trees

from jupyter_agent.cli import main
from jupyter_agent.cli.screening import CLAUDE_CODE, CODEX, HOSTS, hooks
from jupyter_agent.errors import AgentError, RequestInvalid, ScreenTimeout
from jupyter_agent.screen import Finding, Screener
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.examples import assemble

SCREENER = CellScreener(Screener())
TOKEN = assemble("gh{+}p_{alnum:36}", 5)
ABOUT = {
    "session_id": "abc123",
    "transcript_path": "/home/me/.claude/transcript.jsonl",
    "cwd": "/home/me",
    "permission_mode": "default",
}


class _Late:
    def screen(self, text):
        raise ScreenTimeout("late")


def asked(host, name, screener=SCREENER, **event):
    raw = json.dumps({**ABOUT, "hook_event_name": name, **event}).encode()
    return hooks.answer(host, raw, screener)


def said(answer) -> str:
    return json.dumps(answer.body) + answer.reason


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("UserPromptSubmit", {"prompt": "plot the second column"}),
        ("PreToolUse", {"tool_name": "Bash", "tool_input": {"command": "ls -l"}}),
        ("PostToolUse", {"tool_name": "Bash", "tool_response": {"stdout": "a\nb"}}),
        ("SessionStart", {"source": "startup"}),
        ("SomethingNew", {"what": "of the next release"}),
    ],
)
def test_a_clean_event_goes_on_without_a_word(host, name, event):
    assert asked(host, name, **event) == hooks.Answer(0)


@pytest.mark.parametrize("host", HOSTS)
def test_a_prompt_with_a_secret_is_stopped_and_not_repeated(host):
    answer = asked(host, "UserPromptSubmit", prompt=f"use {TOKEN} please")

    assert answer.code == 2
    assert answer.body["decision"] == "block"
    assert answer.body["reason"] == answer.reason
    assert "GitHub" in answer.reason
    assert "jupyter agent secret set" in answer.reason
    assert TOKEN not in said(answer)


def test_only_the_host_that_knows_the_field_is_told_to_hide_the_prompt():
    told = {
        host: asked(host, "UserPromptSubmit", prompt=TOKEN).body.get("hookSpecificOutput")
        for host in HOSTS
    }

    assert told == {
        CLAUDE_CODE: {"hookEventName": "UserPromptSubmit", "suppressOriginalPrompt": True},
        CODEX: None,  # it refuses fields that it does not know, and would go on
    }


@pytest.mark.parametrize("host", HOSTS)
def test_a_tool_with_a_secret_in_its_input_is_denied(host):
    answer = asked(
        host,
        "PreToolUse",
        tool_name="Bash",
        tool_input={"command": f"curl -H 'Authorization: Bearer {TOKEN}' https://example.com"},
    )

    assert answer.code == 2
    specific = answer.body["hookSpecificOutput"]
    assert specific["hookEventName"] == "PreToolUse"
    assert specific["permissionDecision"] == "deny"
    assert specific["permissionDecisionReason"] == answer.reason
    assert "jupyter agent run -s LABEL" in answer.reason
    assert TOKEN not in said(answer)


def test_a_permission_for_a_tool_with_a_secret_is_denied():
    answer = asked(CODEX, "PermissionRequest", tool_input={"command": f"echo {TOKEN}"})

    assert answer.code == 2
    assert answer.body["hookSpecificOutput"]["decision"]["behavior"] == "deny"


def test_claude_code_gets_a_tools_result_masked_in_its_own_shape():
    result = {"stdout": f"token: {TOKEN}\n", "stderr": "", "interrupted": False, "lines": [1, 2]}

    answer = asked(CLAUDE_CODE, "PostToolUse", tool_name="Bash", tool_response=result)

    assert answer.code == 0  # with any other code the swap is not looked at
    specific = answer.body["hookSpecificOutput"]
    assert specific["hookEventName"] == "PostToolUse"
    assert specific["updatedToolOutput"] == {
        **result,
        "stdout": "token: [secret:github-token]\n",
    }
    assert TOKEN not in said(answer)


def test_the_file_with_the_unmasked_result_is_not_named_again():
    result = {"stdout": TOKEN, "persistedOutputPath": "/home/me/result", "persistedOutputSize": 9}

    answer = asked(CLAUDE_CODE, "PostToolUse", tool_response=result)

    assert answer.body["hookSpecificOutput"]["updatedToolOutput"] == {
        "stdout": "[secret:github-token]"
    }


def test_a_result_that_can_not_be_screened_in_time_is_withheld_in_its_own_shape():
    result = [{"type": "text", "text": "long", "more": {"n": 1}}]

    answer = asked(CLAUDE_CODE, "PostToolUse", _Late(), tool_response=result)

    (part,) = answer.body["hookSpecificOutput"]["updatedToolOutput"]
    assert (part["type"], part["more"]) == ("text", {"n": 1})
    assert "withheld" in part["text"]


def test_a_result_whose_shape_a_mask_would_break_is_withheld_in_its_own_shape():
    class OverQuotes:
        def screen(self, text):
            return [Finding("demo", "password", 2, len(text) - 1)] if "hidden" in text else []

    answer = asked(CLAUDE_CODE, "PostToolUse", OverQuotes(), tool_response={"a": "hidden", "b": 1})

    swapped = answer.body["hookSpecificOutput"]["updatedToolOutput"]
    assert swapped["b"] == 1
    assert "withheld" in swapped["a"]


@pytest.mark.parametrize("result", [{TOKEN: 1}, [{"tokens": {TOKEN: {"user": "ana"}}, "n": 2}]])
def test_a_secret_that_is_a_fields_name_is_withheld_with_what_it_names(result):
    answer = asked(CLAUDE_CODE, "PostToolUse", tool_name="mcp__x", tool_response=result)

    assert answer.body["hookSpecificOutput"]["updatedToolOutput"]
    assert TOKEN not in said(answer)


def test_codex_gets_a_reason_in_place_of_the_result():
    answer = asked(CODEX, "PostToolUse", tool_input={}, tool_response=f"token: {TOKEN}")

    assert answer.code == 2
    assert answer.body == {"decision": "block", "reason": answer.reason}
    assert answer.reason.startswith("Withheld")
    assert TOKEN not in said(answer)


@pytest.mark.parametrize("name", ["Stop", "SubagentStop", "SessionEnd", "Notification"])
def test_the_end_of_a_turn_is_never_stopped(name):
    assert asked(CLAUDE_CODE, name, last_assistant_message=TOKEN) == hooks.Answer(0)


def test_an_event_nobody_knows_yet_is_screened_whole():
    answer = asked(CODEX, "SomethingNew", payload={"deep": [TOKEN]})

    assert (answer.code, answer.body["decision"]) == (2, "block")


def test_a_secret_that_json_would_spell_differently_is_seen():
    prompt = f'first line\nkey = "{TOKEN}"\n'

    assert asked(CLAUDE_CODE, "UserPromptSubmit", prompt=prompt).code == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"hook_event_name": 7}',
        b'{"hook_event_name": "UserPromptSubmit"}',
        b'{"hook_event_name": "PreToolUse", "prompt": ""}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("host", HOSTS)
def test_an_event_that_can_not_be_read_is_a_failure(host, raw):
    with pytest.raises(RequestInvalid):
        hooks.answer(host, raw, SCREENER)


@pytest.mark.parametrize("name", ["UserPromptSubmit", "PreToolUse"])
def test_a_text_that_takes_too_long_is_a_failure(name):
    with pytest.raises(ScreenTimeout):
        asked(CODEX, name, _Late(), prompt="x", tool_input="x")


@given(trees)
@settings(max_examples=60, deadline=None)
def test_whatever_a_tool_returns_keeps_its_shape_or_its_peace(result):
    planted = {"before": result, "text": f"a\n{TOKEN}", "after": result}

    answer = asked(CLAUDE_CODE, "PostToolUse", tool_response=planted)

    swapped = answer.body["hookSpecificOutput"]["updatedToolOutput"]
    assert hooks._same_shape(planted, swapped)
    assert TOKEN not in json.dumps(swapped)


@given(trees)
@settings(max_examples=60, deadline=None)
def test_no_event_does_more_than_fail(event):
    try:
        answer = hooks.answer(CODEX, json.dumps(event).encode(), SCREENER)
    except AgentError:
        return
    assert answer.code in (0, 2)


@pytest.mark.parametrize(
    "when", ["jupyter_agent.cli.parse", "jupyter_agent.cli.screening.files.read"]
)
def test_a_hook_that_is_interrupted_stops_its_host_and_says_why(monkeypatch, capsys, when):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(when, interrupted)
    assert main(["screen", "--hook", "codex"]) == 2
    assert capsys.readouterr().err == "Stopped before it was screened for secrets.\n"
    assert main(["screen", "-"]) == 130
