"""Libraries of plots, as outputs bring them along: masked here and there, they draw nothing."""

from __future__ import annotations

import pytest

from jupyter_agent.screen import Screener

SCREENER = Screener()
PROGRAM = (
    "function a(t,e){return this.x&&(t=e||void 0),t}var b=!1;n.exports=function(){return b};"
    "let r=this.transform;if(!r){return!0}for(const c of r.list)c.draw(this.options);"
)
CODE = (
    'u.currentPass="offscreen";',
    'Pw="function"==typeof t?t:Em(dx);',
    "var Cw=pm;var Pw=C2;var Iw=function(){return 1};",
    "CW=1/Math.PI*180,PW=1/180*Math.PI,",
    "({u_matrix:t,u_ao_pass:r?1:0,u_meter:n}),",
    "this.pass=o}}).disabled=new BC({func:519,mask:0}),",
)
COLOURS = (
    (
        "{aliceblue:15792383,antiquewhite:16444375,aqua:65535,steelblue:4620980,tan:13808780,"
        "teal:32896,thistle:14204888,tomato:16737095}"
    ),
    (
        "sienna:0xa0522d,skyblue:8900331,slateblue:6970061,slategray:7372944,snow:0xfffafa,"
        "springgreen:65407,steelblue:4620980,tan:0xd2b48c,teal:32896,thistle:0xd8bfd8"
    ),
    (
        '{skyblue:"87ceeb",slateblue:"6a5acd",slategray:"708090",slategrey:"708090",'
        'steelblue:"4682b4",tan:"d2b48c",teal:"008080"}'
    ),
    (
        "slategrey:1887473919,snow:4294638335,springgreen:16744447,steelblue:1182971135,"
        "tan:3535047935,teal:8421631,thistle:3636451583,"
    ),
)


@pytest.mark.parametrize("code", CODE)
def test_a_program_without_blanks_is_left_alone(code: str) -> None:
    assert SCREENER.screen(2 * PROGRAM + code + 2 * PROGRAM) == []


@pytest.mark.parametrize("colours", COLOURS)
def test_the_colours_of_a_library_are_no_login_codes(colours: str) -> None:
    assert SCREENER.screen(colours) == []


def test_a_list_of_words_without_blanks_holds_no_password() -> None:
    words = "|".join(f"word{number}a" for number in range(60))
    text = f"user_id|default|deferrable|deflate|defrag|delta|delta32k|{words}"
    assert SCREENER.screen(text) == []


@pytest.mark.parametrize(
    "told", ['password:"{}"', "{{user:'ana',password:'{}'}}", 'n.connect("ana",{{pass:"{}"}})']
)
def test_a_password_in_a_program_without_blanks_is_found(told: str) -> None:
    secret = "gr33n" + "Kettle9x"
    text = 2 * PROGRAM + told.format(secret) + ";" + 2 * PROGRAM
    assert [text[found.start : found.end] for found in SCREENER.screen(text)] == [secret]


def test_data_without_blanks_is_no_program() -> None:
    fields = ",".join(f'"field{number}":"value of {number}"' for number in range(40))
    text = f'{{{fields},"password":"tangerine","more":{{{fields}}}}}'.replace(" ", "_")
    assert [text[found.start : found.end] for found in SCREENER.screen(text)] == ["tangerine"]


@pytest.mark.parametrize(
    ("row", "head"),
    [
        ('{{"user":"u{0}","password":"{1}"}}', "["),
        ("({0},'u{0}','{1}')", "INSERT INTO users (id,name,password) VALUES "),
    ],
)
def test_rows_without_blanks_are_no_program(row: str, head: str) -> None:
    secret = "tanger" + "ine"
    text = head + ",".join(row.format(number, secret) for number in range(40))
    found = SCREENER.screen(text)
    assert [text[each.start : each.end] for each in found] == 40 * [secret]


def test_a_login_code_in_data_without_blanks_is_found() -> None:
    text = "user:12345,otp:482913,amount:200}"
    assert [text[found.start : found.end] for found in SCREENER.screen(text)] == ["482913"]
