"""``%agent_egress``: this kernel's libraries call an API, and the key stays out of the kernel."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from jupyter_agent import wire
from jupyter_agent.client import Client
from jupyter_agent.client.proxies import past_proxies
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.kernel import manual, notes, tables
from jupyter_agent.kernel.identity import has_terminal, open_client
from jupyter_agent.kernel.permission import Permission
from jupyter_agent.secret import check_label

_HELP: Final = "See all of it: %agent_egress --help"
VALUES: Final = ("--service", "--host", "--header", "--query", "--region", "--postgres", "--user")
_MAY_BE_BARE: Final = "--postgres"
"""Without a value: the stored secret is the whole address."""

ALONE: Final = ("--list", "--services", "--off")
"""These stand without a label."""

SWITCHES: Final = ("--basic", *ALONE)
OPTIONS: Final = (*VALUES, "--basic")
"""These stand behind a label."""


@dataclass(slots=True)
class _Open:
    """One way out that this kernel holds; it ends with the conversation, so with the kernel."""

    client: Client
    way: wire.Message
    before: dict[str, str | None] = field(default_factory=dict)
    told: bool = False
    """Whether it was said that the broker has closed it."""

    @property
    def ended(self) -> bool:
        """Whether the broker has closed it: then it has said so, or is gone."""
        return self.client.ready()

    def set_variables(self) -> None:
        variables: dict[str, str] = self.way["variables"]
        self.before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        # Stays there: whatever else is opened needs it, too, and it says only what is so.
        os.environ.update(past_proxies(os.environ))

    def close(self, later: Iterable[_Open] = ()) -> None:
        """End it, and put back what stood in the variables before.

        Args:
            later: The ways that were opened since, in their order. A variable that one of them
                has set stays as it is: that way puts back what this one would have.
        """
        self.client.close()
        later = list(later)
        for name, value in self.before.items():
            ours = self.way["variables"][name]
            over = next((way for way in later if name in way.before), None)
            if over is not None:
                if over.before[name] == ours:
                    over.before[name] = value
                continue
            if os.environ.get(name) != ours:
                continue  # somebody has set it since
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@magics_class
class EgressMagics(Magics):
    """The magic that opens ways out."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._open: dict[str, _Open] = {}
        self._events = shell.events
        self._events.register("post_run_cell", self._tell_closed)

    def close(self) -> None:
        """Close every way out, as when the extension is unloaded."""
        self._events.unregister("post_run_cell", self._tell_closed)
        self._close("")

    @no_var_expand
    @line_magic("agent_egress")  # type: ignore[arg-type]  # IPython types it for plain functions
    def agent_egress(self, line: str) -> Any:
        """Let a library use a stored key without the key in this kernel.

        ::

            %agent_egress OPENAI_API_KEY
            from openai import OpenAI
            OpenAI().models.list()

        The library's variables are set to a placeholder and to an address on this machine. What
        the library sends there goes on to the service, and to no other host, with the value in
        the placeholder's place; what comes back is scrubbed. A person permits it once.

        ::

            %agent_egress LABEL                          a service that is known by its label
            %agent_egress LABEL --service NAME           a known service, another label
            %agent_egress LABEL --service NAME --host H  your own server of that kind
            %agent_egress LABEL --host H --header 'Authorization: Bearer {}'
            %agent_egress LABEL --host H --query api_key
            %agent_egress LABEL --host H --basic         the password of HTTP Basic
            %agent_egress AWS_SECRET_ACCESS_KEY          AWS: signs each request of boto3
            %agent_egress AWS_SECRET_ACCESS_KEY --region eu-west-1
            %agent_egress LABEL --postgres db.example.com/sales --user NAME
            %agent_egress LABEL --postgres               the value is the database's whole address
            %agent_egress --list                         what is open in this kernel
            %agent_egress --services                     the services that are known
            %agent_egress --off [LABEL]                  close it, or all of them

        A host is named exactly: api.example.com, by https. http://127.0.0.1:8000 is for a server
        on this machine. With a host of your own the variables are LABEL and LABEL_URL.

        AWS needs AWS_ACCESS_KEY_ID beside the secret key, and AWS_SESSION_TOKEN where the key is
        lent for a time. You are asked for each service and region when it is first used; with
        --host for that host only, and at once. Make boto3's clients afterwards.

        With a database the variables are those of libpq (PGHOST, PGPASSWORD and so on), and
        DATABASE_URL: ``psycopg.connect()`` and ``%sql`` find it by themselves.
        """
        if manual.wanted(line) or not line.strip():
            return manual.show(self.agent_egress)
        fields, switches = _parse(line)
        if "--services" in switches:
            return self._services()
        if "--list" in switches:
            return self._list()
        label = fields.pop("label", "")
        if "--off" in switches:
            return self._close(label)
        if not label:
            raise RequestInvalid("%agent_egress needs a label.", _HELP)
        if "--basic" in switches:
            fields["basic"] = "yes"
        return self._begin(label, fields)

    def _begin(self, label: str, fields: dict[str, str]) -> _Opened:
        client = open_client(self.shell)
        try:
            way = self._opened(client, label, fields)
        except BaseException:
            client.close()
            raise
        if label in self._open:
            self._end(label)
        self._open[label] = _Open(client, way)
        self._open[label].set_variables()
        return _Opened(label, way)

    def _opened(self, client: Client, label: str, fields: dict[str, str]) -> wire.Message:
        request: dict[str, Any] = {**fields, "approve": has_terminal(self.shell)}
        if "basic" in request:
            request["basic"] = True
        where = "its database" if "postgres" in fields else "its service"
        permission = Permission(self.shell, f"send {label} to {where}")
        number = client.begin("egress.open", label=label, **request)
        try:
            while (message := client.receive(number)).get("event") != "open":
                if message.get("event") == "asking":
                    permission.ask(message)
        finally:
            permission.answered()
        return message

    def _tell_closed(self, *_: object) -> None:
        """Say why a library was refused a connection, which is all that it can know itself."""
        for label, each in self._open.items():
            if each.ended and not each.told:
                each.told = True
                notes.show(
                    self.shell,
                    f"The way out for {label} was closed. Open it again with the options it had: "
                    f"%agent_egress {label}",
                )

    def _close(self, label: str) -> None:
        labels = [label] if label else list(self._open)
        for each in labels:
            if each not in self._open:
                raise RequestInvalid(f"No way out is open for {each}.", "%agent_egress --list")
            self._end(each)

    def _end(self, label: str) -> None:
        labels = list(self._open)
        later = [self._open[each] for each in labels[labels.index(label) + 1 :]]
        self._open.pop(label).close(later)

    def _list(self) -> tables.Table:
        rows = [
            (
                label,
                str(each.way["origin"]),
                ", ".join(each.way["variables"]),
                "closed: open it again" if each.ended else "open",
            )
            for label, each in self._open.items()
        ]
        empty = "Nothing is open in this kernel. Begin: %agent_egress LABEL"
        return tables.Table(("label", "goes to", "variables", "state"), rows, empty=empty)

    def _services(self) -> tables.Table:
        with open_client(self.shell) as client:
            services = client.call("egress.services")["services"]
        rows = [
            (s["name"], s["title"], s["labels"][0], s["origin"], ", ".join(s["variables"]))
            for s in services
        ]
        return tables.Table(("service", "", "label", "goes to", "address in"), rows)


