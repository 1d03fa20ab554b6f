"""The one rule that says yes, given all grants and one run. Pure.

A notebook-bound grant is only ever used by a kernel whose notebook the server has registered; a
notebook name that a caller merely claims never counts. A deny rule wins over every grant. An agent
is only ever permitted an exact script with an exact set of labels, by a grant that names agents.
Every doubt is a no, which means that a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from jupyter_agent.broker import commands, patterns
from jupyter_agent.broker.commands import HARMLESS, Pipeline, Unreadable
from jupyter_agent.broker.grants import Grant

_CREDENTIAL: Final = re.compile(
    r"TOKEN|KEY(?!LOG)|(?<!ASK)PASS|_PWD|SECRET|AUTH(?!ORITY|_SOCK)|CRED|(?:^|_)PAT(?:$|_)"
)
"""Variables that programs take for a credential, and not for a place to connect to."""
_PLAIN_SHELLS: Final = ("", "sh", "bash")
EGRESS: Final = "egress"
"""Stands for a shell in a request for a way out, whose script is ``egress https://HOST``."""


def _nothing(_word: str) -> tuple[str, str] | None:
    return None


@dataclass(frozen=True, slots=True)
class Request:
    """A run that wants permission.

    Attributes:
        labels: What it wants to use.
        script: Exactly what will run: a script, or the arguments quoted.
        cwd: Absolute folder it will run in.
        notebook: The registered notebook it comes from, or None.
        actor: Who asks: a role, or a role and a name (``kernel:4f…``, ``agent:claude``).
        claimed: A notebook it says it comes from; never permits, but is not above being forbidden.
        shell: What reads the script; "" for plain arguments.
        argv: What is really called; the last word is the script as the shell gets it.
        into: Label → where its value goes: ``env:NAME``, ``stdin``, ``prompt``,
            ``file:NAME``, ``template:NAME``.
        exports: Whether the caller sets further variables.
        identity: All that is permitted beside the script's text (``Wanted.identity``); for an agent
            the set of labels too.
        alone: Whether it wants one label only.
        within: For one request on a way out: the whole way. Who may use that may send this, but for
            an agent; and who may not use that may not send this.
        one: For one request on a way out: what a person is shown of it beside method and address.
        look: The real path and hash of the file that a program's name means in this run.
    """

    labels: tuple[str, ...]
    script: str
    cwd: str
    notebook: str | None
    actor: str = "guest"
    claimed: str | None = None
    shell: str = "bash"
    argv: tuple[str, ...] = ()
    into: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exports: bool = False
    identity: str = ""
    alone: bool = True
    within: Request | None = None
    one: Mapping[str, Any] | None = field(default=None, compare=False)
    look: Callable[[str], tuple[str, str] | None] = field(default=_nothing, compare=False)

    @property
    def role(self) -> str:
        """The actor's role."""
        return self.actor.partition(":")[0]

    def pipelines(self) -> tuple[Pipeline, ...] | None:
        """What it runs; None where only its shell can say it."""
        if self.shell not in _PLAIN_SHELLS:
            return None
        if not self.shell:
            return commands.of_argv(self.argv)
        supplied = {place.partition(":")[2] for places in self.into.values() for place in places}
        try:
            return commands.read(self.argv[-1] if self.argv else self.script, supplied)
        except Unreadable:
            return None

    def named(self) -> list[str]:
        """The words that name its programs, as far as a reader can see them."""
        pipelines = self.pipelines()
        if pipelines is not None:
            return patterns.programs_of(pipelines)
        if self.shell == EGRESS:
            return []
        words = [] if self.shell == "python" else commands.named(self.script)
        return words if self.shell in _PLAIN_SHELLS else [*self.argv[:1], *words]

    def programs(self, words: Iterable[str]) -> dict[str, dict[str, str | None]]:
        """The files behind these words, as a grant keeps them."""
        found = {}
        for word in words:
            path, sha256 = self.look(word) or (None, None)
            found[word] = {"path": path, "sha256": sha256}
        return found


