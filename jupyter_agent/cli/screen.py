"""``jupyter agent screen``: look for secrets in files or in a text from a pipe.

The command itself: which mode was asked for, and what it ends with. Its parts are in ``screening``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.screening import EVERYTHING, HOSTS, INSTALLED
from jupyter_agent.cli.terminal import Terminal, printable
from jupyter_agent.errors import AgentError

if TYPE_CHECKING:
    from jupyter_agent.cli.known import KnownScreener
    from jupyter_agent.cli.screening.survey import Survey

CLEAN, FAILED, FOUND = 0, 1, 2
_PROGRAM: Final = "jupyter agent screen"
_EXAMPLES: Final = """\
  jupyter agent screen notebooks/ README.md
  git diff --cached | jupyter agent screen -
  jupyter agent screen --staged                    what the next commit would hold
  jupyter agent screen . --sarif > screen.sarif    for code scanning
  jupyter agent screen . --baseline .screen.json --write-baseline
  jupyter agent screen --install-git               mask notebooks in git, screen commits

exit codes: 0 clean, 2 secrets found, 1 something could not be screened; with --hook: 0 go on,
2 stop, also on any failure. docs/screening.md has the hooks' configuration."""


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "screen",
        screen,
        "Look for secrets in files, notebooks and folders, or in standard input.",
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH",
        help="files and folders; - is standard input; behind --, also names that begin with -",
    )  # fmt: skip
    parser.set_defaults(takes_words=True)
    parser.add_argument("--sarif", action="store_true", help="answer in SARIF 2.1.0")
    parser.add_argument("--baseline", metavar="FILE", help="findings that are known and accepted")
    parser.add_argument(
        "--write-baseline", action="store_true", help="accept what is found now, in --baseline FILE"
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--staged", action="store_true", help="screen what is staged in git")
    modes.add_argument(
        "--hook", choices=HOSTS, metavar="HOST",
        help=f"answer a coding agent's hook, JSON in and out: {', '.join(HOSTS)}",
    )  # fmt: skip
    modes.add_argument(
        "--install-git", nargs="?", const=EVERYTHING, choices=INSTALLED, metavar="WHAT",
        help="set this repository up: filter (masks notebooks), pre-commit (screens), or both",
    )  # fmt: skip
    modes.add_argument(
        "--uninstall-git", nargs="?", const=EVERYTHING, choices=INSTALLED, metavar="WHAT",
        help="take that out again",
    )  # fmt: skip
    modes.add_argument(
        "--git-clean", action="store_true", help="git's filter: a notebook in, masked, out"
    )
    modes.add_argument(
        "--git-process", action="store_true", help="git's filter for many notebooks in one process"
    )
    modes.add_argument(
        "--git-textconv", action="store_true", help="git's text conversion of the notebook PATH"
    )


def screen(arguments: Arguments, terminal: Terminal) -> int:
    """Do what the mode says. Values are never printed."""
    arguments.paths += arguments.words or []
    if arguments.hook:
        return _answer_hook(arguments.hook, terminal)
    if arguments.git_clean or arguments.git_textconv:
        return _convert(arguments, terminal)
    if arguments.git_process:
        return _filter(terminal)
    if what := arguments.install_git or arguments.uninstall_git:
        if arguments.paths:  # else it would be done here, and not to what was named
            raise usage("git is set up where you are: it takes no paths.", _PROGRAM)
        return _set_up(what, terminal, remove=not arguments.install_git)
    return _survey(arguments, terminal)


def _survey(arguments: Arguments, terminal: Terminal) -> int:
    from jupyter_agent.cli.screening import report  # noqa: PLC0415  (startup time)
    from jupyter_agent.cli.screening.baseline import Baseline  # noqa: PLC0415
    from jupyter_agent.cli.screening.files import STDIN  # noqa: PLC0415
    from jupyter_agent.cli.screening.found import Looker  # noqa: PLC0415
    from jupyter_agent.cli.screening.survey import survey, survey_staged  # noqa: PLC0415

    _check(arguments)
    paths = arguments.paths or [STDIN]
    baseline = None
    if arguments.baseline:
        read = Baseline.read_or_new if arguments.write_baseline else Baseline.read
        baseline = read(arguments.baseline)
    is_much = arguments.staged or any(os.path.isdir(path) for path in paths)  # noqa: PTH112
    with _screener(terminal, many=is_much) as screener:

        def stand_at(path: str) -> None:
            screener.notebook = os.path.abspath(path)  # noqa: PTH100  (startup time)

        looker = Looker(screener, baseline.tag if baseline else None, stand_at)
        result = survey_staged(".", looker) if arguments.staged else survey(paths, looker, terminal)
    if baseline is not None and arguments.write_baseline:
        baseline.write(result.found, result.screened)
        result = result.with_left([])
    elif baseline is not None:
        result = result.with_left(baseline.new(result.found))
    if arguments.sarif:
        terminal.document(report.sarif(result))
    else:
        report.tell(result, terminal, off=screener.off)
    return _code(result)


def _check(arguments: Arguments) -> None:
    if arguments.write_baseline and not arguments.baseline:
        raise usage("--write-baseline needs --baseline FILE.", _PROGRAM)
    if arguments.sarif and arguments.json:
        raise usage("Choose one of --sarif and --json.", _PROGRAM)
    if arguments.staged and arguments.paths:
        raise usage("--staged takes no paths.", _PROGRAM)
    if not arguments.paths and not arguments.staged and sys.stdin.isatty():
        # Waiting for what somebody types would look like being at work.
        raise usage("Name files or folders to screen, or pipe a text in.", _PROGRAM)


def _code(result: Survey) -> int:
    if result.found:
        return FOUND
    return FAILED if result.failures else CLEAN


def _answer_hook(host: str, terminal: Terminal) -> int:
    from jupyter_agent.cli.screening import files, hooks  # noqa: PLC0415  (startup time)

    with _screener(terminal, many=False, patient=False) as screener:
        answer = hooks.answer(host, files.read(files.STDIN), screener)
    if answer.body is not None:
        terminal.document(answer.body)
    if answer.reason:
        terminal.reason(printable(answer.reason))
    return answer.code


def _convert(arguments: Arguments, terminal: Terminal) -> int:
    from jupyter_agent.cli.screening import clean, files  # noqa: PLC0415  (startup time)
    from jupyter_agent.screen.masking import Masker  # noqa: PLC0415

    if arguments.git_textconv and len(arguments.paths) != 1:
        raise usage("--git-textconv takes one PATH.", _PROGRAM)
    with _screener(terminal, many=False) as screener:
        masker = Masker(screener)
        if arguments.git_textconv:
            try:
                converted = clean.readable(files.read(arguments.paths[0]), masker)
            except AgentError as error:
                # A failure would end all of `git diff` and `git log -p`, at an old commit for ever.
                converted = f"# not shown: {error.message}\n".encode()
        else:
            converted = clean.clean(files.read(files.STDIN), masker)
    sys.stdout.buffer.write(converted)
    sys.stdout.buffer.flush()
    return CLEAN


def _filter(terminal: Terminal) -> int:
    from jupyter_agent.cli.screening.clean import clean  # noqa: PLC0415  (startup time)
    from jupyter_agent.cli.screening.filter_process import FilterProcess  # noqa: PLC0415
    from jupyter_agent.screen.masking import Masker  # noqa: PLC0415

    with _screener(terminal, many=False) as screener:
        masker = Masker(screener)

        def clean_at(raw: bytes, path: str) -> bytes:
            # What is allowed in one folder is no secret there, and may be one in the next.
            screener.notebook = os.path.abspath(path or "_")  # noqa: PTH100  (startup time)
            masker.forget()
            return clean(raw, masker)

        FilterProcess(sys.stdin.buffer, sys.stdout.buffer, clean_at, terminal.fail).serve()
    return CLEAN


def _set_up(what: str, terminal: Terminal, *, remove: bool) -> int:
    from jupyter_agent.cli.screening.install import (  # noqa: PLC0415  (startup time)
        Repository,
        install,
        uninstall,
    )

    done = (uninstall if remove else install)(Repository.around("."), what)
    if not remove:
        with _screener(terminal, many=True):
            pass  # compiled now, so that no `git add` has to wait for it
        done.append(f"Undo it: {_PROGRAM} --uninstall-git")
    terminal.answer({"done": done}, [printable(line) for line in done])
    return CLEAN


@contextmanager
def _screener(terminal: Terminal, *, many: bool, patient: bool = True) -> Iterator[KnownScreener]:
    """The rules, and what is stored and allowed where somebody can be asked."""
    from jupyter_agent.cli.known import KnownScreener  # noqa: PLC0415  (startup time)
    from jupyter_agent.cli.screening.engine import screener  # noqa: PLC0415
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    # Of a text without a path: what is allowed in a folder counts for whoever works in it.
    here = os.path.join(os.getcwd(), "_")  # noqa: PTH109, PTH118  (startup time)
    known = KnownScreener(screener(Folders.of(), many=many, patient=patient), here)
    try:
        yield known
    finally:
        known.close()
        if known.off:
            terminal.notice(f"Screened by the rules only, not for stored values. {known.off}")
