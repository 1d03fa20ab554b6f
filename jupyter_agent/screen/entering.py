"""How people say that they get in somewhere, and from what to what they have changed something."""

from __future__ import annotations

import re
from functools import cache
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LETTERS: Final = "A-Za-z0-9_À-ɏͰ-ϿЀ-ԯ"
ENTERS: Final = _words(
    """get got let log ope unl cha swi rot upd res kom gel rei hin läs geh geö es ihn ent dév con se
    des acc si abr ont bin inl öpp åbn åpn s i the and onl wan
    ans rep ant rép ris the he she we it now"""
)
"""How all of those begin that ``entered`` matches."""
_ANSWER: Final = (
    r"(?:answer|reply|respond)(?:s|ed)?\s(?:it\s)?with|antworte\s(?:\w+\s)?mit|"
    r"réponds?(?:\savec|\spar)?|respond[ea]\sco[nm]|rispondi(?:\scon)?|antwoord(?:\smet)?"
)
_OBJECT: Final = r"(?:\s[^\W\d_]+){0,4}?"


@cache
def entered() -> re.Pattern[str]:
    """What only a password stands right behind: how one gets in, or from what one has changed."""
    return re.compile(
        r"(?:(?:g[eo]t(?:s|ting)?\s(?:\w+\s)?|"
        r"(?:let|log)(?:s|ged|ging)?\s(?:me|you|us|them|back)\s?(?:back\s)?)"
        rf"(?:in|on|past|through)(?:to)?{_OBJECT}\s(?:with|w/|using|by\styping)|"
        r"(?:open|unlock)(?:ed|s|ing)?\s(?:\w+\s)?(?:with|w/|using)|"
        r"(?:chang|switch|rotat|updat|reset)\w{0,5}\s(?:my|the|our)\s(?:\w+\s){0,2}login\sfrom|"
        r"(?:chang|switch|rotat|updat|reset)\w{0,5}\s(?:it|them|mine|ours|that|this)\s"
        r"(?:\w+\s){0,2}from|(?:they|he|she|i|we|it)\s(?:just\s)?(?:re)?set\sit\sto|now\sit['’]?s|"
        rf"(?:komm|gelang|rein|hinein)\w{{0,2}}{_OBJECT}\smit|"
        r"(?:lässt\ssich|geht|geöffnet)\smit|"
        r"(?:es|ihn)\svon|"
        rf"(?:entr[aeéi]\w{{0,3}}|s['’]ouvre|déverrouille|connect\w{{1,3}}(?:-\w{{2,4}})?){_OBJECT}\savec|"
        rf"(?:se\sabre|se\sentra|entr\w{{1,5}}|desbloque\w{{1,3}}|acced\w{{1,4}}){_OBJECT}\scon|"
        rf"(?:si\sapre|si\ssblocca|abre|entr\w{{1,4}}|desbloqueia){_OBJECT}\sco[nm]|"
        rf"(?:open|ontgrendel|kom|binnen|inlog)\w{{0,5}}{_OBJECT}\smet|"
        r"(?:i|then|and)\s(?:typed|entered|pasted)(?:\sin)?|"
        r"(?:only\saccepts|accepts\sonly|only\stakes|wants)|"
        rf"(?:öppna|logga|åbn|åpn|kom)\w{{0,3}}{_OBJECT}\smed|"
        rf"{_ANSWER})"
        rf"(?![{_LETTERS}])",
        re.IGNORECASE,
    )


@cache
def asks() -> re.Pattern[str]:
    """What asks for a password, where somebody says what to answer."""
    return re.compile(
        rf"(?<![{_LETTERS}])(?:prompt(?:s|ed)?|asks?|asking|wants|ssh|sudo|sftp|terminal|"
        r"fragt|demande|pide|preguntar?|chiede|vraagt|pede|pergunta)"
        rf"(?![{_LETTERS}])",
        re.IGNORECASE,
    )


