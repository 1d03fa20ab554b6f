"""Whose requests are a person's: those of the server's owner, from one of its own pages.

Jupyter's login says that somebody may use this server. A vault belongs to one person, so two more
things are asked: that the login is the owner's, and that the request does not come from a page of
another site.

On JupyterHub the owner is known by name, and guests of a shared server are refused. Without a hub
there is one login; whoever was given the token is its owner, as everywhere in Jupyter.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.utils import origin_matches_pat


def is_owner(user: Any, environ: Mapping[str, str]) -> bool:
    """Whether the logged-in user owns this server.

    Args:
        user: ``handler.current_user``: a ``User``, or what older login handlers give.
        environ: The server's environment.
    """
    owner = environ.get("JUPYTERHUB_USER")
    if not user:
        return False
    if not owner:
        return True
    name = user.get("name") if isinstance(user, Mapping) else getattr(user, "username", user)
    return bool(name == owner)


def own_origin(handler: Any) -> str | None:
    """The origin of the page behind a request, or None where it is not one of this server's.

    Stricter than Jupyter's own check, which lets any origin pass with a token or with
    ``allow_origin = "*"``. Behind a proxy that ends TLS the page's scheme is known to nobody here
    but the page, so the ``Origin`` header is believed once its host is ours.

    Args:
        handler: The Jupyter handler of the request.
    """
    headers = handler.request.headers
    own = f"{handler.request.protocol}://{handler.request.host}"
    origin: str | None = headers.get("Origin")
    if origin is None:
        # A script, or a browser's GET, which says at least whether it comes from elsewhere.
        # Where there is an origin that is not asked: browsers disagree about websockets.
        elsewhere = headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
        return None if elsewhere else own
    origin = origin.lower()
    if origin == own.lower() or _same_host(origin, handler.request.host):
        return origin
    named = handler.allow_origin not in ("", "*") and handler.allow_origin.lower() == origin
    matched = handler.allow_origin_pat and origin_matches_pat(handler.allow_origin_pat, origin)
    return origin if named or matched else None


def is_protected(origin: str) -> bool:
    """Whether a page of this origin reached the browser unread and unchanged.

    That is what browsers call a potentially trustworthy origin (W3C, Secure Contexts, section 3.1):
    https, or a host that is this very machine.

    Args:
        origin: As ``own_origin`` gives it.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _same_host(origin: str, host: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc == host.lower()
