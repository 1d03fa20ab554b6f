"""What a kernel says, with the stored values in it replaced by their markers.

Works on the parts of a message as they travel: header, parent header, metadata, content, buffers
(https://jupyter-client.readthedocs.io/en/stable/messaging.html). Content and metadata are looked
at, whatever the type of the message and the channel; each string by itself, so that what goes on is
JSON again. Buffers are bytes for a widget and stay as they are.

What a program prints comes in pieces that a kernel cuts where it likes. So the end of each piece is
kept, and a value that is complete with the next one is replaced from where that begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from jupyter_agent.scrub.fingerprints import Fingerprints

_METADATA, _CONTENT, _END = 2, 3, 4
_STREAM: Final = b'"stream"'


class Outgoing:
    """One listener's messages from one kernel, in their order."""

    def __init__(self) -> None:
        self._printed: dict[str, str] = {}

    def scrub(self, parts: list[Any], known: Fingerprints) -> tuple[list[Any], set[str]]:
        """A message without the values that are known.

        Args:
            parts: Header, parent header, metadata, content and buffers.
            known: What is recognised.

        Returns:
            The same parts, or others where there was a value, and the labels of those.
        """
        seen: set[str] = set()
        if not known or len(parts) < _END:
            return parts, seen
        changed = list(parts)
        for place in (_METADATA, _CONTENT):
            raw = bytes(parts[place])
            prints = place == _CONTENT and _STREAM in bytes(parts[0])
            if not prints and not known.possible(raw):
                continue
            found = set(seen)
            body = _read(raw)
            if prints and isinstance(body, dict) and isinstance(body.get("text"), str):
                self._scrub_printed(body, known, found, whole=known.possible(raw))
            else:
                body = _scrubbed(body, known, found)
            if found != seen:
                seen = found
                changed[place] = json.dumps(body).encode()
        return (changed if seen else parts), seen

    def _scrub_printed(
        self, body: dict[str, Any], known: Fingerprints, seen: set[str], *, whole: bool
    ) -> None:
        name, text = str(body.get("name")), body["text"]
        before = self._printed.get(name, "")
        reach = known.reach
        self._printed[name] = (before + text[-reach:])[-reach:]
        # Across the cut first: that value began in front of everything in this piece.
        done = 0
        for span in known.spans(before + text[:reach]) if before else ():
            if span.begin < len(before) < span.end:
                done = span.end - len(before)
                seen.add(span.label)
                marker = _marker(span.label)
        rest = _replaced(text[done:], known, seen) if whole else text[done:]
        body["text"] = marker + rest if done else rest


def scrub_text(text: str, known: Fingerprints) -> tuple[str, set[str]]:
    """As ``Outgoing.scrub``, for a whole message as JSON: what a gateway sends."""
    seen: set[str] = set()
    if not known or not known.possible(text.encode("utf-8", "replace")):
        return text, seen
    body = _read(text)
    if not isinstance(body, dict):
        return text, seen
    for name in ("metadata", "content"):
        body[name] = _scrubbed(body.get(name), known, seen)
    return (json.dumps(body) if seen else text), seen


def _read(raw: bytes | str) -> Any:
    # As a page reads it, where some bytes are no UTF-8 too: Python prints the name of a file that
    # is none in that way, and what else stands there is readable all the same.
    text = raw if isinstance(raw, str) else raw.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None  # whoever gets it can't read it either


def _scrubbed(body: Any, known: Fingerprints, seen: set[str]) -> Any:
    if isinstance(body, str):
        return _replaced(body, known, seen)
    if isinstance(body, dict):
        return {
            _replaced(name, known, seen): _scrubbed(each, known, seen)
            for name, each in body.items()
        }
    if isinstance(body, list):
        return [_scrubbed(each, known, seen) for each in body]
    return body


def _replaced(text: str, known: Fingerprints, seen: set[str]) -> str:
    spans = known.spans(text)
    if not spans:
        return text
    seen.update(span.label for span in spans)
    return "".join(_pieces(text, spans))


def _pieces(text: str, spans: list[Any]) -> Iterator[str]:
    at = 0
    for span in spans:
        yield text[at : span.begin]
        yield _marker(span.label)
        at = span.end
    yield text[at:]


def _marker(label: str) -> str:
    return f"[secret:{label}]"
