"""Tab completion for the magics: options and labels, never anything else of the vault."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.chat.choice import AGENTS, KINDS
from jupyter_agent.errors import AgentError
from jupyter_agent.kernel import chat_arguments
from jupyter_agent.kernel.arguments import OPTIONS
from jupyter_agent.kernel.identity import open_client

DESKTOP_COMMANDS: Final = ("open", "status", "close", "screenshot")
_DESKTOP_OPEN: Final = ("--layout", "--provider", "--strict")
LAYOUTS: Final = ("us", "gb", "us(intl)", "de", "ch", "fr", "es", "it", "pt", "pl", "se")
SECRET_COMMANDS: Final = (
    "set",
    "list",
    "show",
    "replace",
    "rename",
    "remove",
    "import",
    "status",
)
_CHATS: Final = ("%%agent_chat", "%agent_chat", "%%chat")
_TAKE_LABEL: Final = ("show", "replace", "rename", "remove")


class Completion:
    """Completers for one shell.

    Args:
        shell: The running ``InteractiveShell``.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def install(self) -> None:
        """Offer completions from now on."""
        self._shell.set_hook("complete_command", self.secret, str_key="%secret")
        self._shell.set_hook("complete_command", self.run, str_key="%%agent_run")
        self._shell.set_hook("complete_command", self.egress, str_key="%agent_egress")
        self._shell.set_hook("complete_command", self.desktop, str_key="%desktop")
        for name in _CHATS:
            self._shell.set_hook("complete_command", self.chat, str_key=name)

    def uninstall(self) -> None:
        """Offer none any more."""
        hooks = self._shell.strdispatchers["complete_command"].strs
        hooks.pop("%secret", None)
        for name in ("%%agent_run", "%agent_egress", "%desktop", *_CHATS):
            hooks.pop(name, None)

    def secret(self, _shell: Any, event: SimpleNamespace) -> list[str]:
        """Completions behind ``%secret``."""
        words = _words_before(event)
        if not words:
            return list(SECRET_COMMANDS)
        if len(words) == 1 and words[0] in _TAKE_LABEL:
            return self._labels()
        if len(words) == 2 and words[0] == "set":
            return ["--file"]
        return []

    def run(self, _shell: Any, event: SimpleNamespace) -> list[str]:
        """Completions behind ``%%agent_run``."""
        last = (_words_before(event) or [""])[-1]
        if last in ("-s", "--stdin", "--answer"):
            return self._labels()
        if last == "--file":
            # Nobody knows the variable's name; behind its equals sign stands a label.
            return self._labels() if "=" in event.text_until_cursor.split()[-1] else []
        if last == "--shell":
            return list(wire.SHELLS)
        if last in ("-v", "--out", "--err", "--json"):
            return [name for name in self._shell.user_ns if not name.startswith("_")]
        if last in ("--cwd", "--timeout", "--bg", "--template"):
            return []  # paths are completed by IPython itself
        return list(OPTIONS)

    def egress(self, _shell: Any, event: SimpleNamespace) -> list[str]:
        """Completions behind ``%agent_egress``."""
        from jupyter_agent.kernel import egress_magic  # noqa: PLC0415  (a Tab may wait, a start not)

        words = _words_before(event)
        if not words:
            return [*self._labels(), *egress_magic.ALONE]
        if words[-1] == "--off":
            return self._labels()
        if words[-1] == "--service":
            return self._services()
        if words[-1] in egress_magic.VALUES or words[0] in egress_magic.ALONE:
            return []  # hosts, forms and names are the person's
        return [option for option in egress_magic.OPTIONS if option not in words]

    def _services(self) -> list[str]:
        try:
            with open_client(self._shell, start=False) as client:
                return [each["name"] for each in client.call("egress.services")["services"]]
        except AgentError:
            return []

    def desktop(self, _shell: Any, event: SimpleNamespace) -> list[str]:
        """Completions behind ``%desktop``."""
        words = _words_before(event)
        if not words:
            return [*DESKTOP_COMMANDS, "--help"]
        if words[0] in ("close", "screenshot") and len(words) == 1:
            return self._of_desktops("desktops")
        if words[0] != "open":
            return []
        option, equals, _begun = event.text_until_cursor.split()[-1].partition("=")
        last = option if equals else words[-1]
        if last == "--layout":
            return list(LAYOUTS)
        if last == "--provider":
            return self._of_desktops("providers")
        given = {word.partition("=")[0] for word in words}
        addressed = any(not word.startswith("-") for word in _plain(words[1:]))
        address = [] if addressed else ["https://"]
        return [*address, *(option for option in _DESKTOP_OPEN if option not in given)]

    def _of_desktops(self, what: str) -> list[str]:
        """Names of desktops, or of the providers that can start one now."""
        try:
            with open_client(self._shell, start=False) as client:
                told = client.call("desktop", do="status")
        except AgentError:
            return []
        return [each["id"] for each in told.get(what, ()) if each.get("ok", True)]

    def chat(self, _shell: Any, event: SimpleNamespace) -> list[str]:
        """Completions behind ``%%agent_chat`` and ``%agent_chat``."""
        words = _words_before(event)
        last = (words or [""])[-1]
        if last == "--model":
            return [f"{kind}:" for kind in KINDS]
        if last == "--key":
            return self._labels()
        if last == "--url":
            return [kind.url for kind in KINDS.values() if kind.url]
        if last == "--agent":
            return list(AGENTS)
        if "--with" in words and not any(
            w.startswith("-") for w in words[words.index("--with") + 1 :]
        ):
            names = [*self._variables(), *self._cells()]
            return names if last == "--with" else [*names, *chat_arguments.OPTIONS]
        return list(chat_arguments.OPTIONS)

    def _variables(self) -> list[str]:
        """What a person has named, and nothing that IPython has."""
        hidden = getattr(self._shell, "user_ns_hidden", {})
        return [n for n in self._shell.user_ns if not n.startswith("_") and n not in hidden]

    def _cells(self) -> list[str]:
        """Cells that were run, the last ten, as ``--with`` takes them."""
        ran = len(self._shell.user_ns.get("In") or [""]) - 1
        return [f"[{number}]" for number in range(max(1, ran - 9), ran + 1)]

    def _labels(self) -> list[str]:
        # A key press must not start a broker, and has nowhere to show an error.
        try:
            with open_client(self._shell, start=False) as client:
                return [secret["label"] for secret in client.call("secret.list")["secrets"]]
        except AgentError:
            return []


def _plain(words: list[str]) -> list[str]:
    """The words that are no option's value."""
    takes = ("--layout", "--provider")
    return [w for before, w in zip(["", *words], words, strict=False) if before not in takes]


def _words_before(event: SimpleNamespace) -> list[str]:
    """The finished words between the magic's name and the word under the cursor."""
    text: str = event.text_until_cursor
    words = text.split()[1:]
    # IPython breaks words at "=" and "-", we break them at blanks.
    if words and not text[-1:].isspace():
        words.pop()
    return words
