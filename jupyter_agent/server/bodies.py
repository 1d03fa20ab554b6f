"""What a request's body may hold: the named fields, of the named shape, and nothing else.

Refusing unknown fields is what keeps plaintext out: a page that sends ``"value"`` is told so
instead of having it ignored, and nobody comes to rely on it. Neither names nor contents of a body
are ever repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.errors import RequestInvalid

LARGEST_BODY: Final = 256 * 1024
"""Bytes. A sealed entry of the longest value takes some 90 kB."""


def read(body: bytes, required: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any]:
    """The fields of a JSON body.

    Args:
        body: As it came in; nothing counts as ``{}``.
        required: Names and types of the fields that must be there.
        optional: Names and types of those that may be there; null counts as missing.

    Raises:
        RequestInvalid: Too long, no JSON object, a field missing, unknown or of another type.
    """
    if len(body) > LARGEST_BODY:
        raise RequestInvalid(
            "That request is too long.", f"One request has at most {LARGEST_BODY} bytes."
        )
    try:
        fields = json.loads(body.decode()) if body else {}
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise RequestInvalid("The body of that request is not a JSON object.")
    return checked(fields, required, optional)


def checked(
    fields: dict[str, Any], required: Mapping[str, type], optional: Mapping[str, type]
) -> dict[str, Any]:
    """The fields of an object, once they are known to be those that belong there.

    Raises:
        RequestInvalid: See ``read``.
    """
    fields = {name: value for name, value in fields.items() if value is not None}
    if not fields.keys() <= required.keys() | optional.keys():
        raise RequestInvalid(
            "That request has a field that does not belong there.",
            "Values are sealed in the page; no request takes one in plain text.",
        )
    for name, kind in required.items():
        if not isinstance(fields.get(name), kind):
            raise RequestInvalid(f'The request needs "{name}".')
    for name, kind in optional.items():
        if name in fields and not isinstance(fields[name], kind):
            raise RequestInvalid(f'"{name}" is not of the type it should be.')
    return fields
