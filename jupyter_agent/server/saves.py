"""The pre-save hook: what reaches the disk in a notebook is masked.

Jupyter Server calls it for every save of its contents manager: by hand, autosave, and those of the
real-time collaboration extensions. Most of its work is done ahead of the call, in a thread
(``saves_in_thread``). Masking beats refusing, because collaboration retries a refused
save for ever and shows nobody why.

Masked is every field of ``jupyter_agent.screen.notebook``: cell sources, outputs (streams,
tracebacks, every text form of a result), attachments that are texts, and metadata; and what is said
in a chat's file, which collaboration writes. Not masked are:

- binary attachments and results, which are images and the like in base64;
- files that are neither: a person's ``.env`` or ``.py`` holds what belongs there, and masking
  would destroy it.

A notebook that is uploaded comes as a file in base64, a large one in pieces (``uploads``).

Fail closed, lose nothing: a text that can't be screened makes the save fail with a sentence that
names its cell. The document stays open in the page, whole.
"""

from __future__ import annotations

import functools
import json
import marshal
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from logging import Logger
from typing import Any, Final

from tornado.web import HTTPError

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen.masking import Masker, mask_notebook
from jupyter_agent.screen.notebook import METADATA, Field, fields, is_notebook
from jupyter_agent.server.chats import saved as chat_file
from jupyter_agent.server.saved import Allowing, SavedValues

_EXPECTED: Final[ContextVar[bytes]] = ContextVar("jupyter_agent_masked", default=b"")
"""What was masked ahead for the save that is under way, as ``_as_bytes`` writes it."""

_MARK: Final = "\ufeff"
"""What programs on Windows put before UTF-8."""

_PLAIN: Final = 2
"""marshal's format without references: what is equal is written alike, whoever refers to it."""