def forbidding(grants: Iterable[Grant], request: Request, now: datetime) -> Grant | None:
    """The deny rule that surely speaks of a request."""
    pipelines = request.pipelines()
    return next(
        (g for g in grants if g.deny and _forbids(g, request, pipelines, now) == "yes"), None
    )


def missing(grants: Iterable[Grant], request: Request, now: datetime) -> list[str]:
    """The request's labels that no grants cover. Every doubt leaves a label here.

    Args:
        grants: All there are.
        request: What wants to run.
        now: An aware datetime.
    """
    return decided(grants, request, now)[0]


def used(grants: Iterable[Grant], request: Request, now: datetime) -> list[Grant]:
    """The grants that a permitted run uses and changes; see ``decided``."""
    return decided(grants, request, now)[1]


def decided(
    grants: Iterable[Grant], request: Request, now: datetime
) -> tuple[list[str], list[Grant]]:
    """The labels that no grants cover, and, where there are none, the grants that change by this.

    Args:
        grants: All there are.
        request: What wants to run.
        now: An aware datetime.

    Returns:
        See ``missing``; and the grants with one use less, or with their programs noted. A label
        that an uncounted grant covers too costs nothing.
    """
    covering = _covering(list(grants), request, now)
    uncovered = [label for label, using in covering.items() if using is None]
    changed: list[Grant] = []
    if uncovered:
        return uncovered, changed
    for using in covering.values():
        for grant in using or ():
            after = _noted(grant, request)
            if after.uses is not None:
                after = replace(after, uses=after.uses - 1)
            if after != grant:
                changed.append(after)
    return uncovered, changed


def permits(grant: Grant, label: str, request: Request, now: datetime) -> bool:
    """Whether one grant alone lets a request use a label."""
    return missing([grant], replace(request, labels=(label,)), now) == []


def _covering(
    grants: Sequence[Grant], request: Request, now: datetime
) -> dict[str, list[Grant] | None]:
    """For each label the grants that a run would use, or None."""
    pipelines = request.pipelines()
    said = [(g.label, _forbids(g, request, pipelines, now)) for g in grants if g.deny]
    if any(answer == "yes" for _, answer in said):
        return dict.fromkeys(request.labels)
    # Where a rule may speak of it, or a model asks, only what a person has read whole counts.
    in_doubt = {label for label, answer in said if answer == "perhaps"}
    return {
        label: _using(
            [grant for grant in grants if _holds(grant, label, request, now)],
            request,
            pipelines,
            exact_only=label in in_doubt or request.role == "agent",
        )
        for label in request.labels
    }


def _using(
    grants: Sequence[Grant],
    request: Request,
    pipelines: Sequence[Pipeline] | None,
    *,
    exact_only: bool,
) -> list[Grant] | None:
    alone = [
        grant
        for grant in grants
        if (grant.any_command and not exact_only) or _is_exactly(grant, request)
    ]
    if alone:
        return [_cheapest(alone)]
    if exact_only or pipelines is None or request.exports:
        return None
    # Commands that follow each other could as well run one by one, so each pipeline may have a
    # grant of its own. Within a pipeline one hands on to the next: that is granted as a whole.
    fitting = [
        (grant, patterns.read_pattern(grant.pattern))
        for grant in grants
        if grant.pattern is not None and _goes_where_it_may(grant, request, grant.pattern)
    ]
    using: list[Grant] = []
    for pipeline in pipelines:
        covering = [
            grant
            for grant, pattern in fitting
            if patterns.covers(pattern, pipeline) and _same_files(grant, request, [pipeline])
        ]
        if not covering:
            return None
        using.append(_cheapest([g for g in covering if g in using] or covering))
    return list({grant.id: grant for grant in using}.values())


def _cheapest(grants: Sequence[Grant]) -> Grant:
    return next((grant for grant in grants if grant.uses is None), grants[0])


def _holds(grant: Grant, label: str, request: Request, now: datetime) -> bool:
    return (
        not grant.deny
        and grant.label == label
        and grant.notebook in (None, request.notebook)
        and grant.cwd in (None, request.cwd)
        and _is_for(grant, request)
        and (grant.uses is None or grant.uses > 0)
        and not grant.is_over(now)
    )


