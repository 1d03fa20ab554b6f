"""Job objects: what is started in one stays in it, and ends with it."""

from __future__ import annotations

import msvcrt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jupyter_agent import spawn
from jupyter_agent.windows.job import Job

SLEEPS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
GROWS = f"""
import subprocess, sys
flags = subprocess.CREATE_NO_WINDOW
child = [sys.executable, "-c", {SLEEPS!r}]
# A child whose parent ends, and one that wants to be in no job.
orphan = f"import subprocess; subprocess.Popen({{child!r}}, creationflags={{flags}}, stdout=1)"
subprocess.run([sys.executable, "-c", orphan], creationflags=flags, stdout=1, check=True)
try:
    away = flags | subprocess.CREATE_BREAKAWAY_FROM_JOB
    subprocess.Popen(child, creationflags=away, stdout=1)
except PermissionError:
    subprocess.Popen(child, creationflags=flags, stdout=1)
sys.stdin.read()
"""
OWNER = f"""
import os, sys
from jupyter_agent import spawn
from jupyter_agent.windows.job import Job
job, null = Job(), os.open(os.devnull, os.O_RDWR)
spawn.start_in_job(job, [sys.executable, "-c", {GROWS!r}], env=spawn.fixed_environment(),
    cwd=os.getcwd(), stdin=null, stdout=1, stderr=null)
os.close(1)
os.close(null)
sys.stdin.read()
"""


@pytest.fixture
def job() -> Iterator[Job]:
    job = Job()
    yield job
    job.close()


def started(job: Job, program: str, **how: object) -> tuple[subprocess.Popen[bytes], int, int]:
    """The process, our end of what it writes, and our end of what it reads."""
    theirs_reads, writes = os.pipe()
    reads, theirs_writes = os.pipe()
    process = spawn.start_in_job(
        job,
        [sys.executable, "-c", program],
        env=spawn.fixed_environment(),
        cwd=str(Path.cwd()),
        stdin=theirs_reads,
        stdout=theirs_writes,
        stderr=theirs_writes,
        **how,
    )
    os.close(theirs_reads)
    os.close(theirs_writes)
    return process, reads, writes


def said(reads: int) -> str:
    """The next line."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(reads, 1)
        assert piece, line
        line += piece
    return line.decode().strip()


def test_what_has_lost_its_parent_is_still_in_the_job_and_nothing_may_break_away(job):
    process, reads, writes = started(job, GROWS)
    children = {int(said(reads)), int(said(reads))}
    below = job.members()
    assert {process.pid, *children} <= {*below}
    assert job.size() == len(below)
    job.end()
    assert job.until_empty(30)
    assert process.wait(30) == 1
    assert not [pid for pid in below if psutil.pid_exists(pid)]
    os.close(reads)
    os.close(writes)


def test_nothing_is_left_after_its_owner_was_killed():
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    below = [psutil.Process(int(owner.stdout.readline())) for _ in range(2)]
    owner.kill()
    # The end of what they write: nobody is left who could.
    assert owner.stdout.read() == b""
    owner.wait()
    assert not psutil.wait_procs(below, 30)[1]


def test_a_program_inherits_the_handles_that_it_was_given_and_no_other(job):
    given_reads, given_writes = os.pipe()
    other_reads, other_writes = os.pipe()
    given, other = (msvcrt.get_osfhandle(each) for each in (given_writes, other_writes))
    os.set_handle_inheritable(other, True)  # as another part of the process may have it
    writes_to = (
        "import msvcrt, os, sys\n"
        "for handle in map(int, sys.stdin.readline().split()):\n"
        "    try: os.write(msvcrt.open_osfhandle(handle, 0), b'here')\n"
        "    except OSError: print('refused', flush=True)\n"
        "    else: print('written', flush=True)\n"
    )
    _, reads, writes = started(job, writes_to, handles=[given])
    os.write(writes, f"{given} {other}\n".encode())
    assert (said(reads), said(reads)) == ("written", "refused")
    assert os.read(given_reads, 9) == b"here"
    for each in (given_reads, given_writes, other_reads, other_writes, reads, writes):
        os.close(each)


def test_a_fixed_environment_is_the_accounts_and_has_nothing_that_a_caller_set(monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_PLANTED", "here")
    fixed = spawn.fixed_environment()
    names = {name.upper() for name in fixed}
    assert {"SYSTEMROOT", "PATH", "USERPROFILE", "LOCALAPPDATA", "TEMP"} <= names
    assert "JUPYTER_AGENT_PLANTED" not in names
