"""An MCP host in a process of its own, with whichever generation of the SDK it finds.

Reads one order as JSON from standard input, does it, and writes what it saw.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import mcp
from form_pages import enter
from mcp import StdioServerParameters, types
from mcp.client import stdio

Order = dict[str, Any]


class Host:
    """Calls tools, and shows a person the addresses it is asked to show.

    Args:
        order: ``server`` (argv) or ``url`` and ``headers``; ``calls`` (name, arguments);
            ``person``: what they do with each address: ``decline``, or the value that they enter.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.elicited: list[dict[str, Any]] = []

    async def act(self) -> dict[str, Any]:
        second = getattr(mcp, "Client", None)
        if second is not None and not self.order.get("legacy"):
            async with second(self._transport(), elicitation_callback=self._elicit()) as client:
                return await self._calls(client, client.protocol_version)
        async with self._transport() as streams:
            reading, writing = streams[:2]
            async with mcp.ClientSession(
                reading, writing, elicitation_callback=self._elicit()
            ) as session:
                answer = await session.initialize()
                return await self._calls(
                    session, answer.model_dump(by_alias=True)["protocolVersion"]
                )

    def _transport(self) -> Any:
        if "url" in self.order:
            from mcp.client import streamable_http  # noqa: PLC0415

            headers = self.order["headers"]
            if hasattr(streamable_http, "streamable_http_client"):
                import httpx  # noqa: PLC0415

                client = httpx.AsyncClient(headers=headers)
                return streamable_http.streamable_http_client(self.order["url"], http_client=client)
            return streamable_http.streamablehttp_client(self.order["url"], headers=headers)
        command, *args = self.order["server"]
        return stdio.stdio_client(
            StdioServerParameters(command=command, args=args, env=self.order["env"])
        )

    def _elicit(self) -> Any:
        person = self.order.get("person")
        if person is None:
            return None

        async def elicited(_context: Any, params: Any) -> Any:
            seen = params.model_dump(by_alias=True)
            self.elicited.append({name: seen[name] for name in ("mode", "message", "url")})
            if (does := person.pop(0)) == "decline":
                return types.ElicitResult(action="decline")
            await asyncio.to_thread(enter, seen["url"], does)
            return types.ElicitResult(action="accept")

        return elicited

    async def _calls(self, client: Any, version: str) -> dict[str, Any]:
        tools = (await client.list_tools()).tools
        results = []
        for call in self.order["calls"]:
            answer = await client.call_tool(call["name"], call["arguments"])
            results.append(answer.model_dump(by_alias=True, mode="json"))
        shown = [tool.model_dump(by_alias=True, mode="json") for tool in tools]
        return {
            "sdk": (getattr(mcp, "Client", None) is not None and 2) or 1,
            "version": version,
            "tools": shown,
            "results": results,
            "elicited": self.elicited,
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Host(json.loads(sys.stdin.read())).act())))
