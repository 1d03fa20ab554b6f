"""A password is told by its shape and by how closely grammar ties it to its noun."""

from __future__ import annotations

import pytest

from jupyter_agent.screen import Screener, mask
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.lines import mixed_words
from jupyter_agent.screen.looks import BEST, shape
from jupyter_agent.screen.nouns import nouns_in
from jupyter_agent.screen.told import Line


def told(text: str) -> list[str]:
    line = Line(text, 0, len(text))
    words = mixed_words(text, 0, len(text))
    return [text[start:end] for start, end in words if line.tells(start, end)]


def said(text: str) -> list[str]:
    return [text[noun.start : noun.end] for noun in nouns_in(text)]


@pytest.mark.parametrize(
    "value",
    [
        "tangerine",
        "db2",
        "utf-8",
        "gpt-4o-mini",
        "web-01",
        "v2.1.3",
        "INC0048213",
        "16GB",
        "9fceb02",
    ],
)
def test_what_may_be_anything_else_hardly_looks_like_a_password(value: str) -> None:
    assert shape(value) <= 1.0


@pytest.mark.parametrize("value", ["Marig0ld!Tram58", "dune$Grass81", "T1dal#pool"])
def test_letters_with_digits_and_signs_inside_look_like_nothing_else(value: str) -> None:
    assert shape(value) == BEST


def test_a_value_behind_a_mail_address_is_told_where_somebody_is_to_log_in() -> None:
    assert told("creds for the lab -> svc_load@acme.org dune$Gr4ss81") == ["dune$Gr4ss81"]
    assert told("svc_load@acme.org wrote marigold58 on the board") == []


def test_whoever_is_told_to_log_in_in_german_or_norwegian_is_heard() -> None:
    assert told("logg dich als admin mit dune%Gras81 ein") == ["dune%Gras81"]
    assert told("logg inn som admin med dune%Gras81") == ["dune%Gras81"]


def test_a_word_and_a_number_wants_a_link_that_a_better_shape_does_not() -> None:
    assert told("the password of somebody at marigold58 is unknown") == []
    assert told("the password is marigold58") == ["marigold58"]
    assert told("not sure about the password, we have seen dune$Gr4ss81 somewhere") == [
        "dune$Gr4ss81"
    ]


def test_who_is_named_before_a_word_is_not_its_password() -> None:
    assert told("user lantern58x, password marigold58") == ["marigold58"]
    assert told("the password of user lantern58x is gone") == []
    assert told("the password of the user is lantern58x") == ["lantern58x"]


def test_an_old_password_is_told_with_the_new_one() -> None:
    assert told("it's marigold59 now, marigold58 was my password") == ["marigold59", "marigold58"]


def test_a_user_name_is_enough_of_a_tie_where_somebody_logs_in() -> None:
    assert told("log in as ana with dune-Grass81") == ["dune-Grass81"]
    assert told("we met ana with dune-Grass81") == []


@pytest.mark.parametrize(
    "text",
    [
        "the screen locked itself, I got back in with marmot{} again",
        "you get into the wiki with marmot{} until friday",
        "the folder: open with Marmot-{}-rain please",
        "it was marmot-lake_{} that got me onto the cluster",
        "přihlaš se jako host, pak Marmot*{}jez",
        "melde dich als Aushilfe an, dann Marmot#{}see",
        "type Marmot-{}-rain at the prompt",
    ],
)
def test_how_one_gets_in_tells_a_password_without_its_noun(text: str) -> None:
    assert len(told(text.format("57"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "we changed it from Winter{}! to Spring{}! last week",
        "wir haben es von Winter{}! auf Herbst{}! geändert",
        "i switched mine from Otter#Bay{} to Kelp#Bay{}",
    ],
)
def test_what_somebody_has_changed_it_from_and_to_is_told(text: str) -> None:
    assert len(told(text.format("57", "58"))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "got in with python3.11",
        "opens with Excel2016 or LibreOffice7",
        "we changed it from float32 to float64",
        "we changed it from v1beta1 to v1beta2",
        "we changed it from Team-Alpha-2 to Team-Beta-3",
        "opened with Photoshop2023 and it looks fine",
        "the endpoint only accepts UTF-8 and xlsx2007",
        "is sha256 strong enough for my account",
    ],
)
def test_programs_and_their_versions_are_no_passwords_whatever_opens_with_them(text: str) -> None:
    assert told(text) == []


def test_code_is_told_from_talk() -> None:
    assert told("password = load_secret(marigold58x)") == []


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("the wi-fi key is", "key"),
        ("Datenbankpasswort: x", "passwort"),
        ("mein passwrot ist", "passwrot"),
        ("密码是x", "密码"),
        ("wifi şifresi", "şifresi"),
        ("user ana pass hunter22x", "pass"),
    ],
)
def test_a_noun_is_heard_in_many_languages_and_misspelt(text: str, noun: str) -> None:
    assert noun in said(text)


