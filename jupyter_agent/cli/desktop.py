"""``jupyter agent desktop``: what the secure desktop needs on this machine, and what runs of it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import Any

from jupyter_agent import spawn
from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import AgentError, DesktopUnavailable


def add(commands: Family) -> None:
    """Add the family to the command line."""
    desktop = commands.family("desktop", "The secure desktop: what it needs, and what runs of it.")
    desktop.command(
        "status",
        status,
        "Show which programs are there, which are missing, and the desktops that run.",
        examples="""\
  jupyter agent desktop status
  jupyter agent desktop status --json""",
    )
    parser = desktop.command(
        "install",
        install,
        "Install what is missing. On Debian and Ubuntu it is done; elsewhere its command is shown.",
        examples="""\
  jupyter agent desktop install           asks for your password, by sudo
  jupyter agent desktop install --print   only say what would be run""",
    )
    parser.add_argument(
        "--print", action="store_true", dest="only_print", help="run nothing, show the command"
    )
    parser = desktop.command(
        "forget",
        forget,
        "Drop what keeps you signed in from one desktop to the next: cookies and all sites stored.",
        examples="""\
  jupyter agent desktop forget             all of it
  jupyter agent desktop forget local-vnc   what one provider's desktops have kept""",
    )
    parser.add_argument(
        "provider", nargs="?", default="", metavar="PROVIDER", help="as status names it"
    )


def status(_arguments: Arguments, terminal: Terminal) -> int:
    """Show what is there, and what runs."""
    from jupyter_agent.desktop.programs import ROLES, TITLES, Programs  # noqa: PLC0415

    programs = Programs.find()
    command = _command()
    found = [
        {"role": role, "title": TITLES[role], "path": programs.paths.get(role)} for role in ROLES
    ]
    (running, providers), kept = _running(), _kept()
    lines = [
        f"{'ok  ' if one['path'] else 'miss'}  {one['title']}: {one['path'] or 'not installed'}"
        for one in found
    ]
    if command:
        lines.append(f"      → Install it: jupyter agent desktop install   ({command})")
    lines += _of_providers(providers)
    lines += [f"{d['id']}  {d['state']}  {d['host'] or '-'}  {d['provider']}" for d in running] or [
        "No desktop runs."
    ]
    lines += [f"Signed in: {k['provider']}, saved {k['saved']}, {k['size']} bytes" for k in kept]
    if kept:
        lines.append("      → Sign out of all of it: jupyter agent desktop forget")
    body: dict[str, Any] = {
        "programs": found,
        "install": command,
        "providers": providers,
        "desktops": running,
        "kept": kept,
    }
    terminal.answer(body, lines)
    return 0


def install(arguments: Arguments, terminal: Terminal) -> int:
    """Install what is missing, or say with which command."""
    from jupyter_agent.desktop.programs import ROLES, Programs, system  # noqa: PLC0415

    missing = Programs.find().missing(*ROLES)
    if not missing:
        terminal.answer({"command": "", "installed": True}, ["Everything is there."])
        return 0
    command = _command()
    if not command:
        raise DesktopUnavailable(
            "No command is known that installs the secure desktop on this system.",
            "It needs Chromium, TigerVNC's Xvnc, openbox and xkbcomp.",
        )
    if arguments.only_print or system() != "debian":
        terminal.answer({"command": command, "installed": False}, [command])
        return 0
    argv = shlex.split(command)
    if shutil.which(argv[0]) is None:
        raise DesktopUnavailable(
            f"It can't be installed from here: there is no {argv[0]}.",
            f"Have root run: {command.removeprefix('sudo ')}",
        )
    terminal.notice(f"Running: {command}")
    code = spawn.run_in_terminal(argv)
    left = Programs.find().missing(*ROLES)
    if code or left:
        raise DesktopUnavailable(
            "It could not be installed.",
            f"See above. Fresh lists of packages often help: {_as_root()}apt-get update",
        )
    terminal.answer({"command": command, "installed": True}, ["Everything is there."])
    return 0


def forget(arguments: Arguments, terminal: Terminal) -> int:
    """Drop what was kept."""
    named = {"provider": arguments.provider} if arguments.provider else {}
    with open_as_person() as client:
        forgotten = client.call("profile.forget", **named)["forgotten"]
    lines = [f"Forgotten: {name}." for name in forgotten] or ["Nothing was kept."]
    terminal.answer({"forgotten": forgotten}, lines)
    return 0


def _command() -> str:
    """What installs what is missing, as this user would have to call it."""
    from jupyter_agent.desktop.programs import ROLES, Programs, install_command  # noqa: PLC0415

    command = install_command(Programs.find().missing(*ROLES))
    return command.removeprefix("sudo ") if not _as_root() else command


def _as_root() -> str:
    """What a command of root's needs in front: nothing, where this is root without sudo."""
    if sys.platform == "win32":
        return ""
    return "" if os.geteuid() == 0 and shutil.which("sudo") is None else "sudo "


def _of_providers(providers: list[dict[str, Any]]) -> list[str]:
    """What can serve one, and the next step for each that can not."""
    if not providers:
        return ["Which providers there are is said while JupyterLab runs: jupyter lab"]
    lines = ["Providers:"]
    for one in providers:
        state = "ok  " if one["ok"] else "miss"
        lines.append(f"{state}  {one['id']}: {one['title'] if one['ok'] else one['reason']}")
        if one["install"]:
            lines.append(f"      → {one['install']}")
    return lines


def _running() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Desktops and providers of the server that came last; none where none runs, or no broker."""
    try:
        with open_as_person(start=False) as client:
            told = client.call("desktop", do="status")
    except AgentError:
        return [], []
    return list(told["desktops"]), list(told.get("providers", ()))


def _kept() -> list[dict[str, Any]]:
    """What keeps the person signed in; none is listed where no broker runs."""
    try:
        with open_as_person(start=False) as client:
            return list(client.call("profile.list")["profiles"])
    except AgentError:
        return []
