"""The words that filters know."""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STAND_INS: Final = _words(
    """your yours insert replace placeholder changeme change example examples sample dummy fake
    redacted todo fixme foobar enter paste here put fill removed hidden masked censored secretkey
    mytoken mykey mysecret yourtoken yourkey yourpassword yourapikey xxx xxxx xxxxx xxxxxx
    placeholdertoken notreal invalid undefined
    cambiar cambiame cambiala changez changer troque alterar aendern eintragen einsetzen ersetzen
    remplacer remplacez reemplazar reemplaza sustituir substituir vervang invullen wijzig zmien
    wpisz tutaj podmien ejemplo beispiel exemple exemplo esempio voorbeeld przyklad"""
)
"""One of these among the words of a value makes it an instruction to the reader."""

PUBLISHED: Final = (
    "4eC39HqLyjWDarjtT1zdp7dc",  # Stripe's documentation
    "BQokikJOvBiI2HlWgH4olfQ2",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",  # Azure's storage emulator
)
"""Parts of values that a vendor's own pages print for everybody to try."""

DEFAULTS: Final = _words(
    """password passwd passwort passphrase pass pwd secret secrets token key apikey api_key admin
    root user username guest test tests testing postgres mysql redis default none null nil true
    false empty string str text bytes int bool any object optional required missing incorrect
    wrong correct expired needed unknown unset not-set n/a value values foo bar baz foobar hello
    world abc abc123 xyz demo mock stub local localhost name email input prompt getpass yes no on
    off hunter basic bearer token123 mypassword mypass mypwd mysecret mytoken secret123
    password123 test123 user123 pass123 admin123 1234 12345 123456 abcd encrypted hashed hash md5
    sha1 sha-1 sha256 sha-256 sha512 sha-512 scram-sha-1 scram-sha-256 scram-sha-512 bcrypt
    argon2 argon2id pbkdf2 incomplete changeit pa$$word self this args kwargs config settings
    environ env anonymous"""
)
"""Documentation's favourite "passwords": as whole values they are words, not secrets."""

ABROAD: Final = _words(
    """passwort kennwort wachtwoord motdepasse passe mdp contraseña contrasena contrasenya clave
    claves senha senhas parola parole parolă parol şifre sifre şifresi sifresi hasło haslo hasła
    hasla heslo hesla jelszó jelszo lösenord losenord lösenordet passord passordet adgangskode
    kodeord salasana salasanasi parool lozinka geslo sandi khau khẩu sifreniz şifreniz geheim
    geheimnis secreto segreto пароль пароля 密码 密碼 口令
    パスワード 비밀번호 비번"""
)
"""How other languages say "password": as a whole value a word, like those of ``DEFAULTS``."""

ABROAD_WITH: Final = _words(
    """mot mots de du des da do la le el il o a ton ta votre vos mon ma tu tus su mi sua seu teu tua
    minha meu dein deine mein meine ihr ihre das uw jouw je mijn het twoje twoj moje moj vase
    vaše tvoje ditt mitt din min sinun kata mat mật root user admin usuario usuário utilisateur
    benutzer db bd bdd base datos dados palavra acceso acesso acces secreta secreto segura nueva
    nova neues ici aqui aquí hier tutaj ваш мой твой 您的 你的 password pass"""
)
"""What may stand beside them in a placeholder: ``VOTRE_MOT_DE_PASSE``."""

IN_NAMES: Final = _words(
    """pass password passwd pw pwd secret secrets token tokens key keys user username name names
    hash hashed arg args self conf config param params input data field value values var tmp new
    old val str string auth cred creds credentials text index model encoded decoded encode decode
    sha md bcrypt utf base int float null none true false optional request response client my get
    set db test is has the cls obj result results"""
)
"""Everyday words in names: with one of them, letters and digits are a name, not a value."""

ABOUT_OPTIONS: Final = _words(
    """option options flag flags argument arguments parameter prompt with from and for instead
    description command commands respectively sufficient requisite include which that this
    when then here there variable flag's must should something"""
)
"""What follows ``--password`` in a sentence about the option."""

VERDICTS: Final = _words(
    """incorrect wrong invalid correct valid required missing empty expired weak strong unknown
    unset null none true false password secret optional encrypted hashed hidden visible changed
    reset saved string text"""
)
"""What is said of a password, in quotation marks."""

JOINING: Final = _words(
    """the a an is are was were be been to of in on at for from by with and or not that this which
    what who you your we our they their it its as if when then than can must should will may has
    have had do does only used uses using needed required stored set any no all into"""
)
"""What holds a sentence together; the words of a passphrase stand side by side."""

TALK: Final = _words(
    """see ask look call tell write send mail enter type use get given same old new before after
    later my your his her our me him us them wiki vault manager stored written known unknown
    forgotten empty none nothing yes why where how there here also only please long short strong
    weak least characters letters digits words symbols uppercase lowercase number numbers special
    character letter digit password passwords passphrase username user email more less than about
    cannot don dont isn wrong invalid incorrect valid correct required optional reset changed
    expired"""
)
"""What people say about a password, and hardly in one."""

IN_MANUALS: Final = _words(
    """camel snake kebab case sensitive env environ os sys settings io com org net json yaml
    app file path stored plain clear read write only generated auto one time date up passed
    argument rejected always hard coded shared wide dir main bind dn id ids ref src java
    javascript script home work now so solid nicht noch mehr aktuell bekannt leider gesetzt
    zu sehr falsch richtig immer muy más mas super demasiado siempre nombre apellido muito
    demais longa nome troppo molto sempre corta niet te zeer geldig bardzo zbyt nie trudne
    för inte mycket kort ikke meget trop pas très sous le la"""
)
"""What manuals say of a password in joined words: "case-sensitive", ``os.environ``."""


_WORDS: Final = re.compile("[A-Z]?[a-z]+|[A-Z]+")


def words_of(name: str) -> set[str]:
    """The words that a name is made of, in lower case: ``dbPassword_old``."""
    return {word.lower() for word in _WORDS.findall(name)}