@pytest.mark.parametrize(
    "text", ["resenha: x", "my_password", "cfg.password", "passengers", "PASS"]
)
def test_what_only_contains_a_noun_is_none(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[secret:DB_TOKEN] log in as ana with {} and restart the queue",
        "use [secret:DB_PASSWORD] for the db and the wifi password, tried it twice: {}",
        "the wifi password, tried it twice: {} [secret:github-token]",
        "[secret:A] it refuses {} although I copied the password [secret:B]",
    ],
)
def test_a_password_is_told_beside_a_marker_in_its_line(text: str) -> None:
    value = "gr33n" + "xyz9"
    (finding,) = Screener().screen(text.format(value))
    at = text.index("{}")
    assert (finding.start, finding.end) == (at, at + len(value))


def test_what_stands_beyond_a_marker_ties_no_word_to_a_noun() -> None:
    word = "Tulip" + "#20x"
    assert Screener().screen(f"the password: {word}")
    assert not Screener().screen(f"the password: [secret:A] {word}")
    assert not Screener().screen(f"[secret:WIFI_PASSWORD] is {word}")


def test_what_ends_the_line_before_does_not_name_a_word() -> None:
    said = "Tulip" + "#20x ist seit gestern unser wlan-passwort"
    assert Screener().screen(f"## The image\n{said}")
    assert not Screener().screen(f"the image {said}")


@pytest.mark.parametrize(
    "text",
    [
        "passwords:\n- github: {other}\n- router: {value}\n",
        "passwords:\n- router: {value}\n- github: {other}\n",
        "passwords:\n- sim pin: 4829\n- router: {value}\n",
        "| host | password |\n|---|---|\n| hub | {other} |\n| nas | {value} |\n",
        "| host | password |\n|---|---|\n| nas | {value} |\n| hub | {other} |\n",
        "host,password\n{other},{value}\n",
        "passwords:\n{other}\n{value}\n",
    ],
)
def test_a_list_is_read_to_its_end_whatever_else_stands_in_it(text: str) -> None:
    screener = Screener()
    value = "Tulip" + "-and-8x4"
    for other in (assemble("gh{+}p_{alnum:36}"), "[secret:GITHUB]"):
        filled = text.format(other=other, value=value)
        findings = screener.screen(filled)
        assert value in [filled[finding.start : finding.end] for finding in findings]
        assert screener.screen(mask(filled, findings)) == []


@pytest.mark.parametrize(
    "text",
    [
        "La clé wifi de la box : {}",
        "the wifi key of the router is {}",
        "chiave wifi: {}",
        "la clé de sécurité du wifi est {}",
    ],
)
def test_hexadecimal_digits_are_the_key_of_a_network_where_one_is_told(text: str) -> None:
    for value in ("EA553D719FE0" + "D3D7F397B7D9FE", "ea553d71" + "9fe0"):
        (finding,) = Screener().screen(text.format(value))
        at = text.index("{}")
        assert (finding.start, finding.end) == (at, at + len(value))
    assert not Screener().screen(text.format("EA553D719FE0" + "D3D7F39"))  # no key is as long
    assert not Screener().screen("the wifi password is checked since commit a1b2c3d4")
    assert not Screener().screen("clé de la session de la box : ea553d719fe0")


def test_what_a_password_is_of_is_no_name_of_what_stands_behind_the_colon() -> None:
    value = "kd83hs72" + "ka92"
    assert Screener().screen(f"clé wifi de la box : {value}")
    assert not Screener().screen(f"clé wifi et nom de la box : {value}")
    assert not Screener().screen(f"clé wifi de la box {value}")
    assert Screener().screen(f"clé wifi de la box {'EA553D719FE0' + 'D3D7F397B7D9FE'}")


def test_a_column_of_passwords_is_read_where_blanks_keep_columns_apart() -> None:
    text = (
        "   id      user        pwd  active\n"
        "0   1  j.moreno  kettle40!    True\n"
        "1   2    s.lund  usqnwj06?   False\n"
        "dtype: object, host web-server-01"
    )
    found = [text[finding.start : finding.end] for finding in Screener().screen(text)]
    assert found == ["kettle40!", "usqnwj06?"]
    assert not Screener().screen(text.replace(" pwd", " mac"))


def test_a_star_in_front_belongs_to_a_password_unless_another_one_ends_it() -> None:
    value = "herbst" + "#Pancake9"
    for said, begin in ((f"my password is *{value}", 0), (f"my password is *{value}*", 1)):
        (finding,) = Screener().screen(said)
        at = said.index("*")
        assert (finding.start, finding.end) == (at + begin, at + 1 + len(value))


def test_what_one_is_to_try_instead_is_told_as_well() -> None:
    first, second = "Octopus" + "1975$", "Señorita" + "74$"
    text = f"het wachtwoord van de kassa is {first} en als dat niet werkt probeer {second}"
    found = [text[finding.start : finding.end] for finding in Screener().screen(text)]
    assert found == [first, second]


