"""What serves a desktop, and what a running one can do: the same for every provider.

Nothing here starts anything. A provider's secrets (its own key, the address of its picture) never
reach the agent, a kernel, a chat or a log: the picture's address is a ``StreamGrant``, which has no
repr and goes once, to the panel that asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from jupyter_agent.desktop.channel import AgentChannel
from jupyter_agent.desktop.lease import Lease, State


class Isolation(StrEnum):
    """How far the desktop is from code that runs as the person, best last."""

    SAME_USER = "same_user"
    OTHER_USER = "other_user"
    REMOTE = "remote"


class Pause(StrEnum):
    """What keeps the agent out while a person drives."""

    ENFORCED = "enforced"
    """The agent's connection is taken away, by us or by the provider's service."""
    ADVISORY = "advisory"
    """We detach, but whoever holds the provider's key could attach again."""
    NONE = "none"
    """There is no agent on this desktop at all, or nothing can be said."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a provider's desktops can do; the panel shows buttons by it.

    Attributes:
        isolation: See ``Isolation``.
        pause: See ``Pause``.
        view_only: Who keeps a viewer from typing where it may only look.
        agent: Whether an agent can drive it at all.
        paste: Whether the panel's paste button works.
        keyboard_layout: Whether the layout can be set from the viewer.
        downloads: Whether files can be moved out of it.
        profile: Whether a person may stay signed in.
        resize: Whether it follows the panel's size.
    """

    isolation: Isolation
    pause: Pause
    view_only: Literal["server", "client", "none"] = "none"
    agent: bool = True
    paste: bool = False
    keyboard_layout: bool = False
    downloads: bool = False
    profile: bool = False
    resize: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a provider can start a desktop on this machine now.

    Attributes:
        ok: It can.
        reason: One sentence, where it can not.
        install: The exact command that helps, or "".
    """

    ok: bool
    reason: str = ""
    install: str = ""


@dataclass(frozen=True, slots=True)
class StartOptions:
    """How a desktop is started.

    Attributes:
        url: The address it opens, http or https, without credentials; "" for an empty page.
        width: Pixels.
        height: Pixels.
        layout: The viewer's keyboard layout as XKB names it (``us``, ``de``, ``fr``, ``gb``…).
        keep: Whether the person asked to stay signed in: an encrypted profile, until forgotten.
        strict: Whether nothing may be attached to the browser while a person signs in.
        idle: Seconds without anybody driving, after which it is closed.
        longest: Seconds after which it is closed, whatever happens.
        away: Seconds without a word from the page that drives it, after which it is paused. Where
            the picture passes us it is the viewer that shows whether the page is there.
    """

    url: str = ""
    width: int = 1280
    height: int = 800
    layout: str = "us"
    keep: bool = False
    strict: bool = False
    idle: float = 15 * 60
    longest: float = 8 * 3600
    away: float = 5 * 60


@dataclass(frozen=True, slots=True, repr=False)
class StreamGrant:
    """Where the panel finds the picture: handled like a value.

    Attributes:
        url: What the panel frames; its ticket is in the fragment, good once, for 30 seconds.
        origin: The origin of that address, for the page's content security policy.
        allow: The frame's ``allow`` attribute, before a person turns on paste in the panel.
        sandbox: The frame's ``sandbox`` attribute.
        expires: Seconds for which the ticket is good; 0 for a provider's own page, whose address
            is good for as long as the provider says.
        ours: Whether the page is ours, and so tells the panel how it is.
    """

    url: str
    origin: str
    allow: str = ""
    sandbox: str = "allow-scripts"
    expires: float = 30.0
    ours: bool = True

    def __repr__(self) -> str:
        return f"StreamGrant(origin={self.origin!r})"


@dataclass(frozen=True, slots=True)
class Download:
    """A file inside the desktop, which stays there until a person moves it.

    Attributes:
        id: Names it; says nothing.
        name: Cleaned: no folder, no control character, at most 200 bytes.
        size: Bytes.
        done: Whether it has arrived whole.
    """

    id: str
    name: str
    size: int
    done: bool


@dataclass(frozen=True, slots=True)
class HandBack:
    """Whether the agent may drive again.

    Attributes:
        done: It may: nothing that was typed stands in a field any more.
        reason: One sentence, where it may not; never what stands in the field.
    """

    done: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CloseReport:
    """What closing a desktop has left behind: nothing, or it is named here.

    Attributes:
        seconds: How long it took.
        left: Sentences about what could not be removed; empty is as it should be.
    """

    seconds: float
    left: Sequence[str] = field(default=())


class Keeping(Protocol):
    """Keeps what signs a person in, sealed, from one desktop of a provider to its next."""

    async def restore(self, provider: str, folder: Path) -> str:
        """Lay what was kept into a new desktop's folder, and promise to keep it again.

        Args:
            provider: Whose it is.
            folder: Of the desktop (``machine``); the profile comes to ``profile`` in it.

        Returns:
            What a person should know about it (it could not be opened), or "".

        Raises:
            AgentError: Nothing can be kept now: the vault is locked, or another desktop has it.
        """
        ...

    async def save(self, provider: str, folder: Path) -> None:
        """Keep it, once the browser has ended.

        Raises:
            AgentError: It could not be; what was kept before is untouched.
        """
        ...


class Desktop(Protocol):
    """A running desktop. Every method but ``close`` raises ``DesktopClosed`` once it is closed."""

    id: str
    provider: str
    caps: Caps

    @property
    def state(self) -> State:
        """Who drives now."""
        ...

    @property
    def note(self) -> str:
        """What a person should know about how it was started, or ""."""
        ...

    @property
    def touched(self) -> float:
        """When a person has last typed or pointed in it, by the loop's clock; 0 for never."""
        ...

    async def host(self) -> str:
        """The real host of the page in front (``example.com``), or "" where there is none."""
        ...

    async def grant(
        self, mode: Literal["control", "view"], parent_origin: str, *, one_port: bool = False
    ) -> StreamGrant:
        """A fresh ticket for the panel of a logged-in person.

        Args:
            mode: Whether its viewer may type, or only look.
            parent_origin: The only origin that may frame it.
            one_port: Serve it from Jupyter's own port, in an opaque origin: behind a hub or a
                proxy, where the browser does not reach another port.
        """
        ...

    async def take_over(self, who: str) -> Lease:
        """Let a person drive. Returns once the agent is detached, and never before."""
        ...

    async def hand_back(self, lease: Lease) -> HandBack:
        """Let the agent drive again, unless a field for a password or a code holds text.

        Raises:
            LeaseLost: It is no longer this person who drives.
        """
        ...

    def hold(self, lease: Lease) -> None:
        """The page that holds the lease is there: some minutes later it is lost, and paused.

        Only where the picture does not pass us; elsewhere its viewer is known to be there.

        Raises:
            LeaseLost: It is no longer this person who drives.
        """
        ...

    async def set_layout(self, layout: str) -> None:
        """Have another keyboard layout, where ``caps.keyboard_layout`` says that it can.

        Raises:
            RequestInvalid: There is no such layout, or it can not be set.
        """
        ...

    @property
    def asked(self) -> str:
        """Why somebody asked a person to take over, until one has or it is handed back; or ""."""
        ...

    def ask(self, why: str) -> None:
        """Ask a person to take over. A sentence is shown, and who drives does not change.

        Raises:
            DesktopClosed: It is over.
        """
        ...

    async def agent_channel(self) -> AgentChannel:
        """What an agent drives it with.

        Raises:
            PersonDrives: A person drives, or it is paused.
        """
        ...

    async def files(self) -> Sequence[Download]:
        """What was downloaded and is still inside."""
        ...

    async def move(self, file_id: str, folder: Path) -> str:
        """Move a file that has arrived out of the desktop; returns its name there.

        Args:
            file_id: As ``files`` names it.
            folder: Of this machine. Nothing in it is written over.

        Raises:
            DesktopError: There is no such file, or it can't be written there.
        """
        ...

    async def close(self) -> CloseReport:
        """End it and everything it had started. Again: the same report."""
        ...


class DesktopProvider(Protocol):
    """Serves desktops.

    Attributes:
        id: As settings and the command line name it: ``local-vnc``, ``e2b``, ….
        title: As people read it.
    """

    id: str
    title: str

    def caps(self) -> Caps:
        """What its desktops can do."""
        ...

    async def available(self) -> Availability:
        """Whether it can start one now. No side effects, no network."""
        ...

    async def start(self, options: StartOptions) -> Desktop:
        """Start a desktop; returns when it can be looked at.

        Raises:
            DesktopUnavailable: It can not; the hint has the command that helps.
        """
        ...
