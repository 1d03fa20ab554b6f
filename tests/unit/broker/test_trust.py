"""Whom egress believes, where several brokers are told."""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path

import pytest
from certificates import Authority

from jupyter_agent.broker import trust as rooms
from jupyter_agent.broker.trust import Trust
from jupyter_agent.egress.upstream import believe


def believes(context: ssl.SSLContext, authority: Authority) -> bool:
    der = ssl.PEM_cert_to_DER_cert(authority.pem)
    return der in context.get_ca_certs(binary_form=True)


async def test_who_is_believed_no_longer_in_one_broker_is_not_in_another_one(
    tmp_path: Path,
) -> None:
    authority, one, other = Authority(), Trust(tmp_path), Trust(tmp_path)
    await one.name(authority.pem)
    assert believes(await one.context("http/1.1"), authority)
    assert believes(await other.context("http/1.1"), authority)
    await one.name(None)
    assert not believes(await other.context("http/1.1"), authority)


async def test_who_is_taken_out_while_they_are_being_read_is_not_believed_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, trust = Authority(), Trust(tmp_path)
    await trust.name(authority.pem)
    reading, go_on = threading.Event(), threading.Event()

    def slowly(named: bytes | None, alpn: str) -> ssl.SSLContext:
        reading.set()
        go_on.wait(30)
        return believe(named, alpn)

    monkeypatch.setattr(rooms, "believe", slowly)
    first = asyncio.ensure_future(trust.context("http/1.1"))
    await asyncio.to_thread(reading.wait, 30)
    await trust.name(None)
    go_on.set()
    await first
    assert not believes(await trust.context("http/1.1"), authority)
