"""What is saved is masked in a thread, while everybody else of this server is served.

Jupyter's hooks are plain functions, which the event loop waits for: for a notebook of 10 MB, for a
hostile cell until its time is up, for a broker that hangs. So a contents manager whose ``save`` is
awaited gets a step before it, which masks in a thread. The hooks stay, and stay what is relied on:
the one before a save makes sure that what is about to be written is what was masked, and masks
whatever is not. A manager that is not awaited is masked for in place.

The step before a save sees a notebook as what it is, also where the manager writes it as a text:
jupytext's ``.py`` and ``.md`` reach the hooks as files like any other.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from jupyter_agent.server.saves import MaskingHook
from jupyter_agent.server.uploads import UploadHooks

T = TypeVar("T")


class SavesInThread:
    """Puts the step before a contents manager's saves.

    Args:
        masking: Masks what is saved; registered as a hook too.
        uploads: Masks what was uploaded in pieces; registered too.
    """

    def __init__(self, masking: MaskingHook, uploads: UploadHooks) -> None:
        self._masking = masking
        self._uploads = uploads
        # One, so that saves of one notebook stay in their order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jupyter_agent masking")

    def watch(self, contents_manager: Any) -> None:
        """Mask what this contents manager saves; in the thread, if its saves are awaited."""
        save = contents_manager.save
        if not inspect.iscoroutinefunction(save):
            contents_manager.save = self._masked_in_place(save)
            return

        @functools.wraps(save)
        async def masked_save(model: dict[str, Any], path: str = "", **more: Any) -> Any:
            masked = b""
            if self._masking.concerns(model, path):
                ahead = functools.partial(self._masking.ahead, model=model, path=path.strip("/"))
                masked = await self._in_thread(ahead)
            with self._masking.expecting(masked):
                try:
                    return await save(model, path, **more)
                finally:
                    if self._uploads.have_come:
                        await self._in_thread(self._uploads.finish)

        self._uploads.wait()
        contents_manager.save = masked_save

    def _masked_in_place(self, save: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(save)
        def masked_save(model: dict[str, Any], path: str = "", **more: Any) -> Any:
            masked = b""
            if self._masking.concerns(model, path):
                masked = self._masking.ahead(model=model, path=path.strip("/"))
            with self._masking.expecting(masked):
                try:
                    return save(model, path, **more)
                finally:
                    self._uploads.finish()  # one that is awaited may have been there before

        return masked_save

    async def close(self) -> None:
        """Begin nothing more. What is masked at this moment is finished."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(work))