class _Opened:
    """What a cell shows once a way is open: names only."""

    def __init__(self, label: str, way: wire.Message) -> None:
        names = ", ".join(way["variables"])
        self._lines = [
            f"{label} signs requests to {way['origin']}, and goes nowhere itself."
            if way["place"].startswith("signature")
            else f"{label} goes to {way['origin']} and nowhere else ({way['place']}).",
            f"Set in this kernel: {names}. They hold no value.",
        ]
        by_hand = [name for name in way["variables"] if name.endswith(("URL", "ENDPOINT", "HOST"))]
        if not set(by_hand) & set(way["library"]):
            address = by_hand[0] if by_hand else names
            self._lines.append(f"Send requests to os.environ['{address}'].")
        if way["asks_later"]:
            self._lines.append("You are asked about each host when it is first used.")

    def __repr__(self) -> str:
        return "\n".join(self._lines)


def _parse(line: str) -> tuple[dict[str, str], set[str]]:
    """Read the line; no message repeats it, because people paste values where labels belong."""
    try:
        words = shlex.split(line)
    except ValueError:
        raise RequestInvalid("A quote on the %agent_egress line is not closed.", _HELP) from None
    fields: dict[str, str] = {}
    switches: set[str] = set()
    while words:
        word = words.pop(0)
        option, equals, attached = word.partition("=") if word.startswith("--") else (word, "", "")
        if option in VALUES:
            value = attached
            if not equals and words and not (option == _MAY_BE_BARE and words[0].startswith("-")):
                value = words.pop(0)
            if not value and option != _MAY_BE_BARE:
                raise RequestInvalid(f"{option} needs a value behind it.", _HELP)
            fields[option.removeprefix("--")] = value
        elif word in SWITCHES:
            switches.add(word)
        elif word.startswith("-") or "label" in fields:
            raise RequestInvalid("%agent_egress takes one label and its options.", _HELP)
        else:
            fields["label"] = check_label(word)
    return fields, switches
