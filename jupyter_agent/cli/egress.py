"""``jupyter agent egress``: a program calls an API with a stored key that it never sees."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family, usage
from jupyter_agent.cli.terminal import Terminal, printable
from jupyter_agent.errors import AgentError, CommandNotStarted, RequestInvalid
from jupyter_agent.secret import check_label

if TYPE_CHECKING:
    from jupyter_agent.cli.prompts import Tty
    from jupyter_agent.client import Client

_LARGEST: Final = 512 * 1024
"""Longest file of certificates, in bytes."""

_ENDS: Final = (signal.SIGTERM,) if sys.platform == "win32" else (signal.SIGTERM, signal.SIGHUP)


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "egress",
        egress,
        "Let a program call an API with a stored key that it never sees.",
        examples="""\
  jupyter agent egress OPENAI_API_KEY -- python chat.py
  jupyter agent egress MY_KEY --service openai -- python chat.py
  jupyter agent egress API_KEY --host api.example.com --header 'Authorization: Bearer {}' -- ./job
  jupyter agent egress AWS_SECRET_ACCESS_KEY --region eu-west-1 -- aws s3 ls
  jupyter agent egress GITHUB_TOKEN                     a shell in which it is so
  jupyter agent egress DB_PASSWORD --postgres db.example.com/sales --user me -- psql
  jupyter agent egress DATABASE_URL --postgres -- python report.py
  jupyter agent egress --services
  jupyter agent egress --trust ca.pem                   also believe servers with these certificates

