"""``jupyter agent mcp``: the tools for programs that speak MCP, and setting those programs up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import AgentError, RequestInvalid


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "mcp",
        mcp,
        "Serve the tools to other agents over MCP, and set those up.",
        examples="""\
  jupyter agent mcp install claude-code    let it in, and write its configuration
  jupyter agent mcp install cursor --print show what would be written, and do nothing
  jupyter agent mcp install other --print  for a program that is not known here
  jupyter agent mcp status                 which programs are set up, and whether it works
  jupyter agent mcp uninstall claude-code  take it out again, and let it in no more
  jupyter agent mcp --agent claude-code    what such a program starts: MCP on stdin and stdout""",
    )
    parser.add_argument(
        "what", nargs="?", choices=("install", "uninstall", "status"), metavar="install|…"
    )
    parser.add_argument("program", nargs="?", metavar="PROGRAM", help="see: mcp status")
    parser.add_argument(
        "--agent", metavar="NAME", help="as which agent; PROGRAM's name if left out"
    )
    parser.add_argument("--file", metavar="PATH", help="the configuration, where it is another one")
    parser.add_argument(
        "--print", dest="show", action="store_true", help="show what would be written"
    )


def mcp(arguments: Arguments, terminal: Terminal) -> int:
    """Serve, install, uninstall or say how it stands."""
    if arguments.what is None:
        return _serve(arguments, terminal)
    if arguments.what == "status":
        return _status(terminal)
    if arguments.program is None:
        raise usage("Which program? See: jupyter agent mcp status", "jupyter agent mcp")
    return (_install if arguments.what == "install" else _uninstall)(arguments, terminal)


def _serve(arguments: Arguments, terminal: Terminal) -> int:
    from jupyter_agent.agenttoken import hello, path_of  # noqa: PLC0415  (startup time)
    from jupyter_agent.cli.mcp_programs import check_name  # noqa: PLC0415
    from jupyter_agent.client import Client  # noqa: PLC0415
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    if arguments.agent is None:
        raise RequestInvalid(
            "Which agent is this? It says so with --agent NAME.",
            "A program is set up with: jupyter agent mcp install claude-code",
        )
    if sys.stdin.isatty():
        terminal.notice("This speaks MCP and waits for a program. Ctrl-D ends it.")
    folders = Folders.of()
    proven = hello(path_of(folders, check_name(arguments.agent)), "MCP")
    with Client(folders, proven):
        pass  # so that a wrong token is said now, and not with the first call
    _sdk_of_ours()(folders, proven)
    return 0


def _sdk_of_ours() -> Any:
    try:
        from jupyter_agent.mcp.stdio import serve  # noqa: PLC0415  (the SDK takes a second)
    except ImportError:
        raise AgentError(
            "The MCP SDK is not installed here.", "pip install 'jupyter-agent-secrets[mcp]'"
        ) from None
    return serve


def _install(arguments: Arguments, terminal: Terminal) -> int:
    from jupyter_agent.agenttoken import keep  # noqa: PLC0415
    from jupyter_agent.cli import mcp_programs as programs  # noqa: PLC0415
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    name = programs.check_name(arguments.agent or arguments.program)
    program = programs.find(arguments.program)
    entry = programs.Entry.here(name)
    if arguments.show:
        terminal.answer(
            {"file": str(program.path(arguments.file) or ""), "entry": entry.to_json()},
            [program.text(entry)],
        )
        return 0
    path = program.path(arguments.file)
    if path is None:
        raise RequestInvalid(
            "Where that program has its configuration is not known here.",
            f"Show what belongs into it: jupyter agent mcp install {arguments.program} --print",
        )
    programs.check_writable(program, path)
    with open_as_person() as client:
        token = client.call("agent.register", name=name, replace=_is_known(client, name))["token"]
    token_file = keep(Folders.of(), name, token)
    program.write(path, entry)
    terminal.answer(
        {"agent": name, "file": str(path), "token_file": str(token_file)},
        [
            f"{program.title} is set up, as the agent {name}, in {path}.",
            f"Its token is in {token_file}, which only you can read. The configuration has none.",
            "Start it anew. Each use of a secret is asked for: in JupyterLab, or answer with",
            "  jupyter agent approvals",
        ],
    )
    return 0


def _is_known(client: Any, name: str) -> bool:
    return any(one["name"] == name for one in client.call("agent.list")["agents"])


def _uninstall(arguments: Arguments, terminal: Terminal) -> int:
    from jupyter_agent.agenttoken import drop  # noqa: PLC0415
    from jupyter_agent.cli import mcp_programs as programs  # noqa: PLC0415
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    name = programs.check_name(arguments.agent or arguments.program)
    program = programs.find(arguments.program)
    path = program.path(arguments.file)
    removed = path is not None and program.remove(path)
    with open_as_person() as client:
        known = _is_known(client, name)
        if known:
            client.call("agent.forget", name=name)
    drop(Folders.of(), name)
    terminal.answer(
        {"agent": name, "file": str(path or ""), "removed": removed, "forgotten": known},
        [
            f"Taken out of {path}." if removed else "Its configuration did not name us.",
            f"The agent {name} may ask no more." if known else f"No agent {name} was let in.",
        ],
    )
    return 0


def _status(terminal: Terminal) -> int:
    with open_as_person() as client:
        shown = set_up(client)
    rows = [
        [each["program"], each["agent"] or "-", each["state"], _shortened(each["file"])]
        for each in shown
    ]
    version = sdk_version()
    lines = terminal.table(("PROGRAM", "AGENT", "STATE", "CONFIGURATION"), rows)
    missing = "The MCP SDK is missing: pip install 'jupyter-agent-secrets[mcp]'"
    lines.append(f"MCP SDK {version}." if version else missing)
    terminal.answer({"sdk": version, "programs": shown}, lines)
    return 0


def set_up(client: Any) -> list[dict[str, Any]]:
    """How it stands with each program: ``{"program","file","agent": name or null,"state"}``.

    Args:
        client: A conversation of the person's.
    """
    from jupyter_agent.agenttoken import hello, path_of  # noqa: PLC0415
    from jupyter_agent.cli import mcp_programs as programs  # noqa: PLC0415
    from jupyter_agent.client import Client  # noqa: PLC0415
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    folders = Folders.of()
    known = {one["name"]: one for one in client.call("agent.list")["agents"]}
    found = []
    for program in programs.PROGRAMS.values():
        path = program.path(None)
        agent = program.agent_in(path) if path is not None else None
        state = "not set up"
        if agent is not None:
            state = "works"
            try:
                Client(folders, hello(path_of(folders, agent))).close()
            except AgentError as error:  # not let in, or its token lies open to others
                state = error.message
            if state == "works" and known.get(agent, {}).get("talks"):
                state = "connected"
        found.append(
            {"program": program.name, "file": str(path or ""), "agent": agent, "state": state}
        )
    return found


def sdk_version() -> str | None:
    """Which MCP SDK is installed here."""
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version("mcp")
    except metadata.PackageNotFoundError:
        return None


def _shortened(file: str) -> str:
    if not file:
        return "-"
    home, path = Path.home(), Path(file)
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
