"""What is kept of a run for the next one: its scrubber, as long as the values are the same."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from vaults import folders_in

from jupyter_agent.broker.opened import OpenedValues
from jupyter_agent.broker.safe import Safe
from jupyter_agent.scrub import Scrubber

OLD, NEW = b"marmalade-bicycle-7431", b"lighthouse-quarry-0926"


@pytest.fixture
def opened(tmp_path: Path) -> OpenedValues:
    return OpenedValues(Safe(folders_in(tmp_path)))


def scrubbed(scrubber: Scrubber, text: bytes) -> bytes:
    stream = scrubber.sibling()
    return stream.feed(text) + stream.finish()


def test_it_serves_every_run_with_the_same_values_and_no_stream_sees_another(opened):
    first = opened.scrubber({"A_KEY": OLD})
    assert opened.scrubber({"A_KEY": OLD}) is first
    begun = first.sibling()
    begun.feed(OLD[:9])
    assert scrubbed(first, OLD[9:]) == OLD[9:]  # a half of another stream makes no whole here
    assert scrubbed(first, base64.b64encode(OLD)).startswith(b"[secret:A_KEY]")


def test_a_value_that_was_replaced_elsewhere_is_looked_for_at_once(opened):
    before = opened.scrubber({"A_KEY": OLD})
    after = opened.scrubber({"A_KEY": NEW})
    assert after is not before
    assert scrubbed(after, NEW) == b"[secret:A_KEY]"
    assert scrubbed(after, OLD) == OLD


def test_another_set_or_order_of_labels_has_its_own(opened):
    both = opened.scrubber({"A_KEY": OLD, "B_KEY": NEW})
    turned = opened.scrubber({"B_KEY": OLD, "A_KEY": NEW})
    assert scrubbed(both, OLD + b" " + NEW) == b"[secret:A_KEY] [secret:B_KEY]"
    assert scrubbed(turned, OLD + b" " + NEW) == b"[secret:B_KEY] [secret:A_KEY]"


def test_nothing_is_kept_once_the_vault_was_locked_or_written_to(opened):
    kept = opened.scrubber({"A_KEY": OLD})
    opened.changed()
    again = opened.scrubber({"A_KEY": OLD})
    assert again is not kept
    opened.forget()
    assert opened.scrubber({"A_KEY": OLD}) is not again


def test_only_so_many_are_kept(opened):
    first = opened.scrubber({"A_KEY": OLD})
    for number in range(16):
        opened.scrubber({f"KEY_{number}": NEW})
    assert opened.scrubber({"A_KEY": OLD}) is not first