def _is_for(grant: Grant, request: Request) -> bool:
    """Whether the caller is one that was meant: an agent never is, unless the grant says so."""
    callers = (request.actor, request.role)
    return grant.who in callers or (grant.who is None and request.role != "agent")


def _is_exactly(grant: Grant, request: Request) -> bool:
    if request.within is not None and request.role != "agent" and grant.script != request.script:
        return _is_exactly(grant, request.within)
    if grant.script is None or grant.script != request.script:
        return False
    if grant.script.startswith(f"{EGRESS} ") and request.shell != EGRESS:
        return False  # or a program of that name would get what was meant for a host
    if request.exports and request.role == "agent":
        return False  # what it sets is another each time, and is part of an exact command
    if grant.identity is not None:
        is_it = grant.identity == request.identity
    else:  # written by hand: the text alone, where nothing else can change what it means
        is_it = (
            request.shell in (*_PLAIN_SHELLS, EGRESS)
            and not request.exports
            and (request.alone or request.role != "agent")  # together they were never permitted
            and _goes_where_it_may(grant, request, grant.script)
        )
    return is_it and (grant.programs is None or request.programs(grant.programs) == grant.programs)


def _goes_where_it_may(grant: Grant, request: Request, text: str) -> bool:
    places = request.into.get(grant.label, ())
    if grant.into is not None:
        return set(places) <= set(grant.into)
    return all(_is_usual(place, grant.label, text) for place in places)


def _is_usual(place: str, label: str, text: str) -> bool:
    """Whether a place is one for a credential: a value in GH_HOST would be looked up as a host."""
    kind, _, name = place.partition(":")
    return kind in ("stdin", "prompt") or (
        kind in ("env", "file")
        and (
            name == label
            or _CREDENTIAL.search(name) is not None
            or re.search(rf"\$\{{?{name}\b", text) is not None
        )
    )


def _same_files(grant: Grant, request: Request, pipelines: Sequence[Pipeline]) -> bool:
    """Whether the programs of these pipelines are still the files that were granted."""
    known = grant.programs or {}
    for word in patterns.programs_of(pipelines):
        if request.shell and word in HARMLESS:
            continue  # the shell's own
        file = request.look(word)
        was = known.get(word)
        if file is None or was is None or (was["path"], was["sha256"]) != file:
            return False
    return True


def _noted(grant: Grant, request: Request) -> Grant:
    """A script's grant with the files it was first used with, so that others ask again."""
    if grant.script is None or grant.programs is not None:
        return grant
    return replace(grant, programs=request.programs(request.named()))


def _forbids(
    grant: Grant, request: Request, pipelines: Sequence[Pipeline] | None, now: datetime
) -> Literal["yes", "perhaps", "no"]:
    if not (
        grant.label in request.labels
        and grant.notebook in (None, request.notebook, request.claimed)
        and grant.cwd in (None, request.cwd)
        and grant.who in (None, request.actor, request.role)
        and not grant.is_over(now)
    ):
        return "no"
    meant = {each.script.strip() for each in (request, request.within) if each is not None}
    if grant.any_command or (grant.script or "").strip() in meant:
        return "yes"
    if grant.pattern is None:
        return "no"
    pattern = patterns.read_pattern(grant.pattern)
    if request.shell == EGRESS:  # its words are all that there is to it
        ways = [commands.of_argv(tuple(script.split())) for script in meant]
        return "yes" if any(patterns.contains(pattern, way) for way in ways) else "no"
    return _speaks_of(pattern, request, pipelines)


def _speaks_of(
    pattern: patterns.Pattern, request: Request, pipelines: Sequence[Pipeline] | None
) -> Literal["yes", "perhaps", "no"]:
    if pipelines is None:
        return "perhaps"
    if patterns.contains(pattern, pipelines):
        return "yes"
    # `bash -c 'gh auth token'` and the like: the name stands there, and who knows what it does.
    names = [word.rpartition("/")[2] for word in pattern.programs()]
    return "perhaps" if any(name in request.script for name in names) else "no"
