"""The command line: ``jupyter agent …`` and ``jupyter-agent``.

Every command is one small function ``(arguments, terminal) -> exit code`` in the module of its
family. A family imports what it needs inside its functions, because ``--help`` and ``--version``
must be quick. Errors are caught at one door, ``main``; docs/cli.md has the exit codes.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from jupyter_agent.cli.parser import Asked, parse
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import AgentError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Of a disk that output goes to: no bug of ours."""

_STOPS_HOST = 2
"""Our own failure where a hook's host asks; nothing else fails with this code."""

INTERRUPTED = 130
"""128 + SIGINT, as shells say it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments ask for and return the exit code.

    Args:
        argv: The arguments after the program's name; the process's own, if none are given.
    """
    if argv is None and "_ARGCOMPLETE" in os.environ:
        # A shell asks what fits; ends the process.
        from jupyter_agent.cli import completion  # noqa: PLC0415  (only needed here)

        completion.answer()
    words = list(sys.argv[1:] if argv is None else argv)
    _open_closed_streams()
    terminal = Terminal(sys.stdout, sys.stderr, as_json=_wants_json(words), environ=os.environ)
    asked = Asked(failure=_failure_code(words))
    try:
        try:
            asked = parse(words)
            code = asked.do(terminal)
            terminal.flush()  # what can't be written is no success
        except AgentError as error:
            terminal.fail(error)
            return asked.failure
        except KeyboardInterrupt:
            if asked.failure != _STOPS_HOST:
                return INTERRUPTED
            # 130 would mean "go on" to a hook's host, and to Codex so would a stop without reason.
            terminal.reason("Stopped before it was screened for secrets.")
            return asked.failure
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  (the door: no message of a stranger gets out)
            _say(error, terminal)
            return asked.failure
        else:
            return code
        finally:
            terminal.flush()
    except OSError:
        # The reader went away (`| head`), which is its right: no word about it; or there is no room
        # for the words about it either. What is still buffered must not be written when the
        # interpreter ends.
        terminal.abandon()
        return asked.failure


def _say(error: Exception, terminal: Terminal) -> None:
    """Say what nobody has caught: what the machine lacks, or a bug."""
    if isinstance(error, OSError) and error.errno in _FULL:
        why = os.strerror(error.errno)
        terminal.fail(AgentError(f"Not all could be written: {why}.", "Make room there."))
        terminal.abandon()  # or what is still buffered would fail once more
    elif isinstance(error, FileNotFoundError) and _folder_is_gone():
        terminal.fail(AgentError("The current folder is gone.", "Go to one that exists."))
    else:
        terminal.crash(error)


def _folder_is_gone() -> bool:
    """Whether what is relative leads nowhere, because somebody removed the folder we are in."""
    try:
        os.getcwd()  # noqa: PTH109  (startup time)
    except FileNotFoundError:
        return True
    return False


def _wants_json(words: Sequence[str]) -> bool:
    """Whether to answer in JSON; known before parsing, because parsing can fail too."""
    ours = words[: words.index("--")] if "--" in words else words
    return "--json" in ours and words[:1] != ["run"]


def _failure_code(words: Sequence[str]) -> int:
    """What a failure of ours is called before the arguments are understood."""
    if words[:1] == ["run"]:
        return 125
    # A hook's host takes 1 for "go on", and that must not follow from a failure of ours.
    is_hook = words[:1] == ["screen"] and any(word.startswith("--hook") for word in words)
    return 2 if is_hook else 1


def _open_closed_streams() -> None:
    """Give 0, 1 and 2 a meaning where we were started without (``>&-``).

    Otherwise the next file or socket that is opened gets the number, and output would go there.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
