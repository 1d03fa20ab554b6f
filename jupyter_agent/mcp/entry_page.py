"""A page with a masked form for one secret: its words, its files, what a browser may do with it.

The form is the notebook's own (``kernel/entry.js``, built from ``labextension/src/widget``): the
value is sealed in the page to a one-time key of the broker. Whoever serves it relays ciphertext.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Final

import jupyter_agent
from jupyter_agent.errors import AgentError

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with the page and its files: nothing from elsewhere, in no frame, kept nowhere."""

SECONDS: Final = 600.0
"""How long a form is there."""

_HERE: Final = Path(__file__).parent
_FILES: Final = {
    "form.js": (_HERE / "form.js", "text/javascript; charset=utf-8"),
    "form.css": (_HERE / "form.css", "text/css; charset=utf-8"),
    "entry.js": (
        Path(jupyter_agent.__file__).parent / "kernel" / "entry.js",
        "text/javascript; charset=utf-8",
    ),
}


def file(name: str) -> tuple[bytes, str] | None:
    """A file of the page and its type, or None where there is no such one.

    Raises:
        AgentError: It was never built.
    """
    found = _FILES.get(name)
    if found is None:
        return None
    try:
        return found[0].read_bytes(), found[1]
    except FileNotFoundError:
        raise AgentError(
            "The form is missing from this installation.",
            "Use a terminal instead: jupyter agent secret set LABEL",
        ) from None


def html(label: str, agent: str, why: str, server: str = "") -> bytes:
    """The page.

    Args:
        label: For which secret.
        agent: Who asks.
        why: What it says about it, made fit to be shown.
        server: The base URL of the Jupyter server that serves it, if one does.
    """
    said = f"“{escape(why)}”" if why else "nothing about why"
    # In a script element the one thing to keep out is its end.
    config = json.dumps({"baseUrl": server}).replace("<", "\\u003c")
    of_server = (
        f'<script id="jupyter-config-data" type="application/json">{config}</script>\n'
        if server
        else ""
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Enter {escape(label)}</title>
<link rel="stylesheet" href="form.css">
{of_server}<script type="module" src="form.js"></script>
</head>
<body>
<main id="form" data-label="{escape(label)}">
<h1>Enter the secret <code>{escape(label)}</code>?</h1>
<dl>
<dt>Asked by</dt><dd>the agent <b>{escape(agent)}</b></dd>
<dt>It says</dt><dd title="What the agent says. Nobody has checked it.">{said}</dd>
</dl>
<p class="ja-promise">The value is sealed in this page and goes into your vault. The agent learns
the label only, and each use is asked for. Did you not expect this? Then say no.</p>
<div id="entry"></div>
<p id="actions"><button id="decline" type="button">No, not this one</button></p>
<noscript><p>This form needs JavaScript: the value is sealed before it leaves the page. Or use a
terminal: <code>jupyter agent secret set {escape(label)}</code></p></noscript>
</main>
</body>
</html>
""".encode()
