"""Passwords that somebody has corrected or changed in the same line."""

from __future__ import annotations

import pytest

from jupyter_agent.screen import Screener


@pytest.mark.parametrize(
    "text",
    [
        "nicht {}, sondern {}, das Passwort fängt groß an",
        "Ik had {} getypt maar het moet {} zijn, dan klopt het wachtwoord",
    ],
)
def test_of_two_spellings_of_a_password_both_are_found(text: str) -> None:
    wrong, right = "brezel" + "77", "Brezel" + "77"
    filled = text.format(wrong, right)
    found = [filled[finding.start : finding.end] for finding in Screener().screen(filled)]
    assert found == [wrong, right]
    other = text.format("station2024", "Station2024")
    assert not Screener().screen(
        other.replace("Passwort", "Datum").replace("wachtwoord", "verhaal")
    )


def test_what_something_was_set_to_is_a_password_where_somebody_logs_in_only() -> None:
    value = "Welcome-Autumn" + "-9"
    assert Screener().screen(
        f"they reset my SSO and set it to {value}, so they set it to {value}, log in"
    )
    assert not Screener().screen(f"the branch was old, so they set it to {value} for now")
