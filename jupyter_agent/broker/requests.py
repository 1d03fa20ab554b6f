"""What a run asks for, as the grants see it and as a person is shown it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_agent import spawn
from jupyter_agent.broker import grants, markers, patterns, permitting
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.executables import Executables
from jupyter_agent.broker.permitting import Request
from jupyter_agent.broker.shown_programs import ShownPrograms
from jupyter_agent.broker.wanted import Wanted
from jupyter_agent.errors import AgentError

if TYPE_CHECKING:  # loading HTTP is for the first use
    from jupyter_agent.egress.one import OneRequest


def request_of(caller: Caller, wanted: Wanted, executables: Executables) -> Request:
    """A run as the rule sees it.

    Args:
        caller: Who asks.
        wanted: What.
        executables: Looks programs up, in the PATH and folder of this run.
    """
    path = wanted.env.get("PATH", spawn.FIXED_PATH)
    return Request(
        labels=wanted.labels,
        script=wanted.command,
        cwd=wanted.cwd,
        notebook=caller.notebook,
        actor=caller.name,
        claimed=caller.claimed,
        shell=wanted.shell,
        argv=wanted.argv,
        into=_into(wanted),
        exports=bool(wanted.exported),
        identity=_identity(caller, wanted),
        alone=len(wanted.labels) == 1,
        look=lambda word: executables.look(word, path, wanted.cwd),
    )


def _identity(caller: Caller, wanted: Wanted) -> str:
    """What is permitted beside the text: for an agent, its labels all together or none of them.

    Else two permissions that a person gave one by one would add up to a run that nobody has seen.
    """
    if caller.role != "agent":
        return wanted.identity
    return f"agent {','.join(sorted(wanted.labels))} {wanted.identity}"


def asker(caller: Caller, why: str = "") -> dict[str, Any]:
    """Who asks, for people.

    Args:
        caller: Who.
        why: What an agent says about it, as ``Reasons.shown`` gives it.
    """
    return {
        "role": caller.role,
        "agent": caller.agent,
        "why": why if caller.role == "agent" else None,
        "notebook": caller.notebook or caller.claimed,
        "claimed": caller.notebook is None and caller.claimed is not None,
    }


def details(
    caller: Caller, wanted: Wanted, request: Request, programs: ShownPrograms, why: str = ""
) -> dict[str, Any]:
    """All that a person has to know to decide on a run. May read programs."""
    asks_once = caller.role == "agent" or not request.labels
    suggestion = None if asks_once else _suggestion(request)
    choices = ["once", "minutes", "always", "pattern", "deny"]
    if caller.role == "agent":
        choices.remove("pattern")
    return {
        **asker(caller, why),
        "kind": "run",
        "labels": list(wanted.labels),
        "script": wanted.command,
        "argv": None if wanted.shell else list(wanted.argv),
        "shell": wanted.shell,
        "cwd": wanted.cwd,
        "answers": list(wanted.answers),
        **wanted.injection.shown(),
        "exports": {name: wanted.env[name] for name in wanted.exported},
        "executables": programs.rows(),
        "pattern": suggestion,
        "choices": choices,
    }


def request_of_way(
    caller: Caller,
    labels: Sequence[str],
    origin: str,
    place: str,
    only: OneRequest | None = None,
) -> Request:
    """A way out as the rule sees it.

    Args:
        caller: Who asks.
        labels: Whose values.
        origin: Where to: ``https://api.example.com``.
        place: Where in its requests the value goes.
        only: The one request that it is for, if it is for one only.
    """
    way = Request(
        labels=tuple(labels),
        script=f"{permitting.EGRESS} {origin}",
        cwd="",
        notebook=caller.notebook,
        actor=caller.name,
        claimed=caller.claimed,
        shell=permitting.EGRESS,
        identity=f"{permitting.EGRESS} {origin} {place}",
    )
    if only is None:
        return way
    script = f"{permitting.EGRESS} {only.method} {origin}{only.target}"
    identity = f"{script} {place} {only.rest}".rstrip()
    return replace(way, script=script, identity=identity, within=way, one=only.shown())


def details_of_way(caller: Caller, request: Request, place: str, why: str = "") -> dict[str, Any]:
    """All that a person has to know to decide on a way out."""
    return {
        **asker(caller, why),
        "kind": "egress",
        "labels": list(request.labels),
        "script": request.script,
        "argv": None,
        "shell": "",
        "cwd": "",
        "secrets": [],
        "exports": {},
        "executables": [],
        "pattern": None,
        "choices": ["once", "minutes", "always", "deny"],
        "place": place,
        "request": request.one,
    }


def _suggestion(request: Request) -> str | None:
    """A pattern that covers this run, for the person to edit; None where none could."""
    pipelines = request.pipelines()
    if pipelines is None or request.exports:
        return None
    text = patterns.suggested(pipelines)
    try:
        made = grants.new_grant({"label": request.labels[0], "pattern": text}, id="", created="")
        grants.with_programs(made, request.look)
    except AgentError:
        return None
    return text


def _into(wanted: Wanted) -> dict[str, tuple[str, ...]]:
    injection = wanted.injection
    places = [(label, f"env:{name}") for name, label in injection.variables.items()]
    places += [(label, f"file:{name}") for name, label in injection.files.items()]
    places += [(injection.stdin, "stdin")] if injection.stdin else []
    places += [(label, "prompt") for label in wanted.answers]
    for file in injection.templates:
        places += [(label, f"template:{file.env}") for label in markers.labels_in(file.text)]
    return {
        label: tuple(place for theirs, place in places if theirs == label)
        for label in wanted.labels
    }
