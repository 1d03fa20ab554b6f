"""An error as a program sees it that expects an answer in HTTP. Pure."""

from __future__ import annotations

import json
from typing import Final

import h11

from jupyter_agent.errors import AgentError

_STATUS: Final = {"egress_failed": 502, "vault_locked": 423, "grant_required": 403}
"""What an error of ours looks like to a program that expects HTTP; 403 where none is named."""


def refusal(error: AgentError) -> tuple[h11.Response, h11.Data]:
    """As JSON.

    ``message`` and ``type`` stand where the libraries of OpenAI and Anthropic look for them.
    """
    body = {**error.to_json(), "message": f"jupyter_agent: {error}", "type": error.code}
    return answer(error, json.dumps({"error": body}).encode(), b"application/json")


def answer(
    error: AgentError, body: bytes, kind: bytes, *more: tuple[bytes, bytes]
) -> tuple[h11.Response, h11.Data]:
    """As a body that says it, with the status that fits, and the end of the connection.

    Args:
        error: What happened.
        body: What is said of it.
        kind: The body's media type.
        *more: Further headers.
    """
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"x-jupyter-agent-error", error.code.encode()),
        *more,
    ]
    status = _STATUS.get(error.code, 403)
    return h11.Response(status_code=status, headers=headers), h11.Data(data=body)
