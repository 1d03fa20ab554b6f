"""What a message carries beside its content: two headers and the metadata.

Kernels repeat a request's header to all their clients, and a type that they do not know stands in
their log. Ordinary envelopes hold only ids, dates and numbers; whatever else one holds is screened.
"""

from __future__ import annotations

import re
from typing import Any, Final

Json = dict[str, Any]

_ID: Final = re.compile(r"[0-9a-f]+(?:[-_][0-9a-f]+)*")
"""As every Jupyter program makes them: hexadecimal groups. No vendor's token has this shape."""

_PLAIN: Final = {
    "msg_id": _ID,
    "session": _ID,
    "subshell_id": _ID,
    "msg_type": re.compile(r"[a-z][a-z_]{0,48}"),
    "version": re.compile(r"[0-9.]{1,12}"),
    "date": re.compile(r"[0-9T:.+Z -]{8,40}"),
}
_METADATA_IDS: Final = frozenset({"cellId", "deletedCells"})

_WORDS: Final = re.compile(r"[a-z]{1,16}(?:_[a-z]{1,16}|[A-Z][a-z]{1,16}){0,4}")
"""As fields are named: ``stop_on_error``, ``recordTiming``. Another name is a text like others."""


def unusual(header: Json, parent: Any, metadata: Any) -> Json:
    """The parts of an envelope that have to be screened; empty for an ordinary one.

    Args:
        header: The message's own header.
        parent: The header of the message it answers, or what stands there.
        metadata: Its metadata, or what stands there.
    """
    parts = {
        "header": _beyond_plain(header),
        "parent_header": _beyond_plain(parent) if isinstance(parent, dict) else parent,
        "metadata": _beyond_ids(metadata) if isinstance(metadata, dict) else metadata,
    }
    return {name: part for name, part in parts.items() if part}


def bare(header: Json) -> Json:
    """The header with nothing in it but what is plain; for a message that goes on emptied.

    A type that is not plain is somebody's text; the message then has one that nobody knows.
    """
    plain = {name: value for name, value in header.items() if _is_plain(name, value)}
    return {"msg_type": "unknown", **plain}


def says_nothing(name: str, value: Any) -> bool:
    """Whether a field is a switch, a number or empty, under an ordinary name."""
    is_text = isinstance(value, str | dict | list) and bool(value)
    return not is_text and _is_name(name)


def _beyond_plain(header: Json) -> Json:
    return {
        name: value
        for name, value in header.items()
        if not says_nothing(name, value) and not _is_plain(name, value)
    }


def _is_plain(name: str, value: Any) -> bool:
    if isinstance(value, str | dict | list):
        shape = _PLAIN.get(name)
        return shape is not None and isinstance(value, str) and shape.fullmatch(value) is not None
    return _is_name(name)


def _is_name(name: str) -> bool:
    # What sends messages in this process may name fields by anything that JSON can write.
    return _WORDS.fullmatch(str(name)) is not None


def _beyond_ids(metadata: Json) -> Json:
    """Metadata without what JupyterLab puts there: ids of cells, and switches."""
    return {
        name: value
        for name, value in metadata.items()
        if not says_nothing(name, value) and not (name in _METADATA_IDS and _all_ids(value))
    }


def _all_ids(value: Any) -> bool:
    return all(
        isinstance(one, str) and _ID.fullmatch(one)
        for one in (value if isinstance(value, list) else [value])
    )
