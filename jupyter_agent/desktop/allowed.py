"""What of the browser's protocol an agent may use: lists of what is permitted, and nothing else.

A command passes if it is in a table, with the parameters that the table names; the others are left
out. An event passes if it is in a table; those about the network pass in part (``cut``). So what a
later Chromium adds is denied until somebody has thought about it.

Why some that would be handy are not here:
    Network.getCookies, Storage.*      the session itself: with it, no browser is needed any more
    Network.getRequestPostData, Fetch  what forms have sent
    Debugger, HeapProfiler             read what a page has in memory, after the fields are empty
    Accessibility, DOMSnapshot         what stands in fields, all at once
    Browser.setDownloadBehavior        where files go is a person's choice. Playwright sets it when
                                       it connects and has to hear "done": it hears it, and is wrong
    DOM.setFileInputFiles              would send any file of the person's to any site
    Target.attachToTarget              reaches service workers, in which a script would outlive the
                                       agent's turn and see the next form; the filter of
                                       ``setAutoAttach`` leaves pages, frames and their workers
    Input.dispatchMouseEvent "middle"  pastes what was selected last: a password that was emptied by
                                       Control+A and Backspace is still that
    includeCommandLineAPI              ``queryObjects`` is the heap again
    grantUniveralAccess                a script that reads every site's frames, cookies and all

What a page's own script can read, an agent's script can, too: ``document.cookie`` without HttpOnly,
local storage. No list changes that, and docs/threat-model.md says so.
Names and parameters: https://chromedevtools.github.io/devtools-protocol/tot/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent.desktop import cut

Params = dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Passed:
    """The command goes to the browser.

    Attributes:
        params: With these, and no other.
    """

    params: Params


@dataclass(frozen=True, slots=True)
class Answered:
    """The command does not go to the browser; whoever sent it hears this.

    Attributes:
        result: Its answer.
    """

    result: Params


@dataclass(frozen=True, slots=True)
class Denied:
    """The command is not for an agent.

    Attributes:
        reason: One sentence, without what was in the command.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class _Rule:
    takes: frozenset[str]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    refuses: Callable[[Params], str] = lambda _: ""


def permitted_address(url: object) -> bool:
    """Whether an agent may open it: http and https without credentials, and the empty page.

    Not ``file:`` (the person's files), ``chrome:`` (saved passwords, settings), ``javascript:``.
    """
    if url in ("", "about:blank"):
        return True
    try:
        parts = urlsplit(str(url))
        host, login = parts.hostname, "@" in parts.netloc
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and not login


def visible(target: Mapping[str, Any]) -> bool:
    """Whether an agent may be attached to a target: no page of the browser's own.

    A page that is just being opened has no address yet.
    """
    if target.get("type") not in _KINDS:
        return False
    url = str(target.get("url", ""))
    return url.partition(":")[0] in ("", "http", "https", "about", "data", "blob")


def _bad_address(params: Params) -> str:
    if permitted_address(params.get("url", "")):
        return ""
    return "An agent opens http and https addresses without credentials, and no others."


def _files(params: Params) -> str:
    data = params.get("data")
    if isinstance(data, dict) and not data.get("files"):
        return ""
    return "An agent drags no files into a page."


def _middle(params: Params) -> str:
    if params.get("button") != "middle":
        return ""
    return "An agent presses no middle button; Control and the left one open a link in a new tab."


_KINDS: Final = ("page", "iframe", "worker")
_FILTER: Final = [*({"type": kind, "exclude": False} for kind in _KINDS), {"exclude": True}]
_SCRIPT: Final = (
    "objectGroup silent returnByValue generatePreview userGesture awaitPromise throwOnSideEffect"
)
_NODE: Final = "nodeId backendNodeId objectId"


def _takes(names: str = "", refuses: Callable[[Params], str] = lambda _: "", **fixed: Any) -> _Rule:
    return _Rule(frozenset(names.split()), fixed, refuses)


_ATTACHING: Final = _takes("autoAttach waitForDebuggerOnStart", flatten=True, filter=_FILTER)

