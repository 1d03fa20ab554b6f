"""The session of a guarded client: what it sends is asked about first.

Every message of a client leaves through its session, whether by a method of the client, by a
channel's ``send``, or by somebody who takes a channel's socket and sends there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from jupyter_client.session import Message

from jupyter_agent.server.messages import UnreadableMessage

Json = dict[str, Any]
SendOn = Callable[[Json], Any]
"""Sends the same message, or another one in its place, and returns what ``Session.send`` does."""
Leaving = Callable[[Any, Json, Sequence[Any], SendOn], Any]
"""Socket, message, buffers, and how it is sent. Calls that now, later or never; returns what it
returned, if it was now."""
Heard = Callable[[Json, Json], None]
"""The parent header and the content of an ``input_request`` of the kernel."""

Said = Callable[[list[Any]], list[Any] | None]
"""A message's parts in; others out, or None where they stay as they are."""

_MARK: Final = "jupyter_agent_leaving"
_PARTS: Final = ("header", "parent_header", "metadata", "content")


def screened(session: Any, leaving: Leaving, heard: Heard, said: Said) -> Any:
    """A copy of a ``jupyter_client`` session that asks before it sends.

    A copy, because whoever gave us the session may send something else with it.

    Args:
        session: The session.
        leaving: What is asked.
        heard: Told when the kernel asks for input; only then is it known what an answer is.
        said: Gives what the kernel says as it may be read here.
    """
    if getattr(session, _MARK, None) == leaving:
        return session
    own = session.clone()
    _ask_before_sending(own, leaving)
    _listen(own, heard, said)
    setattr(own, _MARK, leaving)
    return own


def kept(message: Json) -> Json:
    """The message as it is now: while it waits, who sent it may fill its dicts for the next one."""
    return {name: _copy(part) if name in _PARTS else part for name, part in message.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(each) for each in value]
    return value


def _ask_before_sending(own: Any, leaving: Leaving) -> None:
    send, send_raw = own.send, own.send_raw

    def asking_send(  # noqa: PLR0913, PLR0917  (the signature of Session.send)
        stream: Any,
        msg_or_type: Any,
        content: Json | None = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Sequence[Any] | None = None,
        track: bool = False,  # noqa: FBT001, FBT002
        header: Json | None = None,
        metadata: Json | None = None,
    ) -> Any:
        if isinstance(msg_or_type, Message | dict):
            message: Any = msg_or_type
        else:
            message = own.msg(
                msg_or_type, content=content, parent=parent, header=header, metadata=metadata
            )
        buffers = buffers or message.get("buffers", [])
        if isinstance(message, dict):
            message = kept(message)

        def send_on(onward: Json) -> Any:
            # What was stopped goes on without them.
            beside = buffers if onward is message else []
            return send(stream, onward, ident=ident, buffers=beside, track=track)

        sent = leaving(stream, message, buffers, send_on)
        return message if sent is None else sent

    def asking_send_raw(
        stream: Any,
        msg_list: list[Any],
        flags: int = 0,
        copy: bool = True,  # noqa: FBT001, FBT002
        ident: Any = None,
    ) -> None:
        message, msg_list = _read(own, msg_list), [*msg_list]

        def send_on(onward: Json) -> None:
            if onward is message:
                send_raw(stream, msg_list, flags, copy=copy, ident=ident)
            else:
                send(stream, onward, ident=ident)

        leaving(stream, message, msg_list[len(_PARTS) :], send_on)

    own.send, own.send_raw = asking_send, asking_send_raw


def _listen(own: Any, heard: Heard, said: Said) -> None:
    feed_identities = own.feed_identities

    def listening_feed_identities(*args: Any, **kwargs: Any) -> Any:
        # However a channel is read, every message goes through here.
        identities, parts = feed_identities(*args, **kwargs)
        if len(parts) > len(_PARTS) and b'"input_request"' in bytes(parts[1]):
            asked = _read(own, parts[1:])  # the signature comes first
            heard(asked["parent_header"], asked["content"])
        onward = said(parts[1:])
        if onward is not None:
            # Signed anew, or this client would refuse it.
            parts = [own.sign(onward[: len(_PARTS)]), *onward]
        return identities, parts

    own.feed_identities = listening_feed_identities


def _read(session: Any, parts: list[Any]) -> Json:
    try:
        return {
            name: session.unpack(bytes(part)) for name, part in zip(_PARTS, parts, strict=False)
        }
    except Exception:  # noqa: BLE001  (a cause could quote the message)
        raise UnreadableMessage from None
