"""What an answer has done in the cell that asked for it: there a person types, and code is run."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_agent import spawn
from jupyter_agent.errors import GrantDenied
from jupyter_agent.kernel import identity
from jupyter_agent.kernel.chat_attachments import cell_of


@dataclasses.dataclass(frozen=True, slots=True)
class Here:
    """Something that has to be done where the cell runs.

    Attributes:
        act: What.
        done: Hears that it was done.
    """

    act: Callable[[], None]
    done: Callable[[], None]

    def __call__(self) -> None:
        """Do it."""
        self.act()
        self.done()


class ChatCell:
    """The cell that runs, as seen from the thread that answers; also ``chat.door.Notebook``.

    A kernel has no notebook: what it has run is what it knows.

    Args:
        shell: The running ``InteractiveShell``.
        tell: Passes a ``Here`` to where the cell runs.
    """

    def __init__(self, shell: Any, tell: Callable[[Any], None]) -> None:
        self._shell = shell
        self._tell = tell
        self._added: list[str] = []

    async def do(self, act: Callable[[], None]) -> None:
        """Have something done where the cell runs, and wait for it."""
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def finish() -> None:
            loop.call_soon_threadsafe(done.set)

        self._tell(Here(act, finish))
        await done.wait()

    def approving(self) -> Callable[[str], Awaitable[None]] | None:
        """How a question is put to a person at this shell's own terminal, or None in a page."""
        if not identity.has_terminal(self._shell):
            return None

        async def ask(approval_id: str) -> None:
            await self.do(lambda: _approve_in_terminal(approval_id))

        return ask

    async def typed(self, prompt: str) -> str | None:
        """What whoever sits at this cell types at a prompt; None where nobody does."""
        found: list[str | None] = []

        def put() -> None:
            try:
                found.append(input(prompt))
            except (EOFError, NotImplementedError, RuntimeError):
                found.append(None)  # nobody: nbclient, a page that is gone

        await self.do(put)
        return found[0]

    async def read_cell(self, number: int) -> dict[str, Any]:
        """See ``Notebook.read_cell``; read where the cell runs, since it runs the value's code."""
        found: list[Any] = []

        def read() -> None:
            try:
                found.append(cell_of(self._shell, number))
            except Exception as error:  # noqa: BLE001  (raised where it was asked for)
                found.append(error)

        await self.do(read)
        if isinstance(found[0], Exception):
            raise found[0]
        return dict(found[0])

    async def add_cell(self, source: str) -> None:
        """See ``Notebook.add_cell``: below the one that runs, beside what was put there before.

        A kernel can say one such text only, so all of them share a cell.
        """
        self._added.append(source)
        text = "\n\n".join(self._added)
        await self.do(lambda: self._shell.set_next_input(text, replace=False))


def _approve_in_terminal(approval_id: str) -> None:
    # Only the person's own program may answer, so this shell starts it and holds no key.
    try:
        spawn.run_in_terminal(spawn.python("jupyter_agent.cli", "approve", approval_id))
    except OSError:
        raise GrantDenied(
            "The question could not be put on this terminal.", "Grant it beforehand."
        ) from None
