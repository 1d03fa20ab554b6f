"""How a run that did not end well shows in a cell: two lines instead of our own frames.

The classes carry the names people know, because notebooks and tests compare ``ename``.
"""

from __future__ import annotations

import builtins
import signal
import subprocess  # noqa: TID251  (the exception class only; nothing is started here)

from jupyter_agent import wire


class CalledProcessError(subprocess.CalledProcessError):
    """The script ended with a non-zero exit code. ``cmd`` is the script as written: labels only."""

    def _render_traceback_(self) -> list[str]:
        return [f"CalledProcessError: the script {_ending(self.returncode)}."]


class RunTimeout(CalledProcessError, TimeoutError):
    """The script was ended because its time was over.

    Args:
        seconds: What ``--timeout`` allowed.
        returncode: 124, as timeout(1) says it.
        cmd: The script as written.
    """

    def __init__(self, seconds: float, returncode: int, cmd: str) -> None:
        super().__init__(returncode, cmd)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"The script was ended, because it took longer than {self.seconds:g} s."

    def _render_traceback_(self) -> list[str]:
        return [f"RunTimeout: {self}", "  → Allow it more: --timeout SECONDS"]


class KeyboardInterrupt(builtins.KeyboardInterrupt):  # noqa: A001  (the name is what people see)
    """■ was pressed.

    Args:
        outcome: What that came to, as the end of a sentence.
    """

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self._outcome = outcome

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self._outcome}"]


def failure(
    result: wire.Message, script: str, timeout: float | None, output: str | None, errors: str | None
) -> CalledProcessError | None:
    """The exception for a run's result, or None where all went well.

    Args:
        result: The broker's answer to ``run``.
        script: As written.
        timeout: Seconds it was allowed.
        output: Its standard output, where it was kept.
        errors: Its standard error, where it was kept.
    """
    code = int(result["exit"])
    if result.get("timed_out"):
        error: CalledProcessError = RunTimeout(timeout or 0.0, code, script)
    elif code:
        error = CalledProcessError(code, script)
    else:
        return None
    error.output, error.stderr = output, errors
    return error


def _ending(code: int) -> str:
    try:
        return f"was ended by {signal.Signals(code - 128).name} (exit code {code})"
    except ValueError:
        return f"ended with exit code {code}"
