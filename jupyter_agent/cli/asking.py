"""Showing a person what wants to happen, and taking the answer, on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from jupyter_agent.cli.prompts import Tty
from jupyter_agent.cli.terminal import printable
from jupyter_agent.errors import RequestInvalid

if TYPE_CHECKING:
    from jupyter_agent.client import Client

Answer = Literal["once", "minutes", "always", "pattern", "deny"]

_LONGEST: Final = 120.0
"""Seconds for an answer when the broker does not say; after them it is a no."""
_RUN_ANSWERS: Final[Mapping[str, Answer]] = {
    "o": "once",
    "once": "once",
    "m": "minutes",
    "minutes": "minutes",
    "a": "always",
    "always": "always",
    "p": "pattern",
    "pattern": "pattern",
}
_CHOICES: Final[Mapping[Answer, str]] = {
    "once": "[o]nce",
    "minutes": "10 [m]inutes",
    "always": "[a]lways this command here",
    "pattern": "a [p]attern",
    "deny": "[d]eny",
}
_ALLOWED: Final = {
    "once": "a value, once,",
    "value": "a value, always,",
    "rule": "everything in this folder",
}
_ROLES: Final = {
    "person": "you, in a terminal",
    "guest": "a program outside JupyterLab",
    "kernel": "a kernel",
}
"""Who asks, where neither a notebook nor an agent is known."""
_CHANGE_ANSWERS: Final[Mapping[str, Answer]] = {"y": "once", "yes": "once"}


def ask(
    tty: Tty, approval: Mapping[str, Any], *, unless: int | None = None
) -> dict[str, str] | None:
    """Put an open approval to the person.

    Args:
        tty: Where the person is.
        approval: As docs/protocol.md has it.
        unless: A descriptor that becomes readable when the question has settled itself.

    Returns:
        The fields of the answer; everything but a clear yes is a no. None when it was settled
        elsewhere.
    """
    is_change = approval["kind"] == "change"
    offered = [name for name in _CHOICES if name in approval.get("choices", ("once", "deny"))]
    choices = "[y]es, [d]eny" if is_change else ", ".join(_CHOICES[name] for name in offered)
    seconds = _seconds_left(approval.get("expires"))
    tty.say("\n".join(["", *described(approval), "", ""]))
    question = f"{choices} (no answer in {seconds:.0f} s is a no): "
    typed = tty.ask(question, timeout=seconds, unless=unless)
    if typed is False:
        tty.say("Answered elsewhere.\n")
        return None
    if typed is None:
        tty.say("No answer: denied.\n")
        return {"answer": "deny"}
    answer = (_CHANGE_ANSWERS if is_change else _RUN_ANSWERS).get(typed, "deny")
    if answer == "pattern" and answer in offered:
        return _pattern(tty, approval, unless)
    return {"answer": answer if is_change or answer in offered else "deny"}


def settled(
    tty: Tty,
    client: Client,
    approval: Mapping[str, Any],
    answer: dict[str, str] | None,
    *,
    unless: int | None = None,
) -> str:
    """Hand an answer over, and ask again as long as a pattern does not fit.

    Args:
        tty: Where the person is.
        client: A person's, which follows nothing else.
        approval: What was asked.
        answer: From ``ask``; None counts as no.
        unless: As in ``ask``.

    Returns:
        What was answered in the end.

    Raises:
        AgentError: It was closed meanwhile.
    """
    while True:
        answer = answer or {"answer": "deny"}
        try:
            client.call(
                "approval.answer",
                approval_id=approval["approval_id"],
                nonce=approval["nonce"],
                **answer,
            )
        except RequestInvalid as error:
            tty.say(f"{printable(error.message)} {printable(error.hint)}\n")
            answer = ask(tty, approval, unless=unless)
        else:
            return answer["answer"]


def _pattern(tty: Tty, approval: Mapping[str, Any], unless: int | None) -> dict[str, str] | None:
    """Take the pattern that the person writes; nothing written is the one suggested."""
    suggested = approval.get("pattern")
    if suggested:
        tty.say(f"  suggested {printable(suggested)}\n")
    tty.say("Unquoted, * stands for any text within one argument. Nothing and Enter: ")
    tty.say("as suggested.\n" if suggested else "deny.\n")
    seconds = _seconds_left(approval.get("expires"))
    typed = tty.ask("Pattern: ", timeout=seconds, unless=unless, as_typed=True)
    if typed is False:
        tty.say("Answered elsewhere.\n")
        return None
    pattern = typed or (suggested if typed is not None else None)
    return {"answer": "pattern", "pattern": pattern} if pattern else {"answer": "deny"}


_WITH_VALUE: Final = "It can do whatever it is told to do with the value; its output is scrubbed."
WITHOUT: Final = "It uses no secret. A model wrote it, and it can do whatever you can do."


def described(approval: Mapping[str, Any]) -> list[str]:
    """What a person has to know to decide, as printable lines.

    Nothing is left out or cut: what is not shown can't be agreed to.
    """
    if approval["kind"] == "change":
        return _change(approval)
    if approval["kind"] == "egress":
        return _egress(approval)
    if approval["kind"] == "entry":
        return _entry(approval)
    labels = ", ".join(approval["labels"])
    command = _command(approval)
    lines = [
        f"May this command use {printable(labels)}?" if labels else "May this command run?",
        "",
        f"  command   {command[0]}",
        *(f"            {line}" for line in command[1:]),
        f"  folder    {printable(approval['cwd'])}",
    ]
    programs = approval.get("executables") or ()
    for number, program in enumerate(programs):
        name = "programs" if number == 0 else ""
        path = printable(program["path"] or "a shell builtin, or not there")
        sha256 = f" ({program['sha256']})" if program.get("sha256") else ""
        lines.append(f"  {name:<8}  {printable(program['word'])} = {path}{sha256}")
    lines += _going(approval)
    lines += _origin(approval)
    lines += ["", _WITH_VALUE if labels else WITHOUT]
    return lines


def _egress(approval: Mapping[str, Any]) -> list[str]:
    """A way out: what matters is where the value goes, and in what."""
    labels, signs = printable(", ".join(approval["labels"])), _signs(approval)
    to = printable(str(approval["script"]).removeprefix("egress "))
    if signs:
        question = f"May requests to this service be signed with {labels}?"
        meaning = "The value signs, and is not sent; the program holds a placeholder only."
    elif to.startswith("postgres"):
        question = f"May this log in to a database with {labels}?"
        meaning = "It can do there whatever that user may; it holds a placeholder only."
    elif (one := approval.get("request")) is not None:
        return _one_request(approval, labels, to, one)
    else:
        question = f"May {labels} be sent to this service?"
        meaning = (
            "The service gets the value with each request; the program holds a placeholder only."
        )
    return [
        question,
        "",
        f"  to        {to}",
        f"  as        {printable(str(approval['place']))}",
        *_origin(approval),
        "",
        meaning,
    ]


def _one_request(
    approval: Mapping[str, Any], labels: str, to: str, one: Mapping[str, Any]
) -> list[str]:
    """One request of a model, all of which is permitted, and nothing else."""
    headers = [f"{name}: {text}" for name, text in one["headers"].items()]
    body = str(one["body"])
    return [
        f"May this request be sent with {labels}?",
        "",
        f"  request   {to}",
        f"  as        {printable(str(approval['place']))}",
        *_listed("headers", headers),
        *(_listed("body", body.rstrip("\n").split("\n")) if body else ()),
        *_origin(approval),
        "",
        "The service gets the value with this request, once. A model wrote it and sees the answer.",
    ]


def _signs(approval: Mapping[str, Any]) -> bool:
    """Whether the value itself stays with the broker (AWS)."""
    return str(approval["place"]).startswith("signature")


def _entry(approval: Mapping[str, Any]) -> list[str]:
    """A secret that is wanted: it is entered where secrets are entered, or refused here."""
    label = printable(approval["labels"][0])
    return [
        f"An agent asks you for the secret {label}.",
        "",
        *_origin(approval),
        "",
        f"Enter it in another terminal, or in JupyterLab: jupyter agent secret set {label}",
    ]


def _command(approval: Mapping[str, Any]) -> list[str]:
    argv = approval.get("argv")
    text = shlex.join(argv) if argv else str(approval["script"])
    # Not splitlines(): it also breaks at characters that a shell does not take for a line's end.
    return [printable(line) for line in text.rstrip("\n").split("\n")]


def _change(approval: Mapping[str, Any]) -> list[str]:
    change = approval.get("change") or {}
    target = f" to {printable(str(change['to']))}" if change.get("to") else ""
    operation = printable(str(change.get("op", "change"))).removeprefix("secret.")
    label = printable(str(change.get("label", ", ".join(approval["labels"]))))
    if operation == "allow":
        what = _ALLOWED.get(str(change.get("scope")), "it")
        reason = printable(str(change.get("to")))
        return [
            f"May {what} found by {label} pass as no secret?",
            *_origin(approval),
            f"  why       {reason}",
        ]
    if operation == "save_file":
        path = printable(str(change.get("to", "")))
        return [
            f"May what this file holds be saved as {label}?",
            f"  file      {path}",
            *_origin(approval),
        ]
    return [f"May {operation} {label}{target}?", *_origin(approval)]


def _going(approval: Mapping[str, Any]) -> list[str]:
    """Where each value goes, and what else the caller sets."""
    places = [
        *((one["label"], f"${one['env']}") for one in approval.get("secrets") or ()),
        *((one["label"], f"a file, ${one['env']}") for one in approval.get("files") or ()),
        *([(approval["stdin"], "standard input")] if approval.get("stdin") else []),
        *((label, "a hidden prompt") for label in approval.get("answers") or ()),
    ]
    lines = _listed("values", [f"{label} to {place}" for label, place in places])
    for template in approval.get("templates") or ():
        lines += _listed("template", [f"{template['name']}, ${template['env']}:"])
        lines += _listed("", str(template["text"]).rstrip("\n").split("\n"))
    exports = [f"{name}={value}" for name, value in (approval.get("exports") or {}).items()]
    if exports and "always" in approval.get("choices", ()):
        exports.append("(Allowed for longer than once, it may set these to anything.)")
    return lines + _listed("sets", exports)


def _listed(name: str, rows: Sequence[str]) -> list[str]:
    return [
        f"  {name if number == 0 else '':<8}  {printable(row)}" for number, row in enumerate(rows)
    ]


def _origin(approval: Mapping[str, Any]) -> list[str]:
    if approval.get("agent"):
        why = printable(str(approval.get("why") or "it gave no reason"))
        who = f"  agent     {printable(str(approval['agent']))}"
        return [who, *_notebook(approval), f"  it says   {why} (not checked)"]
    role = str(approval.get("role", "unknown"))
    return _notebook(approval) or [f"  asked by  {printable(_ROLES.get(role, role))}"]


def _notebook(approval: Mapping[str, Any]) -> list[str]:
    if not approval.get("notebook"):
        return []
    claimed = " (it says so itself; not checked)" if approval.get("claimed") else ""
    return [f"  notebook  {printable(str(approval['notebook']))}{claimed}"]


def _seconds_left(expires: str | None) -> float:
    try:
        left = (datetime.fromisoformat(expires or "") - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return _LONGEST
    return min(max(left, 0.0), _LONGEST)
