"""``%desktop``: a browser in JupyterLab in which a person signs in, out of the notebook's sight."""

from __future__ import annotations

import shlex
from typing import Any, Final

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from jupyter_agent import wire
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.kernel import manual, tables
from jupyter_agent.kernel.completion import DESKTOP_COMMANDS
from jupyter_agent.kernel.identity import open_client

SWITCHES: Final = ("--strict",)
VALUES: Final = ("--provider", "--layout")
_HELP: Final = "See all of it: %desktop --help"

_STATES: Final = {
    "starting": "starts",
    "agent": "this notebook and its agents",
    "human": "you",
    "idle": "nobody: click in its panel",
    "closed": "closed",
    "failed": "could not be started",
}
"""Who drives, by the state of a desktop."""


@magics_class
class DesktopMagics(Magics):
    """The magic for desktops."""

    @no_var_expand
    @line_magic("desktop")  # type: ignore[arg-type]  # IPython types it for plain functions
    def desktop(self, line: str) -> Any:
        """Sign in to a website without this notebook, its kernel or an agent seeing how.

        ::

            %desktop open https://example.com/login
            %desktop open https://example.com/login --layout de
            %desktop status
            %desktop screenshot
            %desktop close

        A browser opens in JupyterLab's panel. Click "Take over", type your name, password and code
        there, and click "Hand back". From then on this notebook and its agents use the browser in
        which you are signed in; while you drive, they see nothing of it.

        ::

            %desktop open [ADDRESS] [--provider NAME] [--layout LAYOUT] [--strict]
            %desktop screenshot|close [ID]

        --provider  Where it runs: local-vnc, local-cdp (this machine), or a service that the admin
                    has enabled; Tab lists what can be started. Without it: the first that can.
        --layout    Your keyboard, as XKB names it: us, gb, de, fr, "us(intl)".
        --strict    Attach nothing to the browser while you sign in, for sites that refuse
                    it otherwise.
        ID          As status lists it. Without it: the newest.
        """
        if manual.wanted(line) or not line.strip():
            return manual.show(self.desktop)
        command, words, fields = _parse(line)
        if command == "status":
            return self._status()
        if command == "screenshot":
            return _Picture(self._ask("screenshot", **_named(words))["jpeg"])
        if command == "close":
            self._ask("close", **_named(words))
            print("The desktop is closed.")  # noqa: T201  (the magic's own output)
            return None
        if words:
            fields["url"] = words[0]
        return _Opened(self._ask("open", **fields)["desktop"])

    def _status(self) -> tables.Table:
        rows = [
            (d["id"], _STATES.get(d["state"], d["state"]), d["host"] or "-", d["provider"])
            for d in self._ask("status")["desktops"]
        ]
        empty = "No desktop is open. Open one: %desktop open https://example.com/login"
        return tables.Table(("id", "who drives", "page of", "provider"), rows, empty=empty)

    def _ask(self, deed: str, **fields: Any) -> wire.Message:
        with open_client(self.shell) as client:
            return client.call("desktop", do=deed, **fields)


class _Picture:
    """The page in front, as the agent sees it while it drives."""

    def __init__(self, jpeg: str) -> None:
        self._jpeg = jpeg

    def __repr__(self) -> str:
        return "The page that is open on the desktop."

    def _repr_jpeg_(self) -> str:
        return self._jpeg  # base64, as a notebook stores it


class _Opened:
    """What a cell shows once a desktop is open."""

    def __init__(self, desktop: wire.Message) -> None:
        self._lines = [
            f"The secure desktop {desktop['id']} is open in JupyterLab's panel.",
            "Take over there to sign in, and hand back when you are done.",
        ]

    def __repr__(self) -> str:
        return "\n".join(self._lines)


def _named(words: list[str]) -> dict[str, str]:
    return {"desktop": words[0]} if words else {}


def _parse(line: str) -> tuple[str, list[str], dict[str, Any]]:
    """Read the line; no message repeats it, because people paste values where they don't belong."""
    try:
        words = iter(shlex.split(line))
    except ValueError:
        raise RequestInvalid("A quote on the %desktop line is not closed.", _HELP) from None
    command = next(words, "")
    if command not in DESKTOP_COMMANDS:
        raise RequestInvalid(f"%desktop knows: {', '.join(DESKTOP_COMMANDS)}.", _HELP)
    plain: list[str] = []
    fields: dict[str, Any] = {}
    for word in words:
        option, equals, attached = word.partition("=") if word.startswith("--") else (word, "", "")
        if option in VALUES and command == "open":
            value = attached if equals else next(words, "")
            if not value:
                raise RequestInvalid(f"{option} needs a value behind it.", _HELP)
            fields[option.removeprefix("--")] = value
        elif word in SWITCHES and command == "open":
            fields[word.removeprefix("--")] = True
        elif word.startswith("-") or plain or command == "status":
            raise RequestInvalid(
                f"There is a word that %desktop {command} does not know.",
                "A password or code belongs on the desktop, never on this line. " + _HELP,
            )
        else:
            plain.append(word)
    return command, plain, fields