BROWSER: Final[Mapping[str, _Rule]] = {
    "Browser.getVersion": _takes(),
    "Browser.getWindowForTarget": _takes("targetId"),
    "Target.activateTarget": _takes("targetId"),
    "Target.closeTarget": _takes("targetId"),
    "Target.createTarget": _takes("url width height newWindow background", _bad_address),
    "Target.detachFromTarget": _takes("sessionId"),
    "Target.getTargetInfo": _takes("targetId"),
    "Target.setAutoAttach": _ATTACHING,
}
"""Commands to the browser itself."""

PAGE: Final[Mapping[str, _Rule]] = {
    "DOM.describeNode": _takes(f"{_NODE} depth pierce"),
    "DOM.getBoxModel": _takes(_NODE),
    "DOM.getContentQuads": _takes(_NODE),
    "DOM.getFrameOwner": _takes("frameId"),
    "DOM.resolveNode": _takes("nodeId backendNodeId objectGroup executionContextId"),
    "DOM.scrollIntoViewIfNeeded": _takes(f"{_NODE} rect"),
    "Emulation.clearDeviceMetricsOverride": _takes(),
    "Emulation.setDefaultBackgroundColorOverride": _takes("color"),
    "Emulation.setDeviceMetricsOverride": _takes(
        "width height deviceScaleFactor mobile screenWidth screenHeight screenOrientation"
    ),
    "Emulation.setEmulatedMedia": _takes("media features"),
    "Emulation.setFocusEmulationEnabled": _takes("enabled"),
    "Emulation.setLocaleOverride": _takes("locale"),
    "Emulation.setTimezoneOverride": _takes("timezoneId"),
    "Emulation.setTouchEmulationEnabled": _takes("enabled maxTouchPoints"),
    "Input.dispatchDragEvent": _takes("type x y data modifiers", _files),
    "Input.dispatchKeyEvent": _takes(
        "type modifiers timestamp text unmodifiedText keyIdentifier code key windowsVirtualKeyCode"
        " nativeVirtualKeyCode autoRepeat isKeypad isSystemKey location"
    ),
    "Input.dispatchMouseEvent": _takes(
        "type x y modifiers timestamp button buttons clickCount force tangentialPressure tiltX"
        " tiltY twist deltaX deltaY pointerType",
        _middle,
    ),
    "Input.dispatchTouchEvent": _takes("type touchPoints modifiers timestamp"),
    "Input.insertText": _takes("text"),
    "Input.setInterceptDrags": _takes("enabled"),
    "Inspector.enable": _takes(),
    "Log.disable": _takes(),
    "Log.enable": _takes(),
    "Network.disable": _takes(),
    "Network.enable": _takes(),
    "Network.getResponseBody": _takes("requestId"),
    "Network.setCacheDisabled": _takes("cacheDisabled"),
    "Page.addScriptToEvaluateOnNewDocument": _takes("source worldName runImmediately"),
    "Page.bringToFront": _takes(),
    "Page.captureScreenshot": _takes(
        "format quality clip fromSurface captureBeyondViewport optimizeForSpeed"
    ),
    "Page.close": _takes(),
    "Page.createIsolatedWorld": _takes("frameId worldName", grantUniveralAccess=False),
    "Page.enable": _takes(),
    "Page.getFrameTree": _takes(),
    "Page.getLayoutMetrics": _takes(),
    "Page.getNavigationHistory": _takes(),
    "Page.handleJavaScriptDialog": _takes("accept promptText"),
    "Page.navigate": _takes("url frameId referrer referrerPolicy transitionType", _bad_address),
    "Page.navigateToHistoryEntry": _takes("entryId"),
    "Page.reload": _takes("ignoreCache"),
    "Page.removeScriptToEvaluateOnNewDocument": _takes("identifier"),
    "Page.setFontFamilies": _takes("fontFamilies"),
    "Page.setInterceptFileChooserDialog": _takes("enabled"),
    "Page.setLifecycleEventsEnabled": _takes("enabled"),
    "Page.stopLoading": _takes(),
    "Runtime.addBinding": _takes("name executionContextName executionContextId"),
    "Runtime.callFunctionOn": _takes(
        "functionDeclaration objectId arguments executionContextId uniqueContextId " + _SCRIPT
    ),
    "Runtime.disable": _takes(),
    "Runtime.enable": _takes(),
    "Runtime.evaluate": _takes(f"expression contextId uniqueContextId timeout {_SCRIPT}"),
    "Runtime.getProperties": _takes(
        "objectId ownProperties accessorPropertiesOnly generatePreview nonIndexedPropertiesOnly"
    ),
    "Runtime.releaseObject": _takes("objectId"),
    "Runtime.releaseObjectGroup": _takes("objectGroup"),
    "Runtime.removeBinding": _takes("name"),
    "Runtime.runIfWaitingForDebugger": _takes(),
    "Target.detachFromTarget": _takes("sessionId"),
    "Target.getTargetInfo": _takes("targetId"),
    "Target.setAutoAttach": _ATTACHING,
}
"""Commands to a page, a frame of another site, or a worker."""

