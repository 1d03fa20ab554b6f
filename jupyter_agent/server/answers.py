"""Answers in the kernel's name, for requests that never reach it.

Each is a list of (channel, message type, content), sent with the request's header as parent, in
the order in which a kernel would send them:
https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from jupyter_agent.screen import box
from jupyter_agent.screen.box import Stop

Answer = tuple[str, str, dict[str, Any]]

_REFUSAL: Final = "The request holds a secret, so it was not sent to the kernel."


def stopped(channel: str, kind: str, content: dict[str, Any]) -> list[Answer]:
    """What a page gets for a request that was stopped; cells have the functions below.

    Args:
        channel: Where the request came in; kernels answer there.
        kind: The request's message type.
        content: The request's content; only numbers are taken from it.
    """
    if kind.startswith("comm_"):
        return list(_between_states([]))  # comms have no reply; the states end the page's wait
    if kind == "debug_request":
        return list(_between_states([(channel, "debug_reply", _debug_refused(content))]))
    if not kind.endswith("_request"):
        return []  # nobody waits for anything
    reply = _EMPTY_REPLIES.get(kind, _refused)
    name = kind.removesuffix("_request") + "_reply"
    return list(_between_states([(channel, name, reply(content))]))


def execution_begun(stop: Stop) -> list[Answer]:
    """A cell that was stopped: the box and the error, as if the kernel had run and failed it."""
    return [
        ("iopub", "status", {"execution_state": "busy"}),
        ("iopub", "display_data", display(stop)),
        ("iopub", "error", _failure(stop)),
    ]


def execution_ended(channel: str, stop: Stop) -> list[Answer]:
    """The end of what ``execution_begun`` began."""
    reply: dict[str, Any] = {
        "status": "error",
        "execution_count": None,
        "user_expressions": {},
        "payload": [],
        **_failure(stop),
    }
    return [
        (channel, "execute_reply", reply),
        ("iopub", "status", {"execution_state": "idle"}),
    ]


def execution_aborted(channel: str) -> list[Answer]:
    """A cell that was queued behind a stopped one."""
    return list(
        _between_states(
            [(channel, "execute_reply", {"status": "aborted", "execution_count": None})]
        )
    )


def display(stop: Stop) -> dict[str, Any]:
    """The content of a ``display_data`` that shows the box."""
    return {"data": box.bundle(stop, magics=False), "metadata": {}, "transient": {}}


def _failure(stop: Stop) -> dict[str, Any]:
    message = box.sentence(stop)
    return {
        "ename": box.ENAME,
        "evalue": message,
        "traceback": [f"{box.ENAME}: {message}"],
    }


def _between_states(answers: list[Answer]) -> Iterator[Answer]:
    yield "iopub", "status", {"execution_state": "busy"}
    yield from answers
    yield "iopub", "status", {"execution_state": "idle"}


def _no_matches(content: dict[str, Any]) -> dict[str, Any]:
    at = content.get("cursor_pos")
    at = at if isinstance(at, int) else 0
    return {"status": "ok", "matches": [], "cursor_start": at, "cursor_end": at, "metadata": {}}


def _nothing_found(_content: dict[str, Any]) -> dict[str, Any]:
    return {"status": "ok", "found": False, "data": {}, "metadata": {}}


def _unknown(_content: dict[str, Any]) -> dict[str, Any]:
    return {"status": "unknown"}


def _no_history(_content: dict[str, Any]) -> dict[str, Any]:
    return {"status": "ok", "history": []}


def _refused(_content: dict[str, Any]) -> dict[str, Any]:
    # For requests that nobody knows here; every reply may be an error of this form.
    return {"status": "error", "ename": box.ENAME, "evalue": _REFUSAL, "traceback": []}


_EMPTY_REPLIES = {
    "complete_request": _no_matches,
    "inspect_request": _nothing_found,
    "is_complete_request": _unknown,
    "history_request": _no_history,
}


def _debug_refused(content: dict[str, Any]) -> dict[str, Any]:
    # The Debug Adapter Protocol's error response.
    number = content.get("seq")
    return {
        "seq": 0,
        "type": "response",
        "success": False,
        "request_seq": number if isinstance(number, int) else 0,
        "command": "",  # not repeated: any text of the request could be the secret
        "message": _REFUSAL,
    }
