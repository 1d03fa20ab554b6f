"""Files in which secrets lie about today: what is in them, and where. Pure: text in, finds out.

A find knows which part of the text to take away, so that what is left is still such a file.
Formats: dotenv (https://hexdocs.pm/dotenvy/dotenv-file-format.html), AWS's shared credentials file,
netrc(5), PostgreSQL's password file, the hosts.yml of GitHub's command line, and the config.json of
Jupyter AI 2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from jupyter_agent.errors import LabelInvalid
from jupyter_agent.secret import MAX_LABEL, check_label

_ASSIGNMENT: Final = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*
    (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<bare>[^\s#][^\r\n]*?))??
    [ \t]*(?:(?<=[\s"'])\#[^\r\n]*)?(?:\r?\n|\Z)""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_REFERENCE: Final = re.compile(r"\$\{[A-Za-z_]")
"""``${NAME}``: only whoever reads the file as a whole knows the value that is meant."""
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_SECTION: Final = re.compile(r"^[ \t]*\[(?:profile[ \t]+)?(?P<name>[^\]\r\n]+)\]", re.MULTILINE)
_AWS_LINE: Final = re.compile(
    r"^[ \t]*(?P<name>aws_secret_access_key|aws_session_token|aws_access_key_id)[ \t]*=[ \t]*"
    r"(?P<value>\S+)[ \t]*(?:\r?\n|\Z)",
    re.MULTILINE,
)
_NETRC_WORD: Final = re.compile(r'#[^\n]*|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>\S+)')
_PG_LINE: Final = re.compile(r"^(?!#)(?P<fields>(?:\\.|[^\\\r\n])+)(?:\r?\n|\Z)", re.MULTILINE)
_YAML_HOST: Final = re.compile(r"^(?P<name>[A-Za-z0-9.-]+):[ \t]*\r?$", re.MULTILINE)
_YAML_TOKEN: Final = re.compile(
    r"^[ \t]+oauth_token:[ \t]*[\"']?(?P<value>[^\s\"']+)[\"']?[ \t]*(?:\r?\n|\Z)", re.MULTILINE
)
# Words in names that people give to secrets, as whole words between underscores.
_SECRET_NAME: Final = re.compile(
    r"(^|_)(TOKEN|KEY|APIKEY|SECRET|PASSWORD|PASSWD|PASS|PWD|PASSPHRASE|CREDENTIALS?|PAT|DSN)(_|$)"
)


@dataclass(frozen=True, slots=True)
class Find:
    """One value that lies in a plain text.

    Attributes:
        label: What it could be called.
        value: It; not shown anywhere.
        cut: Begin and end of what to take out of the text with it.
        line: Where, from 1.
        named: Its name says that it is a secret.
    """

    label: str
    value: str = field(repr=False)
    cut: tuple[int, int]
    line: int
    named: bool = True


def format_of(path: str) -> str | None:
    """The format that a file of this name has, or None."""
    name, folder = PurePath(path).name, PurePath(path).parent.name
    if name == "credentials" and folder == ".aws":
        return "aws"
    if name == "hosts.yml" and folder == "gh":
        return "gh"
    if name == "config.json" and folder == "jupyter_ai":
        return "jupyter-ai"
    known = {".netrc": "netrc", "_netrc": "netrc", ".pgpass": "pgpass"}
    is_dotenv = name == ".env" or name.startswith(".env.") or name.endswith(".env")
    return known.get(name) or ("dotenv" if is_dotenv else None)


def finds(text: str, form: str) -> list[Find]:
    """What lies in a text.

    Args:
        text: The whole file.
        form: One of ``FORMATS``.
    """
    return [find for find in FORMATS[form](text) if find.value]


def without(text: str, taken: list[Find]) -> str:
    """The text, once these values are taken out of it."""
    for find in sorted(taken, key=lambda each: each.cut, reverse=True):
        start, end = find.cut
        text = text[:start] + text[end:]
    return text


def label_for(*words: str) -> str:
    """A label made of words that name something."""
    name = re.sub(r"[^A-Z0-9]+", "_", "_".join(filter(None, words)).upper()).strip("_")
    try:
        return check_label(name[:MAX_LABEL])
    except LabelInvalid:  # begins with a digit, or steers programs
        return check_label(f"MY_{name}"[:MAX_LABEL])


def sounds_secret(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    return _SECRET_NAME.search(name.upper()) is not None


def _dotenv(text: str) -> Iterator[Find]:
    for match in _ASSIGNMENT.finditer(text):
        name = match["name"]
        if _REFERENCE.search(match["double"] or match["bare"] or ""):
            continue
        if match["double"] is not None:
            value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match["double"])
        else:
            value = match["single"] or re.sub(r"[ \t]+#.*$", "", match["bare"] or "")
        yield _find(text, label_for(name), value, match.span(), named=sounds_secret(name))


def _aws(text: str) -> Iterator[Find]:
    for match in _AWS_LINE.finditer(text):
        sections = [each["name"].strip() for each in _SECTION.finditer(text, 0, match.start())]
        profile = sections[-1] if sections and sections[-1] != "default" else ""
        yield _find(text, label_for(match["name"], profile), match["value"], match.span())


def _netrc(text: str) -> Iterator[Find]:
    """``machine HOST login NAME password VALUE``, on as many lines as one likes."""
    # What stands in a macro, up to an empty line, is a program and no entry.
    macros = [m.span() for m in re.finditer(r"macdef.*?(?:\n[ \t]*\r?\n|\Z)", text, re.DOTALL)]
    host, before = "", None
    for match in _NETRC_WORD.finditer(text):
        if match[0].startswith("#") or any(a <= match.start() < b for a, b in macros):
            continue
        quoted = match["quoted"]
        word = match["word"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if before is not None and before["word"] == "machine":
            host, before = word, None
        elif before is not None and before["word"] in ("password", "account", "login"):
            if before["word"] == "password":
                label = label_for(host or "default", "password")
                yield _find(text, label, word, (before.start(), match.end()))
            before = None
        else:
            if word == "default":
                host = ""
            before = match


def _pgpass(text: str) -> Iterator[Find]:
    for match in _PG_LINE.finditer(text):
        parts = [
            re.sub(r"\\(.)", r"\1", part)
            for part in re.findall(r"(?:^|:)((?:\\.|[^\\:])*)", match["fields"])
        ]
        if len(parts) == 5:
            host, _port, database, user, value = parts
            label = label_for("pg", *(part for part in (host, database, user) if part != "*"))
            yield _find(text, label_for(label, "password"), value, match.span())


def _gh(text: str) -> Iterator[Find]:
    for match in _YAML_TOKEN.finditer(text):
        hosts = [each["name"] for each in _YAML_HOST.finditer(text, 0, match.start())]
        host = hosts[-1] if hosts else "github.com"
        label = "GITHUB_TOKEN" if host == "github.com" else label_for(host, "token")
        yield _find(text, label, match["value"], match.span())


def _jupyter_ai(text: str) -> Iterator[Find]:
    """``{"api_keys": {"NAME": "value"}}``. The value alone is cut: what is left is still JSON."""
    try:
        keys = json.loads(text)["api_keys"].items()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return
    start = max(0, text.find('"api_keys"'))
    for name, value in keys:
        if not isinstance(value, str):
            continue
        # As it is written there; escapes are not expected in a key, and are left alone.
        pair = re.compile(rf'"{re.escape(name)}"\s*:\s*"({re.escape(value)})"')
        if (match := pair.search(text, start)) is not None:
            yield _find(text, label_for(name), value, match.span(1))


def _find(text: str, label: str, value: str, cut: tuple[int, int], *, named: bool = True) -> Find:
    return Find(label, value, cut, text.count("\n", 0, cut[0]) + 1, named)


FORMATS: Final[Mapping[str, Callable[[str], Iterator[Find]]]] = {
    "dotenv": _dotenv,
    "aws": _aws,
    "netrc": _netrc,
    "pgpass": _pgpass,
    "gh": _gh,
    "jupyter-ai": _jupyter_ai,
}
"""By the names that the command line uses."""
