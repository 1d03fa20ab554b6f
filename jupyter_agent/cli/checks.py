"""What ``doctor`` looks at. Each check says what it saw; none changes anything."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jupyter_agent import __version__
from jupyter_agent.cli.chats import chats
from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.installation import Check, check, installation
from jupyter_agent.cli.lock import MAKE_AN_EXPORT, export_reminder
from jupyter_agent.cli.mcp import sdk_version, set_up
from jupyter_agent.cli.times import local
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders, check_private_dir, check_private_file
from jupyter_agent.opening import NONBLOCK, open_unfollowed
from jupyter_agent.owner import is_elevated
from jupyter_agent.processes.exits import end_command

_ROOM: Final = 256 * 1024
"""Bytes that a change of the vault needs, with its journal, and some to spare."""


def every_check() -> list[Check]:
    """Every check, in the order in which things depend on each other."""
    folders = Folders.of()
    return [
        _version(),
        _machine(),
        _sudo(),
        *folder_checks(folders),
        *_as_far_as_allowed(_record(folders), "record"),
        *_broker_and_vault(),
        *_as_far_as_allowed(installation(), "installation"),
        *_as_far_as_allowed(chats(), "chat"),
    ]


def _as_far_as_allowed(checks: Iterator[Check], id_: str) -> Iterator[Check]:
    """Checks, up to one that needs what this person may not look at: another's home, say."""
    try:
        yield from checks
    except PermissionError:
        hint = "See that HOME is your own home."
        yield check(id_, "fail", "What has to be looked at for this is closed to you.", hint)


def _failed(id: str, error: AgentError) -> Check:  # noqa: A002
    return check(id, "fail", error.message, error.hint)


def _version() -> Check:
    python = platform.python_version()
    return check("version", "ok", f"jupyter-agent {__version__}, Python {python}")


def _machine() -> Check:
    if sys.platform == "darwin":
        return check(
            "machine",
            "warn",
            f"macOS {platform.mac_ver()[0]}, {platform.machine()}: nobody of us has run it there.",
            "Less is promised than on Linux: docs/threat-model.md, “Beyond Linux”.",
        )
    if sys.platform == "win32":
        return check(
            "machine",
            "warn",
            f"Windows {platform.version()}, {platform.machine()}: we have run it under Wine only.",
            "Less is promised than on Linux: docs/threat-model.md, “Beyond Linux”.",
        )
    if not sys.platform.startswith("linux"):
        return check("machine", "fail", f"{platform.system()} is not supported yet.", "Use Linux.")
    name = f"{platform.system()} {platform.release()}, {platform.machine()}"
    try:
        identified = bool(Path("/etc/machine-id").read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        identified = False
    if identified:
        return check("machine", "ok", name)
    return check(
        "machine",
        "warn",
        f"{name}; it has no machine id, as in many containers, so a copied store is kept out by "
        "its key alone.",
        "Make one, if this machine is to last: systemd-machine-id-setup",
    )


def _sudo() -> Check:
    if sys.platform == "win32":
        return _elevated()
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "0") != "0":
        return check("sudo", "fail", "This runs under sudo.", "Call it as yourself, without sudo.")
    if os.geteuid() == 0:
        return check("sudo", "warn", "This runs as root.", "Use an ordinary account.")
    return check("sudo", "ok", "This runs as an ordinary user.")


def _elevated() -> Check:
    if is_elevated():
        return check(
            "sudo",
            "warn",
            "This runs as an administrator.",
            "Use a terminal that was not opened as administrator.",
        )
    return check("sudo", "ok", "This runs as an ordinary user.")


def folder_checks(folders: Folders) -> Iterator[Check]:
    """Whether each folder is this person's alone, and has room."""
    for name, path in (("data", folders.data), ("state", folders.state), ("run", folders.run)):
        id_ = f"folder-{name}"
        try:
            if not path.exists():
                yield check(id_, "ok", f"{path} is made when it is needed.")
                continue
            check_private_dir(path, make=False)
        except PermissionError:
            yield check(
                id_,
                "fail",
                f"You may not look at {path}.",
                "Name a folder of yours that is for nobody else: JUPYTER_AGENT_HOME=DIR",
            )
        except AgentError as error:
            yield _failed(id_, error)
        else:
            mode = stat.S_IMODE(path.stat().st_mode)
            shown = "" if sys.platform == "win32" else f", mode {mode:04o}"
            disk = shutil.disk_usage(path)
            if not os.access(path, os.W_OK):
                what = "Make it writable; until then secrets can be read and none be saved."
                yield check(id_, "fail", f"{path} can't be written.", what)
            elif disk.total and disk.free < _ROOM:
                yield check(
                    id_,
                    "fail",
                    f"The disk of {path} is full.",
                    "Make room: nothing can be written.",
                )
            else:
                yield check(id_, "ok", f"{path}{shown}, yours alone.")


def _record(folders: Folders) -> Iterator[Check]:
    """Whether the files of the record of uses can be written, without which nothing is run."""
    files = sorted(folders.state.glob("audit-*.jsonl"))
    for path in files:
        try:
            handle = open_unfollowed(path, os.O_RDWR | NONBLOCK)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            yield check("record", "fail", f"{path} can't be written: {reason}.", "Move it away.")
            return
        try:
            check_private_file(handle, path.name)
        except AgentError as error:
            yield _failed("record", error)
            return
        finally:
            os.close(handle)
    if files:
        yield check("record", "ok", "The record of uses can be written.")


