"""Loaded by Jupyter Server: builds every part once and hands it down.

Loading does nothing slow and needs no broker. The rules are compiled in a thread; until they are,
the screener's plain engine finds the same secrets.
"""

from __future__ import annotations

from collections.abc import Callable
from logging import Logger
from pathlib import Path
from typing import Any, Final

from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.masking import Masker
from jupyter_agent.screen.patient import Patient
from jupyter_agent.server.agents import Agents
from jupyter_agent.server.asking import Asking
from jupyter_agent.server.blocks import Blocks
from jupyter_agent.server.chats.attached import Attached
from jupyter_agent.server.chats.guard import ChatGuard
from jupyter_agent.server.chats.screening import ChatScreening
from jupyter_agent.server.clients import GuardedClients
from jupyter_agent.server.contents_managers import ContentsManagers
from jupyter_agent.server.desktop.agent_endpoint import AgentDoor
from jupyter_agent.server.desktop.asked import Asked
from jupyter_agent.server.desktop.desktops import Desktops
from jupyter_agent.server.desktop.policy import LOCAL, let_frame
from jupyter_agent.server.desktop.profiles import Profiles
from jupyter_agent.server.desktop.providers import providers
from jupyter_agent.server.desktop.recording import Recording
from jupyter_agent.server.desktop.settings import settings_of
from jupyter_agent.server.desktop.stream import Streams
from jupyter_agent.server.desktop.ways import BrokerWays
from jupyter_agent.server.door import Door
from jupyter_agent.server.endings import Endings
from jupyter_agent.server.execute_routes import guard_execute_routes
from jupyter_agent.server.fingerprinted import Fingerprinted
from jupyter_agent.server.gate import Gate
from jupyter_agent.server.guard import guarded
from jupyter_agent.server.handlers import routes
from jupyter_agent.server.judge import Judge
from jupyter_agent.server.kernels import Capabilities
from jupyter_agent.server.link import Link
from jupyter_agent.server.mcp_route import agent_routes
from jupyter_agent.server.relay import Relay
from jupyter_agent.server.room import Chats, Rooms
from jupyter_agent.server.saved import Allowing, SavedValues
from jupyter_agent.server.saves import MaskingHook
from jupyter_agent.server.saves_in_thread import SavesInThread
from jupyter_agent.server.seen import SeenInOutput
from jupyter_agent.server.stored import StoredValues
from jupyter_agent.server.uploads import UploadHooks
from jupyter_agent.server.warming import Warming

_CONNECTION_CLASS: Final = "kernel_websocket_connection_class"


