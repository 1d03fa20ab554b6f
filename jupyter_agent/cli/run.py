"""``jupyter agent run``: one command with secrets by label.

The broker runs it; this process only carries bytes, signals and the question. Its exit code is
the command's, so that scripts can put ``jupyter agent run … --`` before what they call anyway.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.client import run_fields
from jupyter_agent.errors import AgentError, CommandNotStarted, RequestInvalid
from jupyter_agent.secret import check_label

if TYPE_CHECKING:
    from jupyter_agent.cli.prompts import Tty
    from jupyter_agent.client import Client

OURS: Final = 125
"""The exit code of our own failures, as env(1), timeout(1) and docker have it."""
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_HUNG_UP: Final = 128 + 13  # SIGPIPE, which Python knows on Unix only

_STREAMS: Final = {"stdout": 1, "stderr": 2}


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "run",
        run,
        "Run a command that may use secrets; what it prints comes back scrubbed.",
        examples="""\
  jupyter agent run -s GITHUB_TOKEN -- gh api user
  jupyter agent run -s PGPASSWORD=DB_PASSWORD -- psql -h db -U me -c 'select 1'
  jupyter agent run --file KEY=DEPLOY_KEY -c 'ssh -i "$KEY" deploy@example.com uptime'
  jupyter agent run --stdin REGISTRY_PASSWORD -- docker login -u me --password-stdin
  jupyter agent run --template PGSERVICEFILE=services.conf -- psql service=reports
  jupyter agent run -s API_KEY -c 'curl -sH @<(printf "X-Key: %s" "$API_KEY") https://api.example.com'

