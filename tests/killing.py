"""A vault whose writer is killed over and over: python tests/killing.py HOME ROUNDS SEED

A process of its own, because it forks for each round: a child does one thing after the other and
says before and after each of them so; it is killed in the middle. What was said to be done must be
there; what was under way is there wholly or not at all; nothing else may have changed. The next
round goes on with what is left, whichever keys it is under by then.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from vaults import folders_in, open_vault

from jupyter_agent.broker.trail import Trail
from jupyter_agent.errors import PassphraseRequired
from jupyter_agent.secret import Secret
from jupyter_agent.vault.passphrase import Work
from jupyter_agent.vault.portable import Entry
from jupyter_agent.vault.provided_source import ProvidedSource
from jupyter_agent.vault.vault import Vault

QUICK: Final = Work(memory=8, passes=1, lanes=1)
WORDS: Final = ("the first passphrase of this test", "the second passphrase of this test")
_MEASURED: Final = 6
LABELS: Final = [f"L{n}" for n in range(12)]

State = dict[str, str]
"""Label → value, as text."""


def typed(home: Path, words: str) -> ProvidedSource:
    """The provided source of somebody who typed these words."""
    return ProvidedSource(
        folders_in(home).state / "vault.provided",
        mounted=Path("/nowhere"),
        passphrase=Secret("VAULT_PASSPHRASE", words.encode()),
        work=QUICK,
    )


def opened(home: Path) -> Vault:
    """The vault, under whichever of the two passphrases it is now, if any."""
    try:
        return open_vault(home, provided=typed(home, WORDS[0]))
    except PassphraseRequired:
        return open_vault(home, provided=typed(home, WORDS[1]))


def held(vault: Vault) -> State:
    """Everything in it."""
    return {meta.label: vault.get(meta.label).reveal().decode() for meta in vault.list()}


# --- What can be done to a vault ---

Step = dict[str, Any]


def any_step(chance: random.Random) -> Step:
    """One step; writes are more common than new keys."""
    label = chance.choice(LABELS)
    value = f"{chance.getrandbits(64):x}" * chance.choice((1, 4, 60, 600))
    kind = chance.choices(
        ("put", "remove", "merge", "rekey", "passphrase", "file"), (6, 2, 2, 3, 2, 2)
    )[0]
    if kind == "merge":
        return {"do": kind, "values": {each: value[::-1] + each for each in LABELS[::3]}}
    return {"do": kind, "label": label, "value": value, "words": chance.choice(WORDS)}


def after(state: State, step: Step) -> State:
    """What a vault that held ``state`` holds once the step is done."""
    if step["do"] == "put":
        return {**state, step["label"]: step["value"]}
    if step["do"] == "remove":
        return {label: value for label, value in state.items() if label != step["label"]}
    if step["do"] == "merge":
        return {**state, **step["values"]}
    return state


def carry_out(home: Path, vault: Vault, trail: Trail, step: Step) -> Trail:
    """Do it; returns the record of uses that counts from then on."""
    kind = step["do"]
    if kind == "put":
        vault.put(Secret(step["label"], step["value"].encode()), replace=True)
    elif kind == "remove":
        if step["label"] in held(vault):
            vault.remove(step["label"])
    elif kind == "merge":
        meta = vault.put(Secret("L0", step["values"]["L0"].encode()), replace=True)
        entries = [
            Entry(meta.__class__.from_bytes(label, meta.to_bytes()), Secret(label, value.encode()))
            for label, value in step["values"].items()
        ]
        vault.merge(entries, replace=True)
    else:
        source = (
            typed(home, step["words"])
            if kind == "passphrase"
            else vault.source("file" if kind == "file" else vault.tier)
        )
        if kind == "rekey" and vault.typed:
            source = typed(home, step["words"])
        vault.rekey(source, chain=trail.handed_over(vault.chain()))
        trail = trail_of(home, vault)
    trail.append({"did": kind})
    vault.record_uses({}, trail.advance)
    return trail


def trail_of(home: Path, vault: Vault) -> Trail:
    """The record of uses, as the broker makes it."""
    first = f"audit-{vault.derive('audit name')[:4].hex()}.jsonl"
    state = folders_in(home).state
    return Trail(state, vault.chain(), first=first, key=vault.derive("audit"))


# --- Killing ---


def killed_after(seconds: float, action: Callable[[int], None]) -> bytes:
    """Fork, let the child do something, kill it; returns what it had written."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            action(writing)
        finally:
            os._exit(1)
    os.close(writing)
    said = b""
    # Time counts from when the child has begun, however busy the machine is.
    while b"\n" not in said and (piece := os.read(reading, 65536)):
        said += piece
    time.sleep(seconds)  # at any moment: there is nothing to wait for
    os.kill(pid, signal.SIGKILL)
    while piece := os.read(reading, 65536):
        said += piece
    os.close(reading)
    os.waitpid(pid, 0)
    return said


# --- Rounds ---


def work(home: Path, seed: int, out: int) -> None:
    """The child: one step after the other, each said before and after."""
    chance = random.Random(seed)
    vault = opened(home)
    trail = trail_of(home, vault)
    while True:
        step = any_step(chance)
        os.write(out, json.dumps({"begin": step}).encode() + b"\n")
        trail = carry_out(home, vault, trail, step)
        os.write(out, b'"done"\n')


def possible(state: State, said: bytes) -> list[State]:
    """What the vault may hold after a child has said this and no more."""
    pending: Step | None = None
    for line in said.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        word = json.loads(line)
        if word == "done":
            assert pending is not None
            state, pending = after(state, pending), None
        else:
            pending = word["begin"]
    if pending is None:
        return [state]
    states = [state, after(state, pending)]
    if pending["do"] == "merge":  # the first of its two writes
        states.append({**state, "L0": pending["values"]["L0"]})
    return states


def main(home: Path, rounds: int, seed: int) -> dict[str, Any]:
    """Kill it so often, and check after each time."""
    chance = random.Random(seed)
    vault = opened(home)
    vault.put(Secret("L0", b"the first value"), replace=True)
    trail, started = trail_of(home, vault), time.monotonic()
    for _ in range(_MEASURED):
        trail = carry_out(home, vault, trail, any_step(chance))
    # So that a child is killed within its first steps, wherever disks are slow or quick.
    longest = 1.5 * (time.monotonic() - started) / _MEASURED
    state = held(vault)
    vault.close()
    tiers: Counter[str] = Counter()
    steps = 0
    for round_ in range(1, rounds + 1):
        child_seed = chance.getrandbits(32)
        said = killed_after(
            chance.uniform(0, longest), lambda out, seed=child_seed: work(home, seed, out)
        )
        steps += said.count(b"done")
        # Half of them are to get through a first step, however the disk's speed changes.
        longest *= 0.9 if b"done" in said else 1.1
        vault = opened(home)
        found = held(vault)
        assert found in possible(state, said), "a write was lost, or half of one is there"
        if round_ % 10 == 0 or round_ == rounds:  # what breaks stays broken
            count, broken = trail_of(home, vault).verify(vault.chain())
            assert broken is None, f"an honest record looks changed at line {broken} of {count}"
        assert vault.left_over() == "", "a key that opens nothing any more was left behind"
        tiers[vault.tier] += 1
        vault.close()
        state = found
    return {"rounds": rounds, "steps": steps, "tiers": tiers}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
