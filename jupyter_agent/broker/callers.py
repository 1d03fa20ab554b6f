"""Who is calling. Capability gives, ancestry only takes away.

A key or capability raises a caller; what it descends from can only lower it: below a registered
kernel nobody is more than that kernel, below a run nobody is anything. Said plainly: a process that
double-forks out of its kernel loses that ancestry, and every program of the same user can read the
person key. This keeps accidents and models out, not hostile code (docs/threat-model.md).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from jupyter_agent import wire
from jupyter_agent.broker.agents import CHAT, Agents
from jupyter_agent.broker.kernels import Kernel, Kernels
from jupyter_agent.errors import BrokerRefused, RoleDenied
from jupyter_agent.processes import tree
from jupyter_agent.shell.titles import KEEPER, RUNNER

MAX_CLAIM: Final = 512

_OF_RUNS: Final = frozenset((KEEPER, RUNNER, "jupyter_agent.broker"))
"""What is called so has nothing below it but runs. The last one beyond Linux, where a fork of a
broker can't call itself something else."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One conversation's other end, once it has said hello.

    Attributes:
        role: What it may be.
        pid: Its process, as the kernel of the machine says.
        notebook: The notebook of its registered kernel: known, not claimed.
        claimed: A notebook name it gave: shown to people, never trusted.
        kernel_id: Its kernel, for the role ``kernel`` and for the agent of a chat cell.
        agent: Which agent it is, for the role ``agent``.
    """

    role: wire.Role
    pid: int
    notebook: str | None = None
    claimed: str | None = None
    kernel_id: str | None = None
    agent: str | None = None

    @property
    def name(self) -> str:
        """How the audit and the grants call it."""
        if self.role == "agent":
            return f"agent:{self.agent}"
        return f"{self.role}:{self.kernel_id}" if self.kernel_id else self.role


def refuse_runs(pid: int, runner_pid: int) -> list[tuple[int, int]]:
    """Return a process's ancestry, unless it is part of a run.

    Not of this broker's only: an older one that makes room still has its runs, and these are known
    by what their keeper calls itself. Calling oneself so gains nobody anything.

    Raises:
        BrokerRefused: It is part of a run, or gone, so that nobody can say what it was part of.
    """
    line = tree.ancestry(pid)
    if not line or any(
        forebear == runner_pid or tree.title(forebear) in _OF_RUNS for forebear, _ in line
    ):
        raise BrokerRefused(
            "A command that runs with secrets can't ask for more of them.",
            "Ask from the notebook or the terminal instead.",
        )
    return line


async def recognise(  # noqa: PLR0913  (all that decides it)
    hello: wire.Message,
    pid: int,
    line: list[tuple[int, int]],
    *,
    person_key: str,
    kernels: Kernels,
    agents: Agents,
) -> Caller:
    """Decide who a caller is.

    Args:
        hello: Its first line.
        pid: Its process.
        line: That process's ancestry, from ``refuse_runs``.
        person_key: What a person has to show.
        kernels: The registered kernels.
        agents: The registered agents.

    Raises:
        BrokerRefused: What it shows is wrong.
        RequestInvalid: The line has not the fields it needs.
    """
    asked = wire.text(hello, "role")
    claimed = _claim(hello)
    above = kernels.above(line)
    if asked == "person":
        if not hmac.compare_digest(wire.text(hello, "key").encode(), person_key.encode()):
            raise BrokerRefused("The person key is not the right one.", "Restart and try again.")
        if above is not None:
            return _as_kernel(above, pid)
        return Caller("person", pid, claimed=claimed)
    if asked == "kernel":
        return _as_kernel(await _kernel(hello, line, kernels), pid)
    if asked == "agent":
        if "capability" in hello:
            return _as_chat(await _kernel(hello, line, kernels), pid)
        name = agents.named(wire.text(hello, "token"))
        if name is None:
            raise BrokerRefused(
                "This agent is not known here, or was forgotten.",
                "A person lets it in: jupyter agent agents add NAME",
            )
        # Below a kernel it is that kernel's: a cell that has read the token gets nothing by it.
        return _as_chat(above, pid) if above is not None else Caller("agent", pid, agent=name)
    if asked == "guest":
        # Also below a kernel: without its capability nobody gets what its notebook was granted.
        return Caller("guest", pid, claimed=claimed)
    raise BrokerRefused("That role is not known here.")


def require(caller: Caller, *roles: wire.Role) -> None:
    """Let only these roles pass.

    Raises:
        RoleDenied: The caller has another role.
    """
    if caller.role not in roles:
        raise RoleDenied(
            f"A {caller.role} may not do that.",
            "Do it in JupyterLab's Secrets panel or in a terminal, with jupyter agent.",
        )


async def _kernel(hello: wire.Message, line: list[tuple[int, int]], kernels: Kernels) -> Kernel:
    """The kernel that shows its own capability.

    Raises:
        BrokerRefused: It is not known, or another process shows it.
    """
    kernel = await kernels.wait_for(wire.text(hello, "capability"))
    above = kernels.above(line)  # only now: it may have been registered while we waited
    if kernel is None or above is None or above.kernel_id != kernel.kernel_id:
        raise BrokerRefused(
            "This is not the kernel that the capability was given to.", "Restart the kernel."
        )
    return kernel


def _as_chat(kernel: Kernel, pid: int) -> Caller:
    return Caller("agent", pid, notebook=kernel.notebook, kernel_id=kernel.kernel_id, agent=CHAT)


def _as_kernel(kernel: Kernel, pid: int) -> Caller:
    return Caller("kernel", pid, notebook=kernel.notebook, kernel_id=kernel.kernel_id)


def _claim(hello: wire.Message) -> str | None:
    claims = hello.get("claims")
    notebook = claims.get("notebook") if isinstance(claims, dict) else None
    return notebook[:MAX_CLAIM] if isinstance(notebook, str) and notebook else None
