"""What stands in the way of handing back: a field for a password or a code that holds text.

All tabs are looked through, with their frames and shadow roots, closed ones too: what an agent's
script could read. The text itself never leaves the page: the question is asked there, in a world of
our own, in which the page's scripts can't answer for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.desktop.tabs import Tab, frames_apart, host_of, session, tabs
from jupyter_agent.errors import DesktopError

PATIENCE: Final = 3.0
"""Seconds for one tab to answer. One that does not is in the way: it can't be looked through."""

_AUTOCOMPLETE: Final = frozenset(
    ("one-time-code", "current-password", "new-password", "cc-number", "cc-csc", "webauthn")
)
"""What a site calls such a field: HTML, 4.10.18.7.1, and the card's, which are as secret."""

_NOT_A_CODE: Final = re.compile(
    r"(zip|post(al)?|country|area|dial\w*|promo\w*|coupon|voucher|discount|gift|referral|currency"
    r"|language|source|colou?r|bar|qr|dress|status|error)[\s_.-]?code"
)
_SECRET: Final = re.compile(
    r"passw|passphrase|passcode|kennwort|contrase|mot[\s_-]?de[\s_-]?passe|pwd"
    r"|(?<![a-z])(pass|pin|otp|totp|hotp|mfa|2fa|tan|cvc|cvv|csc)(?![a-z])|one[\s_-]?time"
    r"|verif\w*[\s_-]?code|code|secret|token(?![a-z])|einmal"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_HOLDS_TEXT: Final = """function () {
  const text = this.isContentEditable ? this.textContent : this.value;
  return typeof text === 'string' && text.length > 0;
}"""

_WORLD: Final = "jupyter_agent: fields"


@dataclass(frozen=True, slots=True)
class _Field:
    node: int  # the browser's own number of it
    frame: str
    kind: str  # "password" or "code", as people are told


async def in_the_way(cdp: Cdp) -> str:
    """Why it can't be handed back now: one sentence, or "" where it can.

    A tab that can't be looked through is in the way, too.
    """
    reasons = await asyncio.gather(*(_of_tab(cdp, tab) for tab in await tabs(cdp)))
    return next((reason for reason in reasons if reason), "")


async def _of_tab(cdp: Cdp, tab: Tab) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            return await _look(cdp, tab.target, tab.url)
    except (TimeoutError, DesktopError):
        if tab.target not in {still.target for still in await tabs(cdp)}:
            return ""  # it was closed meanwhile
        where = f" on {tab.host}" if tab.host else ""
        return (
            f"A page{where} can't be looked through: it is loading, shows a dialog, or hangs. "
            "Answer it, or close its tab."
        )


async def _look(cdp: Cdp, target: str, url: str) -> str:
    async with session(cdp, target) as ours:
        document = await _document(cdp, ours)
        for address in (url, *addresses(document)):
            if _has_login(address):
                return (
                    f"The address of a page on {host_of(address)} has a name or a password in it: "
                    "open it without."
                )
        for field in fields(document):
            if await _holds_text(cdp, ours, field):
                where = f" on {host_of(url)}" if host_of(url) else ""
                return f"A field for a {field.kind}{where} still holds text: send it, or empty it."
        # Frames of other sites run apart; they are targets below this one.
        for frame in await frames_apart(cdp, ours):
            if reason := await _look(cdp, frame["targetId"], frame["url"]):
                return reason
    return ""


async def _document(cdp: Cdp, ours: str) -> Mapping[str, Any]:
    answer = await cdp.send("DOM.getDocument", {"depth": -1, "pierce": True}, ours)
    root: Mapping[str, Any] = answer["root"]
    return root


async def _holds_text(cdp: Cdp, ours: str, field: _Field) -> bool:
    try:
        world = await cdp.send(
            "Page.createIsolatedWorld", {"frameId": field.frame, "worldName": _WORLD}, ours
        )
        where = {"backendNodeId": field.node, "executionContextId": world["executionContextId"]}
        node = await cdp.send("DOM.resolveNode", where, ours)
        asked = {
            "functionDeclaration": _HOLDS_TEXT,
            "objectId": node["object"]["objectId"],
            "returnByValue": True,
        }
        answer = await cdp.send("Runtime.callFunctionOn", asked, ours)
    except CommandRefused:
        # The field has gone since it was listed, or its page: what came in its place was not looked
        # through, so this counts as text.
        return True
    return answer["result"].get("value") is not False


def fields(document: Mapping[str, Any]) -> Iterator[_Field]:
    """The fields of a document that are for a password or a code.

    Args:
        document: What ``DOM.getDocument`` answers, with everything below it.
    """
    waiting: list[tuple[Mapping[str, Any], str]] = [(document, str(document.get("frameId", "")))]
    while waiting:
        node, frame = waiting.pop()
        if node.get("nodeName") == "HTML" and node.get("frameId"):
            frame = str(node["frameId"])
        attributes = _attributes(node)
        if kind := _kind(str(node.get("nodeName", "")), attributes):
            yield _Field(int(node["backendNodeId"]), frame, kind)
        for name in ("children", "shadowRoots"):
            waiting += [(child, frame) for child in node.get(name) or ()]
        if inner := node.get("contentDocument"):
            waiting.append((inner, str(node.get("frameId") or frame)))


def addresses(document: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of a document and of its frames, as a script in them reads them.

    Args:
        document: What ``DOM.getDocument`` answers, with everything below it.
    """
    waiting = [document]
    while waiting:
        node = waiting.pop()
        yield from (str(node[name]) for name in ("documentURL", "baseURL") if name in node)
        for name in ("children", "shadowRoots"):
            waiting += node.get(name) or ()
        if inner := node.get("contentDocument"):
            waiting.append(inner)


def _has_login(address: str) -> bool:
    try:
        return "@" in urlsplit(address).netloc
    except ValueError:
        return False


def _attributes(node: Mapping[str, Any]) -> dict[str, str]:
    flat = node.get("attributes") or []
    return {flat[at].lower(): flat[at + 1] for at in range(0, len(flat) - 1, 2)}


def _kind(name: str, attributes: Mapping[str, str]) -> str:
    """What people call the field: "password", "code", or "" for any other."""
    is_input = name.upper() == "INPUT"
    editable = attributes.get("contenteditable", "false").lower() != "false"
    if not is_input and name.upper() != "TEXTAREA" and not editable:
        return ""
    sort = attributes.get("type", "text").lower() if is_input else "text"
    if sort == "password":
        return "password"
    if sort in _NO_TEXT:
        return ""
    tokens = set(attributes.get("autocomplete", "").lower().split())
    if tokens & _AUTOCOMPLETE:
        return "password" if any("password" in token for token in tokens) else "code"
    return _by_name(attributes, is_input=is_input)


def _by_name(attributes: Mapping[str, str], *, is_input: bool) -> str:
    called = " ".join(attributes.get(name, "") for name in _NAMES)
    called = _NOT_A_CODE.sub(" ", _CAMEL.sub("_", called).lower())
    if found := _SECRET.search(called):
        if found[0] == "code" and not is_input:
            return ""  # an editor's
        return "password" if found[0].startswith(_PASSWORD) else "code"
    # One box a digit, without a name: a code's.
    return "code" if is_input and attributes.get("maxlength") == "1" else ""


_NAMES: Final = ("name", "id", "aria-label", "placeholder")
_PASSWORD: Final = ("pass", "kenn", "pwd", "contra", "mot")
_NO_TEXT: Final = frozenset(
    ("button", "submit", "reset", "image", "checkbox", "radio", "file", "color", "range", "hidden")
)
