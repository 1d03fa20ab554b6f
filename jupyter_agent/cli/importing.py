"""``jupyter agent secret import``: from where secrets lie about today into the vault.

Labels and places are shown, values never. Originals are taken away only once the vault has
acknowledged the value, by one atomic exchange of the file, and only if it is still what was read.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.cli.door import open_as_person
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.plain_files import (
    FORMATS,
    Find,
    finds,
    format_of,
    label_for,
    sounds_secret,
    without,
)
from jupyter_agent.cli.terminal import Terminal, printable, secrets_of
from jupyter_agent.cli.usual_places import usual_places
from jupyter_agent.cli.value import how_long_it_lasts, seal_and_save
from jupyter_agent.errors import AgentError, RequestInvalid
from jupyter_agent.folders import sync, sync_folder, take_place
from jupyter_agent.opening import CLOSE_ON_EXEC, NONBLOCK, open_unfollowed
from jupyter_agent.secret import MAX_LABEL, MAX_VALUE

if TYPE_CHECKING:
    from jupyter_agent.client import Client
    from jupyter_agent.screen import Screener

_LARGEST: Final = 1024 * 1024
"""Bytes of a file that is looked at."""
_CHECK: Final = "Check its path and its mode."
_ENVIRONMENT: Final = "environment"


@dataclass(frozen=True, slots=True)
class Origin:
    """A file, or the environment, and what was found in it.

    Attributes:
        path: The file itself, links followed; "" for the environment.
        shown: How people know it.
        text: As it was read.
        found: What was found, each with a label of its own.
    """

    path: str
    shown: str
    text: str
    found: tuple[Find, ...]


def add(secrets_: Family) -> None:
    """Add the command to its family."""
    parser = secrets_.command(
        "import",
        import_,
        "Take in secrets from .env, AWS, netrc, PostgreSQL, GitHub or Jupyter AI files, or from "
        "the environment.",
        examples="""\
  jupyter agent secret import                      look at the usual places
  jupyter agent secret import .env --dry-run
  jupyter agent secret import project/.env --remove
  jupyter agent secret import --environment""",
    )
    parser.add_argument("paths", nargs="*", metavar="FILE", help="the usual places, if none")
    parser.add_argument(
        "--as", dest="form", choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS)
    )
    parser.add_argument("--environment", action="store_true", help="look at this shell's variables")
    parser.add_argument(
        "--all", action="store_true", help="also what neither name nor shape call a secret"
    )
    parser.add_argument("--dry-run", action="store_true", help="only show what was found")
    parser.add_argument("--yes", action="store_true", help="do not ask before saving")
    originals = parser.add_mutually_exclusive_group()
    originals.add_argument("--remove", action="store_true", help="take the values out of the files")
    originals.add_argument("--keep", action="store_true", help="leave the files alone, do not ask")


def import_(arguments: Arguments, terminal: Terminal) -> int:
    """Show what was found, save it, and take the originals away."""
    from jupyter_agent.processes.linux import forbid_inspection  # noqa: PLC0415  (ctypes)

    forbid_inspection()  # a core file would hold what is read
    origins = _named_apart(_origins(arguments))
    with open_as_person() as client:
        states = _states(client, origins)
        rows = [
            {"label": find.label, "from": origin.shown, "line": find.line,
             "state": states[find.label]}
            for origin in origins
            for find in origin.found
        ]  # fmt: skip
        wanted = len({row["label"] for row in rows if row["state"] == "new"})
        for line in _lines(rows, terminal):
            terminal.notice(line)
        saved: list[str] = []
        removed: list[str] = []
        if wanted and not arguments.dry_run:
            _agreed(f"Save {secrets_of(wanted)}?", arguments)
            for origin in origins:
                for find in origin.found:
                    if states[find.label] == "new" and find.label not in saved:
                        value = find.value.encode("utf-8", "surrogateescape")
                        seal_and_save(client, find.label, value)
                        saved.append(find.label)
        lasting = how_long_it_lasts(client) if rows and not arguments.dry_run else []
        if not arguments.dry_run:
            removed = _remove_originals(origins, states, arguments, lasts=not lasting)
    answer = {"found": rows, "saved": saved, "removed": removed}
    terminal.answer(answer, [*_ending(saved, removed, rows), *(lasting if saved else [])])
    return 0


def _states(client: Client, origins: list[Origin]) -> dict[str, str]:
    """By label: whether it is ``new``, ``stored`` (this very value) or ``taken`` by another one."""
    from jupyter_agent.client import matching  # noqa: PLC0415  (startup time)

    known = {meta["label"] for meta in client.call("secret.list")["secrets"]}
    states = {}
    for find in (find for origin in origins for find in origin.found):
        if find.label not in known:
            states[find.label] = "new"
            continue
        whole = (find.label, 0, len(find.value), True)
        stored = any(
            (match.label, match.start, match.end, match.exact) == whole
            for match in matching.find(client, find.value).matches
        )
        states[find.label] = "stored" if stored else "taken"
    return states


def _remove_originals(
    origins: list[Origin], states: dict[str, str], arguments: Arguments, *, lasts: bool
) -> list[str]:
    """Take what the vault now holds out of the files, where a person wants that.

    Raises:
        RequestInvalid: It was asked for, and the vault would be the only place, and end with the
            broker.
    """
    removed: list[str] = []
    for origin in origins:
        held = [find for find in origin.found if states[find.label] != "taken"]
        if not (held and origin.path):
            continue
        if not lasts and arguments.remove:
            raise RequestInvalid(
                "The secrets are in the broker's memory only, and would be gone with it; the files "
                "were left alone.",
                "Give the vault a key that lasts (jupyter agent vault move), then import again.",
            )
        if lasts and _may_remove(origin, len(held), arguments):
            _take_out(origin, held)
            removed.append(origin.shown)
    return removed


def _origins(arguments: Arguments) -> list[Origin]:
    from jupyter_agent.screen import Screener  # noqa: PLC0415  (startup time)

    screener = Screener()
    paths = list(arguments.paths)
    usual = not paths and not arguments.environment
    origins: list[Origin] = []
    for path in usual_places() if usual else paths:
        where = Path(path).expanduser()
        if usual and not where.is_file():
            continue
        if str(where.resolve()) in [origin.path for origin in origins]:
            continue  # the same file by another name
        form = arguments.form or format_of(str(where.absolute()))
        if form is None:
            raise RequestInvalid(
                "That file has none of the names that say what is in it.",
                f"Say it with --as {', '.join(FORMATS)}.",
            )
        text = _text(where)
        found = [find for find in finds(text, form) if arguments.all or _is_secret(find, screener)]
        origins.append(Origin(str(where.resolve()), path, text, tuple(found)))
    if arguments.environment:
        found = [
            Find(label_for(name), value, (0, 0), 0, sounds_secret(name))
            for name, value in sorted(os.environ.items())
            if value and not name.startswith(("JUPYTER_AGENT_", "LS_COLORS"))
        ]
        origins.append(
            Origin("", _ENVIRONMENT, "", tuple(f for f in found if _is_secret(f, screener)))
        )
    return origins


def _is_secret(find: Find, screener: Screener) -> bool:
    if not 0 < len(find.value.encode("utf-8", "surrogateescape")) <= MAX_VALUE:
        return False
    if _is_path(find.value):
        return False
    try:
        return find.named or bool(screener.screen(find.value))
    except AgentError:  # it took too long: whoever reads the list decides
        return True


def _is_path(value: str) -> bool:
    """Whether a value is where something lies: PWD, KEY_FILE and their like hold no secret."""
    if not value.startswith(("/", "~/", "./", "../")):
        return False
    try:
        return Path(value).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # no path after all, or nobody's home
        return False


def _named_apart(origins: list[Origin]) -> list[Origin]:
    """Give every value a label of its own.

    The same value under the same name is one secret: GitHub's command line writes a person's token
    twice. Each place of it is taken out.
    """
    used: set[str] = set()
    same: dict[tuple[str, str], str] = {}
    result = []
    for origin in origins:
        found = []
        for find in origin.found:
            label, number = find.label, 2
            if known := same.get((find.label, find.value)):
                found.append(replace(find, label=known))
                continue
            while label in used:
                ending = f"_{number}"
                label, number = find.label[: MAX_LABEL - len(ending)] + ending, number + 1
            used.add(label)
            same[find.label, find.value] = label
            found.append(replace(find, label=label))
        result.append(replace(origin, found=tuple(found)))
    return result


def _text(path: Path) -> str:
    try:
        # NONBLOCK: password managers lay pipes in the place of such files, and nobody may be there.
        handle = os.open(path, os.O_RDONLY | NONBLOCK | CLOSE_ON_EXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise RequestInvalid("That is no plain file.", _CHECK)
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise RequestInvalid(f"A file that was named can't be read: {why}.", _CHECK) from None
    if len(raw) > _LARGEST:
        raise RequestInvalid("A file that was named is longer than 1 MiB.", "Check its path.")
    # Bytes that are no text come out as they went in.
    return raw.decode("utf-8", "surrogateescape")


def _may_remove(origin: Origin, count: int, arguments: Arguments) -> bool:
    from jupyter_agent.cli.prompts import confirmed  # noqa: PLC0415

    if arguments.remove or arguments.keep:
        return bool(arguments.remove)
    what = "saved value" if count == 1 else f"{count} saved values"
    return confirmed(f"Take the {what} out of {printable(origin.shown)}?")


def _take_out(origin: Origin, taken: list[Find]) -> None:
    """Exchange the file for one without these values, whole or not at all.

    No copy of the old one is kept: it would hold the values.
    """
    path = Path(origin.path)
    info = path.stat()
    if info.st_nlink > 1:
        raise RequestInvalid(
            "The secrets were saved, but that file has a second name, which would keep them.",
            "Take them out yourself.",
        )
    if _text(path) != origin.text:
        raise RequestInvalid(
            "The secrets were saved, but the file was changed meanwhile; it was left alone.",
            "Take them out yourself, or remove the new labels and import again.",
        )
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = open_unfollowed(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(handle, "wb") as file:
            file.write(without(origin.text, taken).encode("utf-8", "surrogateescape"))
            file.flush()
            if sys.platform != "win32":  # there it is this person's alone from now on
                os.fchmod(file.fileno(), stat.S_IMODE(info.st_mode))
            sync(file.fileno())
        take_place(fresh, path)
        sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise RequestInvalid(
            "The secrets were saved, but the file can't be changed: "
            f"{os.strerror(error.errno or 0)}.",
            "Take them out yourself.",
        ) from None


def _agreed(question: str, arguments: Arguments) -> None:
    from jupyter_agent.cli.prompts import agree  # noqa: PLC0415

    if not arguments.yes:
        agree(question, "Nothing was saved.")


def _lines(rows: list[dict[str, Any]], terminal: Terminal) -> list[str]:
    if not rows:
        return []
    head = ("LABEL", "FROM", "LINE", "STATE")
    cells = [[row["label"], row["from"], str(row["line"] or "-"), row["state"]] for row in rows]
    return terminal.table(head, cells)


def _ending(saved: list[str], removed: list[str], rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["No secrets were found. Name a file, or see: jupyter agent secret import --help"]
    lines = [f"Saved {len(saved)} of {len({row['label'] for row in rows})}."]
    lines += [f"Taken out of {printable(path)}." for path in removed]
    if any(row["state"] == "taken" for row in rows):
        lines.append("What is taken holds another value here; its lines were left alone.")
    if saved:
        lines.append(
            "They lay in plain text until now, and may still be in backups or in git: rotate them."
        )
    return lines
