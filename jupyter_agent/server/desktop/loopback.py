"""A port of our own on loopback, for what must not be on Jupyter's: it is another origin."""

from __future__ import annotations

import socket
from typing import Final

from tornado import httpserver, web

from jupyter_agent.errors import DesktopUnavailable

LOOPBACK: Final = "127.0.0.1"


def listen(application: web.Application, what: str) -> tuple[httpserver.HTTPServer, str]:
    """Serve something on a free port.

    Args:
        application: What.
        what: Whom it is for, in the sentence of a failure.

    Returns:
        The server, and what a client must have in its Host header, against names that are pointed
        here.

    Raises:
        DesktopUnavailable: No port could be opened.
    """
    try:
        # Bound here and kept: a number that is only remembered could be somebody else's later.
        listener = socket.create_server((LOOPBACK, 0))
    except OSError as error:
        raise DesktopUnavailable(f"No port could be opened for {what}: {error.strerror}.") from None
    listener.setblocking(False)
    server = httpserver.HTTPServer(application)
    server.add_socket(listener)
    return server, f"{LOOPBACK}:{listener.getsockname()[1]}"
