"""Which host of AWS a signature is for (``endpoints.toml``). Pure.

The host comes from the table, given the region and the service that the caller has signed for, and
never from an address that the caller names.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from jupyter_agent.egress.aws.sigv4 import Scope
from jupyter_agent.egress.route import Origin
from jupyter_agent.errors import EgressRefused

_HTTPS: Final = 443


@dataclass(frozen=True, slots=True)
class Partition:
    """A group of regions that has its own hosts and accounts.

    Attributes:
        region: What its regions look like.
        suffix: What its hosts end in.
        newer: What its newer services' hosts end in.
        whole: Services that it has once: the host, and the region to sign for.
    """

    region: re.Pattern[str]
    suffix: str
    newer: str
    whole: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """All of it; see ``endpoints.toml``."""

    partitions: tuple[Partition, ...]
    hosts: Mapping[str, str]
    newer: Mapping[str, str]
    apart: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]]
    handing: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, and for which region it is signed there.

    Attributes:
        origin: The host.
        region: The scope's own, but for what a partition has once.
    """

    origin: Origin
    region: str


@cache
def table() -> Table:
    """The table as it is read."""
    text = resources.files("jupyter_agent.egress.aws").joinpath("endpoints.toml").read_text("utf-8")
    read = tomllib.loads(text)
    apart: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for entry in read["apart"]:
        apart.setdefault(entry["service"], []).append((re.compile(entry["when"]), entry["host"]))
    return Table(
        partitions=tuple(
            Partition(
                region=re.compile(entry["region"]),
                suffix=entry["suffix"],
                newer=entry["newer"],
                whole={name: (host, region) for name, (host, region) in read["whole"][key].items()},
            )
            for key, entry in read["partition"].items()
        ),
        hosts={name: name for name in read["names"]["regional"].split()} | read["hosts"],
        newer={name: name for name in read["names"]["newer"].split()},
        apart={service: tuple(rules) for service, rules in apart.items()},
        handing={service: frozenset(names) for service, names in read["handing"].items()},
    )


def target_of(scope: Scope, request: str) -> Target:
    """Where a request for this scope goes.

    Args:
        scope: What the caller has signed for.
        request: ``METHOD PATH TARGET``, the last being what ``X-Amz-Target`` says.

    Raises:
        EgressRefused: The region or the service is none that the table knows.
    """
    known = table()
    # fullmatch: "us-east-1.evil.com" is no region.
    partition = next((p for p in known.partitions if p.region.fullmatch(scope.region)), None)
    if partition is None:
        raise EgressRefused(
            "That is no region of AWS.", "Name one: region_name='eu-west-1'.", data=_RULE
        )
    if scope.service in partition.whole:
        host, region = partition.whole[scope.service]
        return Target(Origin("https", host, _HTTPS), region)
    for pattern, host in known.apart.get(scope.service, ()):
        if pattern.match(request):
            return Target(_at(host, scope.region, partition.suffix), scope.region)
    for hosts, suffix in ((known.hosts, partition.suffix), (known.newer, partition.newer)):
        if scope.service in hosts:
            return Target(_at(hosts[scope.service], scope.region, suffix), scope.region)
    raise EgressRefused(
        "That service of AWS is not known here.",
        "Name its host, exactly: %agent_egress AWS_SECRET_ACCESS_KEY --host HOST",
        data=_RULE,
    )


def is_aws(host: str) -> bool:
    """Whether a host is one of AWS's own names."""
    return any(
        host.endswith(f".{suffix}")
        for partition in table().partitions
        for suffix in (partition.suffix, partition.newer)
    )


_RULE: Final = {"rule": "scope"}


def _at(host: str, region: str, suffix: str) -> Origin:
    return Origin("https", f"{host}.{region}.{suffix}", _HTTPS)
