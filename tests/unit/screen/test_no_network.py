"""Screening opens no socket: not for a text, a notebook, or the compiled rules."""

from __future__ import annotations

import subprocess
import sys

from sources import ROOT

_PROGRAM = """
import sys

def forbid(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError("a socket")

sys.addaudithook(forbid)

import json
import socket

from jupyter_agent import rulecache
from jupyter_agent.cli.screening.clean import clean, readable
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener, load_rules, mask
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.masking import Masker
from notebooks_made import with_value
from sources import texts

try:
    socket.socket()
except RuntimeError:
    pass
else:
    raise SystemExit("this test proves nothing: a socket could be made")

screener = Screener()
found = 0
for is_fast in (False, True):
    if is_fast:
        rulecache.warm(Folders.of(), screener)
    for rule in load_rules():
        for template in (*rule.match, *rule.skip):
            text = assemble(template)
            findings = screener.screen(text)
            mask(text, findings)
            found += len(findings)
for text in texts(".py", ".md").values():
    screener.screen(text[:20_000])
raw = json.dumps(with_value(assemble("gh{+}p_{alnum:36}"))).encode()
for convert in (clean, readable):
    convert(raw, Masker(CellScreener(screener)))
print(found)
"""


def test_screening_many_texts_opens_no_socket(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))

    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 100