The program finds a placeholder in the key's variable, and an address on this machine in the
variable for the service's address. What it sends there goes on to that one host, with the value.
Permit it beforehand: jupyter agent grant OPENAI_API_KEY --command 'egress https://api.openai.com'""",
    )
    parser.usage = "jupyter agent egress LABEL [options] [-- COMMAND ARGS]"
    parser.set_defaults(takes_words=True)
    parser.add_argument("label", nargs="?", metavar="LABEL", help="whose value")
    parser.add_argument("--service", metavar="SERVICE", help="a known service, see --services")
    parser.add_argument("--host", metavar="HOST", help="exactly one host: api.example.com")
    parser.add_argument("--header", metavar="LINE", help="'Name: form', with {} for the value")
    parser.add_argument("--query", metavar="FIELD", help="a field of the address instead")
    parser.add_argument("--basic", action="store_true", help="the password of HTTP Basic instead")
    parser.add_argument("--region", metavar="REGION", help="AWS only: the program's region")
    parser.add_argument(
        "--postgres",
        metavar="DATABASE",
        nargs="?",
        const="",
        help="a database: db.example.com:5432/sales; without one the value is the whole address",
    )
    parser.add_argument("--user", metavar="USER", help="as whom, in a database")
    parser.add_argument("--list", action="store_true", help="what is open now")
    parser.add_argument("--services", action="store_true", help="the services that are known")
    parser.add_argument(
        "--trust",
        metavar="FILE",
        help="believe servers with these certificates (PEM), too, in place of any named before; "
        "'none' takes that back",
    )


def egress(arguments: Arguments, terminal: Terminal) -> int:
    """Do what the arguments say."""
    if arguments.services:
        return _services(terminal)
    if arguments.list:
        return _list(terminal)
    if arguments.trust:
        return _trust(arguments.trust, terminal)
    if not arguments.label:
        raise usage("Say whose value: a label.", "jupyter agent egress")
    return _run(arguments, terminal)


def _run(arguments: Arguments, terminal: Terminal) -> int:
    import shutil  # noqa: PLC0415  (startup time)

    from jupyter_agent.cli.prompts import Tty  # noqa: PLC0415
    from jupyter_agent.client.proxies import past_proxies  # noqa: PLC0415

    request = {
        "label": check_label(arguments.label),
        "service": arguments.service,
        "host": arguments.host,
        "header": arguments.header,
        "query": arguments.query,
        "basic": arguments.basic,
        "region": arguments.region,
        "postgres": arguments.postgres,
        "user": arguments.user,
    }
    words = list(arguments.words or [os.environ.get("SHELL") or "/bin/sh"])
    if shutil.which(words[0], os.F_OK) is None:
        # Before a person is asked about it.
        terminal.fail(CommandNotStarted("The program to run was not found.", "Check its name."))
        return 127  # as shells say it
    with Tty.open() or nullcontext() as tty, open_as_person() as client:
        asks = tty is not None and client.welcome["role"] == "person"
        number, way = _opened(client, {**request, "approve": asks}, tty, terminal)
        terminal.notice(f"{arguments.label} goes to {way['origin']} ({way['place']}).")
        terminal.notice(f"Set: {', '.join(way['variables'])}.")
        if way["asks_later"]:
            terminal.notice(
                "Each host needs a permission when it is first used: a person's at the Secrets "
                f"panel, or a grant: jupyter agent grant {request['label']} --command "
                "'egress https://HOST'"
            )
        env = {**os.environ, **past_proxies(os.environ), **way["variables"]}
        try:
            code = _until_ended(words, env)
        except OSError as error:
            raise CommandNotStarted(
                f"The command could not be started: {error.strerror}.", "Check its name."
            ) from None
        _tell_if_closed(client, number, terminal)
    return code if code >= 0 else 128 - code


def _until_ended(words: list[str], env: dict[str, str]) -> int:
    """Run the program; this process only holds the way open until it has ended."""
    from jupyter_agent import spawn  # noqa: PLC0415  (startup time)

    # Ctrl-C is the program's already. Whoever ends this process otherwise means the program, too,
    # which would go on without its way.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
    try:
        child = spawn.start_below(words, env=env)
        for number in _ENDS:
            before[number] = signal.signal(number, lambda got, _: child.send_signal(got))
        return int(child.wait())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _opened(
    client: Client, request: dict[str, Any], tty: Tty | None, terminal: Terminal
) -> tuple[int, dict[str, Any]]:
    from jupyter_agent.cli.run import ask  # noqa: PLC0415

    number = client.begin("egress.open", **request)
    while (message := client.receive(number)).get("event") != "open":
        if message.get("event") == "asking":
            ask(client, message, tty, terminal)
    return number, message


def _tell_if_closed(client: Client, number: int, terminal: Terminal) -> None:
    """Say why the program was refused a connection, which is all that it can know itself.

    Once it has ended: until then the terminal is its own.
    """
    try:
        if client.ready():
            client.receive(number)
    except AgentError as error:
        terminal.notice(f"While the program ran: {error.message}")


def _services(terminal: Terminal) -> int:
    with open_as_person() as client:
        services = client.call("egress.services")["services"]
    widest = max(len(service["name"]) for service in services)
    lines = [
        f"{service['name']:<{widest}}  {service['labels'][0]}  {service['origin']}"
        for service in services
    ]
    terminal.answer({"services": services}, lines)
    return 0


def _list(terminal: Terminal) -> int:
    with open_as_person() as client:
        ways = client.call("egress.list")["ways"]
    lines = [
        f"{way['label']}  {way['origin']}  {way['requests']} requests  "
        f"{printable(str(way['notebook'] or way['actor']))}"
        for way in ways
    ]
    terminal.answer({"ways": ways}, lines or ["Nothing is open."])
    return 0


def _trust(path: str, terminal: Terminal) -> int:
    certificates = None
    if path != "none":
        try:
            certificates = Path(path).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            raise RequestInvalid(
                "That file of certificates can't be read.", "It is text, PEM."
            ) from None
        if len(certificates) > _LARGEST or "PRIVATE KEY" in certificates:
            raise RequestInvalid("That is not a file of certificates only.", "PEM, without a key.")
    with open_as_person() as client:
        client.call("egress.trust", certificates=certificates)
    said = (
        "Only this machine's own certificates are believed."
        if certificates is None
        else (
            "Servers with these certificates are believed, too, from the next way on, and none "
            "that were named before."
        )
    )
    terminal.answer({"trusted": certificates is not None}, [said])
    return 0
