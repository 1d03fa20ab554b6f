"""What every test stands on: folders of its own, and no broker left behind."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# A busy machine is slow, not wrong: how long an example takes is no property. The same examples in
# each run: what one in a thousand of them shows is to be found by whoever looks for it, as below,
# and not by whoever has changed something else.
hypothesis.settings.register_profile("any machine", deadline=None, derandomize=True)
# Other examples each time: pytest tests/unit tests/property --hypothesis-profile=chance
hypothesis.settings.register_profile("chance", deadline=None, derandomize=False)
# For a night: pytest tests/property --hypothesis-profile=long
hypothesis.settings.register_profile("long", deadline=None, derandomize=False, max_examples=100_000)
hypothesis.settings.load_profile("any machine")

_HOMES = itertools.count()


def _read_when_asked() -> None:
    """Put off building the grammar of IRIs, 2 s in each process of the tests.

    jsonschema, which Jupyter Server imports, builds it to know a format that no schema here has.
    """

    def is_valid_syntax(term: str, value: str) -> bool:
        if sys.modules.get("rfc3987_syntax") is later:
            del sys.modules["rfc3987_syntax"]
        from rfc3987_syntax import is_valid_syntax as really  # noqa: PLC0415

        return bool(really(term, value))

    later = types.ModuleType("rfc3987_syntax")
    later.is_valid_syntax = is_valid_syntax  # type: ignore[attr-defined]
    sys.modules.setdefault("rfc3987_syntax", later)


_read_when_asked()

# On Windows only what is in tests/windows is run.
pytest_plugins = [] if sys.platform == "win32" else ["pytest_jupyter.jupyter_server"]


@pytest.fixture(autouse=True)
def agent_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A ``JUPYTER_AGENT_HOME`` for this test alone; its broker ends with the test.

    The name has a space, because people's folders do.
    """
    # Not by mktemp: it looks through all that were made before, for each of thousands of tests.
    home = tmp_path_factory.getbasetemp() / f"agent home{next(_HOMES)}"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("JUPYTER_AGENT_HOME", str(home))
    monkeypatch.delenv("JUPYTER_AGENT_KEY_SOURCE", raising=False)
    yield home
    if any(home.iterdir()):  # a broker has its folders there
        end_brokers(home)


def end_brokers(home: Path) -> None:
    """End the brokers whose folders lie below ``home``, the way a crash would."""
    if sys.platform == "win32":
        import brokers_of_windows  # noqa: PLC0415  (there is no /proc)

        brokers_of_windows.end(home)
        return
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            argv = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"jupyter_agent.broker" in argv and any(
            argument.startswith(os.fsencode(home) + b"/") for argument in argv
        ):
            try:
                os.kill(int(entry.name), signal.SIGKILL)
            except ProcessLookupError:
                continue
