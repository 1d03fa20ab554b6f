"""What a cell shows while a person is asked, and the question itself where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

from jupyter_agent import spawn, wire
from jupyter_agent.client import Client
from jupyter_agent.errors import GrantDenied
from jupyter_agent.kernel import failures
from jupyter_agent.kernel.identity import has_terminal, is_kernel


def for_run(shell: Any, labels: Sequence[str]) -> Permission:
    """The question whether a script may use these labels."""
    return Permission(shell, f"use {', '.join(labels)}" if labels else "run this script")


_MAGICS: Final = ("%%agent_run", "%secret", "%agent_egress", "%%agent_chat", "%%chat")


class Permission:
    """Shows one line while a person is asked, and takes it away afterwards.

    Args:
        shell: The running ``InteractiveShell``.
        what: What is asked for, in a few words and labels only: ``use DEMO_TOKEN``.
    """

    def __init__(self, shell: Any, what: str) -> None:
        self._shell = shell
        self._what = what
        self._shown = False

    def ask(self, event: wire.Message) -> None:
        """Tell the person who sits here that an answer is waited for.

        Args:
            event: The broker's ``asking``.

        Raises:
            GrantDenied: The question could not be put on this terminal.
        """
        if "terminal" in event.get("where", ()):
            self._ask_here(str(event["approval_id"]))
            return
        sentence = f"Waiting for your permission in JupyterLab: {self._what}?"
        self._shown = True
        sys.stdout.flush()
        self._shell.display_pub.publish(data={"text/plain": sentence})

    def answered(self) -> None:
        """Take the line away again; called before anything else is printed."""
        if not self._shown:
            return
        self._shown = False
        if self._is_whole_cell():
            self._shell.display_pub.clear_output()

    def _ask_here(self, approval_id: str) -> None:
        # Only the person's own program may answer, so this shell starts it and holds no key.
        try:
            spawn.run_in_terminal(spawn.python("jupyter_agent.cli", "approve", approval_id))
        except OSError:
            raise GrantDenied(
                "The question could not be put on this terminal.",
                "Grant it beforehand: jupyter agent grant",
            ) from None

    def _is_whole_cell(self) -> bool:
        """Whether all output of this cell is ours, so that clearing takes nothing of others."""
        if not is_kernel(self._shell):
            return False
        content = self._shell.kernel.get_parent().get("content", {})
        return str(content.get("code", "")).lstrip().startswith(_MAGICS)


def call(shell: Any, client: Client, what: str, op: str, **fields: Any) -> wire.Message:
    """Ask the broker for a change that a person may have to confirm, and wait for the answer.

    Args:
        shell: The running ``InteractiveShell``.
        client: The conversation.
        what: What is asked for, in a few words and labels only.
        op: The operation, docs/protocol.md.
        **fields: Its fields.

    Raises:
        AgentError: What the broker answered.
    """
    permission = Permission(shell, what)
    if has_terminal(shell):
        fields["approve"] = True
    asked = False
    try:
        for message in client.events(op, **fields):
            if message.get("event") == "asking":
                asked = True
                permission.ask(message)
            if "result" in message:
                result: wire.Message = message["result"]
                return result
    except KeyboardInterrupt:
        if not asked:
            raise
        # With this conversation the question ends, too.
        raise failures.KeyboardInterrupt("it was left before anybody had answered.") from None
    finally:
        permission.answered()
    raise AssertionError("events() ends with a result or an error")
