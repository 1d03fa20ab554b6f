"""Codes in any order of words: what a number's line says about it."""

from __future__ import annotations

import pytest

from jupyter_agent.screen import Screener

SCREENER = Screener()


def found(text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in SCREENER.screen(text)]


@pytest.mark.parametrize(
    "text",
    [
        "the clinic's verification code would be 482913",
        "482913, that would be the verification code of the clinic",
        "type the 482913 which my otp app draws",
        "482-913 <- otp",
    ],
)
def test_a_code_is_found_before_its_word_and_behind_it(text: str) -> None:
    assert found(text) in (["482913"], ["482-913"])


@pytest.mark.parametrize(
    "text",
    [
        "otp is on\n482913",
        "482913\nis what the verification code page counts",
        "[secret:OTP] 482913",
        "482913 [secret:LOGIN_CODE]",
        "footprint: 482913",
    ],
)
def test_a_word_of_another_line_in_a_marker_or_inside_a_word_says_nothing(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("distance", range(85, 125))
def test_a_number_at_the_end_of_what_is_looked_at_is_found_whole_or_not_at_all(
    distance: int,
) -> None:
    text = "my otp: " + "o" * (distance - 9) + " 482913"

    assert found(text) in (["482913"], [])


def test_two_codes_and_another_number_in_one_line_are_told_apart() -> None:
    text = "sim pin 4417, puk 51730928, and the order number is 482913"

    assert found(text) == ["4417", "51730928"]


def test_a_log_with_a_number_in_each_line_is_screened_in_its_time() -> None:
    log = "".join(
        f"10:04:05 sms gateway: sent {number} messages\n" for number in range(4_000, 9_000)
    )

    assert found(log) == []


def test_a_word_that_stands_before_a_wide_character_counts_as_well() -> None:
    assert found("🙂🙂🙂 das ist der Bestätigungscode 🙂: 482913 🙂") == ["482913"]


@pytest.mark.parametrize(
    "text", ["{}", "{} ", "{}   ", "{}  \nthanks", "{}\r\nthanks", "{} \t\r\n"]
)
@pytest.mark.parametrize(
    "said", ["the login code is 482913", "cassaforte 482913", "pin kartice 4829"]
)
def test_blanks_at_a_line_s_end_part_no_columns(text: str, said: str) -> None:
    assert found(text.format(said)) == [said.rsplit(" ", 1)[1]]


def test_a_marker_that_reaches_out_of_what_is_looked_at_still_says_nothing() -> None:
    far = " and" * 19
    assert found(f"[secret:board-gpio]{far}my pin 4829") == ["4829"]
    assert found(f"my pin is 4829{far}[secret:gpio-of-the-board]") == ["4829"]
    assert found(f"my pin is 4829{far} gpio") == []


@pytest.mark.parametrize(
    "text", ["图code from the mail: 482913", "图kod do sejfu: 482913", "图код з смс 482913"]
)
def test_a_word_glued_to_another_script_is_a_word(text: str) -> None:
    assert found(text) == ["482913"]


def test_a_greek_word_counts_with_either_sigma_at_its_end() -> None:
    assert found("κωδικόσ είναι 482913") == ["482913"]


def test_codes_in_a_numbered_line_are_all_found() -> None:
    text = "google backup codes: 1. 2708 4{0}  2. 7527 2{0}  3. 7619 5{0} -- used nr 1".format(
        "305"
    )
    found = [text[finding.start : finding.end] for finding in Screener().screen(text)]
    assert found == ["2708 4305", "7527 2305", "7619 5305"]


@pytest.mark.parametrize(
    "text",
    [
        "Die PIN vom Diensthandy ist 907133, falls du es brauchst",
        "the PIN on the spare phone is 907133",
        "Der Türcode fürs Labor im dritten Stock ist seit heute 4418",
        "le code du portail derrière la maison est depuis hier 4418",
    ],
)
def test_a_code_is_told_from_what_it_opens_and_since_when(text: str) -> None:
    assert found(text) in (["907133"], ["4418"])


@pytest.mark.parametrize(
    "text",
    [
        "chart number 0098213, please check the pump's alarm code E07",
        "lot number 4418231 needs the security code of conduct",
        "pump 09821 shows the alarm code E07",
    ],
)
def test_a_word_with_a_number_of_its_own_says_nothing_of_another(text: str) -> None:
    assert found(text) == []
