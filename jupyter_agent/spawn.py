"""The only room that starts processes. Nothing secret is ever in an argument list.

What one system alone has is imported where it is used. What is Windows's was run under Wine 8, not
on Windows itself.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    import asyncio

    if sys.platform == "win32":
        from jupyter_agent.windows.job import Job

Child = subprocess.Popen[bytes]
"""A process that one of ours has started, for those who keep it."""

_NO_WINDOW: Final = 0x0800_0000 if sys.platform == "win32" else 0
"""``CREATE_NO_WINDOW``: a console of its own that nobody sees, and no Ctrl-C of ours."""

_LEAVES_JOB: Final = 0x0100_0000 if sys.platform == "win32" else 0
_APART: Final = _NO_WINDOW | _LEAVES_JOB
"""``CREATE_BREAKAWAY_FROM_JOB``: the end of a terminal's job is not the end of what has left it."""

_SUSPENDED: Final = 0x4
"""``CREATE_SUSPENDED``, processthreadsapi.h."""

FIXED_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, repr=False)
class HelperResult:
    """How a helper program ended. No repr of the output: it may be a key."""

    returncode: int
    stdout: bytes
    stderr: bytes = b""

    def __repr__(self) -> str:
        return f"HelperResult(returncode={self.returncode})"


def fixed_environment() -> dict[str, str]:
    """An environment that comes from the user database and from nothing the caller set."""
    if sys.platform == "win32":
        from jupyter_agent.windows import account  # noqa: PLC0415  (Windows)

        return account.environment()
    import pwd  # noqa: PLC0415  (Unix)

    me = pwd.getpwuid(os.getuid())
    return {
        "PATH": FIXED_PATH,
        "HOME": me.pw_dir,
        "USER": me.pw_name,
        "LOGNAME": me.pw_name,
        "LANG": "C.UTF-8",
    }


def python(module: str, *arguments: str) -> list[str]:
    """The argument list that runs a module of ours, out of reach of the caller's environment.

    ``-I`` ignores ``PYTHON*`` variables, the current folder and the user's own site folder. The
    last is given back (``-E -P``) when this package itself is installed there.
    """
    ours = Path(__file__).resolve()
    user_site = Path(site.getusersitepackages()).resolve()
    flags = ["-E", "-P"] if ours.is_relative_to(user_site) else ["-I"]
    return [sys.executable, *flags, "-m", module, *arguments]


def run_helper(
    argv: Sequence[str], *, stdin: bytes, timeout: float, env: Mapping[str, str]
) -> HelperResult:
    """Run a small program to its end and return what it printed.

    Args:
        argv: Program and arguments; nothing secret.
        stdin: What it reads; this is where a key may travel.
        timeout: Seconds, after which it is killed.
        env: Its whole environment.

    Raises:
        TimeoutError: It did not end in time and was killed.
        OSError: It could not be started.
    """
    try:
        done = subprocess.run(
            list(argv),
            input=stdin,
            capture_output=True,
            timeout=timeout,
            env=dict(env),
            cwd="/",
            check=False,
            start_new_session=True,
            creationflags=_NO_WINDOW,
        )
    except subprocess.TimeoutExpired:
        # Not chained: the exception carries what the helper had printed so far.
        raise TimeoutError(f"{Path(argv[0]).name} did not answer in {timeout:g} s") from None
    return HelperResult(done.returncode, done.stdout, done.stderr)


def start_broker(argv: Sequence[str]) -> IO[bytes]:
    """Start the broker's first process and return the pipe on which it says that it is ready.

    That process forks at once and ends (``detach``), so the broker is nobody's child and no
    caller's death or terminal can reach it. On Windows it is the broker: nobody's death ends it
    there, but that of a job, which it leaves if it may.

    Raises:
        OSError: It could not be started.
    """
    try:
        first = _start_apart(argv, _APART)
    except PermissionError:  # our job lets nobody leave: then the broker ends with it
        if not _LEAVES_JOB:
            raise
        first = _start_apart(argv, _APART & ~_LEAVES_JOB)
    assert first.stdout is not None  # noqa: S101  (stdout=PIPE)
    if sys.platform == "win32":
        first.returncode = 0  # nobody's child from here on
    else:
        first.wait()
    return first.stdout


def _start_apart(argv: Sequence[str], flags: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=fixed_environment(),
        cwd=Path(sys.executable).anchor,
        start_new_session=True,
        close_fds=True,
        creationflags=flags,
    )


def detach() -> None:
    """Go on as nobody's child: the calling process ends here, its child returns."""
    if fork() > 0:
        os._exit(0)


def fork() -> int:
    """``os.fork``, for processes that have no threads yet. Unix only."""
    if sys.platform == "win32":
        raise NotImplementedError
    return os.fork()


def fork_into(main: Callable[[], int]) -> int:
    """Fork; the child runs ``main`` and exits with its answer. Returns the child's pid.

    ``os._exit``: the child must not run the parent's exit handlers or flush its buffers.
    """
    pid = fork()
    if pid == 0:
        _exit_with(main)
    return pid


def _exit_with(main: Callable[[], int]) -> NoReturn:
    status = 70  # EX_SOFTWARE, see sysexits.h
    try:
        status = main()
    finally:
        os._exit(status)


