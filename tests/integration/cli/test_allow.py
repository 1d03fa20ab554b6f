"""``jupyter agent allow``: what is no secret, seen and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import CommandLine

from jupyter_agent import person as person_door
from jupyter_agent.cli.known import KnownScreener
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Finding
from jupyter_agent.screen.stored import StoredFinding

pytestmark = pytest.mark.one_broker

VALUE = "an-example-of-the-tutorial"


class OneRule:
    """Finds one text, as a rule would."""

    def screen(self, text: str) -> list[Finding]:
        at = text.find(VALUE)
        return [] if at < 0 else [Finding("generic-key", "api-key", at, at + len(VALUE))]

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        return range(len(texts))

    def rule(self, rule_id: str):
        raise KeyError(rule_id)


def allowed(reason: str = "from the docs") -> str:
    with person_door.open_client(Folders.of()) as client:
        (mark,) = client.call("allow.check", findings=[{"rule": "generic-key", "value": VALUE}])[
            "marks"
        ]
        made = client.call("allow.add", scope="value", rule="generic-key", mark=mark, reason=reason)
    return str(made["allowance"]["id"])


def test_nothing_is_allowed_at_first(cli, saved):
    done = cli("allow", "list")
    assert done.code == 0
    assert b"Nothing is allowed" in done.out
    assert cli("allow", "list", "--json").json == {"format": 1, "allowed": []}


def test_what_is_allowed_is_listed_without_its_value_and_taken_back(cli, saved):
    number = allowed("from \x1b[31mthe docs")
    done = cli("allow", "list")
    assert done.code == 0
    assert number.encode() in done.out
    assert b"generic-key" in done.out
    assert b"\x1b" not in done.out
    (listed,) = cli("allow", "list", "--json").json["allowed"]
    assert (listed["id"], listed["scope"]) == (number, "value")
    assert VALUE.encode() not in done.out
    done = cli("allow", "remove", number, "--json")
    assert done.json == {"format": 1, "removed": number}
    assert cli("allow", "list", "--json").json["allowed"] == []


def test_an_unknown_entry_is_an_error(cli, saved):
    done = cli("allow", "remove", "nothing", "--json")
    assert done.code == 1
    assert done.error["code"] == "request_invalid"


def test_a_terminal_screens_for_stored_values_and_lets_pass_what_is_allowed(cli, saved):
    screener = KnownScreener(OneRule())
    text = f"a = '{VALUE}' b = '{saved.value}'"
    try:
        (rules, known) = screener.screen(text)
        assert rules.rule == "generic-key"
        assert isinstance(known, StoredFinding)
        assert known.label == "DEMO_TOKEN"
        allowed()
        assert [f.rule for f in screener.screen(text)] == ["stored-value"]
        assert screener.off == ""
        cli("lock")
        assert len(screener.screen(text)) == 1  # the rules alone
        assert "locked" in screener.off
    finally:
        screener.close()


def test_a_rule_is_allowed_where_the_file_lies_and_not_where_one_stands(cli, saved):
    text = "api_key = 'kV7rQ2mWzT9pLx4cBn'\n"
    for folder in ("tour", "desk"):
        (cli.cwd / folder).mkdir()
        (cli.cwd / folder / "a.py").write_text(text)
    (found,) = cli("screen", "tour/a.py", "--json").json["findings"]
    with person_door.open_client(Folders.of()) as client:
        client.call(
            "allow.add", scope="rule", rule=found["rule"], value="", reason="made up",
            notebook=str(cli.cwd / "tour" / "tour.ipynb"),
        )  # fmt: skip

    def told(*words: str, cwd: Path) -> list[str]:
        found = CommandLine(cwd)("screen", "--json", *words, stdin=text.encode()).json["findings"]
        return [each["path"] for each in found]

    assert told("tour/a.py", "desk/a.py", "-", cwd=cli.cwd) == ["desk/a.py", "stdin"]
    assert told("a.py", "../desk/a.py", "-", cwd=cli.cwd / "tour") == ["../desk/a.py"]


def test_a_stored_value_is_found_wherever_it_stands_however_often_it_does(cli, saved):
    screener = KnownScreener(OneRule())
    lines = [f"{number} got {saved.value}" for number in range(2100)]
    try:
        found = screener.screen("\n".join(lines))
    finally:
        screener.close()
    assert [f.start for f in found] == [
        at + len(line) - len(saved.value) for at, line in _begins(lines)
    ]


class EachLine:
    """Finds every line, as a rule would."""

    def screen(self, text: str) -> list[Finding]:
        return [Finding("generic-key", "api-key", at, at + len(line))
                for at, line in _begins(text.split("\n"))]  # fmt: skip

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        return range(len(texts))

    def rule(self, rule_id: str):
        raise KeyError(rule_id)


@pytest.mark.parametrize("lines", [["x"] * 1001, ["x" * 20_000] * 60], ids=["many", "long"])
def test_more_findings_than_can_be_asked_about_hide_no_stored_value(cli, saved, lines):
    screener = KnownScreener(EachLine())
    try:
        found = screener.screen("\n".join([*lines, saved.value]))
    finally:
        screener.close()
    assert [f.rule for f in found] == ["generic-key"] * len(lines) + ["stored-value"]
    assert screener.off == ""


def _begins(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Each line and where it begins."""
    at, begins = 0, []
    for line in lines:
        begins.append((at, line))
        at += len(line) + 1
    return begins


@pytest.mark.one_broker(shared=False)
def test_a_terminal_without_a_vault_starts_no_broker_to_screen(agent_home):
    screener = KnownScreener(OneRule())
    assert len(screener.screen(VALUE)) == 1
    assert screener.off == ""
    assert not list(agent_home.glob("run/*.sock"))
