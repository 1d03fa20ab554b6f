"""Ways out for providers of desktops: this server asks with a placeholder, the broker has the key.

Each desktop has a way of its own, which is a conversation with the broker, and closed with the
desktop. A person is asked when there is no permission yet, as for a notebook's (docs/egress.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any, Final

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from jupyter_agent.desktop.ways import Answer, not_stored
from jupyter_agent.errors import AgentError, EgressFailed, GrantDenied, ProviderFailed
from jupyter_agent.server.link import Link

_PATIENCE: Final = 60.0
"""Seconds for an answer: a browser may have to be started for it."""

_LARGEST: Final = 1024 * 1024
"""Bytes of an answer."""


class BrokerWays:
    """Opens them.

    Args:
        link: The line to the broker.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    async def missing(self, label: str) -> str:
        """Why a label can't be used now; "" where it can."""
        try:
            stored = (await self._link.call("secret.list"))["secrets"]
        except AgentError as error:
            return error.message
        return "" if any(each["label"] == label for each in stored) else not_stored(label)

    async def open(self, label: str, host: str, header: str) -> BrokerWay:
        """Open one.

        Raises:
            AgentError: It is not permitted, not stored, or the broker can't be reached.
        """
        stack = AsyncExitStack()
        try:
            client = await stack.enter_async_context(self._link.own_conversation())
            events = client.events("egress.open", label=label, host=host, header=header)
            await stack.enter_async_context(aclosing(events))  # type: ignore[type-var]
            async for event in events:
                if event.get("event") == "open":
                    return BrokerWay(stack, event["variables"], label)
        except BaseException:
            await stack.aclose()
            raise
        await stack.aclose()
        raise EgressFailed(f"The way out for {label} was not opened.", "Try again.")


class BrokerWay:
    """One open way (``desktop.ways.Way``)."""

    def __init__(self, stack: AsyncExitStack, variables: Mapping[str, str], label: str) -> None:
        self.address = variables[f"{label}_URL"].rstrip("/")
        self.placeholder = variables[label]
        self._label = label
        self._stack = stack
        self._client = SimpleAsyncHTTPClient(force_instance=True, max_body_size=_LARGEST)

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str], body: Any = None
    ) -> Answer:
        """Send a request, and wait for its answer."""
        sent = HTTPHeaders({"Accept": "application/json", **headers})
        if body is not None:
            sent["Content-Type"] = "application/json"
        request = HTTPRequest(
            self.address + path,
            method=method,
            headers=sent,
            body=json.dumps(body) if body is not None else None,
            allow_nonstandard_methods=True,  # POST and DELETE with or without a body
            follow_redirects=False,  # another address is no answer
            request_timeout=_PATIENCE,
            connect_timeout=_PATIENCE,
        )
        try:
            response = await self._client.fetch(request, raise_error=False)
        except (OSError, HTTPClientError, ValueError) as problem:
            raise _not_asked(type(problem).__name__) from None
        if response.code == _NO_ANSWER:
            raise _not_asked("no answer")
        if response.headers.get("X-Jupyter-Agent-Error") in _NOT_PERMITTED:
            raise GrantDenied(
                f"The permission to use {self._label} for this desktop is over.",
                "Close it, and open another: you are asked again.",
            )
        return Answer(response.code, _parsed(response.body))

    async def close(self) -> None:
        """Close it."""
        self._client.close()
        await self._stack.aclose()


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _not_asked(why: str) -> ProviderFailed:
    return ProviderFailed(
        f"The provider could not be asked ({why}).",
        "Check the network, and try again.",
        data={"reason": "down"},
    )


_NO_ANSWER: Final = 599  # tornado's own number: time was over, or the connection closed
_NOT_PERMITTED: Final = ("grant_denied", "grant_required")
