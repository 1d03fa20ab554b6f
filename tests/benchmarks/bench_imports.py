"""How long a kernel and a server wait for us while they start.

    python tests/benchmarks/bench_imports.py [--runs 10]

Each measurement is a fresh interpreter in which IPython or Jupyter Server is already imported.
The kernel's figure includes loading the extension into a shell. Expected: kernel at most 150 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

_KERNEL = """
import ipykernel.zmqshell, ipykernel.ipkernel, jupyter_client
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import sys, time
before = set(sys.modules)
start = time.perf_counter()
shell.extension_manager.load_extension("jupyter_agent")
seconds = time.perf_counter() - start
heavy = [n for n in ("anywidget", "ipywidgets", "hyperscan", "cryptography", "keyring",
                       "pydantic_ai", "openai", "anthropic", "google", "acp", "xllamacpp", "h11")
         if n in sys.modules and n not in before]
print(seconds, ",".join(heavy) or "-")
"""
_SERVER = """
import jupyter_server.serverapp, jupyter_server.extension.application
import sys, time
before = set(sys.modules)
start = time.perf_counter()
import jupyter_agent.server.extension
seconds = time.perf_counter() - start
heavy = [n for n in ("anywidget", "ipywidgets", "hyperscan", "cryptography", "keyring")
         if n in sys.modules and n not in before]
print(seconds, ",".join(heavy) or "-")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {runs} runs each")
    idle = [
        _measure(
            "import time; s = time.perf_counter(); import wave\nprint(time.perf_counter() - s, '-')"
        )[0]
        for _ in range(runs)
    ]
    print(f"  one small module of Python's own  p50 {statistics.median(idle) * 1000:6.1f} ms")
    for name, code in (
        ("kernel extension, loaded", _KERNEL),
        ("server extension, imported", _SERVER),
    ):
        measured = [_measure(code) for _ in range(runs)]
        seconds = [one[0] for one in measured]
        print(
            f"  {name:<32}  p50 {statistics.median(seconds) * 1000:6.1f} ms, "
            f"worst {max(seconds) * 1000:6.1f} ms, heavy imports: {measured[0][1]}"
        )


def _measure(code: str) -> tuple[float, str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, heavy = done.stdout.split()
    return float(seconds), heavy


if __name__ == "__main__":
    main()