class MaskingHook:
    """The hook for ``contents_manager.register_pre_save_hook``.

    Args:
        masker: Masks the texts.
        log: Told how much was masked, never what.
        tell: Told which notebook it was, and how much, so that its page can follow; 0 when a
            notebook that was masked before no longer is.
        values: Masks what is stored, whatever it looks like.
        allowing: Lets pass what a person has allowed; the masker's screener then.
    """

    # Jupyter Server logs the name of a hook that fails.
    __name__ = "jupyter_agent_masking_hook"

    def __init__(
        self,
        masker: Masker,
        log: Logger,
        tell: Callable[[str, int], None] = lambda *_: None,
        *,
        values: SavedValues | None = None,
        allowing: Allowing | None = None,
    ) -> None:
        self._masker = masker
        self._log = log
        self._tell = tell
        self._values = values
        self._allowing = allowing
        self._known = 0  # stored values that were masked so far
        self._told: set[str] = set()
        self._lock = threading.RLock()  # some extensions save in threads of their own

    def __call__(self, *, model: dict[str, Any], path: str, **_: Any) -> None:
        """Mask the notebook in ``model`` before it is written.

        Raises:
            HTTPError: 503, a text could not be screened; nothing is written and nothing is lost.
        """
        # Anything may have changed it since: another hook, or a manager that saves in other forms.
        expected = _EXPECTED.get()
        if not expected or expected != _as_bytes(model):
            with self._lock:
                self._mask(model, path, is_again=bool(expected))

    @staticmethod
    def concerns(model: dict[str, Any], path: str) -> bool:
        """Whether there is anything to screen in what is to be saved."""
        is_notebook_model = model.get("type") == "notebook" and model.get("content") is not None
        return is_notebook_model or _is_screened_file(model, path)

    def ahead(self, *, model: dict[str, Any], path: str) -> bytes:
        """Mask a model before it is given to a contents manager; in any thread.

        Returns:
            What to expect when the hook is called for it: see ``expecting``.

        Raises:
            HTTPError: As for a call.
        """
        with self._lock:
            self._mask(model, path)
        return _as_bytes(model)

    @contextmanager
    def expecting(self, masked: bytes) -> Iterator[None]:
        """Inside, what ``ahead`` has masked is not masked again by the hook."""
        before = _EXPECTED.set(masked)
        try:
            yield
        finally:
            _EXPECTED.reset(before)

    def _mask(self, model: dict[str, Any], path: str, *, is_again: bool = False) -> None:
        field, masked_before = None, self._count
        if self._allowing is not None:
            self._allowing.begin(path)
        try:
            if model.get("type") == "notebook" and model.get("content") is not None:
                if not is_notebook(model["content"]):
                    raise TypeError  # noqa: TRY301  (nbformat 4 is what contents managers save)
                self._mask_known(model["content"], path)
                for field in self._masker.doubtful(fields(model["content"])):
                    self._masker.field(field)
            elif _is_screened_file(model, path):
                self._mask_file(model, path)
        except ScreenTimeout:
            raise HTTPError(503, _refusal(_name(field), "in its time")) from None
        # Any other exception would be logged and the save would go on, unmasked.
        except Exception:  # noqa: BLE001
            raise HTTPError(503, _refusal(_name(field), "at all")) from None
        self._forget_allowed()
        masked = self._count - masked_before
        if masked or not is_again:  # what was masked ahead has been told; the page shows it still
            self.tell(path, masked)

    @property
    def _count(self) -> int:
        return self._masker.count + self._known

    def _mask_known(self, content: dict[str, Any], path: str) -> None:
        if self._values is not None:
            self._known += self._values.mask(content, path)

    def _forget_allowed(self) -> None:
        if self._allowing is not None and self._allowing.passed:
            self._masker.forget()  # allowed, not clean: a person may take it back

    def tell(self, path: str, masked: int) -> None:
        """Say what was masked in a notebook, to the log and to its page."""
        if masked:
            self._log.info("Masked %d secrets in a notebook that was saved.", masked)
            self._told.add(path)
        if path in self._told:
            self._tell(path, masked)
            if not masked:
                self._told.remove(path)

    def masked(self, text: str, path: str) -> str:
        """The file of a notebook or chat, masked; the same text where there is nothing to mask.

        Args:
            text: The file.
            path: Its path, which says what it is.

        Raises:
            ScreenTimeout: A part could not be screened in its time.
        """
        mark = _MARK if text.startswith(_MARK) else ""
        hidden: list[Any] = []  # of two fields of one name a reader sees the last, and files both
        seen_last = functools.partial(_last_of_each, hidden=hidden)
        try:
            content = json.loads(text[len(mark) :], object_pairs_hook=seen_last)
        except ValueError:
            return text  # half-edited JSON is a file like any other
        is_chat = path.endswith(chat_file.SUFFIX)
        document = chat_file.as_notebook(content) if is_chat else content
        if is_old := isinstance(document, dict) and "worksheets" in document:
            document = {"cells": [], METADATA: content}  # nbformat 3: a tree of texts
        if not isinstance(document, dict) or "cells" not in document:
            return text
        if not is_notebook(document):
            raise TypeError
        with self._lock:
            if self._allowing is not None:
                self._allowing.begin(path)
            masked_before = self._count
            for each in (document, {"cells": [], METADATA: hidden}):
                self._mask_known(each, path)
                mask_notebook(each, self._masker)
            self._forget_allowed()
            is_clean = self._count == masked_before
        if is_clean:
            return text
        if is_chat:
            chat_file.put_back(content, document)
        elif is_old:
            content = document[METADATA]
        return mark + json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def _mask_file(self, model: dict[str, Any], path: str) -> None:
        """A chat, or a notebook that was opened as a plain file, or uploaded."""
        if model.get("format") != "base64":
            model["content"] = self.masked(model["content"], path)
            return
        text = b64decode(model["content"]).decode("utf-8", "surrogateescape")
        if (masked := self.masked(text, path)) != text:
            model["content"] = b64encode(masked.encode("utf-8", "surrogateescape")).decode()


def _last_of_each(pairs: list[tuple[str, Any]], *, hidden: list[Any]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        hidden += [value for name, value in pairs if value is not fields[name]]
    return fields


def _as_bytes(model: dict[str, Any]) -> bytes:
    """A model's content, to see whether it is the same still; nothing where it is no plain JSON.

    A fifth of what JSON takes, and nobody reads it again.
    """
    try:
        return marshal.dumps(model.get("content"), _PLAIN)
    except (ValueError, MemoryError):
        return b""


def _name(field: Field | None) -> str:
    if field is None:
        return "the notebook"
    return f"cell {field.cell}" if field.cell else "the notebook's metadata"


def _is_screened_file(model: dict[str, Any], path: str) -> bool:
    return (
        model.get("type") == "file"
        and path.lower().endswith((".ipynb", chat_file.SUFFIX))
        and isinstance(model.get("content"), str)
        and model.get("chunk") is None
    )


def _refusal(where: str, how: str) -> str:
    return (
        f"Not saved: {where} could not be screened for secrets {how}. "
        "Your changes are still in the page. Split that cell or clear its output, then save again."
    )
