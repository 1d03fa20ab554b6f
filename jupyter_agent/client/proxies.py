"""Requests to an address of ours go past the proxies that an environment names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HERE: Final = "127.0.0.1"
_PROXIES: Final = ("http_proxy", "all_proxy")
"""Those that requests by http go to; small letters, as they count in capitals, too."""

_EXCEPT: Final = ("no_proxy", "NO_PROXY")
"""curl and Python read the first of them that is there, Go and others the second."""


def past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """What the variables that name a proxy's exceptions shall be, so that a way out works.

    Else libraries send what is for the way to the proxy: by http and readable, although it was
    to go to the service by https; and a proxy does not reach an address of this machine.

    Args:
        environment: As it is.

    Returns:
        What to set; nothing where no proxy is named. Without one these variables have an effect
        of their own: for Python they end the search for the proxies of the system.
    """
    if not any(environment.get(name) or environment.get(name.upper()) for name in _PROXIES):
        return {}
    known = next((environment[name] for name in _EXCEPT if environment.get(name)), "")
    shall = {}
    for name in _EXCEPT:
        hosts = [host for host in (environment.get(name) or known).split(",") if host.strip()]
        if not {"*", HERE} & {host.strip() for host in hosts}:
            hosts.append(HERE)
        if environment.get(name) != ",".join(hosts):
            shall[name] = ",".join(hosts)
    return shall