exit codes:
  the command's own; 128+n when signal n ended it; 124 timeout; 125 we failed or it was not
  permitted; 126 and 127 it could not be started, or was not found""",
        answers_json=False,
        failure=OURS,
    )
    parser.usage = (
        "jupyter agent run [-s [ENV=]LABEL]... [--stdin LABEL] [--file ENV=LABEL]...\n"
        "                         [--template [ENV=]FILE]... (-- COMMAND ARGS | -c SCRIPT)"
    )
    options = parser.add_argument_group("where values go")
    parser.set_defaults(takes_words=True, refusal=_refusal)
    options.add_argument(
        "-s",
        "--secret",
        dest="secrets",
        action="append",
        default=[],
        metavar="LABEL",
        help="a secret for the command's environment; ENV=LABEL gives it another name there",
    )
    options.add_argument(
        "--stdin", metavar="LABEL", help="the secret is the command's standard input, byte for byte"
    )
    options.add_argument(
        "--file",
        dest="files",
        action="append",
        default=[],
        metavar="ENV=LABEL",
        help="the secret in a private file in memory; its path is in the variable ENV",
    )
    options.add_argument(
        "--template",
        dest="templates",
        action="append",
        default=[],
        metavar="[ENV=]FILE",
        help="a file in which {{LABEL}} is filled in; the path of the result is in ENV or TEMPLATE",
    )
    parser.add_argument("-c", "--script", metavar="SCRIPT", help="a script instead of a command")
    parser.add_argument(
        "--shell",
        default=wire.SHELLS[0],
        metavar="SHELL",
        help=f"for -c: {', '.join(wire.SHELLS)}; in all of them {{{{LABEL}}}} is a variable",
    )
    parser.add_argument(
        "--pty", action="store_true", help="run it on a terminal of its own, with this keyboard"
    )
    parser.add_argument(
        "--answer",
        dest="answers",
        action="append",
        default=[],
        metavar="LABEL",
        help="type this secret at a hidden prompt (a password); each once, in order; means --pty",
    )
    parser.add_argument(
        "--show-output",
        action="store_true",
        help="show the output although a value of fewer than 8 bytes is used",
    )
    parser.add_argument("--cwd", metavar="DIR", help="where it runs; here, if not given")
    parser.add_argument("--timeout", metavar="TIME", help="seconds, or 30s, 5m; then it is ended")


def run(arguments: Arguments, terminal: Terminal) -> int:
    """Run the command and return its exit code."""
    from jupyter_agent.cli.prompts import Tty  # noqa: PLC0415

    request = _request(arguments)
    if request["argv"] and not _is_there(request["argv"][0], request):
        # Before a person is asked about it.
        terminal.fail(CommandNotStarted("The program to run was not found.", "Check its name."))
        return _NOT_FOUND
    with Tty.open() or nullcontext() as tty, open_as_person() as client:
        try:
            # Below a kernel we are no person, whatever key we show: then JupyterLab asks.
            asks = tty is not None and client.welcome["role"] == "person"
            return _follow(client, {**request, "approve": asks}, tty, terminal)
        except BrokenPipeError:
            return _HUNG_UP  # the reader is gone; hanging up ends the command too
        except CommandNotStarted as error:
            terminal.fail(error)
            return _start_failure(error)


def _refusal(words: Sequence[str]) -> RequestInvalid:
    """The error for words before ``--``; mostly that was left out."""
    if words[0].startswith("-"):
        return usage("There is an option that this command does not know.", "jupyter agent run")
    return RequestInvalid(
        "The command to run goes behind --, and only options before it.",
        "Like this: jupyter agent run -s GITHUB_TOKEN -- gh api user",
    )


def _request(arguments: Arguments) -> dict[str, Any]:
    """The fields of the `run` request (docs/protocol.md).

    Raises:
        RequestInvalid: The arguments do not say what to run, or say it twice.
    """
    words, script = arguments.words or None, arguments.script
    if (words is None) == (script is None):
        raise usage(
            "Say what to run: a command after --, or a script with -c.", "jupyter agent run"
        )
    return {
        "script": script,
        "argv": list(words) if words else None,
        "shell": run_fields.check_shell(arguments.shell),
        "secrets": _places(map(run_fields.secret, arguments.secrets)),
        "stdin": None if arguments.stdin is None else check_label(arguments.stdin),
        "files": _places(map(run_fields.file, arguments.files)),
        "templates": [
            run_fields.read_template(*run_fields.template(typed)) for typed in arguments.templates
        ],
        "cwd": _folder(arguments.cwd),
        "env": run_fields.handed_on(os.environ),
        "timeout": _seconds(arguments.timeout),
        "show_output": arguments.show_output,
        "terminal": _terminal(arguments),
    }


def _is_there(program: str, request: dict[str, Any]) -> bool:
    """Whether something lies where this run would look for the program."""
    if "/" in program:
        return os.path.lexists(os.path.join(request["cwd"], program))  # noqa: PTH118
    import shutil  # noqa: PLC0415  (startup time)

    path = request["env"].get("PATH")  # without one the broker has its own
    return path is None or shutil.which(program, os.F_OK, path) is not None


def _terminal(arguments: Arguments) -> dict[str, Any] | None:
    if not (arguments.pty or arguments.answers):
        return None
    if sys.platform == "win32":
        raise RequestInvalid("There is no --pty on Windows, so far.", "Leave it out.")
    from jupyter_agent.cli import run_terminal  # noqa: PLC0415  (seldom)

    return run_terminal.wanted([check_label(label) for label in arguments.answers])


def _places(named: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"env": env, "label": label} for env, label in named]


def _folder(typed: str | None) -> str:
    try:
        folder = os.path.abspath(typed or os.getcwd())  # noqa: PTH100, PTH109  (startup time)
    except OSError:
        raise RequestInvalid("The current folder is gone.", "Go to one that exists.") from None
    if not os.path.isdir(folder):  # noqa: PTH112  (startup time)
        raise RequestInvalid("The folder to run in is not there.", "Check --cwd.")
    return folder


def _seconds(typed: str | None) -> float | None:
    from jupyter_agent.cli.times import span_of  # noqa: PLC0415

    if typed is None:
        return None
    span = span_of(typed)
    try:
        seconds = span.total_seconds() if span else float(typed)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10**7:  # also turns away nan and inf
        raise RequestInvalid("The timeout is a time such as 90, 30s or 5m.")
    return seconds


def _follow(client: Client, request: dict[str, Any], tty: Tty | None, terminal: Terminal) -> int:
    """Start the run and carry its events until it has ended.

    Raises:
        BrokenPipeError: Nobody reads the output any more.
        AgentError: It was not permitted, could not be started, or the broker went away.
    """
    number = client.begin("run", **request)
    with ExitStack() as until_ended:
        while "result" not in (message := client.receive(number)):
            if message.get("event") == "asking":
                ask(client, message, tty, terminal)
            elif message.get("event") != "started":
                _show(message)
            elif sys.platform != "win32" and request["terminal"] is not None:
                from jupyter_agent.cli import run_terminal  # noqa: PLC0415  (seldom)

                return int(run_terminal.follow(client, number, _show)["exit"])
            else:
                # Not before: while a person is asked, Ctrl-C just leaves, and that is a no.
                until_ended.enter_context(_signals_stop(client, number))
    _tell_withheld(message["result"], terminal)
    return int(message["result"]["exit"])


def _tell_withheld(result: dict[str, Any], terminal: Terminal) -> None:
    if labels := result.get("withheld"):
        sizes = result["bytes"]
        terminal.notice(
            f"Output not shown ({sizes['stdout']} + {sizes['stderr']} bytes): {', '.join(labels)} "
            "is too short to be replaced in every form. Show it all the same: --show-output"
        )


def _show(message: dict[str, Any]) -> None:
    if message.get("event") == "output":
        _write(_STREAMS[message["stream"]], _decoded(message["data"]))


def ask(client: Client, asking: dict[str, Any], tty: Tty | None, terminal: Terminal) -> None:
    """Put a question of the broker to the person, where that is to be done here."""
    approval = asking.get("approval")
    if tty is None or not approval or "terminal" not in asking["where"]:
        terminal.notice("Waiting for an answer in JupyterLab.")
        return
    from jupyter_agent.cli import asking as question  # noqa: PLC0415

    answer = question.ask(tty, approval, unless=client.fileno())
    if answer is None:
        return
    if answer["answer"] == "pattern":
        # Another conversation: this one may already tell of the run.
        with open_as_person() as other:
            question.settled(tty, other, approval, answer, unless=client.fileno())
        return
    client.begin(
        "approval.answer",
        approval_id=approval["approval_id"],
        nonce=approval["nonce"],
        **answer,
    )


@contextmanager
def _signals_stop(client: Client, number: int) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a stop of the run; a second SIGINT gives up waiting for it."""
    asked = False

    def stop(received: int, _frame: object) -> None:
        nonlocal asked
        if asked and received == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True
        client.begin("stop", run=number)

    # What was ignored when we were started (nohup, a job in the background) stays ignored.
    caught = [
        name
        for name in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(name) is not signal.SIG_IGN
    ]
    before = {name: signal.signal(name, stop) for name in caught}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _decoded(data: str) -> bytes:
    from base64 import b64decode  # noqa: PLC0415

    return b64decode(data)


def _write(handle: int, data: bytes) -> None:
    """Write every byte, also where the other side set the descriptor to non-blocking."""
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(handle, left) :]
        except BlockingIOError:
            select.select([], [handle], [])


def _start_failure(error: AgentError) -> int:
    """126 or 127, as shells have it."""
    return _NOT_FOUND if error.data.get("errno") == errno.ENOENT else _NOT_EXECUTABLE
