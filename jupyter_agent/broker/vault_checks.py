"""``vault verify``: everything about the vault that can be checked, without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.trail import Trail
from jupyter_agent.errors import AgentError

if TYPE_CHECKING:
    from jupyter_agent.vault.vault import Vault


async def every_check(safe: Safe) -> list[dict[str, str]]:
    """The checks, in the order in which they depend on each other.

    Args:
        safe: Vault and audit.
    """
    try:
        checks = await safe.use(_of_the_vault)
    except AgentError as error:
        return [_check("vault", "fail", error.message, error.hint)]
    try:
        count, broken = await safe.read_audit(Trail.verify)
    except AgentError as error:
        return [*checks, _check("audit", "fail", error.message, error.hint)]
    return [*checks, _of_the_audit(count, broken)]


def _of_the_vault(vault: Vault) -> list[dict[str, str]]:
    records = vault.check_everything()
    secrets = len(vault.list())
    checks = [
        _check("vault", "ok", f"It authenticates: {secrets} secrets, {records} records, all open."),
        _check("key-source", "ok", f"{vault.tier}. {vault.promise}", vault.better),
    ]
    if left := vault.left_over():
        checks.append(
            _check(
                "left-over-key",
                "warn",
                f"An older key of this vault still lies in {left}.",
                "It opens older copies of the file only; drop it: jupyter agent vault rekey",
            )
        )
    return checks


def _of_the_audit(count: int, broken: int | None) -> dict[str, str]:
    if broken is None:
        return _check("audit", "ok", f"The record of uses is whole: {count} lines.")
    if broken > count:
        return _check(
            "audit",
            "fail",
            f"Lines are missing at the end of the record of uses, from line {broken} on.",
            "Look at who could write to the state folder; to go on: "
            "jupyter agent vault accept-restored",
        )
    return _check(
        "audit",
        "fail",
        f"The record of uses was changed at line {broken} of {count}.",
        "Look at who could write to the state folder.",
    )


def _check(id: str, state: str, message: str, hint: str = "") -> dict[str, Any]:  # noqa: A002
    return {"id": id, "state": state, "message": message, "hint": hint}
