"""What of the browser's protocol an agent may use, as a table, and what it hears of the network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_agent.desktop import allowed
from jupyter_agent.desktop.allowed import Answered, Denied, Passed

CANARY = "k-canary-in-a-form-or-a-cookie"

DENIED = [
    "Network.getCookies",
    "Network.getAllCookies",
    "Network.setCookie",
    "Network.setCookies",
    "Network.deleteCookies",
    "Network.getRequestPostData",
    "Network.setExtraHTTPHeaders",
    "Network.setRequestInterception",
    "Network.loadNetworkResource",
    "Network.replayXHR",
    "Network.takeResponseBodyForInterceptionAsStream",
    "Network.streamResourceContent",
    "Storage.getCookies",
    "Storage.setCookies",
    "Storage.clearCookies",
    "Storage.getStorageKey",
    "Storage.getSharedStorageEntries",
    "Storage.clearDataForOrigin",
    "DOMStorage.enable",
    "DOMStorage.getDOMStorageItems",
    "IndexedDB.requestData",
    "CacheStorage.requestCachedResponse",
    "Fetch.enable",
    "Fetch.continueRequest",
    "Fetch.fulfillRequest",
    "Fetch.getResponseBody",
    "Fetch.continueWithAuth",
    "IO.read",
    "Debugger.enable",
    "Debugger.evaluateOnCallFrame",
    "Debugger.setBreakpoint",
    "Debugger.getScriptSource",
    "HeapProfiler.enable",
    "HeapProfiler.takeHeapSnapshot",
    "HeapProfiler.getObjectByHeapObjectId",
    "Runtime.queryObjects",
    "Runtime.globalLexicalScopeNames",
    "Runtime.compileScript",
    "Profiler.enable",
    "Tracing.start",
    "Memory.prepareForLeakDetection",
    "Accessibility.getFullAXTree",
    "DOMSnapshot.captureSnapshot",
    "DOM.getDocument",
    "DOM.setFileInputFiles",
    "DOM.getFileInfo",
    "Page.setDownloadBehavior",
    "Page.getResourceContent",
    "Page.captureSnapshot",
    "Page.printToPDF",
    "Page.setBypassCSP",
    "Page.startScreencast",
    "Page.resetNavigationHistory",
    "Page.addCompilationCache",
    "Page.setInterceptFileChooserDialogs",
    "Browser.grantPermissions",
    "Browser.setPermission",
    "Browser.close",
    "Browser.crash",
    "Browser.executeBrowserCommand",
    "Browser.getBrowserCommandLine",
    "Browser.setWindowBounds",
    "Target.attachToTarget",
    "Target.attachToBrowserTarget",
    "Target.createBrowserContext",
    "Target.disposeBrowserContext",
    "Target.setDiscoverTargets",
    "Target.getTargets",
    "Target.exposeDevToolsProtocol",
    "Target.sendMessageToTarget",
    "Target.setRemoteLocations",
    "Security.setIgnoreCertificateErrors",
    "SystemInfo.getProcessInfo",
    "SystemInfo.getInfo",
    "ServiceWorker.enable",
    "ServiceWorker.deliverPushMessage",
    "WebAuthn.enable",
    "WebAuthn.getCredentials",
    "Autofill.trigger",
    "Extensions.loadUnpacked",
    "Schema.getDomains",
    "Nonsense.invented",
]


@pytest.mark.parametrize("method", DENIED)
def test_a_command_that_reads_the_session_or_reaches_beyond_the_page_is_denied(method: str) -> None:
    for to_browser in (True, False):
        ruling = allowed.command(method, {"cookies": CANARY}, to_browser=to_browser)
        assert isinstance(ruling, Denied)
        assert CANARY not in ruling.reason


def test_setting_where_downloads_go_is_answered_and_not_done() -> None:
    asked = {"behavior": "allow", "downloadPath": "/home"}
    assert allowed.command("Browser.setDownloadBehavior", asked, to_browser=True) == Answered({})
    page = allowed.command("Browser.setDownloadBehavior", asked, to_browser=False)
    assert isinstance(page, Denied)


@pytest.mark.parametrize("method", [*allowed.BROWSER, *allowed.PAGE])
def test_a_permitted_command_takes_what_the_table_names_and_drops_the_rest(method: str) -> None:
    to_browser = method in allowed.BROWSER
    rule = (allowed.BROWSER if to_browser else allowed.PAGE)[method]
    given: dict[str, Any] = dict.fromkeys(rule.takes, 1) | {"surplus": CANARY}
    given |= {"url": "https://example.com/"} if "url" in rule.takes else {}
    given |= {"data": {"items": []}} if "data" in rule.takes else {}
    ruling = allowed.command(method, given, to_browser=to_browser)
    assert isinstance(ruling, Passed)
    assert ruling.params.keys() == rule.takes | rule.fixed.keys()


@pytest.mark.parametrize(
    ("method", "dangerous"),
    [
        ("Runtime.evaluate", {"includeCommandLineAPI": True}),
        ("Runtime.evaluate", {"allowUnsafeEvalBlockedByCSP": True}),
        ("Page.addScriptToEvaluateOnNewDocument", {"includeCommandLineAPI": True}),
        ("Network.enable", {"maxPostDataSize": 65536}),
        ("Input.dispatchKeyEvent", {"commands": ["paste"]}),
        ("Page.createIsolatedWorld", {"grantUniveralAccess": True}),
        ("Target.setAutoAttach", {"filter": [{}]}),
        ("Target.setAutoAttach", {"flatten": False}),
    ],
)
def test_a_parameter_that_would_reach_further_is_dropped_or_set(
    method: str, dangerous: dict[str, Any]
) -> None:
    ruling = allowed.command(method, dangerous, to_browser=False)
    assert isinstance(ruling, Passed)
    for name, value in dangerous.items():
        assert ruling.params.get(name) != value


def test_pages_their_frames_and_workers_are_attached_to_and_service_workers_are_not() -> None:
    ruling = allowed.command("Target.setAutoAttach", {"autoAttach": True}, to_browser=True)
    assert isinstance(ruling, Passed)
    assert ruling.params["filter"] == [
        {"type": "page", "exclude": False},
        {"type": "iframe", "exclude": False},
        {"type": "worker", "exclude": False},
        {"exclude": True},
    ]


@pytest.mark.parametrize(
    ("kind", "url", "seen"),
    [
        ("page", "https://example.com/", True),
        ("page", "", True),
        ("page", "about:blank", True),
        ("iframe", "http://localhost:8000/", True),
        ("page", "chrome://password-manager/passwords", False),
        ("page", "chrome-extension://abc/page.html", False),
        ("page", "devtools://devtools/bundled/inspector.html", False),
        ("page", "file:///home/ada/.ssh/id_ed25519", False),
        ("page", "view-source:https://example.com/", False),
        ("service_worker", "https://example.com/sw.js", False),
        ("shared_worker", "https://example.com/w.js", False),
        ("browser_ui", "https://example.com/", False),
    ],
)
def test_a_target_is_seen_if_it_is_a_site_s(kind: str, url: str, *, seen: bool) -> None:
    assert allowed.visible({"type": kind, "url": url}) is seen


@pytest.mark.parametrize(
    ("url", "permitted"),
    [
        ("https://example.com/a?b#c", True),
        ("http://127.0.0.1:8080", True),
        ("about:blank", True),
        ("", True),
        ("https://ada:pw@example.com/", False),
        ("https://ada@example.com/", False),
        ("file:///etc/passwd", False),
        ("FILE:///etc/passwd", False),
        ("chrome://settings", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("view-source:https://example.com", False),
        ("https:///nohost", False),
        ("https://[::1", False),
        ("ftp://example.com/", False),
        (7, False),
    ],
)
def test_an_agent_opens_sites_without_credentials_and_nothing_else(
    url: object, *, permitted: bool
) -> None:
    for method, to_browser in (("Page.navigate", False), ("Target.createTarget", True)):
        ruling = allowed.command(method, {"url": url}, to_browser=to_browser)
        assert isinstance(ruling, Passed if permitted else Denied)


def test_no_file_is_dragged_into_a_page() -> None:
    for data, kind in (({"items": [], "files": ["/etc/passwd"]}, Denied), ({"items": []}, Passed)):
        given = {"type": "drop", "x": 1, "y": 1, "data": data}
        assert isinstance(allowed.command("Input.dispatchDragEvent", given, to_browser=False), kind)


@pytest.mark.parametrize(
    "method",
    [
        "Network.requestWillBeSentExtraInfo",
        "Network.responseReceivedExtraInfo",
        "Network.webSocketFrameSent",
        "Network.webSocketFrameReceived",
        "Network.webSocketWillSendHandshakeRequest",
        "Network.webSocketHandshakeResponseReceived",
        "Network.eventSourceMessageReceived",
        "Network.responseReceivedEarlyHints",
        "Fetch.requestPaused",
        "Fetch.authRequired",
        "Storage.cacheStorageContentUpdated",
        "DOMStorage.domStorageItemAdded",
        "DOMStorage.domStorageItemUpdated",
        "Browser.downloadWillBegin",
        "Browser.downloadProgress",
        "Page.downloadWillBegin",
        "Debugger.scriptParsed",
        "Debugger.paused",
        "Page.screencastFrame",
        "Target.targetCreated",
        "Target.targetInfoChanged",
        "Nonsense.invented",
    ],
)
def test_an_event_that_is_in_no_table_is_not_told(method: str) -> None:
    assert allowed.event(method, {"postData": CANARY}) is None


def _request(**more: Any) -> dict[str, Any]:
    secret_headers = {
        "Cookie": CANARY,
        "Authorization": CANARY,
        "Referer": CANARY,
        "X-Csrf-Token": CANARY,
        "Content-Type": "text/plain",
    }
    return {
        "requestId": "1",
        "loaderId": "2",
        "documentURL": "https://example.com/",
        "request": {
            "url": "https://example.com/login",
            "method": "POST",
            "headers": secret_headers,
            "postData": f"password={CANARY}",
            "postDataEntries": [{"bytes": CANARY}],
            "hasPostData": True,
        },
        "initiator": {"type": "script", "stack": {"callFrames": [{"functionName": CANARY}]}},
        "redirectHasExtraInfo": True,
        "timestamp": 1.0,
        "wallTime": 2.0,
        **more,
    }


def _response() -> dict[str, Any]:
    return {
        "url": "https://example.com/login",
        "status": 303,
        "headers": {"Set-Cookie": CANARY, "Location": CANARY, "content-type": "text/html"},
        "headersText": CANARY,
        "requestHeaders": {"Cookie": CANARY},
        "requestHeadersText": CANARY,
        "mimeType": "text/html",
    }


def test_an_agent_hears_that_a_form_was_sent_without_the_form_a_header_or_a_cookie() -> None:
    sent = allowed.event("Network.requestWillBeSent", _request(redirectResponse=_response()))
    assert sent is not None
    assert CANARY not in json.dumps(sent)
    assert sent["request"]["method"] == "POST"
    assert sent["request"]["headers"] == {"Content-Type": "text/plain"}
    assert sent["redirectResponse"]["headers"] == {"content-type": "text/html"}
    assert sent["redirectHasExtraInfo"] is False


def test_an_agent_hears_of_a_response_without_a_cookie_that_is_set() -> None:
    given = {"requestId": "1", "response": _response(), "hasExtraInfo": True, "extra": CANARY}
    heard = allowed.event("Network.responseReceived", given)
    assert heard is not None
    assert CANARY not in json.dumps(heard)
    assert (heard["response"]["status"], heard["hasExtraInfo"]) == (303, False)


def test_data_and_sockets_are_told_of_without_what_goes_over_them() -> None:
    data = {"requestId": "1", "dataLength": 3, "data": CANARY}
    socket = {"requestId": "1", "url": "wss://example.com/", "initiator": {"url": CANARY}}
    assert allowed.event("Network.dataReceived", data) == {"requestId": "1", "dataLength": 3}
    assert allowed.event("Network.webSocketCreated", socket) == {
        "requestId": "1",
        "url": "wss://example.com/",
    }


def test_the_history_is_told_without_what_was_typed_into_the_address_bar() -> None:
    entry = {"id": 1, "url": "https://example.com/", "title": "x", "userTypedURL": CANARY}
    told = allowed.result("Page.getNavigationHistory", {"currentIndex": 0, "entries": [entry]})
    assert told["entries"] == [entry | {"userTypedURL": ""}]
    assert allowed.result("Page.navigate", {"frameId": "F"}) == {"frameId": "F"}