def start_command(  # noqa: PLR0913  (these are what a process consists of)
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    stdin: int,
    stdout: int,
    stderr: int,
    pass_fds: Sequence[int] = (),
    at: Mapping[int, int] | None = None,
    controlling_terminal: bool = False,
    die_with_parent: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a person's command in a session of its own.

    Args:
        argv: Program and arguments; nothing secret.
        env: Its whole environment; values may be in it.
        cwd: Absolute folder.
        stdin: Descriptor it reads.
        stdout: Descriptor it writes.
        stderr: Descriptor it writes.
        pass_fds: Further descriptors it inherits.
        at: Descriptors that it has under numbers of its own choice: its number → ours. Those
            numbers must be open here, whatever they are (``hold_numbers``).
        controlling_terminal: Whether ``stdin`` is a terminal that becomes its own: the one behind
            ``/dev/tty``, whose Ctrl-C it gets.
        die_with_parent: Whether it is killed when the caller ends, however it ends.

    Raises:
        OSError: The program or the folder is not there or may not be used.
    """
    from jupyter_agent.processes import linux  # noqa: PLC0415  (ctypes: not for every client)

    chosen = dict(at or {})

    def prepare() -> None:
        if controlling_terminal:
            _take_terminal()
        if die_with_parent:
            linux.die_with_parent()
        for number, ours in chosen.items():
            os.dup2(ours, number)

    return subprocess.Popen(
        list(argv),
        env=dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=(*pass_fds, *chosen),
        start_new_session=True,
        close_fds=True,
        restore_signals=True,
        # Safe: the one who calls this, a keeper, has no threads.
        preexec_fn=prepare if controlling_terminal or die_with_parent or chosen else None,  # noqa: PLW1509
    )


def hold_numbers(below: int) -> None:
    """Let every descriptor that is opened from here on have at least this number.

    Programs have descriptors under numbers of their choice (``start_command``); what Python itself
    uses between fork and exec must not be in their way.
    """
    while (handle := os.open(os.devnull, os.O_RDONLY)) < below:  # not inherited: PEP 446
        pass
    os.close(handle)


def start_keeper(argv: Sequence[str], control: int) -> subprocess.Popen[bytes]:
    """Start a desktop's keeper, with the control socket as its standard input.

    Raises:
        OSError: It could not be started.
    """
    return subprocess.Popen(
        list(argv),
        stdin=control,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=fixed_environment(),
        cwd="/",
        start_new_session=True,
        close_fds=True,
    )


def _take_terminal() -> None:
    """Make standard input the controlling terminal of this new session, see ioctl_tty(2)."""
    if sys.platform == "win32":
        raise NotImplementedError
    import fcntl  # noqa: PLC0415  (Unix)
    import termios  # noqa: PLC0415

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


if sys.platform == "win32":

    def start_in_job(  # noqa: PLR0913  (these are what a process consists of)
        job: Job,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        stdin: int,
        stdout: int,
        stderr: int,
        handles: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a program that is in a job before it runs, and so is whatever it starts.

        Only for a process whose other threads start nothing meanwhile: a handle is inherited by
        whoever is started between its being made so and the end of this.

        Args:
            job: Where it belongs.
            argv: Program and arguments; nothing secret. The first is a full path.
            env: Its whole environment.
            cwd: Absolute folder.
            stdin: Descriptor it reads.
            stdout: Descriptor it writes.
            stderr: Descriptor it writes.
            handles: Windows's handles that it inherits, under the same numbers, and no others.

        Raises:
            OSError: It could not be started, or could not be taken into the job: it is ended then.
        """
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": list(handles)})
        for handle in handles:
            os.set_handle_inheritable(handle, True)
        program = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            close_fds=True,
            startupinfo=startup,
            creationflags=_NO_WINDOW | _SUSPENDED,
        )
        try:
            job.take_and_resume(program.pid)
        except OSError:
            program.kill()
            program.wait()
            raise
        return program

    def start_job_keeper(argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a process that keeps a job, and is spoken with over its standard streams.

        Raises:
            OSError: It could not be started.
        """
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=fixed_environment(),
            cwd=os.environ["SYSTEMROOT"],
            close_fds=True,
            creationflags=_NO_WINDOW,
        )


async def start_agent(
    argv: Sequence[str], *, cwd: str, env: Mapping[str, str], life: int | None = None
) -> asyncio.subprocess.Process:
    """Start an agent that is talked to over its standard streams; what it logs is thrown away.

    Args:
        argv: Program and arguments; nothing secret.
        cwd: Absolute folder.
        env: Its whole environment.
        life: A descriptor that it is handed under the same number, in a session of its own.

    Raises:
        OSError: It could not be started.
    """
    from asyncio import create_subprocess_exec  # noqa: PLC0415  (a terminal has no use for it)

    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    kept: dict[str, Any] = {"stdin": pipe, "stdout": pipe, "stderr": none, "limit": 1 << 26}
    if life is not None:
        kept |= {"pass_fds": (life,), "start_new_session": True}
    return await create_subprocess_exec(*argv, cwd=cwd, env=env, **kept)


def start_below(argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Child:
    """Start a program as our own child, with our streams and folder; OSError.

    Args:
        argv: Nothing secret.
        env: Its environment; ours, if none is given.
    """
    return subprocess.Popen(list(argv), env=env)


def run_in_terminal(argv: Sequence[str]) -> int:
    """Run a program on the caller's own terminal and return its exit code.

    Args:
        argv: Program and arguments; nothing secret.

    Returns:
        Its exit code, or minus the number of the signal that ended it; OSError: never started.
    """
    return subprocess.run(list(argv), check=False).returncode
