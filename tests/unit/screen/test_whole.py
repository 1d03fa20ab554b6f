"""A token of which a rule knows the shape of a part only is masked from end to end."""

from __future__ import annotations

import pytest

from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble

SCREENER = Screener()


@pytest.mark.parametrize(
    ("before", "token", "behind"),
    [
        ('onesignal_rest_api_key = "', "os_v2_app_{lowernum:100}", '"'),
        ("infobip_api_key=", "{hex:32}-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}", "\nDEBUG=1"),
        ("pastebin_dev_key = '", "RULnoXd{digit:1}j_JuzzSk{digit:1}ELq{digit:1}xe-1CEKrZsU", "'"),
        ('intercomToken = "', "dG{digit:1}r{alnum:28}/{alnum:22}=", '"'),
        ("baremetrics KEY: ", "lk_{alnum:22}", ", please"),
        ("webex_bot_token: ", "{alnum:44}Q-{alnum:18}_P0A1_{hex:8}", ""),
    ],
)
def test_what_goes_on_without_a_gap_is_part_of_the_token(
    before: str, token: str, behind: str
) -> None:
    value = assemble(token, 3)
    [finding] = SCREENER.screen(before + value + behind)
    assert (finding.start, finding.end) == (len(before), len(before) + len(value))


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("datadog_api_key_", " is its name"),
        ("mistral_key=", "/chat/completions"),
        ("mistral key ", ". Then restart"),
        ("mistral key ", "&user=ana"),
    ],
)
def test_a_name_a_path_and_a_sentence_are_no_part_of_it(before: str, behind: str) -> None:
    value = assemble("{alnum:32}", 5)
    [finding] = SCREENER.screen(before + value + behind)
    assert (finding.start, finding.end) == (len(before), len(before) + len(value))


def test_a_word_in_the_line_below_is_no_part_of_a_token_that_is_whole() -> None:
    # (The rule of another vendor, whose tokens begin alike and are longer, looks there.)
    value = assemble("sk{+}_live_{alnum:24}", 3)
    for line_end in ("\n", " \n", "\r\n"):
        text = f"careful!! {value}{line_end}list the charges over 500"
        [finding] = SCREENER.screen(text)
        assert (finding.start, finding.end) == (10, 10 + len(value))


def test_a_token_of_that_vendor_is_masked_with_what_was_wrapped_of_it() -> None:
    value = assemble("sk{+}_live_{alnum:24}", 3)
    rest = assemble("{alnum:20}", 4)
    [finding] = SCREENER.screen(f"{value}\n{rest}\n")
    assert (finding.start, finding.end) == (0, len(value) + 1 + len(rest))


@pytest.mark.parametrize("width", [20, 37, 60, 76, 100])
@pytest.mark.parametrize(
    ("before", "between", "behind"),
    [
        ("it was wrapped:\n", "\n", "\nso call /me with it"),
        ("> Authorization: Bearer ", "\n> ", "\n"),
        ("jwt: ", "\r\n  ", ""),
    ],
)
def test_a_json_web_token_is_masked_whole_wherever_it_was_wrapped(
    width: int, before: str, between: str, behind: str
) -> None:
    token = assemble("{jwt:43}", 7)
    lines = between.join(token[at : at + width] for at in range(0, len(token), width))
    text = before + lines + behind
    assert lines in [text[found.start : found.end] for found in SCREENER.screen(text)]


@pytest.mark.parametrize("picture", ["\U0001f605", "\u2728", "\u2764\ufe0f"])
def test_a_picture_behind_a_password_is_no_part_of_it(picture: str) -> None:
    secret = "r00tbeer" + "Float"
    line = f"the root passwd: {secret}{picture}"
    assert [line[found.start : found.end] for found in SCREENER.screen(line)] == [secret]


@pytest.mark.parametrize(
    "text",
    ["a jelszó mostantól {} mert a régit letiltották", "the new password from now on {}, ok?"],
)
def test_a_plus_at_the_end_of_a_told_password_is_part_of_it(text: str) -> None:
    secret = "Paprikas" + "504+"
    line = text.format(secret)
    assert [line[found.start : found.end] for found in SCREENER.screen(line)] == [secret]


@pytest.mark.parametrize(
    ("before", "rest", "behind"),
    [
        ("set it in the settings of the container: MEILISEARCH_API_KEY=", 26, "\nand restart"),
        ("set it in the settings of the container: MEILISEARCH_API_KEY=", 26, ""),
        ("set it in the settings of the container: MEILISEARCH_API_KEY=", 9, "\n"),
    ],
)
def test_a_key_that_only_its_name_gives_away_is_masked_with_what_was_wrapped_of_it(
    before: str, rest: int, behind: str
) -> None:
    value = assemble("{hex:64}", 6)
    text = f"{before}{value[:-rest]}\n{value[-rest:]}{behind}"
    [finding] = SCREENER.screen(text)
    assert (finding.start, finding.end) == (len(before), len(before) + len(value) + 1)


@pytest.mark.parametrize(
    "below", ["python3 says", "DEADBEEF9=x", "deadbeef9: x", "restart it", "- deadbeef9"]
)
def test_a_line_below_a_long_key_is_no_part_of_it_unless_it_looks_like_its_rest(below: str) -> None:
    before = "set it in the settings of the container: MEILISEARCH_API_KEY="
    value = assemble("{hex:64}", 6)
    [finding] = SCREENER.screen(f"{before}{value}\n{below}\n")
    assert (finding.start, finding.end) == (len(before), len(before) + len(value))
