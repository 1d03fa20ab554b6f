"""The agents that call this server over MCP: each is known by its token, to the broker alone."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.client import Hello
from jupyter_agent.client.run_fields import handed_on
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders
from jupyter_agent.mcp.entries import Page
from jupyter_agent.screen.cell import Screens
from jupyter_agent.server.entry_forms import Forms

if TYPE_CHECKING:  # the SDK takes a second to load, which is for the first use
    from jupyter_agent.mcp.http import HttpServer
    from jupyter_agent.mcp.toolbox import Toolbox

_MOST: Final = 32


class Agents:
    """The tools of each agent that has called lately.

    Args:
        folders: Whose broker.
        screener: Finds what the rules know.
        root: The folder that commands run in.
        check: Asks the broker as the person who owns this server.

    Attributes:
        forms: The forms for secrets they have asked for.
    """

    def __init__(
        self,
        folders: Folders,
        screener: Screens,
        *,
        root: str,
        check: Callable[..., Awaitable[dict[str, Any]]],
    ) -> None:
        self.forms = Forms()
        self._folders = folders
        self._screener = screener
        self._root = root
        self._check = check
        self._known: OrderedDict[tuple[bytes, str], Toolbox] = OrderedDict()
        self._http: HttpServer | None = None

    async def http(self) -> HttpServer:
        """What answers requests.

        Raises:
            AgentError: The SDK is not installed.
        """
        if self._http is None:
            made = await asyncio.to_thread(_sdk)
            self._http = self._http or made()
        return self._http

    async def toolbox(self, token: str, base: str) -> Toolbox:
        """The tools of the agent that has shown a token.

        Args:
            token: As it was shown.
            base: The address below which this server's own routes are, as the agent has them.

        Raises:
            BrokerRefused: It is no agent's, or was forgotten.
            AgentError: The broker can't be asked.
        """
        key = hashlib.sha256(token.encode(errors="surrogatepass")).digest(), base
        toolbox = self._known.pop(key, None) or self._made(token, base)
        try:
            await toolbox.check()
        except AgentError:
            await toolbox.close()
            raise
        self._known[key] = toolbox
        while len(self._known) > _MOST:
            await self._known.popitem(last=False)[1].close()
        return toolbox

    async def is_below_a_kernel(self, pids: list[int]) -> bool:
        """Whether any of these processes runs below a kernel or a command.

        Raises:
            AgentError: The broker can't be asked.
        """
        return bool(pids) and bool((await self._check("kernel.above", pids=pids))["below"])

    async def close(self) -> None:
        """End what all of them do."""
        if self._http is not None:
            await self._http.close()
        for toolbox in self._known.values():
            await toolbox.close()
        await self.forms.close()

    def _made(self, token: str, base: str) -> Toolbox:
        from jupyter_agent.mcp.toolbox import Toolbox  # noqa: PLC0415  (see the top)

        hello = Hello(role="agent", proof={"token": token}, claims={"program": "MCP over HTTP"})
        site = _Site(self.forms, base)
        toolbox = Toolbox(
            self._folders,
            hello,
            site,
            self._screener,
            cwd=self._root,
            env=handed_on(os.environ),
        )
        site.toolbox = toolbox
        return toolbox


class _Site:
    """See ``mcp.entries.Site``."""

    toolbox: Toolbox

    def __init__(self, forms: Forms, base: str) -> None:
        self._forms = forms
        self._base = base

    async def page(self, label: str, why: str) -> Page:
        return self._forms.add(label, await self.toolbox.name(), why, self._base)


def _sdk() -> type[HttpServer]:
    try:
        from jupyter_agent.mcp.http import HttpServer  # noqa: PLC0415
    except ImportError:
        raise AgentError(
            "The MCP SDK is not installed in this server's environment.",
            "pip install 'jupyter-agent-secrets[mcp]'",
        ) from None
    return HttpServer