def _load_jupyter_server_extension(app: Any) -> None:
    """Set up guards, routes and kernel capabilities.

    Args:
        app: The ``ServerApp``, its web application built and every extension linked.
    """
    settings = app.web_app.settings
    folders = Folders.of()
    rules = Screener()
    warming = Warming(rules, folders, app.log)
    warming.start()
    screener = CellScreener(rules)

    link = Link(folders)
    capabilities = Capabilities(app.kernel_manager, Path(app.root_dir), link, app.log)
    capabilities.watch(app.session_manager, app.event_logger)

    relay = Relay(link)
    values = StoredValues(link, _match_teller(relay, app.log))
    fingerprinted = Fingerprinted(link, _output_teller(app.log))
    link.on_open(fingerprinted.begin)
    loop = app.io_loop.asyncio_loop
    seen = SeenInOutput(fingerprinted, values, relay, capabilities.notebook_of, loop, app.log)
    blocks = Blocks()
    gate = Gate(screener)
    judge = Judge(gate, screener, values, blocks, capabilities.notebook_of)
    # Read from the settings at each connection, so that whatever class won is guarded.
    endings = Endings()
    settings[_CONNECTION_CLASS] = guarded(settings[_CONNECTION_CLASS], gate, judge, seen, endings)
    asking = Asking(judge, app.io_loop.asyncio_loop, app.log)
    GuardedClients(gate, asking, seen, app.log, endings).watch(app.kernel_manager)
    guard_execute_routes(app.web_app, gate, judge, app.kernel_manager)
    root = Path(app.root_dir)
    of_chats = Judge(gate, screener, values, blocks, lambda name: str(root / name), exposes=False)
    chats = _chats(app, ChatScreening(of_chats, Attached(app.contents_manager)), relay)

    door = Door(folders)
    allowing = Allowing(CellScreener(Patient(rules)), door, root)
    managers = _guard_saves(app, allowing, door, relay)

    chosen = settings_of(app)
    let_frame(settings, [*LOCAL, *chosen.origins])
    streams, agent_door, recording = (
        Streams(app.base_url, app.log),
        AgentDoor(app.log),
        Recording(link, app.log),
    )
    found = providers(streams, agent_door.publish, Profiles(link), BrokerWays(link), chosen)
    desktops = Desktops(
        found,
        relay.tell,
        app.log,
        recording.note,
        off=chosen.off,
        recognise=fingerprinted.add,
        away=chosen.away,
    )
    asked = Asked(link, desktops, app.log)
    link.on_open(asked.begin)

    rooms = Rooms(
        link,
        relay,
        screener,
        values,
        fingerprinted,
        blocks,
        chats,
        desktops,
        saves_guarded=lambda: managers.are_guarded,
    )
    settings["jupyter_agent"] = rooms
    agents = Agents(folders, screener, root=str(app.root_dir), check=link.call)
    app.web_app.add_handlers(".*$", [*routes(app.base_url, rooms), *streams.routes()])
    app.web_app.add_handlers(".*$", agent_routes(app.base_url, rooms, agents))
    _close_with(
        app,
        warming,
        agents,
        asked,
        desktops,
        recording,
        streams,
        agent_door,
        values,
        fingerprinted,
        door,
        capabilities,
        relay,
        link,
    )


def _chats(app: Any, screening: ChatScreening, relay: Relay) -> Chats:
    chats = Chats(screening, ChatGuard(screening, relay.tell, app.log))
    chats.guard.watch(app)
    return chats


def _guard_saves(app: Any, allowing: Allowing, door: Door, relay: Relay) -> ContentsManagers:
    """Mask what is saved, where the contents manager has hooks for it."""
    masking = MaskingHook(
        Masker(allowing),
        app.log,
        _telling(app, relay),
        values=SavedValues(door, app.log),
        allowing=allowing,
    )
    uploads = UploadHooks(masking, app.log)
    in_thread = SavesInThread(masking, uploads)
    _close_with(app, in_thread)
    managers = ContentsManagers(app, masking, uploads, in_thread)
    managers.guard()
    return managers


def _match_teller(relay: Relay, log: Logger) -> Callable[[bool, str], None]:
    """Says once that stored values are no longer recognised, and once that they are again."""

    def tell(on: bool, why: str) -> None:  # noqa: FBT001  (``stored.Told``)
        if on:
            log.info("Stored values are recognised again.")
        else:
            log.warning("Exact match off: cells are screened by the rules only. %s", why)
        relay.tell({"event": "match", "state": "on" if on else "off", "why": why})

    return tell


def _output_teller(log: Logger) -> Callable[[bool, str], None]:
    # Pages are told by ``_match_teller``: whoever runs a cell asks the same broker just before.
    def tell(on: bool, why: str) -> None:  # noqa: FBT001  (``stored.Told``)
        if on:
            log.info("Stored values are replaced in what kernels say.")
        else:
            log.warning("Exact match off: what kernels say is not scrubbed. %s", why)

    return tell


def _telling(app: Any, relay: Relay) -> Callable[[str, int], None]:
    def tell(path: str, count: int) -> None:
        # Some extensions save in threads of their own; pages are written to from the loop.
        event = {"event": "masked", "path": path, "count": count}
        app.io_loop.add_callback(relay.tell, event)

    return tell


def _close_with(app: Any, *parts: Any) -> None:
    """Close our parts when the server ends, before its kernels do."""
    cleanup = app.cleanup_extensions

    async def cleanup_extensions() -> None:
        for part in parts:
            await part.close()
        await cleanup()

    app.cleanup_extensions = cleanup_extensions
