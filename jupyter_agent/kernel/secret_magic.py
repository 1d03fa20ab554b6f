"""``%secret``: the vault's labels, and the way in for a value that never passes here."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, Final

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from jupyter_agent import spawn
from jupyter_agent.client import Client
from jupyter_agent.errors import AgentError, EntryInvalid, LabelNotFound, LabelTaken, RequestInvalid
from jupyter_agent.kernel import manual, paths, permission, tables
from jupyter_agent.kernel.identity import has_terminal, open_client
from jupyter_agent.secret import check_label

_HELP: Final = "See all of it: %secret --help"


@magics_class
class SecretMagics(Magics):
    """The magic for labels."""

    @no_var_expand
    @line_magic("secret")  # type: ignore[arg-type]  # IPython types it for plain functions
    def secret(self, line: str) -> Any:
        """Keep secrets out of this notebook: only labels are named here, never values.

        ::

            %secret set LABEL          a masked form for the value; it is sealed in the page
            %secret set LABEL --file PATH   what a file holds, once a person has confirmed it
            %secret replace LABEL      the same for a new value under an old label
            %secret list               labels, kinds, dates, uses
            %secret show LABEL         all that is known about one, its grants included
            %secret rename LABEL NEW   once a person has confirmed it
            %secret remove LABEL       once a person has confirmed it
            %secret status             the vault and the broker

        A label looks like an environment variable: GITHUB_TOKEN. Never write the value on this
        line: the form, the Secrets panel and the terminal (jupyter agent secret set LABEL) take it.

        Use it: %%agent_run -s LABEL
        """
        if manual.wanted(line) or not line.strip():
            return manual.show(self.secret)
        try:
            words = shlex.split(line)
        except ValueError:
            raise RequestInvalid("A quote on the %secret line is not closed.", _HELP) from None
        command, *rest = words
        commands: dict[str, tuple[Callable[..., Any], int]] = {
            "set": (self._set, 1),
            "replace": (self._replace, 1),
            "list": (self._list, 0),
            "show": (self._show, 1),
            "rename": (self._rename, 2),
            "remove": (self._remove, 1),
            "status": (self._status, 0),
        }
        if command == "import":
            if has_terminal(self.shell):
                return self._in_terminal("import", *rest)
            raise RequestInvalid(
                "%secret import reads files with values, which no kernel may hold.",
                "Run it in a terminal: jupyter agent secret import",
            )
        if command not in commands:
            # Not repeated: people paste a value right behind %secret.
            raise RequestInvalid(f"%secret knows: {', '.join(commands)}.", _HELP)
        if command == "set" and rest[1:2] == ["--file"] and len(rest) == 3:
            return self._set_from_file(check_label(rest[0]), rest[2])
        action, count = commands[command]
        if command in ("set", "replace") and len(rest) > count:
            raise _value_on_the_line()
        if len(rest) != count:
            labels = ("no label", "one label", "two labels")[count]
            raise RequestInvalid(f"%secret {command} needs {labels}.", _HELP)
        return action(*map(check_label, rest))

    def _set(self, label: str) -> Any:
        if self._labels_hold(label):
            raise LabelTaken(
                f"{label} is already stored.", f"Give it a new value: %secret replace {label}"
            )
        return self._entry(label, "set")

    def _set_from_file(self, label: str, path: str) -> None:
        """Let the broker read the file, once a person has said yes: no kernel holds a value."""
        where = paths.absolute(path)
        if has_terminal(self.shell):
            self._in_terminal("set", label, "--file", str(where))
            return
        with self._open() as client:
            what = f"save what {where} holds as {label}"
            permission.call(
                self.shell, client, what, "secret.save_file", label=label, path=str(where)
            )
        print(f"{label} is saved.")  # noqa: T201  (the magic's own output)

    def _replace(self, label: str) -> Any:
        if not self._labels_hold(label):
            raise LabelNotFound(
                f"No secret is stored under {label}.", f"Add it: %secret set {label}"
            )
        return self._entry(label, "replace")

    def _entry(self, label: str, mode: str) -> Any:
        if has_terminal(self.shell):
            return self._in_terminal(mode, label)
        with self._open() as client:
            vault = client.call("status")["vault"]
        if vault["tier"] == "memory":  # in a container, say: nobody should find out afterwards
            print(f"{vault['promise']} {vault['better']}")  # noqa: T201  (the magic's own output)
        try:
            # Late: widgets are heavy, and most notebooks never open a form.
            from jupyter_agent.kernel.entry_widget import entry_widget  # noqa: PLC0415
        except ImportError as error:
            raise EntryInvalid(
                f"The form needs a package that can't be imported here ({error.name}).",
                "Install it where this kernel runs: pip install anywidget ipywidgets. Or use the "
                f"Secrets panel, or a terminal: jupyter agent secret {mode} {label}",
            ) from None

        entry_widget(label, mode, self._open).show()
        return None

    def _list(self) -> tables.Table:
        with self._open() as client:
            return tables.secrets(client.call("secret.list")["secrets"])

    def _show(self, label: str) -> tables.Table:
        with self._open() as client:
            answer = client.call("secret.show", label=label)
        return tables.secret(answer["secret"], answer.get("grants") or ())

    def _rename(self, label: str, new: str) -> None:
        if has_terminal(self.shell):
            self._in_terminal("rename", label, new)
            return
        with self._open() as client:
            what = f"rename {label} to {new}"
            permission.call(self.shell, client, what, "secret.rename", label=label, to=new)
        print(f"{new} is the new label of {label}.")  # noqa: T201  (the magic's own output)

    def _remove(self, label: str) -> None:
        if has_terminal(self.shell):
            self._in_terminal("remove", label)
            return
        with self._open() as client:
            permission.call(self.shell, client, f"remove {label}", "secret.remove", label=label)
        print(f"{label} is removed.")  # noqa: T201  (the magic's own output)

    def _status(self) -> tables.Table:
        with self._open() as client:
            return tables.status(client.call("status"))

    def _in_terminal(self, *words: str) -> None:
        """Let the person's own program do it: this shell has neither the key nor the value."""
        code = spawn.run_in_terminal(spawn.python("jupyter_agent.cli", "secret", *words))
        if code:
            raise AgentError(f"jupyter agent secret {words[0]} did not do it.", "See above.")

    def _labels_hold(self, label: str) -> bool:
        with self._open() as client:
            return any(secret["label"] == label for secret in client.call("secret.list")["secrets"])

    def _open(self) -> Client:
        return open_client(self.shell)


def _value_on_the_line() -> RequestInvalid:
    return RequestInvalid(
        "A value does not belong on the %secret line; it was not stored.",
        "Treat it as exposed and rotate it: this line may be in the notebook and in IPython's "
        "history. Then enter the new one in the form: %secret set LABEL",
    )
