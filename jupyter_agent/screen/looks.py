"""How much a word looks like a password and like nothing else."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from jupyter_agent.screen.generated import is_generated

BEST: Final = 3.5
"""A word of letters with digits and signs inside, as nothing else has them."""
_SIGNS: Final = re.compile(r"[!#$%&*+^~@]")
_INNER_SIGN: Final = re.compile(r"[^\W_][!#$%&*+^~@]+[^\W_]")
_DIGIT: Final = re.compile(r"\d")
_LETTER: Final = re.compile(r"[^\W\d_]")
# Letters on both sides of digits: w1nter, banhmi2chao. As often a word as not: k8s, i18n.
_INSIDE: Final = re.compile(r"[^\W\d_]\d+[^\W\d_]")
_PARTS: Final = re.compile(r"[._-]+")


@cache  # compiling it takes some milliseconds
def _nothing() -> re.Pattern[str]:
    return re.compile(
        r"""
    # Addresses, hosts and files.
      [\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?:[A-Za-z]{2,}|[a-z\d-]+) | @[\w.-]+
    | [a-z][\w.-]*@[a-z][a-z0-9.-]*[$\#%]?
    | (?:[a-z0-9_-]+\.)+(?:[a-z]{2,6}|internal|localdomain)
    | (?![A-Z][a-z]+\.(?:\d+\.|[a-z]{3}\d$))[\w.+-]+\.(?:[A-Z]{2,4}|[a-z][a-z0-9]{0,3})
    | [A-Za-z]{1,4}\.\w{1,2} | .*\.html?\#.* | .*\.\.\..*
    # Names in programs.
    | [$%&][A-Za-z_]\w* | [A-Z][A-Z_]*\d{0,2} | -.* | self\..* | [A-Za-z_]\w*\*+
    | (?i:this|cfg|conf|config|settings|args|opts|options|params|env|environ|ctx|keys?|secrets?|
         creds|credentials|request|session|form|kwargs)\.[A-Za-z_]\w*
    | (?:\w+\.)*(?:[A-Z][a-z]+){2,}(?:\.\w+)* | (?:[A-Z]+[a-z]+\d?){4,}
    | [a-z]+(?:_[a-z0-9]+){3,} | [A-Z0-9]+(?:_[A-Z0-9]+)+ | [A-Z]{3,}_.*
    | [\w.]*[A-Z]{3,}_[A-Z][A-Z_]*(?:\.\w+)*
    # Numbers, with what is counted or numbered, versions, dates, digests.
    | \#?\d[\d.,:%+-]* | \#[\w-]+ | PKCS\#.* | (?:Bug|bug|[Ii]ssue|PR|RT|LP|[a-z]{1,4})\#\d+
    | \d+[^\W\d_]{1,3}\d+ | \d+x\d+\w? | .*\d\.\d.* | [vVrR]\d+(?:[._-]\d+)*[a-z]?
    | [A-Za-z][A-Za-z0-9]*-v\d\d? | [A-Z]{2,4}-\d{4,5} | SQL\d{4,5}[A-Z] | db2inst\d
    | \d+(?:er|[a-zA-Z]{1,4}|min(?:s|utes?)?|bits?|bytes?|digits?) | \d+(?:[_-][^\W\d_]+)+
    | [^\W\d_]{1,3}\d+ | [^\W\d_]{1,2}-?\d+[^\W\d_]? | \d{1,4}[^\W\d_]{3,9}\d{4}
    | (?:0x)?[0-9a-f]{7,}(?:-[0-9a-f]{4,}){0,4} | (?:0x)?[0-9A-F]{7,}
    | \$\d\w?\$.* | .*(?:A-Z|a-z|0-9).* | [A-Z]\d{1,3}[A-Z]?[a-z]*
    | [^\W\d_]+[!?.]*
    """,
        re.VERBOSE,
    )


_ANY: Final = r"(?:[-_.]?\d[\d.]*[a-z]{0,3}\d{0,3}(?:[-_.][a-z0-9]{1,10}){0,3})?"


# What has digits and is said near passwords: algorithms, products, machines, models.
@cache
def _known() -> re.Pattern[str]:
    return re.compile(
        rf"""
      (?:sha|md|aes|des|rsa|ecdsa|ed|utf|ucs|iso|cp|base|oauth|http|https|tls|ssl|ssh|bcrypt|scrypt|pbkdf|argon|
         x|curve|secp|pbes|tpm|bpo|b64\w*|gnome|qt|gtk|hmac|hs|rs|es|chacha|poly|wpa|wep|ipv|ip|rfc|cve|cwe|nist|fips|pkcs|crypt|blowfish|
         python|py|node|php|java|jdk|ruby|perl|go|rust|swift|win|windows|ubuntu|debian|centos|
         rhel|fedora|macos|ios|android|linux|mysql|postgres|postgresql|pg|mariadb|redis|mongo|
         oracle|sqlite|sql|odbc|jdbc|word|excel|office|outlook|angular|vue|react|django|rails|
         gpt|claude|llama|bert|qwen|gemini|mistral|phi|gemma|opus|sonnet|mp|h|s|ec|log|web|
         server|srv|client|user|usr|admin|root|host|node|test|tests|db|database|app|prod|dev|
         staging|stage|step|version|page|line|row|col|column|table|file|field|item|option|level|
         version|part|chapter|section|figure|fig|eq|day|week|month|room|floor|port|eth|wlan|
         lan|vlan|usb|hdmi|com|tty|sd|nvme|disk|raid|vm|pc|nas|gpu|cpu|rtx|gtx|covid|g|pass|passwd|
         password|pw|pwd|kdbx|keepass|id|uid|gid|key|token|var|arg|val|value|str|num|data|input|
         iphone|ipad|ipod|macbook|galaxy|pixel|thinkpad|fritzbox|netgear|xbox|playstation|kindle|surface|output|param|model|group|team|project|ticket|issue|task|job|build|release|release|branch|
         batch|run|exp|experiment|sample|class|type|kind|case|foo|bar|baz|tmp|temp|new|old|crypto|
         float|int|uint|bfloat|fp|double|complex|datetime|timestamp|varchar|magic|unicode|ascii|latin|windows|code|error|exit|status|vol|lib\w*){_ANY}
    # Passwords that everybody knows, and talks about.
    | p[a@4][s\$5]{2}w[o0]rd\d*!? | qwert[yz]\d* | hunter2 | letmein\d? | changeme\d*
    | correct-?horse.* | fritz!\w* | yahoo!\w* | k8s | [il]1[08]n | \d?x\d\d?(?:_64)?
    | \w*(?:2(?:vec|seq|sql|text|json|csv|pdf|html)|64(?:en|de)code|256sum|5sum|mb4)\w*
    | pam_\w+ | 1password\w* | 2fa\w* | mfa\d? | \w+?(?:v|ver|rev)\d
    """,
        re.VERBOSE | re.IGNORECASE,
    )


_BEST: Final = re.compile(r"[^\W\d_]{3}\w*[!#$%^&*]\w*[^\W_]|[^\W_]\w*[!#$%^&*]\w*[^\W\d_]{3}")
_MACHINES: Final = frozenset(
    (
        *("web", "server", "srv", "db", "database", "prod", "dev", "staging", "stage", "test"),
        *("node", "host", "app", "api", "vm", "vpn", "nas", "gw", "gateway", "proxy", "router"),
        *("switch", "mail", "ftp", "sftp", "backup", "cluster", "worker", "master", "runner", "us"),
        *("name", "user", "creds", "key", "token", "id", "config", "file", "data", "index"),
        *("build", "ci", "cache", "queue", "mq", "eu"),
    )
)
_BETWEEN: Final = re.compile(r"[a-z]+[24][a-z]+")
_PRODUCT: Final = re.compile(r"(?:[A-Z][a-z]+){2,}\d[A-Z]{0,2}")
_NUMBERED: Final = re.compile(r"[^\W\d_]+#\d+")
# ROSIE_339 may be a name in a program, too.
_SHOUTED: Final = re.compile(r"(?=[A-Z]{0,4}[AEIOUY])[A-Z]{4,12}_\d{2,4}")
_MIXED: Final = re.compile(r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])")
_TICKET: Final = re.compile(r"[A-Z]{2,5}-\d{2,5}")
_SNAKE: Final = re.compile(r"[a-z]+(?:_[a-z]+)*_?\d{0,4}")


def shape(value: str) -> float:  # noqa: C901, PLR0911, PLR0912  (a list of cases)
    """How much a word looks like a password and like nothing else: 0 for a word, 3 for the best."""
    if len(value) < 5 or len(value) > 80 or value.isalpha():
        return 0.0
    if "?" in value[1:-1] and "=" not in value and _MIXED.match(value):
        value = value.replace("?", "!")  # Goldcrest?Oak9, and no address with a query
    body = value.rstrip("!$@")
    if value.isdecimal():
        return 0.0 if len(value) < 12 or len(value) > 24 else 1.5 if len(value) >= 16 else 1.0
    if is_generated(value):
        return BEST
    if _TICKET.fullmatch(value):
        return 0.0
    if _SHOUTED.fullmatch(value) and not _known().fullmatch(value):
        return 1.0
    if (
        _nothing().fullmatch(value)
        or _known().fullmatch(body)
        or (body != value and _nothing().fullmatch(body))
    ):
        return 0.0
    digits = len(_DIGIT.findall(value))
    letters = len(_LETTER.findall(value))
    has_case = value.lower() != value and value.upper() != value
    if not letters:
        return 0.0
    if _INNER_SIGN.search(value):
        signs = set(_SIGNS.findall(value))
        if value.count("&") + value.count("+") + value.count("*") + value.count("@") == len(
            _SIGNS.findall(value)
        ) and not (digits and (has_case or _INSIDE.search(value))):
            # R&D, user@host, c++17, 2*x
            return 2.0 if digits and letters >= 6 else 1.0 if len(value) >= 8 else 0.0
        if not digits:
            return 3.0 if letters >= 6 else 0.0
        if signs == {"#"} and _NUMBERED.fullmatch(value):
            return 1.5
        if signs == {"#"} and value.islower():
            return 2.5
        if _BEST.search(value) and len(value) >= 8:
            return BEST
        return 3.0 if letters >= 3 else 1.5
    if not digits:
        parts = _PARTS.split(value)
        if len(parts) >= 4 and "_" not in value and all(p.isalpha() and len(p) > 1 for p in parts):
            return 1.0
        return 0.0
    # From here on: letters, digits, and "-", "_", "." between them, or a sign at one end.
    sign = 0.5 if value[-1] in "!$@" or value[0] in "!$#" else 0.0
    if value.upper() == value:
        # AX-4410-B is more often an article than a password.
        return 1.0 if digits >= 1 and len(value) >= 6 else 0.0
    parts = [part for part in _PARTS.split(body) if part]
    if value.islower() and (
        not _MACHINES.isdisjoint(parts)
        or any(
            len(part) > 2 and part[0].isalpha() and _known().fullmatch(part)
            for part in parts
            if not part.isalpha()
        )
    ):
        return 0.0
    leet = bool(_INSIDE.search(body))
    if len(parts) > 1:
        mixed = [part for part in parts if len(part) > 3 and _INSIDE.search(part)]
        if mixed:
            return 3.0 if has_case or len(parts) > 2 or len(value) >= 12 else 2.5
        if value[1:].lower() != value[1:]:
            return 2.5 if len(value) >= 8 else 1.5
        if _SNAKE.fullmatch(value):
            return (1.5 if sum(not part.isdecimal() for part in parts) < 3 else 1.0) + sign
        short = max(map(len, parts)) < 4
        return 0.5 if short else 2.0 if len(value) >= 9 else 1.5
    if _BETWEEN.fullmatch(body):
        return 1.5 + sign
    if _PRODUCT.fullmatch(value):
        return 1.5
    if leet:
        if len(value) < 6:
            return 1.0
        return 3.0 if has_case and digits > 1 else 2.5 if len(value) >= 8 or has_case else 2.0
    trailing = len(body) - len(body.rstrip("0123456789"))
    if trailing == digits:
        if trailing == 1:
            return (1.5 if len(body) >= 9 else 1.0) + sign
        return (2.0 if letters >= 4 else 1.0) + sign
    # 19Kestrel, 19Kestrel73
    return (2.5 if trailing else 1.5) + sign
