"""What the grants in the vault say about a request; each look, and what follows, is one breath."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jupyter_agent.broker import permitting, policy
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.permitting import Request
from jupyter_agent.broker.policy import Policy, spend
from jupyter_agent.errors import GrantDenied
from jupyter_agent.vault.records import not_found

if TYPE_CHECKING:
    from jupyter_agent.vault.vault import Vault


def take(vault: Vault, request: Request) -> tuple[list[str], int]:
    """Use the grants that cover a request.

    Returns:
        The labels that none covers, and the version of the policy under which that is so.

    Raises:
        GrantDenied: A rule of the person's forbids it.
        LabelNotFound: A label is not stored.
    """
    with vault.together():
        check_stored(request.labels, [meta.label for meta in vault.list()])
        version = Policy.of(vault).version
        standing = policy.all_grants(vault)
    now = datetime.now(UTC)
    _check_not_forbidden(standing, request, now)
    missing, used = permitting.decided(standing, request, now)
    if used:
        # Again inside the write: another broker may have used them up, or taken them back.
        def spent(standing: Sequence[Grant], policy: Policy) -> list[Grant]:
            nonlocal missing, version
            _check_not_forbidden(standing, request, now)
            version = policy.version
            missing, used = permitting.decided(standing, request, now)
            return used

        spend(vault, spent)
    return missing, version


def check_stored(labels: Sequence[str], known: Sequence[str]) -> None:
    """Return if all of these labels are among those that there are.

    Raises:
        LabelNotFound: One is not.
    """
    for label in labels:
        if label not in known:
            raise not_found(label, known)


def covering(vault: Vault, request: Request) -> tuple[str, ...]:
    """Ids of the grants that a request rests on."""
    now = datetime.now(UTC)
    return tuple(
        grant.id
        for grant in policy.all_grants(vault)
        if any(permitting.permits(grant, label, request, now) for label in request.labels)
    )


def settle(vault: Vault, request: Request, version: int, made: list[Grant]) -> list[Grant]:
    """Let an answer count, in the same breath as it is looked whether it still may.

    Returns:
        Every grant there is now.

    Raises:
        GrantDenied: Meanwhile something was denied or taken back.
        LabelNotFound: A label is gone: the grant would count for whatever comes to stand under it.
    """
    now = datetime.now(UTC)

    def check(standing: Sequence[Grant], policy: Policy) -> None:
        if not policy.holds(version):
            raise GrantDenied(
                "This was asked before a grant was taken back or something was denied, so the "
                "answer does not count.",
                "Run it again to be asked under the present rules.",
            )
        _check_not_forbidden(standing, request, now)

    check(policy.all_grants(vault), Policy.of(vault))
    for grant in made:
        vault.meta(grant.label)
    if made:
        policy.add(vault, made, now, check)
    return policy.all_grants(vault)


def is_settled(standing: Sequence[Grant], request: Request) -> bool:
    """Whether these grants answer a request, with yes or no."""
    now = datetime.now(UTC)
    return (
        permitting.forbidding(standing, request, now) is not None
        or permitting.missing(standing, request, now) == []
    )


def _check_not_forbidden(standing: Sequence[Grant], request: Request, now: datetime) -> None:
    rule = permitting.forbidding(standing, request, now)
    if rule is not None:
        raise GrantDenied(
            f"A rule denies this command the use of {rule.label}.",
            f"Take the rule back, if it should run: jupyter agent grant --remove {rule.id}",
        )
