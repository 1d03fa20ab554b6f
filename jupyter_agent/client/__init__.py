"""The one way to the broker; starts it when it is not there.

Two clients over the same lines: ``Client`` blocks (kernel, terminal), ``AsyncClient`` in
``client.loop`` does not (server; kept apart, because loading asyncio costs a terminal 30 ms).
Who one is comes in as a ``Hello``; this package knows no key and reads none.
"""

from __future__ import annotations

from jupyter_agent.client.blocking import Client
from jupyter_agent.client.connecting import connect
from jupyter_agent.client.hello import Hello

__all__ = ["Client", "Hello", "connect"]
