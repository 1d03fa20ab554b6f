"""The tools that a model has: the same ones in a chat cell, over MCP and over ACP.

Each gets labels and gives back what was scrubbed. What a model writes into an argument is screened
and matched before anything is done with it, and so is what comes back before the model reads it.
Whatever goes wrong is a result with a next step; a model never reads a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.chat import arguments as schemas
from jupyter_agent.chat.desktop_tools import DesktopDoor, desktop_tools
from jupyter_agent.chat.door import Command, Door, HttpRequest, Notebook, Told, untold
from jupyter_agent.chat.passage import Passage
from jupyter_agent.errors import AgentError, LabelInvalid, SecretBlocked
from jupyter_agent.secret import check_label, check_variable

Act = Callable[[dict[str, Any], Told], Awaitable[Any]]

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
MOST_SECONDS: Final = 3600
MOST_SHOWN: Final = 24_000
"""Characters of one text that a model is shown."""

_ONLY_READ: Final = ("desktop_read", "desktop_wait")

_WHY: Final = schemas.text(
    "Why you need this, in one sentence. A person reads it and decides.", maxLength=500
)
_NEXT: Final = {
    "grant_denied": "Do not try the same again. Tell the user what you wanted to do and why, and "
    "ask how to go on.",
    "grant_required": "Nobody is there to say yes. Tell the user what you wanted to run; they can "
    "open JupyterLab and answer there, or permit it beforehand.",
    "label_not_found": "See the labels with list_secret_labels, or ask for it with request_secret.",
    "label_invalid": "A label looks like GITHUB_TOKEN. See them with list_secret_labels.",
    "secret_blocked": "Never write a secret into a tool. Use its label: the value is put in where "
    "you can't see it.",
    "vault_locked": "Ask the user to unlock the vault in the Secrets panel, or with: "
    "jupyter agent unlock",
    "person_drives": "The user has the desktop now. Call desktop_wait, then go on.",
    "desktop_closed": "Open one with open_desktop.",
    "egress_refused": "Send it to the host that the label is for, by https, with nothing of your "
    "own in the place where the value goes.",
    "egress_failed": "Check the address; then tell the user that the service did not answer.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool gives back.

    Attributes:
        data: JSON, safe for the model.
        failed: Whether it was not done; then ``data`` is ``{"error": {"code","message",
            "next_step"}}``.
    """

    data: Any
    failed: bool = False

    @property
    def text(self) -> str:
        """As a model reads it."""
        return self.data if isinstance(self.data, str) else json.dumps(self.data, indent=1)

    @property
    def code(self) -> str:
        """Of the error, or ""."""
        return str(self.data["error"]["code"]) if self.failed else ""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        name: As models call it.
        description: What models read.
        parameters: JSON Schema of its arguments.
        reads_only: Whether it changes nothing and uses no value.
    """

    name: str
    description: str
    parameters: schemas.Schema
    reads_only: bool
    _act: Act
    _passage: Passage

    async def call(self, given: Mapping[str, Any], told: Told = untold) -> Outcome:
        """Do it. Never raises, but for a cancelled task.

        Args:
            given: The arguments, as the model wrote them.
            told: Hears how it goes on.
        """
        try:
            arguments = schemas.checked(self.parameters, given)
            await self._passage.check(arguments, f"What you gave {self.name}")
            # Shortened last: a cut through a value would leave a part that nobody recognises.
            return Outcome(_short(await self._passage.clean(await self._act(arguments, told))))
        except AgentError as error:
            return await self._failed(error)
        except Exception as error:  # noqa: BLE001  (whatever it was, a model reads no traceback)
            kind = type(error).__name__
            return _outcome(AgentError(f"{self.name} failed ({kind}).", "Tell the user."))

    async def _failed(self, error: AgentError) -> Outcome:
        outcome = _outcome(error)
        try:
            # Some errors name what somebody else has sent: an address, a file.
            return Outcome(await self._passage.clean(outcome.data), failed=True)
        except AgentError as later:
            # Why nothing can be shown is ours to say, and most often why it failed in the first
            # place: the vault is locked, the agent was forgotten.
            return _outcome(later)


def tools(
    door: Door,
    passage: Passage,
    notebook: Notebook | None = None,
    desktops: DesktopDoor | None = None,
) -> list[Tool]:
    """Every tool there is for a conversation.

    Args:
        door: The way to the broker.
        passage: Stands between the model and everybody else.
        notebook: Where the conversation is in one.
        desktops: Where there is a server that has some.
    """
    uses = _Uses(door)
    made = [
        Tool(
            "list_secret_labels",
            "List the labels of the secrets that the user has stored: names, kinds and dates. "
            "There is no way to read a value, and you never need one.",
            schemas.parameters(),
            reads_only=True,
            _act=uses.list_labels,
            _passage=passage,
        ),
        Tool(
            "run_command",
            "Run a bash script on the user's machine. Name the secrets it needs by their labels: "
            "each value is then in the environment variable of that name, for this script only, "
            'as in: curl -sH "Authorization: Bearer $GITHUB_TOKEN" https://api.github.com/user. '
            "The user reads the exact script and your reason and may say no. What it prints comes "
            "back with every value replaced by [secret:LABEL]; do not print values or encode them.",
            schemas.parameters(
                ("command", "why"),
                command=schemas.text("The bash script."),
                secrets=schemas.texts("Labels it needs: LABEL, or VARIABLE=LABEL."),
                why=_WHY,
                timeout=schemas.number("Seconds it may take; 60 if left out.", 1, MOST_SECONDS),
            ),
            reads_only=False,
            _act=uses.run_command,
            _passage=passage,
        ),
        Tool(
            "http_request",
            "Send one HTTP request with a stored secret to the service it is for. You write "
            "neither the value nor the header it goes into: it is put into the service's usual "
            "place (Authorization: Bearer, where none is known). Each label goes to one host, by "
            "https. The user reads address and reason and may say no.",
            schemas.parameters(
                ("url", "secret", "why"),
                url=schemas.text("The whole address, https.", maxLength=8000),
                secret=schemas.text("The label.", maxLength=64),
                why=_WHY,
                method=schemas.text("GET if left out.", enum=list(METHODS)),
                headers=schemas.named_texts("Headers, without the one that holds the secret."),
                body=schemas.text("The body."),
                place=schemas.text(
                    "Only for a service with a place of its own: 'header: X-Api-Key: {}', "
                    "'query: api_key' or 'basic: USERNAME'.",
                    maxLength=300,
                ),
            ),
            reads_only=False,
            _act=uses.http_request,
            _passage=passage,
        ),
        Tool(
            "request_secret",
            "Ask the user for a secret that is not stored yet. A masked form opens; the value goes "
            "into the vault and not to you. Tells whether it was saved, declined, or is still "
            "pending. Never ask for a secret in the chat.",
            schemas.parameters(
                ("label", "why"),
                label=schemas.text("A label for it, such as GITHUB_TOKEN.", maxLength=64),
                why=_WHY,
            ),
            reads_only=False,
            _act=uses.request_secret,
            _passage=passage,
        ),
    ]
    if notebook:
        made += _of_notebook(notebook, passage)
    if desktops:
        made += desktop_tools(
            desktops,
            lambda name, description, parameters, act: Tool(
                name, description, parameters, name in _ONLY_READ, act, passage
            ),
        )
    return made


def _of_notebook(notebook: Notebook, passage: Passage) -> list[Tool]:
    async def read(given: dict[str, Any], _told: Told) -> Any:
        return await notebook.read_cell(given["number"])

    async def add(given: dict[str, Any], _told: Told) -> Any:
        await notebook.add_cell(given["source"])
        return {"added": True, "note": "It is below the chat cell. The user decides to run it."}

    return [
        Tool(
            "read_cell",
            "Read a cell of this notebook that was run: its source, and its result as text. The "
            "number is the one in brackets beside it, as in [3]; 0 lists the last ones.",
            schemas.parameters(("number",), number=schemas.number("Its number.", 0, 1_000_000)),
            reads_only=True,
            _act=read,
            _passage=passage,
        ),
        Tool(
            "add_cell",
            "Add a code cell below this chat cell. It is not run; the user may run it.",
            schemas.parameters(("source",), source=schemas.text("Its source.")),
            reads_only=False,
            _act=add,
            _passage=passage,
        ),
    ]


class _Uses:
    """What the tools do, once their arguments have passed."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def list_labels(self, _given: dict[str, Any], _told: Told) -> Any:
        names = ("label", "kind", "created", "last_used", "expires")
        found = await self._door.labels()
        return {"secrets": [{name: each.get(name) for name in names} for each in found]}

    async def run_command(self, given: dict[str, Any], told: Told) -> Any:
        command = Command(
            script=given["command"],
            secrets=_variables(given.get("secrets", [])),
            why=given["why"],
            timeout=float(given.get("timeout", 60)),
        )
        ended = await self._door.run(command, told)
        answer: dict[str, Any] = {
            "exit": ended.exit,
            "ending": ended.ending,
            "seconds": round(ended.seconds, 2),
            "stdout": ended.stdout,
            "stderr": ended.stderr,
        }
        if ended.scrubbed:
            answer["scrubbed"] = dict(ended.scrubbed)
        if ended.withheld:
            answer["note"] = (
                f"Its output is withheld: {', '.join(ended.withheld)} is too short to be replaced "
                "in every form. The exit code is all there is."
            )
        return answer

    async def http_request(self, given: dict[str, Any], told: Told) -> Any:
        answer = await self._door.send(
            HttpRequest(
                method=given.get("method", "GET"),
                url=given["url"],
                secret=check_label(given["secret"]),
                place=given.get("place", ""),
                headers=given.get("headers", {}),
                body=given.get("body", ""),
                why=given["why"],
            ),
            told,
        )
        return {
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body,
            **({"note": "The body is longer; this is its beginning."} if answer.cut else {}),
        }

    async def request_secret(self, given: dict[str, Any], told: Told) -> Any:
        label = check_label(given["label"])
        if any(each["label"] == label for each in await self._door.labels()):
            return {"label": label, "state": "saved", "note": "It was stored already."}
        state = await self._door.ask_for_secret(label, given["why"], told)
        notes = {
            "saved": f"Use it by its label: {label}.",
            "declined": "The user does not want to give it. Go on without it, or ask why.",
            "pending": "Nobody has entered it yet. Go on, and look again with list_secret_labels.",
        }
        return {"label": label, "state": state, "note": notes[state]}


def _variables(typed: list[str]) -> dict[str, str]:
    """Label by variable of what stands as ``LABEL`` or ``VARIABLE=LABEL``."""
    found: dict[str, str] = {}
    for each in typed:
        name, equals, label = each.rpartition("=")
        check_label(label)
        variable = check_variable(name) if equals else label
        if found.setdefault(variable, label) != label:
            raise LabelInvalid(f"The variable {variable} is named twice.")
    return found


def _short(value: Any) -> Any:
    """The same JSON, its long texts without their middle."""
    if isinstance(value, str) and len(value) > MOST_SHOWN:
        head, tail = value[: MOST_SHOWN * 3 // 4], value[-MOST_SHOWN // 4 :]
        return f"{head}\n[{len(value) - MOST_SHOWN} characters left out]\n{tail}"
    if isinstance(value, list):
        return [_short(each) for each in value]
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return value


def _outcome(error: AgentError) -> Outcome:
    hint = _NEXT.get(error.code) or error.hint or "Tell the user what happened."
    if isinstance(error, SecretBlocked):
        hint = _NEXT[error.code]
    body = {"code": error.code, "message": error.message, "next_step": hint}
    return Outcome({"error": body}, failed=True)
