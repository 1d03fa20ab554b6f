"""Guard C: screens a cell inside the kernel, before IPython sees, broadcasts or keeps it.

It is the only guard where no server of ours is in between: nbclient, papermill, a console, VS Code,
a terminal. It is a net against accidents, not a wall: code in the kernel can undo it.

In a kernel the message handlers are wrapped, because ``execute_input`` is broadcast and the history
is written before any hook of IPython's runs. In a terminal ``run_cell`` is wrapped.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.folders import Folders
from jupyter_agent.kernel.identity import is_kernel

if TYPE_CHECKING:
    from jupyter_agent.kernel.known import KnownValues
    from jupyter_agent.screen.box import Found
    from jupyter_agent.screen.cell import Screens


class Guard:
    """Screens what one shell is about to run.

    Args:
        shell: The running ``InteractiveShell``.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._screener: Screens | None = None
        self._known: KnownValues | None = None
        self._restore: list[Callable[[], None]] = []

    def install(self) -> None:
        """Screen from now on."""
        if is_kernel(self._shell):
            kernel = self._shell.kernel
            for handlers in (kernel.shell_handlers, kernel.control_handlers):
                self._wrap(handlers, "execute_request", self._screen_execution)
                self._wrap(handlers, "debug_request", self._screen_debugging)
        else:
            self._wrap_method("run_cell")
            self._wrap_method("run_cell_async")

    def uninstall(self) -> None:
        """Screen no more."""
        while self._restore:
            self._restore.pop()()

    def replacement(self, *texts: str) -> str | None:
        """The code to run instead of these texts, or None where they are clean.

        Never raises: a guard that fails stops the cell, not the kernel.
        """
        try:
            for text in texts:
                if stub := self._stub_for(text):
                    return stub
        except Exception:  # noqa: BLE001  (whatever it was, ScreenTimeout too: fail closed)
            return _stub(())
        return None

    def _stub_for(self, text: str) -> str | None:
        from jupyter_agent.screen.stored import found  # noqa: PLC0415  (loading stays cheap)

        screener = self._ready_screener()
        findings = self._ready_known().judged(text, screener.screen(text))
        return _stub(found(findings, text, screener)) if findings else None

    def _ready_known(self) -> KnownValues:
        if self._known is None:
            from jupyter_agent.kernel.known import KnownValues  # noqa: PLC0415

            self._known = KnownValues(self._shell)
        return self._known

    def _ready_screener(self) -> Screens:
        if self._screener is None:
            from jupyter_agent import rulecache  # noqa: PLC0415
            from jupyter_agent.screen import Screener  # noqa: PLC0415
            from jupyter_agent.screen.cell import CellScreener  # noqa: PLC0415

            screener = Screener()
            rulecache.load(Folders.of(), screener)
            self._screener = CellScreener(screener)
        return self._screener

    def _screen_execution(self, parent: dict[str, Any]) -> None:
        content = parent["content"]
        expressions = content.get("user_expressions") or {}
        try:
            stub = self.replacement(str(content.get("code", "")), *map(str, expressions.values()))
        except KeyboardInterrupt:
            # ■, while the broker is waited for: a handler that is left would never be answered.
            stub = _INTERRUPTED
        if stub is not None:
            # In place: the kernel keeps this very message as its parent.
            content["code"] = stub
            content["store_history"] = False
            content["user_expressions"] = {}

    def _screen_debugging(self, parent: dict[str, Any]) -> None:
        arguments = parent["content"].get("arguments")
        if not isinstance(arguments, dict):
            return
        for name, text in arguments.items():
            # `code` of dumpCell, `expression` of evaluate, `value` of setVariable, and so on.
            if isinstance(text, str) and self.replacement(text) is not None:
                # A debugger that gets no code says so; its file would have kept the secret.
                arguments[name] = ""

    def _wrap(
        self, handlers: dict[str, Any], name: str, screen: Callable[[dict[str, Any]], None]
    ) -> None:
        handler = handlers.get(name)
        if handler is None:
            return

        @functools.wraps(handler)
        def guarded(stream: Any, ident: Any, parent: dict[str, Any]) -> Any:
            if isinstance(parent.get("content"), dict):
                screen(parent)
            return handler(stream, ident, parent)

        handlers[name] = guarded

        def restore() -> None:
            # Somebody may have wrapped ours in the meantime: then it stays, inside theirs.
            if handlers.get(name) is guarded:
                handlers[name] = handler

        self._restore.append(restore)

    def _wrap_method(self, name: str) -> None:
        shell = self._shell
        method = getattr(shell, name)

        @functools.wraps(method)
        def guarded(raw_cell: str, *args: Any, **kwargs: Any) -> Any:
            stub = self.replacement(raw_cell)
            if stub is None:
                return method(raw_cell, *args, **kwargs)
            # store_history comes first behind the cell, or by name.
            kwargs.pop("store_history", None)
            return method(stub, False, *args[1:], **kwargs)

        setattr(shell, name, guarded)

        def restore() -> None:
            if vars(shell).get(name) is guarded:
                delattr(shell, name)

        self._restore.append(restore)


_INTERRUPTED: Final = 'raise KeyboardInterrupt("the cell was not run.")'


def _stub(found: tuple[Found, ...]) -> str:
    from jupyter_agent.screen import stub  # noqa: PLC0415
    from jupyter_agent.screen.box import Stop  # noqa: PLC0415

    return stub.code(Stop(found, kept_from="run"))