ANSWERED: Final[Mapping[str, Params]] = {"Browser.setDownloadBehavior": {}}
"""Commands that Playwright can't do without and that do nothing here, with their answers."""


def command(method: str, params: Params, *, to_browser: bool) -> Passed | Answered | Denied:
    """Decide about one command of an agent.

    Args:
        method: Such as ``Page.navigate``.
        params: As the agent sent them.
        to_browser: It is for the browser itself, not for one of its pages.
    """
    if method in ANSWERED and to_browser:
        return Answered(dict(ANSWERED[method]))
    rule = (BROWSER if to_browser else PAGE).get(method)
    if rule is None:
        return Denied("This command is not permitted to an agent.")
    if reason := rule.refuses(params):
        return Denied(reason)
    return Passed({name: params[name] for name in rule.takes & params.keys()} | dict(rule.fixed))


def event(method: str, params: Params) -> Params | None:
    """What of an event an agent hears, or None where it hears nothing."""
    if method not in EVENTS:
        return None
    how = _CUT_EVENTS.get(method)
    return how(params) if how else params


def result(method: str, answer: Params) -> Params:
    """What of a command's answer an agent hears."""
    how = _CUT_RESULTS.get(method)
    return how(answer) if how else answer


EVENTS: Final = cut.words("""
    Input.dragIntercepted Inspector.detached Inspector.targetCrashed
    Inspector.targetReloadedAfterCrash Inspector.workerScriptLoaded Log.entryAdded
    Network.dataReceived Network.loadingFailed Network.loadingFinished
    Network.requestServedFromCache Network.requestWillBeSent Network.responseReceived
    Network.webSocketClosed Network.webSocketCreated
    Page.domContentEventFired Page.fileChooserOpened Page.frameAttached Page.frameDetached
    Page.frameNavigated Page.frameRequestedNavigation Page.frameStartedLoading
    Page.frameStartedNavigating Page.frameStoppedLoading Page.javascriptDialogClosed
    Page.javascriptDialogOpening Page.lifecycleEvent Page.loadEventFired
    Page.navigatedWithinDocument Page.windowOpen
    Runtime.bindingCalled Runtime.consoleAPICalled Runtime.exceptionThrown
    Runtime.executionContextCreated Runtime.executionContextDestroyed
    Runtime.executionContextsCleared
    Target.attachedToTarget Target.detachedFromTarget
""")

_CUT_EVENTS: Final[Mapping[str, Callable[[Params], Params]]] = {
    "Network.dataReceived": cut.data_received,
    "Network.requestWillBeSent": cut.request_sent,
    "Network.responseReceived": cut.response_received,
    "Network.webSocketCreated": cut.socket_created,
}

_CUT_RESULTS: Final[Mapping[str, Callable[[Params], Params]]] = {
    "Page.getNavigationHistory": cut.history,
}