@cache
def login() -> re.Pattern[str]:
    """What a user name and a password together are for."""
    return re.compile(
        rf"(?<![{_LETTERS}$.@\\/])(?:log(?:s|ged|ging)?[ -]?(?:in|on)(?:to|s)?|"
        r"(?:log|sign|get|let)\s(?:me|us)\s(?:back\s)?(?:in|on)(?:to)?|"
        r"\w*user|\w*admin|root|back-?(?:end|office)|dashboard|portal|console|bastion|jump\s?(?:host|box)|webmail|intranet|"
        r"sign(?:ed)?[ -]?in|"
        rf"credentials?|creds|acc(?:oun)?t|(?:access|permission)\sdenied|sso|"
        r"zugang|zugangsdaten|anmeld\w+|logg\w*|einlogg\w+|connecte[zr]?|connexion|identifiants?|"
        r"compte|accès|cuenta|"
        r"credencial\w*|credenzial\w*|entra\w?|accedi|accesso|acesso|conta|inlog\w*|aanmeld\w*|accedere|"
        r"zaloguj\w*|dane|konto|"
        r"логин\w*|войди|зайди|đăng nhập|masuk|giriş|logga|logg|přihla[sš]\w*|inicia\w* sesi[oó]n|"
        r"meld\w?|belépés\w*|con[eé]cta\w*|loga\w?|"
        r"rdp|ssh|ftp|sftp)"
        rf"(?![{_LETTERS}])",
        re.IGNORECASE,
    )


@cache
def entry() -> re.Pattern[str]:
    """What the best of shapes needs no more than."""
    return re.compile(
        rf"(?<![{_LETTERS}])(?:users?|user ?names?|usr|"
        r"log(?:s|ged|ging)? ?(?:\w+ )?(?:in|on)(?:to)?|logins?|"
        r"g[eo]t(?:s|ting)? (?:\w+ )?(?:in|on)(?:to)?|"
        r"lets? \w+ (?:in|on)(?:to)?|prompts?|strong enough|guessable|"
        r"přihla[sš]\w*|inicia\w* sesi[oó]n|meld(?:e|en|et|est)?|"
        r"anmeld\w*|einlogg\w*|connecte\w?|zaloguj\w*|logga|logg|accedi|giriş|masuk|войди|зайди|"
        r"remember|forgot\w*|vergessen|oublié|post-?it|sticky notes?|stickers?|"
        r"entrar|entrare|entrer|accedere|inloggen|"
        r"unlocks?|(?:en|de)crypt(?:s|ed)?|opens?|crack\w*|breach\w*|leaked|hacked|typed?|"
        r"rejected|locked|protected|wi-?fi|"
        r"wlan|vpn|ssh|sudo|root|admin|accounts?|benutzer|konto|zugang|entsperr\w*|compte|"
        r"connexion|usuario|cuenta|accesso|"
        r"utente|conta|acesso|gebruiker|användare|логин|вход|netflix|spotify|router|server)"
        rf"(?![{_LETTERS}])",
        re.IGNORECASE,
    )


@cache
def network() -> re.Pattern[str]:
    """What a key of a network is the key of."""
    return re.compile(
        rf"(?<![{_LETTERS}])(?:wi-?fi\w*|wlan\w*|wpa[23]?|wep|ssid|hotspot|router|fritz-?box|"
        rf"livebox|freebox)(?![{_LETTERS}])|"
        r"вайф|無線|无线",
        re.IGNORECASE,
    )