@pytest.mark.parametrize("sign", ["!", "#", "*", "+", "@"])
@pytest.mark.parametrize("text", ["my password is {}", "password: {}", "mot de passe : {}"])
def test_a_password_may_begin_with_a_sign(text: str, sign: str) -> None:
    value = sign + "Tulip" + "1975"
    (finding,) = Screener().screen(text.format(value))
    at = text.index("{}")
    assert (finding.start, finding.end) == (at, at + len(value))


@pytest.mark.parametrize("sign", "!$@=")
def test_a_password_may_end_with_a_sign(sign: str) -> None:
    value = "Tulip" + "1975" + sign
    text = "my password is {} since monday"
    (finding,) = Screener().screen(text.format(value))
    at = text.index("{}")
    assert (finding.start, finding.end) == (at, at + len(value))


@pytest.mark.parametrize("name", ["@Param2", "&buffer2", "@password1", "*base_value", "+variable+"])
def test_a_name_with_a_sign_before_it_is_a_reference(name: str) -> None:
    assert not Screener().screen(f"password = {name}")
    assert not Screener().screen(f"password: {name}")


def test_a_password_stands_behind_the_name_of_a_network() -> None:
    value = "tulip" + "42x"
    (finding,) = Screener().screen(f"wifi: CafeNet / {value}")
    assert finding.end == len(f"wifi: CafeNet / {value}")
    for text in ("wifi: ath11k: fix mt76x2u", "wifi: 802.11ac / bt5.2", "WLAN: 2.4GHz / 5GHz"):
        assert not Screener().screen(text)


@pytest.mark.parametrize("blanks", ["  ", ","])
def test_a_table_with_a_wide_head_in_a_long_text_is_no_more_work_than_in_a_short_one(
    blanks: str,
) -> None:
    table = blanks.join(["column"] * 40 + ["password", "mail"]) + "\n"
    rows = "".join(blanks.join(["ana", f"Kettle42{n}!", "b"]) + "\n" for n in range(9))
    # Read from the text's beginning each time, these would use up its time.
    Screener().screen("a line of text\n" * 60_000 + (table + rows + "\n") * 60)


@pytest.mark.parametrize(
    "text",
    [
        "the zip is encrypted w/ marmot57lake please extract",
        "got back in w/ marmot57lake again",
        "log in w/ ana / marmot57lake",
    ],
)
def test_with_may_be_written_short(text: str) -> None:
    assert told(text) == ["marmot57lake"]


@pytest.mark.parametrize(
    "text",
    [
        "log me into the moodle: bgarcia22 / {}",
        "sign me in to the wiki, ana.lee / {}",
        "get us into the router - admin / {}",
        "logge mich in moodle ein: bgarcia22 / {}",
        "connecte-moi au moodle : bgarcia22 / {}",
        "conéctame al moodle: bgarcia22 / {}",
    ],
)
def test_who_is_to_be_logged_in_by_somebody_else_tells_a_password_and_its_user(text: str) -> None:
    secret = "marmot57" + "lake"
    line = text.format(secret)

    found = Screener().screen(line)

    assert [line[finding.start : finding.end] for finding in found] == [secret]


@pytest.mark.parametrize(
    "text",
    [
        "for the excel sheet protection I used {} i think",
        "der Blattschutz ist {}",
        "für den Blattschutz habe ich {} genommen",
        "protección de la hoja: {}",
        "the file is write-protected, i used {}",
        "i used {} to protect the sheet",
        "i've locked the pdf with {}",
    ],
)
def test_what_protects_a_sheet_or_a_file_is_told(text: str) -> None:
    assert told(text.format("budget25lock")) == ["budget25lock"]


@pytest.mark.parametrize(
    "text",
    [
        "sheet protection in xlsx2 with SHA512crypt",
        "remove the write-protected flag on sd2card",
        "protect the endpoint with oauth2-proxy",
        "encrypt the zip with 7z22",
        "we used pdf2image to open the pdf",
    ],
)
def test_what_protects_with_a_program_is_not(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "ssh into pi@host.local, it'll prompt you, answer with {} then run htop",
        "when sudo asks, reply with {}",
        "sudo fragt nach, antworte mit {}",
        "ssh pi@host, il te demande, réponds {}",
        "ssh pi@host, te lo pide, responde con {}",
    ],
)
def test_what_is_answered_where_something_asks_for_it_is_told(text: str) -> None:
    assert told(text.format("gr4vel.pit")) == ["gr4vel.pit"]
    assert told(text.format("marmot57lake")) == ["marmot57lake"]


@pytest.mark.parametrize(
    "text",
    [
        "the server answers with marmot57lake",
        "over ssh the server answers with utf8mb4",
        "ssh to gr4vel.pit and run htop",
        "prompt it, answer with i18n.json",
    ],
)
def test_what_nothing_asks_for_is_not(text: str) -> None:
    assert told(text) == []
