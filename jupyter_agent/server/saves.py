"""The pre-save hook: what reaches the disk in a notebook is masked.

Jupyter Server calls it for every save of its contents manager: by hand, autosave, and those of the
real-time collaboration extensions. Masking beats refusing, because collaboration retries a refused
save for ever and shows nobody why.

Masked are cell sources, outputs (streams, tracebacks, every text form of a result) and metadata.
Not masked are:

- attachments and binary results, which are images and the like in base64;
- files that are no notebooks: a person's ``.env`` or ``.py`` holds what belongs there, and masking
  would destroy it.

A notebook that is uploaded comes as a file in base64, a large one in pieces (``uploads``).

Fail closed, lose nothing: a text that can't be screened makes the save fail with a sentence that
names its cell. The document stays open in the page, whole.
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from logging import Logger
from typing import Any, Final

from tornado.web import HTTPError

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import mask
from jupyter_agent.screen.cell import Screens

_REMEMBERED: Final = 50_000
"""Texts known to be clean: 16 bytes of digest each, some 8 MB at most."""

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
# Results that are texts although their type does not say so; types with +json or +xml count too.
_TEXT_TYPES: Final = frozenset(
    {"application/json", "application/javascript", "application/xml", "application/x-latex"}
)


class Masker:
    """Masks texts and remembers which ones were clean, so that a save costs what has changed.

    Args:
        screener: Finds the secrets.
        remembered: How many clean texts to remember.

    Attributes:
        count: How many findings have been masked so far.
    """

    def __init__(self, screener: Screens, remembered: int = _REMEMBERED) -> None:
        self._screener = screener
        self._remembered = remembered
        # Keyed with a key of this process: a plain hash of a short text would give it away.
        self._key = secrets.token_bytes(32)
        self._clean: OrderedDict[bytes, None] = OrderedDict()
        self.count = 0

    def text(self, text: str) -> str:
        """The text, masked.

        Raises:
            ScreenTimeout: It could not be screened in its time.
        """
        digest = blake2b(
            text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16
        ).digest()
        if digest in self._clean:
            self._clean.move_to_end(digest)
            return text
        masked = self._masked(text)
        bare = _ANSI.sub("", masked)
        if len(bare) != len(masked) and (clean := self._masked(bare)) != bare:
            masked = clean  # colours had split a secret; they are lost here, the words stay
        if masked == text:
            self._clean[digest] = None
            if len(self._clean) > self._remembered:
                self._clean.popitem(last=False)
        return masked

    def lines(self, value: Any) -> Any:
        """A multi-line string of nbformat, text or list of texts, masked in its own form."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            whole = "".join(value)
            masked = self.text(whole)
            return value if masked == whole else masked.splitlines(keepends=True)
        return self.tree(value)

    def tree(self, value: Any) -> Any:
        """JSON, masked: as one text, so that names stand beside what they name."""
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict | list) or not value:
            return value
        whole = json.dumps(value, ensure_ascii=False)
        masked = self.text(whole)
        if masked != whole:
            try:
                value = json.loads(masked)
            except ValueError:
                return masked  # a finding over quotes: kept as text rather than lost
        return self._leaves(value)

    def _masked(self, text: str) -> str:
        findings = self._screener.screen(text)
        self.count += len(findings)
        return mask(text, findings) if findings else text

    def _leaves(self, value: Any) -> Any:
        # Inside JSON a line break is two characters, so texts with one are looked at again.
        if isinstance(value, str):
            return value if value.isprintable() and '"' not in value else self.text(value)
        if isinstance(value, dict):
            return {name: self._leaves(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._leaves(member) for member in value]
        return value


class MaskingHook:
    """The hook for ``contents_manager.register_pre_save_hook``.

    Args:
        masker: Masks the texts.
        log: Told how much was masked, never what.
        tell: Told which notebook it was, and how much, so that its page can follow; 0 when a
            notebook that was masked before no longer is.
    """

    # Jupyter Server logs the name of a hook that fails.
    __name__ = "jupyter_agent_masking_hook"

    def __init__(
        self, masker: Masker, log: Logger, tell: Callable[[str, int], None] = lambda *_: None
    ) -> None:
        self._masker = masker
        self._log = log
        self._tell = tell
        self._told: set[str] = set()

    def __call__(self, *, model: dict[str, Any], path: str, **_: Any) -> None:
        """Mask the notebook in ``model`` before it is written.

        Raises:
            HTTPError: 503, a text could not be screened; nothing is written and nothing is lost.
        """
        where, masked_before = "the notebook", self._masker.count
        try:
            if model.get("type") == "notebook" and model.get("content") is not None:
                for where, part in _parts(model["content"]):  # noqa: B007  (used in the refusal)
                    _mask_part(part, self._masker)
            elif _is_notebook_file(model, path):
                self._mask_file(model)
        except ScreenTimeout:
            raise HTTPError(503, _refusal(where, "in its time")) from None
        # Any other exception would be logged and the save would go on, unmasked.
        except Exception:  # noqa: BLE001
            raise HTTPError(503, _refusal(where, "at all")) from None
        self.tell(path, self._masker.count - masked_before)

    def tell(self, path: str, masked: int) -> None:
        """Say what was masked in a notebook, to the log and to its page."""
        if masked:
            self._log.info("Masked %d secrets in a notebook that was saved.", masked)
            self._told.add(path)
        if path in self._told:
            self._tell(path, masked)
            if not masked:
                self._told.remove(path)

    def masked(self, text: str) -> str:
        """A notebook's file with everything masked; the same text where there is nothing to mask.

        Raises:
            ScreenTimeout: A part could not be screened in its time.
        """
        try:
            content = json.loads(text)
        except ValueError:
            return text  # half-edited JSON is a file like any other
        if not isinstance(content, dict) or "cells" not in content:
            return text
        before = json.dumps(content, sort_keys=True)
        for _, part in _parts(content):
            _mask_part(part, self._masker)
        if json.dumps(content, sort_keys=True) == before:
            return text
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def _mask_file(self, model: dict[str, Any]) -> None:
        """A notebook that was opened as a plain file, or uploaded."""
        if model.get("format") != "base64":
            model["content"] = self.masked(model["content"])
            return
        text = b64decode(model["content"]).decode("utf-8", "surrogateescape")
        if (masked := self.masked(text)) != text:
            model["content"] = b64encode(masked.encode("utf-8", "surrogateescape")).decode()


def _parts(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What is masked one by one, each with its name for people."""
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise TypeError  # no notebook of nbformat 4, which is what contents managers save
    numbered = ((f"cell {number}", cell) for number, cell in enumerate(cells, start=1))
    return [("the notebook's metadata", content), *numbered]


def _mask_part(part: dict[str, Any], masker: Masker) -> None:
    if part.get("metadata"):
        part["metadata"] = masker.tree(part["metadata"])
    if "source" in part:
        part["source"] = masker.lines(part["source"])
    for output in part.get("outputs") or []:
        _mask_output(output, masker)


def _mask_output(output: dict[str, Any], masker: Masker) -> None:
    if "text" in output:
        output["text"] = masker.lines(output["text"])
    for field in ("ename", "evalue"):
        if field in output:
            output[field] = masker.text(str(output[field]))
    if "traceback" in output:
        # Entries carry no line breaks of their own; a secret may begin in one and end in the next.
        whole = "\n".join(output["traceback"])
        if (masked := masker.text(whole)) != whole:
            output["traceback"] = masked.split("\n")
    if output.get("metadata"):
        output["metadata"] = masker.tree(output["metadata"])
    data = output.get("data")
    if isinstance(data, dict):
        for kind, value in data.items():
            if _is_text(kind):
                data[kind] = masker.tree(value) if "json" in kind else masker.lines(value)


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))


def _is_notebook_file(model: dict[str, Any], path: str) -> bool:
    return (
        model.get("type") == "file"
        and path.endswith(".ipynb")
        and isinstance(model.get("content"), str)
        and model.get("chunk") is None
    )


def _refusal(where: str, how: str) -> str:
    return (
        f"Not saved: {where} could not be screened for secrets {how}. "
        "Your changes are still in the page. Split that cell or clear its output, then save again."
    )
