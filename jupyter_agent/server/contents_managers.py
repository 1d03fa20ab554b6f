"""Whichever contents manager saves is guarded, also one that comes after us.

An extension that is loaded later may put a manager of its own in the place of the one that was
there, as jupytext does where nobody has configured it. Hooks stay with the old one, which nothing
is saved through any more. So the manager is looked at again once every extension is loaded, before
the first request is served.
"""

from __future__ import annotations

from typing import Any, Final

from jupyter_agent.server.saves import MaskingHook
from jupyter_agent.server.saves_in_thread import SavesInThread
from jupyter_agent.server.uploads import UploadHooks

_SETTING: Final = "contents_manager"
"""Where Jupyter's routes look for it."""


class ContentsManagers:
    """Puts our hooks into the contents managers of a server.

    Args:
        app: The ``ServerApp``.
        masking: Masks what is saved.
        uploads: Masks what was uploaded in pieces.
        in_thread: Does so ahead, where it can.
    """

    def __init__(
        self, app: Any, masking: MaskingHook, uploads: UploadHooks, in_thread: SavesInThread
    ) -> None:
        self._app = app
        self._masking = masking
        self._uploads = uploads
        self._in_thread = in_thread
        # Compared by identity: a manager may call itself equal to another one.
        self._seen: list[tuple[Any, bool]] = []

    def guard(self) -> None:
        """Guard those that save now, and once more when every extension is loaded."""
        self._guard_current()
        self._app.io_loop.add_callback(self._guard_current)

    @property
    def are_guarded(self) -> bool:
        """Whether what is saved now is masked."""
        guarded = [manager for manager, is_guarded in self._seen if is_guarded]
        return all(_is_among(manager, guarded) for manager in self._current())

    def _current(self) -> list[Any]:
        served = self._app.web_app.settings.get(_SETTING, self._app.contents_manager)
        return [self._app.contents_manager, served]

    def _guard_current(self) -> None:
        for manager in self._current():
            if not _is_among(manager, [seen for seen, _ in self._seen]):
                self._seen.append((manager, self._guarded(manager)))

    def _guarded(self, manager: Any) -> bool:
        if getattr(manager, "register_pre_save_hook", None) is None:
            self._app.log.warning(
                "jupyter_agent: this contents manager has no hooks; saves are not masked."
            )
            return False
        manager.register_pre_save_hook(self._masking)
        manager.register_pre_save_hook(self._uploads.begin)
        manager.register_post_save_hook(self._uploads.end)
        self._in_thread.watch(manager)
        return True


def _is_among(one: Any, some: list[Any]) -> bool:
    return any(one is each for each in some)
