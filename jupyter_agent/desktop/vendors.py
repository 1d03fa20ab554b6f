"""The services that serve a browser by REST, as data (``vendors.toml``). Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from jupyter_agent.desktop.provider import StartOptions

_NUMBER: Final = re.compile(r"\{(\w+)\}")
_PATH_PART: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a vendor's.

    Attributes:
        method: HTTP's.
        path: At its host; ``{id}`` stands for the session.
        body: What is sent as JSON; None for no body.
        field: Of its answer, where it is asked for one.
    """

    method: str = ""
    path: str = ""
    body: Mapping[str, Any] | None = None
    field: str = ""

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """From the table."""
        return cls(**entry)

    def at(self, session: str) -> str:
        """Its path, for one session."""
        return self.path.replace("{id}", session)


@dataclass(frozen=True, slots=True)
class Vendor:
    """One service. Its fields are described in ``vendors.toml``."""

    name: str
    title: str
    label: str
    host: str
    header: str
    domains: Sequence[str]
    frames: Sequence[str]
    docs: Sequence[str]
    id: str
    cdp: str
    create: Request
    view: Request
    release: Request
    outlives: str
    most_s: int
    cdp_wants_key: bool = False
    control: Mapping[str, str] = field(default_factory=dict)
    look: Mapping[str, str] = field(default_factory=dict)

    def key_header(self, placeholder: str) -> dict[str, str]:
        """The header that proves who asks."""
        name, _, form = self.header.partition(":")
        return {name: form.strip().replace("{}", placeholder)}

    def body(self, options: StartOptions) -> Any:
        """What begins a session like that."""
        longest = min(options.longest, self.most_s)
        idle = min(options.idle, self.most_s)
        numbers = {
            "width": options.width,
            "height": options.height,
            "idle_s": round(idle),
            "idle_ms": round(idle * 1000),
            "longest_s": round(longest),
        }
        return _filled(self.create.body, numbers)


@cache
def known() -> Mapping[str, Vendor]:
    """Every known one, by its id as a provider."""
    text = resources.files("jupyter_agent.desktop").joinpath("vendors.toml").read_text("utf-8")
    return {name: _read(name, entry) for name, entry in tomllib.loads(text).items()}


def named(answer: Any, key: str) -> str:
    """A text in an answer; "" where it is not there, or is no text."""
    found = answer.get(key) if isinstance(answer, Mapping) else None
    return found if isinstance(found, str) else ""


def session_name(answer: Any, key: str) -> str:
    """A session's name that can stand in a path; "" where there is none."""
    found = named(answer, key)
    return found if _PATH_PART.fullmatch(found) and set(found) != {"."} else ""


def with_query(url: str, more: Mapping[str, str]) -> str:
    """An address with these fields in its query, and none of the same names that it had."""
    parts = urlsplit(url)
    kept = [f for f in parts.query.split("&") if f and f.partition("=")[0] not in more]
    return urlunsplit(parts._replace(query="&".join([*kept, *([urlencode(more)] if more else [])])))


def _read(name: str, entry: dict[str, Any]) -> Vendor:
    requests = {part: Request.read(entry[part]) for part in ("create", "view", "release")}
    return Vendor(name=name, **{**entry, **requests})


def _filled(form: Any, numbers: Mapping[str, int]) -> Any:
    if isinstance(form, Mapping):
        return {key: _filled(value, numbers) for key, value in form.items()}
    if isinstance(form, str) and (found := _NUMBER.fullmatch(form)):
        return numbers[found[1]]
    return form
