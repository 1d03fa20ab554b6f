"""``jupyter agent runs``: what runs now, and the end of it."""

from __future__ import annotations

import pytest
from steps import output_until, request, sleeping

pytestmark = pytest.mark.one_broker


def test_runs_are_listed_and_ended(cli, granted, guest):
    assert cli("runs").out == b"Nothing runs.\n"
    number = guest.begin("run", **request("echo up\nsleep 7841", "DEMO_TOKEN"))
    output_until(guest, number, b"up")
    shown = cli("runs").out.decode()
    assert "DEMO_TOKEN" in shown
    assert "echo up …" in shown
    [run] = cli("runs", "--json").json["runs"]
    assert cli("runs", "stop", run["run_id"]).out == b"One run was ended.\n"
    assert sleeping("7841") == []
    assert cli("runs", "stop", "--all", "--json").json["ended"] == 0


def test_stop_wants_to_know_which(cli):
    for words in (("stop",), ("stop", "abc", "--all"), ("--all",)):
        assert cli("runs", *words).code == 1
