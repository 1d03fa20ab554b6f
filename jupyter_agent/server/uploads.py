"""Notebooks that are uploaded in pieces: masked as soon as the last one has come.

JupyterLab sends files of more than 1 MiB that way. No piece is a notebook, so the pre-save hook can
only note that one begins; the file is masked where it lies, before anybody can open it.
"""

from __future__ import annotations

import os
import tempfile
from logging import Logger
from pathlib import Path
from typing import Any

from jupyter_agent.server.saves import MaskingHook


class UploadHooks:
    """Hooks for ``register_pre_save_hook`` and ``register_post_save_hook``.

    Args:
        masking: Masks a notebook's text.
        log: Told when that failed, never about what.
    """

    def __init__(self, masking: MaskingHook, log: Logger) -> None:
        self._masking = masking
        self._log = log
        self._coming: set[str] = set()
        self._come: list[tuple[Path, str]] = []
        self._waits = False

    def begin(self, *, model: dict[str, Any], path: str, **_: Any) -> None:
        """Before a save: note an upload's first piece; the contents manager asks for no other."""
        if path.lower().endswith(".ipynb") and model.get("chunk") == 1:
            self._coming.add(path)

    def end(self, *, os_path: str, model: dict[str, Any], **_: Any) -> None:
        """After a save: mask what was uploaded in pieces, or note that it has come."""
        path = str(model.get("path", ""))
        if path not in self._coming:
            return
        self._coming.remove(path)
        self._come.append((Path(os_path).resolve(), path))
        if not self._waits:
            self.finish()

    def wait(self) -> None:
        """From now on somebody calls ``finish`` after each save."""
        self._waits = True

    @property
    def have_come(self) -> bool:
        """Whether anything is there to be masked."""
        return bool(self._come)

    def finish(self) -> None:
        """Mask what has come; in any thread."""
        while self._come:
            file, path = self._come.pop()
            try:
                self._mask(file, path)
            except Exception as problem:  # noqa: BLE001  (the upload itself has worked)
                self._log.warning(
                    "An uploaded notebook could not be masked (%s); saving it will.",
                    type(problem).__name__,
                )

    def _mask(self, file: Path, path: str) -> None:
        text = file.read_text("utf-8", "surrogateescape")
        masked = self._masking.masked(text, path)
        if masked == text:
            return
        # Beside the file and then in its place: a full disk leaves the one that is there.
        descriptor, new = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as out:
                out.write(masked)
            Path(new).chmod(file.stat().st_mode)
            Path(new).replace(file)
        except BaseException:
            Path(new).unlink(missing_ok=True)
            raise
        self._masking.tell(path, 1)