def _broker_and_vault() -> Iterator[Check]:
    try:
        with open_as_person() as client:
            status = client.call("status")
            waiting = client.call("approval.list")["approvals"]
            programs = set_up(client)
    except AgentError as error:
        yield _failed("broker", error)
        return
    yield _broker(status)
    yield vault_check(status["vault"])
    yield key_source_check(status["vault"])
    yield from _export(status["vault"])
    yield from waiting_checks(waiting)
    yield from agents_checks(programs, sdk_version())


def _broker(status: dict[str, Any]) -> Check:
    memory = status["memory"] / 2**20
    message = f"It answers: process {status['pid']}, {memory:.0f} MB, {status['runs']} runs."
    end = f"End it, and the next command starts the new one: {end_command(status['pid'])}"
    if status["vault"]["tier"] == "memory":
        end = (
            f"Its secrets are in its memory and are lost when it ends: {end_command(status['pid'])}"
        )
    if status.get("replaced"):
        said = f"{message} It is older than what is installed, and stays for what it holds open."
        return check("broker", "warn", said, end)
    if status["version"] != __version__:
        said = f"{message} It is version {status['version']}, from another installation."
        return check("broker", "warn", said, end)
    return check("broker", "ok", message)


def vault_check(vault: dict[str, Any]) -> Check:
    """How the vault is, from the broker's status."""
    state = vault["state"]
    if state == "error":
        error = vault["error"] or {}
        return check(
            "vault",
            "fail",
            str(error.get("message", "It can't be opened.")),
            str(error.get("hint", "")),
        )
    if state == "closed":  # as after each restart
        message = f"It is closed. {vault['error']['message']}"
        return check("vault", "warn", message, vault["error"]["hint"])
    if state == "locked":
        return check("vault", "warn", "It is locked.", "Open it: jupyter agent unlock")
    if state == "absent" and vault["error"]:
        # What has to be decided before there can be one: the first secret waits for it.
        error = vault["error"]
        message = f"There is none: the first secret waits for a decision. {error['message']}"
        return check("vault", "warn", message, error["hint"])
    if state == "absent":
        return check("vault", "ok", "It is made with the first secret.")
    return check("vault", "ok", f"It is {state}.")


def waiting_checks(approvals: list[dict[str, Any]]) -> Iterator[Check]:
    """What waits for a person's answer, from ``approval.list``."""
    if approvals:
        who = approvals[0].get("agent") or approvals[0].get("notebook") or approvals[0]["role"]
        number = "One question waits" if len(approvals) == 1 else f"{len(approvals)} questions wait"
        yield check(
            "approvals",
            "warn",
            f"{number} for your answer, the first from {who}.",
            "Answer in JupyterLab, or: jupyter agent approvals",
        )


def agents_checks(programs: list[dict[str, Any]], sdk: str | None) -> Iterator[Check]:
    """How programs that speak MCP are set up, from ``mcp.set_up``."""
    ours = [each for each in programs if each["agent"] is not None]
    if not ours:
        return
    if sdk is None:
        yield check(
            "agents",
            "fail",
            f"{ours[0]['program']} is set up to start us, but the MCP SDK is not installed here.",
            "pip install 'jupyter-agent-secrets[mcp]'",
        )
    for each in ours:
        if each["state"] not in ("works", "connected"):
            yield check(
                "agents",
                "warn",
                f"{each['program']} is set up as the agent {each['agent']}, which is not let in: "
                f"{each['state']}",
                f"Let it in: jupyter agent mcp install {each['program']}; or take it out: "
                f"jupyter agent mcp uninstall {each['program']}",
            )
    well = [each["program"] for each in ours if each["state"] in ("works", "connected")]
    if well and sdk is not None:
        yield check("agents", "ok", f"Set up over MCP: {', '.join(well)}.")


def _export(vault: dict[str, Any]) -> Iterator[Check]:
    export = vault.get("export")
    if export is None:
        return
    if reminder := export_reminder(vault):
        yield check("export", "warn", reminder, MAKE_AN_EXPORT)
    elif export["last"]:
        last = local(export["last"])
        yield check("export", "ok", f"Every secret is in an export; the last: {last}.")


KEY_SOURCES: Final = ("hardware", "provided", "os-keyring", "file", "memory")
"""What the setting may say."""


def key_source_check(vault: dict[str, Any]) -> Check:
    """Where the vault's key is, from the broker's status."""
    wanted = os.environ.get("JUPYTER_AGENT_KEY_SOURCE", "")
    tier = vault["tier"]
    if wanted and wanted not in KEY_SOURCES:
        # Not repeated: it might be anything, even a pasted value.
        return check(
            "key-source",
            "fail",
            "JUPYTER_AGENT_KEY_SOURCE names no key source, and no vault is opened or made.",
            f"Set it to one of {', '.join(KEY_SOURCES)}, or take it away.",
        )
    if not tier:
        if vault["state"] != "absent":
            return check("key-source", "ok", "It is told when the vault is open.")
        return check("key-source", "ok", f"{wanted or 'chosen'} when the vault is made.")
    said = " ".join(part for part in (f"{tier}.", vault["promise"]) if part)
    if wanted and wanted != tier:
        return check(
            "key-source",
            "warn",
            f"{said} JUPYTER_AGENT_KEY_SOURCE asks for {wanted}, which counts only for "
            "a new vault.",
            "Take the variable away; or move the vault: jupyter agent vault move",
        )
    said = " ".join(part for part in (said, vault["note"]) if part)
    return check("key-source", "ok", said, vault.get("better") or "")
