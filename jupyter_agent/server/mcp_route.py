"""``<base_url>jupyter-agent/mcp``: who may call the tools over HTTP, and nothing else.

Not Jupyter's login: a narrow token of the agent's own, in the ``Authorization`` header. Jupyter's
token, which opens the whole server, is refused here, so that nobody gives it to an agent; cookies,
and tokens in an address, count for nothing. MCP 2025-11-25, basic/transports: Origin is checked.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any, Final
from weakref import WeakKeyDictionary

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join

from jupyter_agent.errors import AgentError, BrokerRefused, RequestInvalid, RoleDenied
from jupyter_agent.server import owner, peer, replies
from jupyter_agent.server.agents import Agents
from jupyter_agent.server.entry_forms import FormDoneHandler, FormHandler
from jupyter_agent.server.room import Rooms

_MOST: Final = 4 * 1024 * 1024
_KEPT_OUT: Final = ("authorization", "cookie", "x-xsrftoken")

_below: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""Connections, and whether a kernel is behind them. Looking costs milliseconds, and it stays so."""


class McpHandler(JupyterHandler):
    """The tools."""

    def initialize(self, agents: Agents) -> None:
        """Take the agents."""
        self._agents = agents
        self._call: asyncio.Task[Any] | None = None

    def check_xsrf_cookie(self) -> None:
        """Nothing that a browser sends by itself counts here."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Look who calls. Not as in JupyterHandler, which would let its own login in.

        Kept: the check of the host's name, against DNS rebinding.
        """
        self.set_header("Cache-Control", "no-store")
        if not self.check_host():
            self._refuse(403, RoleDenied("That host name is not this server's."))
        elif owner.own_origin(self) is None:
            self._refuse(403, RoleDenied("That request comes from a page of another site."))

    @allow_unauthenticated
    async def post(self) -> None:
        """Answer one message."""
        try:
            token = self._token()
            if await self._is_below_a_kernel():
                raise RoleDenied(
                    "A kernel does not call as an agent.", "Use its own cells: %%agent_run"
                )
            http = await self._agents.http()
            toolbox = await self._agents.toolbox(token, self._base)
        except BrokerRefused as refusal:
            self.set_header("WWW-Authenticate", 'Bearer realm="jupyter-agent"')
            self._refuse(401, refusal)
            return
        except AgentError as error:
            self._refuse(replies.status_of(error), error)
            return
        headers = [(n, v) for n, v in self.request.headers.get_all() if n.lower() not in _KEPT_OUT]
        self._call = asyncio.create_task(http.answer("POST", headers, self.request.body, toolbox))
        try:
            answer = await self._call
        except asyncio.CancelledError:
            return  # nobody is there to be answered
        self.set_status(answer.status)
        for name, value in answer.headers:
            if name in ("content-type", "mcp-protocol-version", "allow"):
                self.set_header(name, value)
        self.finish(answer.body)

    @allow_unauthenticated
    async def get(self) -> None:
        """Nothing: there is no stream, because nothing is kept between two requests."""
        self.set_header("Allow", "POST")
        self._refuse(405, RequestInvalid("This answers to POST only."))

    head = put = patch = delete = options = get

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """In JSON, as everything else: Jupyter's page would look for a login, which is not read."""
        self._refuse(status_code, RequestInvalid("That can't be answered."))

    def on_connection_close(self) -> None:
        """End what the request had started."""
        if self._call is not None:
            self._call.cancel()

    def _token(self) -> str:
        """The agent's token.

        Raises:
            BrokerRefused: There is none.
            RoleDenied: It is Jupyter's.
            RequestInvalid: The message is too long.
        """
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "token" or self._is_jupyters(token.strip()):
            raise RoleDenied(
                "That is no agent's token: Jupyter's opens the whole server.",
                "Let the agent in with a token of its own: jupyter agent agents add NAME",
            )
        if scheme.lower() != "bearer" or not token.strip():
            raise BrokerRefused(
                "An agent shows its token here: Authorization: Bearer TOKEN.",
                "A person lets it in: jupyter agent agents add NAME",
            )
        if len(self.request.body) > _MOST:
            raise RequestInvalid("That message is too long.")
        return token.strip()

    def _is_jupyters(self, token: str) -> bool:
        own = str(getattr(self.identity_provider, "token", "") or "")
        return bool(own) and hmac.compare_digest(own.encode(), token.encode())

    async def _is_below_a_kernel(self) -> bool:
        stream = getattr(self.request.connection, "stream", None)
        known = _below.get(stream) if stream is not None else None
        if known is None:
            pids = await asyncio.to_thread(peer.pids_behind, stream)
            known = await self._agents.is_below_a_kernel(pids)
            if stream is not None:
                _below[stream] = known
        return known

    @property
    def _base(self) -> str:
        here = f"{self.request.protocol}://{self.request.host}"
        return f"{here}{url_path_join(self.base_url, 'jupyter-agent')}/"

    def _refuse(self, status: int, error: AgentError) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(replies.body_of(error)))

    def _log(self) -> None:
        # What somebody put behind the question mark stays out of the access log.
        self.request.uri = self.request.path
        super()._log()


def agent_routes(base_url: str, rooms: Rooms, agents: Agents) -> list[tuple[Any, ...]]:
    """The handlers for agents and the forms they ask for, and their addresses.

    Args:
        base_url: The server's.
        rooms: What the handlers work with.
        agents: Who calls.
    """
    forms = {"rooms": rooms, "forms": agents.forms}
    below = url_path_join(base_url, "jupyter-agent")
    nonce = r"([A-Za-z0-9_-]{20,64})"
    return [
        (f"{below}/mcp", McpHandler, {"agents": agents}),
        (f"{below}/entry/{nonce}/", FormHandler, forms),
        (f"{below}/entry/{nonce}/(saved|declined)", FormDoneHandler, forms),
        (f"{below}/entry/{nonce}/([a-z.]+)", FormHandler, forms),
    ]
