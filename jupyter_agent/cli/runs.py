"""``jupyter agent runs``: what runs now, and how to end it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.terminal import Terminal, printable


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "runs",
        runs,
        "Show what runs now, and end it.",
        examples="""\
  jupyter agent runs                 in which notebook, since when, with which labels
  jupyter agent runs stop ID         end one, with everything it has started
  jupyter agent runs stop --all      end every run, and every one that waits for an answer""",
    )
    parser.add_argument("what", nargs="?", choices=("stop",), metavar="stop")
    parser.add_argument("run_id", nargs="?", metavar="ID", help="which one to stop")
    parser.add_argument("--all", action="store_true", help="stop all of them")


def runs(arguments: Arguments, terminal: Terminal) -> int:
    """Show what runs, or end it."""
    if arguments.what == "stop":
        return _stop(arguments, terminal)
    if arguments.all:
        raise usage("--all belongs to stop.", "jupyter agent runs")
    with open_as_person() as client:
        live = client.call("runs.list")["runs"]
    terminal.answer({"runs": live}, _table(terminal, live) if live else ["Nothing runs."])
    return 0


def _stop(arguments: Arguments, terminal: Terminal) -> int:
    if (arguments.run_id is None) != arguments.all:
        raise usage("Name one run, or say --all.", "jupyter agent runs")
    with open_as_person() as client:
        ended = client.call("runs.stop", run_id=arguments.run_id)["ended"]
    said = {0: "Nothing was running.", 1: "One run was ended."}
    terminal.answer({"ended": ended}, [said.get(ended, f"{ended} runs were ended.")])
    return 0


def _table(terminal: Terminal, live: Iterable[Mapping[str, Any]]) -> list[str]:
    from jupyter_agent.cli.times import local  # noqa: PLC0415  (startup time)

    rows = [
        [
            run["run_id"],
            local(run["started"]),
            ", ".join(run["labels"]) or "-",
            printable(run["notebook"] or run["actor"]),
            str(run["processes"]),
            _one_line(run["command"]) + (" &" if run["background"] else ""),
        ]
        for run in live
    ]
    return terminal.table(("ID", "SINCE", "LABELS", "WHO", "PROCESSES", "COMMAND"), rows)


def _one_line(command: str) -> str:
    first, _, more = command.strip().partition("\n")
    return printable(first) + (" …" if more else "")
