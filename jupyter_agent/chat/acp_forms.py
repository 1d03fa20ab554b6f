"""What an agent wants to ask a person: which questions are put, and which never are. Pure.

ACP and MCP say the same: a form is no place for a secret, and an address is shown whole before
anybody goes there (https://agentclientprotocol.com, elicitation). An agent may not keep to that, so
a form that looks as if it wanted a secret is not put at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent.chat.choice import is_loopback
from jupyter_agent.chat.plain import plain, seen
from jupyter_agent.errors import RequestInvalid, SecretBlocked

MOST_QUESTIONS: Final = 12
MOST_TEXT: Final = 2_000

_SECRET: Final = re.compile(
    r"pass[-_ ]?(?:word|phrase|code|wd)|\bpin\b|secret|credential|token|api[-_ ]?key|\bkey\b"
    r"|private[-_ ]?key|one[-_ ]?time|\botp\b|2fa|\bmfa\b|verification code|\bcvv\b|\bcvc\b"
    r"|card[-_ ]?number|\biban\b|seed phrase|mnemonic|\bssn\b"
    # And as others say password.
    r"|passwor[td]|kennwort|wachtwoord|l\u00f6senord|adgangskode|salasana|mot de passe|\bsenha\b"
    r"|contrase[n\u00f1]a|\bhas[l\u0142]o\b|\bheslo\b|parola d.ordine|\u015fifre"
    r"|\u043f\u0430\u0440\u043e\u043b\u044c|\u5bc6[\u7801\u78bc]|\u53e3\u4ee4"
    r"|\u30d1\u30b9\u30ef\u30fc\u30c9|\u6697\u8a3c|\ube44\ubc00\ubc88\ud638",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_YES: Final = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form.

    Attributes:
        name: As the agent calls it.
        prompt: As a person reads it, with what may be typed.
        kind: ``string``, ``number``, ``integer`` or ``boolean``.
        choices: What may be typed; empty for anything.
        required: Whether nothing typed ends the form.
    """

    name: str
    prompt: str
    kind: str
    choices: tuple[str, ...]
    required: bool

    def read(self, typed: str) -> Any:
        """What was typed, as the form wants it; None for nothing.

        Raises:
            RequestInvalid: It is not what the form takes.
        """
        typed = typed.strip()
        if not typed:
            return None
        try:
            found: Any = typed
            if self.kind == "boolean":
                found = _YES[typed.lower()]
            elif self.kind in ("integer", "number"):
                found = (int if self.kind == "integer" else float)(typed)
        except (KeyError, ValueError):
            raise RequestInvalid(f"That is no {self.kind}.") from None
        if self.choices and typed not in self.choices:
            raise RequestInvalid("That is none of the choices.")
        return found


def questions(message: str, form: Mapping[str, Any]) -> list[Question]:
    """The questions of a form.

    Args:
        message: What the agent says above it.
        form: Its schema, as JSON.

    Raises:
        SecretBlocked: It wants a secret.
        RequestInvalid: It has what can't be asked here.
    """
    fields = form.get("properties") or {}
    if any(_SECRET.search(_NAMES.sub(" ", seen(text))) for text in _texts([message, form])):
        raise SecretBlocked(
            "It wants a secret in a form, so the form was declined.",
            "Save it with %secret set LABEL, and tell the agent to use {{LABEL}} in its commands.",
        )
    if not fields or len(fields) > MOST_QUESTIONS:
        raise RequestInvalid("Its form has no question, or too many, so it was declined.")
    required = form.get("required") or ()
    return [_question(name, field, name in required) for name, field in fields.items()]


def address(url: str) -> str:
    """The host of an address that an agent wants a person to open.

    Raises:
        RequestInvalid: It is none that a person should be led to.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        plain = "@" not in parts.netloc and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        host, plain = "", False
    if not host or not plain or not (parts.scheme == "https" or is_loopback(url)):
        raise RequestInvalid(
            "The address that it wants you to open is not https, or hides where it leads, so it "
            "was declined."
        )
    return host


def _question(name: str, field: Mapping[str, Any], required: bool) -> Question:  # noqa: FBT001
    kind = str(field.get("type"))
    if kind not in ("string", "number", "integer", "boolean"):
        raise RequestInvalid("Its form has a question that can't be put here, so it was declined.")
    titled = [str(each.get("const", "")) for each in field.get("oneOf") or ()]
    choices = tuple(map(str, field.get("enum") or titled))
    may = plain(" / ".join(choices)) if choices else {"boolean": "y/n"}.get(kind, "")
    said = [str(field.get("title") or name), str(field.get("description") or "")]
    prompt = " - ".join(" ".join(plain(text).split())[:MOST_TEXT] for text in said if text)
    left = "" if required else ", or nothing"
    return Question(name, f"{prompt} [{may or kind}{left}]: ", kind, choices, required)


def _texts(value: Any) -> Iterator[str]:
    """Every text of a form, names of its fields too, but for JSON Schema's own words."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
