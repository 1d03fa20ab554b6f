"""Which questions of an agent are put to a person, and as what."""

from __future__ import annotations

import pytest

from jupyter_agent.chat.acp_forms import questions
from jupyter_agent.chat.plain import plain, seen
from jupyter_agent.errors import SecretBlocked


def form(title: str) -> dict:
    return {"properties": {"x": {"type": "string", "title": title}}}


@pytest.mark.parametrize(
    "title",
    [
        "Your password",
        "pass\u200bword",
        "p\u00adassword",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
        "Dein Passwort",
        "Ihr Kennwort",
        "Tu contraseña",
        "Votre mot de passe",
        "Sua senha",
        "Hasło",
        "Пароль",
        "密码",
        "パスワードを入力",
        "비밀번호",
        "apiKey",
        "API\u2060Key",
    ],
)
def test_a_form_that_wants_a_secret_is_not_put_however_it_is_written(title):
    for message, asked in (("Hello", form(title)), (title, form("Which branch?"))):
        with pytest.raises(SecretBlocked):
            questions(message, asked)


@pytest.mark.parametrize(
    "title", ["Which branch?", "Welche Farbe?", "Nom du projet", "名前", "Una parola"]
)
def test_a_form_that_wants_none_is_put(title):
    (question,) = questions("Hello", form(title))
    assert question.prompt.startswith(title)


def test_what_is_put_steers_no_terminal():
    (question,) = questions("Hello", form("Go\x1b[2Jon\u202e?"))
    assert question.prompt.startswith("Go\ufffd[2Jon\ufffd?")
    assert plain("a\r\nb\tc\x07\x9b1m") == "a\nb\tc\ufffd\ufffd1m"
    assert plain("caf\u00e9 \U0001f469\u200d\U0001f4bb") == "caf\u00e9 \U0001f469\u200d\U0001f4bb"
    assert seen("a\u200bb") == "ab"
