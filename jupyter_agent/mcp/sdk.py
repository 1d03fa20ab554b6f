"""The MCP SDK, whose first and second generation are both in use: jupyter-ai 3 needs the first.

The low-level server of each is used, because our tools bring schemas of their own. What differs is
here; the rest of the room does not know which one is installed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable
from importlib import metadata
from typing import Any, Final, TextIO, cast

import anyio
from mcp import types as sdk_types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from jupyter_agent import __version__
from jupyter_agent.chat.tools import Outcome
from jupyter_agent.mcp.host import Action, Host
from jupyter_agent.mcp.toolbox import INSTRUCTIONS, Toolbox

_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?P<half>u[dD][89a-fA-F][\da-fA-F]{2})|.)"
)

ToolboxOf = Callable[[Any], Toolbox]
"""The tools of the agent behind a request (None over standard input)."""

types: Final[Any] = sdk_types  # their fields have two spellings, and both read the first one's
_NAME: Final = "jupyter-agent"
_ENTRY: Final = "entry"
_SECOND: Final = int(metadata.version("mcp").partition(".")[0]) >= 2

# They repeat messages that they could not read, and those may hold anything.
logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)


def server(toolbox_of: ToolboxOf) -> Any:
    """A server with our tools, of the generation that is installed.

    Args:
        toolbox_of: Called for each request.
    """
    return _second(toolbox_of) if _SECOND else _first(toolbox_of)


def standard_streams() -> Any:
    """The SDK's transport over standard input and output, a context manager of two streams."""
    if _SECOND and os.name == "nt":
        return stdio_server()  # handles of Windows are its business
    # It closes what it is given, and the second generation diverts what it opens itself only.
    reading = _Lines(os.fdopen(os.dup(0), encoding="utf-8", errors="replace"))
    if _SECOND:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return stdio_server(cast("Any", reading))
    writing = os.fdopen(os.dup(1), "w", encoding="utf-8")
    return stdio_server(cast("Any", reading), anyio.wrap_file(writing))


class _Lines:
    """The lines of a file, as the SDK can read them."""

    def __init__(self, file: TextIO) -> None:
        self._file = anyio.wrap_file(file)

    async def __aiter__(self) -> AsyncIterator[str]:
        async for line in self._file:
            yield readable(line)


def readable(message: str) -> str:
    """A message in JSON, without halves of characters.

    Programs in JavaScript cut texts through emojis, and JSON can say such a half. The SDK's reader
    takes it for no JSON, and over standard input a call that holds one was never answered.

    Args:
        message: As it came.
    """
    if "\\u" not in message:
        return message
    return _ESCAPE.sub(lambda found: "\\ufffd" if found["half"] else found[0], message)


def _first(toolbox_of: ToolboxOf) -> Any:
    made: Any = Server(_NAME, version=__version__, instructions=INSTRUCTIONS)

    async def list_tools() -> list[Any]:
        return _listed(toolbox_of(made.request_context.request))

    async def call_tool(name: str, arguments: dict[str, Any]) -> Any:
        context = made.request_context
        outcome = await toolbox_of(context.request).call(name, arguments, _host(context))
        return _result(outcome)

    made.list_tools()(list_tools)
    # Our own check answers with a next step, and never repeats what was written.
    made.call_tool(validate_input=False)(call_tool)
    return made


def _second(toolbox_of: ToolboxOf) -> Any:
    async def list_tools(context: Any, _params: Any) -> Any:
        return types.ListToolsResult(tools=_listed(toolbox_of(context.request)))

    async def call_tool(context: Any, params: Any) -> Any:
        host = _host(context, answered=_answered(params))
        toolbox = toolbox_of(context.request)
        outcome = await toolbox.call(params.name, params.arguments or {}, host)
        return _result(outcome) if host.wanted is None else _asks_first(*host.wanted)

    second: Any = Server
    return second(
        _NAME,
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _listed(toolbox: Toolbox) -> list[Any]:
    return [
        types.Tool(
            name=tool.name,
            description=tool.description,
            inputSchema=tool.parameters,
            annotations=types.ToolAnnotations(
                readOnlyHint=tool.reads_only,
                destructiveHint=not tool.reads_only,
                openWorldHint=not tool.reads_only,
            ),
        )
        for tool in toolbox.tools
    ]


def _result(outcome: Outcome) -> Any:
    data = outcome.data
    text = data if isinstance(data, str) else json.dumps(data, indent=1)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structuredContent=data if isinstance(data, dict) else None,
        isError=outcome.failed,
    )


def _host(context: Any, answered: str | None = None) -> Host:
    """What the program behind a request can do.

    Args:
        context: The SDK's, of the request.
        answered: What a person said to the address that the last call had shown.
    """
    session = context.session
    host = Host()

    token = _meta(context, "progressToken", "progress_token")

    async def progress(count: float, said: str) -> None:
        await session.send_progress_notification(token, count, None, said)

    async def show(message: str, url: str, entry_id: str) -> Action:
        if answered is not None:
            return answered if answered in ("accept", "decline", "cancel") else "cancel"  # type: ignore[return-value]
        if _is_stateless(session):
            host.wanted = message, url
            return "later"
        result = await session.elicit_url(message, url, entry_id, context.request_id)
        return str(result.action)  # type: ignore[return-value]

    if token is not None:
        host.progress = progress
    if _shows_addresses(session):
        host.show_address = show
    return host


def _shows_addresses(session: Any) -> bool:
    """Whether the host has declared URL mode; an empty ``elicitation`` means form mode only."""
    capabilities = getattr(session, "client_capabilities", None)
    if capabilities is None and session.client_params is not None:
        capabilities = session.client_params.capabilities
    elicitation = getattr(capabilities, "elicitation", None)
    if getattr(elicitation, "url", None) is None:
        return False
    # Where nothing can be asked in the middle of a call, and the protocol has no other way.
    return _is_stateless(session) or getattr(session, "can_send_request", True)


def _is_stateless(session: Any) -> bool:
    """Whether this is MCP 2026-07-28 or later, in which a server asks by its result."""
    version = getattr(session, "protocol_version", None)
    return isinstance(version, str) and version >= "2026-07-28"


def _meta(context: Any, *names: str) -> Any:
    meta = context.meta
    for name in names:
        found = meta.get(name) if isinstance(meta, dict) else getattr(meta, name, None)
        if found is not None:
            return found
    return None


def _answered(params: Any) -> str | None:
    answer = (getattr(params, "input_responses", None) or {}).get(_ENTRY)
    return str(answer.action) if answer is not None else None


def _asks_first(message: str, url: str) -> Any:
    params = types.ElicitRequestURLParams(message=message, url=url)
    return types.InputRequiredResult(
        input_requests={_ENTRY: types.ElicitRequest(params=params)},
        # Nothing is kept in it: the form is found again by its label.
        request_state=secrets.token_urlsafe(8),
    )
