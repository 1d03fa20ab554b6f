"""The long-running filter speaks git's protocol, and stops at anything else."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.cli.screening.filter_process import FilterProcess
from jupyter_agent.errors import AgentError, RequestInvalid, ScreenTimeout


def packet(data: bytes) -> bytes:
    return b"%04x" % (len(data) + 4) + data


def lines(*words: bytes) -> bytes:
    return b"".join(packet(word + b"\n") for word in words) + b"0000"


HELLO = lines(b"git-filter-client", b"version=2") + lines(b"capability=clean", b"capability=delay")
WELCOME = lines(b"git-filter-server", b"version=2") + lines(
    b"capability=clean", b"capability=smudge"
)


def served(said: bytes, clean=lambda raw, _path: raw.upper()) -> tuple[bytes, list[AgentError]]:
    sink, errors = io.BytesIO(), []
    FilterProcess(io.BytesIO(said), sink, clean, errors.append).serve()
    return sink.getvalue(), errors


def asked(command: bytes, content: bytes) -> bytes:
    pieces = [content[at : at + 1000] for at in range(0, len(content), 1000)]
    return lines(command, b"pathname=a.ipynb") + b"".join(map(packet, pieces)) + b"0000"


@given(st.lists(st.binary(max_size=5_000), max_size=3))
@settings(max_examples=40, deadline=None)
def test_each_file_comes_back_filtered_and_git_may_hang_up_between_two(files):
    said = HELLO + b"".join(asked(b"command=clean", content) for content in files)

    heard, errors = served(said)

    expected = b"".join(
        lines(b"status=success") + (packet(content.upper()) if content else b"") + b"00000000"
        for content in files
    )
    assert (heard, errors) == (WELCOME + expected, [])


def test_a_large_file_is_cut_into_packets_that_git_takes():
    content = b"x" * 200_000

    heard, _ = served(HELLO + asked(b"command=smudge", content), clean=lambda _raw, _path: b"")

    at, sizes, whole = len(WELCOME) + len(lines(b"status=success")), [], b""
    while (size := int(heard[at : at + 4], 16)) > 4:
        sizes.append(size)
        whole += heard[at + 4 : at + size]
        at += size
    assert (whole, max(sizes) <= 65_520) == (content, True)


def test_a_file_that_can_not_be_screened_is_an_error_and_the_next_one_is_not():
    def clean(raw: bytes, _path: str) -> bytes:
        if raw == b"slow":
            raise ScreenTimeout("late")
        return raw

    said = HELLO + asked(b"command=clean", b"slow") + asked(b"command=clean", b"fine")
    heard, errors = served(said, clean)

    assert heard == (
        WELCOME + lines(b"status=error") + lines(b"status=success") + packet(b"fine") + b"00000000"
    )
    assert [type(error) for error in errors] == [ScreenTimeout]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"hello, this is no git",
        lines(b"git-filter-client", b"version=7"),
        HELLO + lines(b"command=list_available_blobs") + b"0000",
        HELLO + lines(b"command=clean") + b"0003",
        HELLO + lines(b"command=clean") + b"ffffcut",
        HELLO + lines(b"command=clean") + b"zzzz",
        HELLO + lines(b"command=clean"),
    ],
)
def test_anything_else_is_refused(said):
    with pytest.raises(RequestInvalid):
        served(said)
