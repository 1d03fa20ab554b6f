"""``jupyter agent agents``: which agents may ask, and letting them in and out."""

from __future__ import annotations

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.terminal import Terminal


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "agents",
        agents,
        "Show which agents may ask for secrets, and let one in or out.",
        examples="""\
  jupyter agent agents                   who may ask
  jupyter agent agents add my-agent      let one in; its token goes into a private file
  jupyter agent agents forget my-agent   let it in no more, and take back what it was granted
  jupyter agent mcp install claude-code  does the first step and configures the program""",
    )
    parser.add_argument("what", nargs="?", choices=("list", "add", "forget"), metavar="list|…")
    parser.add_argument("name", nargs="?", metavar="NAME", help="small letters, digits, . _ -")
    parser.add_argument("--replace", action="store_true", help="give it a new token")


def agents(arguments: Arguments, terminal: Terminal) -> int:
    """List, add or forget."""
    what = arguments.what or "list"
    if (arguments.name is None) != (what == "list"):
        raise usage("add and forget need a name, list takes none.", "jupyter agent agents")
    if arguments.replace and what != "add":
        raise usage("--replace belongs to add.", "jupyter agent agents")
    if what == "add":
        return _add(arguments, terminal)
    return _forget(arguments.name, terminal) if what == "forget" else _list(terminal)


def _list(terminal: Terminal) -> int:
    from jupyter_agent.cli.times import local  # noqa: PLC0415  (startup time)

    with open_as_person() as client:
        known = client.call("agent.list")["agents"]
    rows = [
        [one["name"], local(one["created"]), "now" if one["talks"] else local(one["last_used"])]
        for one in known
    ]
    lines = terminal.table(("NAME", "TOKEN OF", "LAST USED"), rows)
    none = ["No agents. Let one in: jupyter agent mcp install claude-code"]
    terminal.answer({"agents": known}, lines if known else none)
    return 0


def _add(arguments: Arguments, terminal: Terminal) -> int:
    from jupyter_agent.agenttoken import keep  # noqa: PLC0415  (startup time)
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    name, replace = arguments.name, arguments.replace
    with open_as_person() as client:
        token = client.call("agent.register", name=name, replace=replace)["token"]
    path = keep(Folders.of(), name, token)
    terminal.answer(
        {"name": name, "token_file": str(path)},
        [
            f"{name} may ask now. Each use of a secret is asked for.",
            f"Its token is in {path}, which only you can read.",
        ],
    )
    return 0


def _forget(name: str, terminal: Terminal) -> int:
    from jupyter_agent.agenttoken import drop  # noqa: PLC0415
    from jupyter_agent.folders import Folders  # noqa: PLC0415

    with open_as_person() as client:
        client.call("agent.forget", name=name)
    drop(Folders.of(), name)
    terminal.answer({"forgotten": name}, [f"{name} may ask no more; what it did has been ended."])
    return 0
