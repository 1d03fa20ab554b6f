"""Pages whose policy limits frames may frame desktops, and nothing else that is new."""

from __future__ import annotations

import pytest

from jupyter_agent.server.desktop.policy import LOCAL, let_frame, with_frames

HERE = "http://127.0.0.1:*"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("frame-ancestors 'self'", "frame-ancestors 'self'"),
        ("frame-src 'self'", f"frame-src 'self' {HERE}"),
        ("frame-src 'none'; img-src *", f"img-src *; frame-src {HERE}"),
        ("default-src 'self'", f"default-src 'self'; frame-src 'self' {HERE}"),
        ("child-src a.example", f"child-src a.example; frame-src a.example {HERE}"),
        (f"frame-src {HERE}", f"frame-src {HERE}"),
        ("FRAME-SRC 'self'; frame-src *", f"frame-src 'self' {HERE}"),
    ],
)
def test_only_what_limits_frames_is_added_to(policy: str, expected: str) -> None:
    assert with_frames(policy, LOCAL) == expected


def test_a_server_without_a_policy_of_its_own_keeps_jupyters() -> None:
    settings: dict[str, object] = {"headers": {"X-Other": "1"}}
    let_frame(settings, LOCAL)
    assert settings == {"headers": {"X-Other": "1"}}
