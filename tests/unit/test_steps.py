"""What tests say of processes holds for their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from steps import sleeping, wait_until

SLEEPER = "import subprocess; print(subprocess.Popen(['sleep', '79710']).pid, flush=True); input()"


@pytest.mark.parametrize("ours", [True, False])
def test_the_processes_of_a_broker_of_other_tests_do_not_count(agent_home, ours):
    home = agent_home if ours else Path("/elsewhere/agent home")
    broker = [sys.executable, "-c", SLEEPER, "jupyter_agent.broker", str(home / "data")]
    pipe = subprocess.PIPE
    with subprocess.Popen(broker, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        words = Path(f"/proc/{pid}/cmdline")
        try:
            wait_until(lambda: words.read_bytes() == b"sleep\x0079710\0")
            assert sleeping("79710") == ([pid] if ours else [])
        finally:
            os.kill(pid, signal.SIGKILL)
            process.kill()
