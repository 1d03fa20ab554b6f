"""What a signed request says of itself, and whether that may be said. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

import h11

from jupyter_agent.egress.aws.endpoints import table
from jupyter_agent.egress.aws.sigv4 import Authorization, read_authorization
from jupyter_agent.egress.place import Header
from jupyter_agent.errors import EgressRefused

_HASH: Final = re.compile(rb"[0-9a-f]{64}")
_SHORT: Final = 64 * 1024
_SIGN_AGAIN: Final = "Use the client as AWS's library makes it."


def refused(rule: str, message: str, hint: str) -> EgressRefused:
    """A refusal, with the rule that it rests on."""
    return EgressRefused(message, hint, data={"rule": rule})


def authorization_of(request: h11.Request, headers: Sequence[Header]) -> Authorization:
    """The one signature of a request.

    Raises:
        EgressRefused: It has none, or several, or one of another kind.
    """
    query = request.target.partition(b"?")[2].lower()
    if re.search(rb"(?:^|&)(?:x-amz-(?:algorithm|credential|signature)|signature)=", query):
        raise refused(
            "presigned",
            "An address that is signed in advance can't be made with a placeholder.",
            "Make it with a command: %%agent_run -s AWS_SECRET_ACCESS_KEY",
        )
    found = [text for name, text in headers if name == b"authorization"]
    if len(found) != 1:
        raise refused(
            "signature",
            "The request is not signed, or twice.",
            "Take the variables as they were set, and no 'unsigned' configuration.",
        )
    if found[0].startswith(b"AWS4-ECDSA-P256-SHA256"):
        raise refused(
            "algorithm",
            "Signatures for several regions at once (SigV4A) can't be made here.",
            "Use a client of one region.",
        )
    if found[0].startswith(b"AWS "):
        raise refused(
            "algorithm",
            "Signatures of the old kind (version 2) are not made here.",
            "Config(signature_version='s3v4')",
        )
    authorization = read_authorization(found[0])
    if authorization is None:
        raise refused("signature", "The request has no signature of AWS's kind.", _SIGN_AGAIN)
    return authorization


def signed_headers(headers: Sequence[Header], authorization: Authorization) -> bytes:
    """Return the date of a request in which everything is signed that AWS gives a meaning to.

    Raises:
        EgressRefused: Something is not signed, or stands there twice.
    """
    names = [name for name, _ in headers]
    signed = authorization.signed
    if len(set(signed)) != len(signed) or not set(signed) <= set(names):
        raise refused("headers", "A header that is signed is not there.", _SIGN_AGAIN)
    # What is not signed could be put there by anybody behind the library.
    meant = {name for name in names if name.startswith(b"x-amz-")} | {b"host", b"x-amz-date"}
    if not meant <= set(signed):
        raise refused("headers", "A header of AWS's own is not signed.", _SIGN_AGAIN)
    if any(names.count(name) > 1 for name in (b"x-amz-date", b"x-amz-content-sha256")):
        raise refused("headers", "A header of AWS's own stands there twice.", _SIGN_AGAIN)
    return next(text for name, text in headers if name == b"x-amz-date")


def payload_of(headers: Sequence[Header]) -> bytes | None:
    """What a request says of its body; None where only the body itself can say it.

    Raises:
        EgressRefused: Its body is signed piece by piece, or in a way that nobody knows.
    """
    said = _first(headers, b"x-amz-content-sha256")
    if said is None or _HASH.fullmatch(said):
        return said
    if said in (b"UNSIGNED-PAYLOAD", b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"):
        return said
    raise refused(
        "body",
        "A body that is signed piece by piece can't be signed anew.",
        "Switch chunked encoding off (Java: chunkedEncodingEnabled(false)), or payload signing.",
    )


def is_short(headers: Sequence[Header]) -> bool:
    """Whether a body is so short that it can be looked at before anything of it goes out."""
    length = _first(headers, b"content-length")
    return length is not None and int(length) <= _SHORT


def line_of(request: h11.Request, headers: Sequence[Header]) -> str:
    """``METHOD PATH TARGET``, by which services with several hosts are told apart."""
    path = request.target.partition(b"?")[0]
    action = _first(headers, b"x-amz-target") or b""
    return b" ".join((request.method, path, action)).decode("ascii", "replace")


def may_hand_out(service: str) -> bool:
    """Whether a service has operations that hand new credentials to the caller."""
    return service in table().handing


def check_hands_out_nothing(
    request: h11.Request, headers: Sequence[Header], service: str, held: Sequence[bytes] | None
) -> None:
    """Return if a request is none that would be answered with new credentials.

    A caller that got some would not need the placeholder any more, on any machine.

    Raises:
        EgressRefused: It is, or does not say what it is.
    """
    handing = table().handing.get(service)
    if handing is None:
        return
    body = b"".join(held or ())
    fields = parse_qsl(request.target.partition(b"?")[2].decode("latin-1"), keep_blank_values=True)
    fields += parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=10_000)
    actions = {text for name, text in fields if name == "Action"}
    action = _first(headers, b"x-amz-target")
    if action is not None:
        actions.add(action.decode("latin-1").rpartition(".")[2])
    if not actions or actions & handing:
        raise refused(
            "credentials",
            "That would hand new credentials of AWS to this program.",
            "Let a command do it: %%agent_run -s AWS_SECRET_ACCESS_KEY, "
            "or save what it gives with: jupyter agent secret set",
        )


def _first(headers: Sequence[Header], wanted: bytes) -> bytes | None:
    return next((text for name, text in headers if name == wanted), None)
