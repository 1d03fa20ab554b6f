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


@pytest.mark.parametrize(
    "text",
    [
        "Use {} to authorise your payment of EUR 249.00 to the shop.",
        "To authorise your payment of EUR 249.00 use {}.",
        "Use {} to log in. Do not share it.",
        "Nutzen Sie {}, um Ihre Zahlung von 249,00 EUR freizugeben.",
        "Mit {} geben Sie die Zahlung über 249,00 EUR frei.",
        "Utilisez {} pour valider votre paiement de 249,00 EUR.",
        "Usa {} para autorizar tu compra de 249,00 EUR.",
        "Usa {} per autorizzare il pagamento di 249,00 EUR.",
        "Gebruik {} om uw betaling van EUR 249,00 te bevestigen.",
        "Utilize {} para validar o pagamento",
    ],
)
def test_a_number_to_approve_a_payment_or_to_log_in_with_is_a_code(text: str) -> None:
    assert found(text.format("640182")) == ["640182"]


@pytest.mark.parametrize(
    "text",
    [
        "we used 482913 samples to verify the payment model",
        "use 482913 as the seed to verify the account model",
        "Use 640182 rows to confirm your payment hypothesis",
        "use 8080 to log in to the dashboard",
        "use 640182 to authorize bigger batches",
        "to authorize the payment of 640182 EUR ask ana",
    ],
)
def test_a_number_that_is_used_for_something_else_is_no_code(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "My apple id verification thing popped up on the mac: {}. typed it",
        "the login code on my phone says {}",
        "otp {}",
        "the code is {}",
    ],
)
def test_six_digits_one_by_one_are_a_code_where_that_is_said(text: str) -> None:
    assert found(text.format("3 7 0 9 2 6")) == ["3 7 0 9 2 6"]


@pytest.mark.parametrize(
    "text",
    [
        "verification levels: 1 2 3 4 5 6",
        "verification matrix: 0 1 0 1 1 0",
        "verification loss: 3 7 0 9 2 6 8",
        "verification folds 3 7 0 9 2 6 were used",
        "login attempts of the code 3 7 0 9 2 60",
    ],
)
def test_other_digits_one_by_one_are_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "just got the text, it's {}. continue with the login",
        "text just arrived, it says {}",
        "got the message, it's {}",
    ],
)
def test_what_a_message_that_came_says_is_a_code(text: str) -> None:
    assert found(text.format("91-44-07")) == ["91-44-07"]
    assert found(text.format("914407")) == ["914407"]


@pytest.mark.parametrize(
    "text",
    [
        "We had 3 wrong PIN attempts on terminal 4471 at 14:32",
        "falsche PIN am Terminal 4471",
        "wrong PIN at ATM 4471",
        "pin incorrecto en el cajero 4471",
    ],
)
def test_the_number_of_a_device_is_no_pin(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text", ["pin for the terminal: 4471", "the pin of the ATM 4471", "pin bancomat 4471"]
)
def test_the_pin_of_a_device_is_one(text: str) -> None:
    assert found(text) == ["4471"]