LETS_IN: Final = re.compile(
    r"[\"'`)\u201d]{0,2},?\s(?:(?:opens|unlocks|decrypts)\s(?:it|them|this|that)(?![^\W_])|"
    r"(?:(?:is|was)\s(?:what|the one that)\s|"
    r"(?:that|which|also|still|always|should|will|finally|it)\s){0,3}"
    r"(?:g[eo]ts?|lets?)\s(?:me|you|us|him|her|them|everyone|anyone)\s(?:back\s)?(?:in|on|past|through)(?:to)?(?![^\W_]))",
    re.IGNORECASE,
)
"""How somebody says behind a password that it is one: "… got me onto the cluster"."""
STANDS_ALONE: Final = re.compile(
    r"(?:^|[,;:.!?(\u2014-]\s|\b(?:was|is|be|that|yes|ok|it|'s)\s)[\"'`(]?$", re.IGNORECASE
)
"""What may stand before that password."""
FROM: Final = re.compile(r"\b(?:from|von|de|da|od|van|från|fra|din|с|з|z)\s[\"'`]?$", re.IGNORECASE)
"""What stands before something that was changed."""
_TO_WORD: Final = r"[\"'`]?,?\s(?:to|auf|zu|a|à|en|na|naar|till|til|por|para|in|на)\s[\"'`]?"
TO_WHAT: Final = re.compile(
    rf"{_TO_WORD}([^\s\"'`,;]{{5,64}}?)(?=[\"'`.,;:)]{{0,3}}(?:\s|$))", re.IGNORECASE
)
TO: Final = re.compile(
    rf"\b(?:from|von|de|da|od|van|från|fra|din|с|з|z)\s[\"'`]?([^\s\"'`,;]{{5,64}}?){_TO_WORD}$",
    re.IGNORECASE,
)
"""What it was changed to, and what it was, behind the first and before the second."""
USED: Final = re.compile(
    r"\b(?:i|we|he|she|they)\s(?:\w+\s)?(?:used|set|typed|chose|picked|entered)\s[\"'`]?$",
    re.IGNORECASE,
)
TO_PROTECT: Final = re.compile(
    r"[\"'`]?\sto\s(?:(?:un)?(?:lock|protect|encrypt|decrypt|secure|open)\s"
    r"(?:it|them|the|this|that|my|our)|(?:get|log|sign)\s(?:in|on)(?:to)?)(?![^\W_])",
    re.IGNORECASE,
)
"""How somebody says before and behind a password what it was used for."""
ANSWERED: Final = re.compile(rf"(?:{_ANSWER})\s[\"'`]?$", re.IGNORECASE)
"""What stands before what is answered to a prompt."""
DOTTED: Final = re.compile(
    r"(?=[a-z]+\d+[a-z])[a-z\d]{4,}\.(?!(?:com|org|net|info|biz|edu|gov|local|lan|internal|corp|home|"
    r"test|example|host|site|tech|cloud|online|store|blog|page|conf|json|yaml|toml|html|xlsx|docx|"
    r"pptx|jpeg|ipynb|lock|kdbx|ovpn|sock|service|parquet|feather|pickle|dylib)$)[a-z]{3,6}(?<!"
    r"\.txt)(?<!\.csv)(?<!\.log)(?<!\.cfg)(?<!\.ini)(?<!\.exe)(?<!\.dll)(?<!\.bin)(?<!\.iso)"
    r"(?<!\.img)(?<!\.zip)(?<!\.tar)(?<!\.pdf)(?<!\.xml)(?<!\.sql)(?<!\.pem)(?<!\.key)(?<!\.crt)"
)
"""gr4vel.pit, which is a machine's name or a file's elsewhere."""
BESIDE: Final = re.compile(
    r"[\w@.+-]{2,60}(?:\s?(?://|[/|:&+])|,?\s(?:and|with|w/|und|mit|avec|et|con|y|e|com|met|en|i|z|и|с|ve|ile|"
    r"then|and then|using|usando|utilisant|dann|und dann|puis|et puis|ensuite|luego|y luego|"
    r"después|poi|e poi|depois|"
    r"então|dan|en dan|potem|a potem|"
    r"pak|a pak|potom|a potom|sedan|och sedan|sen|så|og så|потом|затем|а потом|sonra))\s$|"
    r"[\w@.+-]{2,60}[/|:]$|[\w.+-]{1,40}@[\w-]{1,40}\.[\w.-]{2,40},?\s$"
)
"""A user name and what stands between it and a password."""
OF_USER: Final = re.compile(
    r"\b(?:user|username|usuario|usuária|utente|utilisateur|benutzer|gebruiker|użytkownik)\s"
    r"[\w@.+-]{2,60}\s(?:with|w/|and|und|mit|avec|et|con|y|e|com|met|en|z|i)\s$",
    re.IGNORECASE,
)
"""The same, where the word user says which of them it is."""
