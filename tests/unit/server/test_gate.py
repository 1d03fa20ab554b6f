"""What is screened in a message, and that everything fails closed."""

from __future__ import annotations

import base64
import json
import random
import struct

import pytest

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Screener, box, load_rules, stub
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.server.gate import Gate

SCREENER = CellScreener(Screener())
GATE = Gate(SCREENER)
RULES = load_rules()
TOKEN = assemble("sk-{+}ant-api03-{word:93}AA", 5)
MARKLESS = ("16-le", "16-be", "32-le", "32-be")
PHRASE = assemble("my password is T-{alnum:12}", 5)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("execute_request", {"code": f"x = '{TOKEN}'"}),
        ("execute_request", {"code": "1", "user_expressions": {"a": f"'{TOKEN}'"}}),
        ("execute_request", {"code": "1", "user_expressions": {TOKEN: "1"}}),
        ("execute_request", {"code": f"# {PHRASE}\n"}),
        ("execute_request", {"code": "%secret set DOOR open-sesame"}),
        ("execute_request", {"code": "x = 1\n  secret replace DOOR  open sesame  \n"}),
        ("execute_request", {"code": "1", "note_to_self": TOKEN}),
        ("execute_request", {"code": "1", TOKEN: True}),
        ("complete_request", {"code": "1", TOKEN: {}}),
        ("input_reply", {"value": "yes", "beside": [TOKEN]}),
        ("complete_request", {"code": f"x = '{TOKEN}"}),
        ("inspect_request", {"code": f"x = '{TOKEN}'"}),
        ("is_complete_request", {"code": f"x = '{TOKEN}'"}),
        ("history_request", {"pattern": TOKEN}),
        ("input_reply", {"value": TOKEN}),
        ("comm_open", {"data": {"state": {"value": TOKEN}}}),
        ("comm_msg", {"data": {"state": {"value": [1, {"deep": TOKEN}]}}}),
        ("comm_msg", {"data": {"text": f"a line\n{PHRASE}\n"}}),
        ("debug_request", {"command": "dumpCell", "arguments": {"code": f"x = '{TOKEN}'\n"}}),
        ("some_request_of_tomorrow", {"whatever": TOKEN}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_secret_anywhere_in_a_message_stops_it(kind, content):
    stop = GATE.check(kind, content, [])

    assert stop is not None
    assert stop.found
    assert TOKEN not in repr(stop)


@pytest.mark.parametrize(
    "buffer",
    [
        TOKEN.encode(),
        memoryview(TOKEN.encode()),
        b"caf\xe9 " + TOKEN.encode(),
        TOKEN.encode("utf-16"),
        b"a line\n" * 300_000 + TOKEN.encode(),
        bytearray(b"x\n" * 5000) + b"\0" + TOKEN.encode(),
        *(f"a «word» and {TOKEN}".encode(f"utf-{each}") for each in MARKLESS),
        f"a word and {TOKEN}".encode("utf-32"),
        b"\0".join([b"HOME=/home/me", b"KEY=" + TOKEN.encode(), b"PATH=/bin"]),
    ],
    ids=[
        *("text", "view", "latin-1", "utf-16", "2 MB", "a zero byte far behind"),
        *(f"utf-{each} without a mark" for each in MARKLESS),
        "utf-32",
        "a list",
    ],
)
def test_a_secret_in_a_text_buffer_stops_a_widget_message(buffer):
    assert GATE.check("comm_msg", {"data": {}}, [b"", buffer]) is not None


def test_a_buffer_that_is_no_text_passes():
    image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + random.Random(1).randbytes(200_000)

    numbers = struct.pack("<1000i", *range(1000))
    assert GATE.check("comm_msg", {"data": {}}, [image, numbers, bytes(50_000)]) is None


def test_a_held_text_is_stopped_once_for_the_reason_it_was_held_for():
    stop = GATE.check("execute_request", {"code": TOKEN}, [])
    assert stop is not None

    held = GATE.hold(stop)

    assert TOKEN not in held
    assert GATE.check("execute_request", {"code": held, "silent": False}, []) is stop
    assert GATE.check("execute_request", {"code": held}, []) is None


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("execute_request", {"code": "import pandas as pd\ndf = pd.read_csv('data.csv')"}),
        ("execute_request", {"code": "%secret set OPENAI_API_KEY"}),
        ("execute_request", {"code": "%secret set DOOR [secret:value-on-secret-line]"}),
        ("execute_request", {"code": "import os\nkey = os.environ['OPENAI_API_KEY']"}),
        ("kernel_info_request", {}),
        ("comm_msg", {"data": {"method": "update", "state": {"value": 7}}}),
    ],
)
def test_ordinary_messages_pass(kind, content):
    assert GATE.check(kind, content, []) is None


def test_a_sealed_entry_on_its_way_through_a_kernel_passes():
    rng = random.Random(3)
    for _ in range(200):
        entry = {
            "type": "sealed",
            "entry": {
                "kid": rng.randbytes(8).hex(),
                "ticket": base64.urlsafe_b64encode(rng.randbytes(32)).decode().rstrip("="),
                "pk": base64.urlsafe_b64encode(rng.randbytes(32)).decode().rstrip("="),
                "label": "GITHUB_TOKEN",
                "origin": "http://localhost:8888",
                "sealed": base64.b64encode(rng.randbytes(32 + 256 + 16)).decode(),
            },
        }
        content = {"comm_id": "c", "data": {"method": "custom", "content": entry}}
        assert GATE.check("comm_msg", content, []) is None


def test_places_count_in_the_cell_as_browsers_count():
    code = f"# \U0001f511\nkey = '{TOKEN}'"

    (found,) = GATE.check("execute_request", {"code": code}, []).found

    units = code.encode("utf-16-le")
    start, end = found.body["start"], found.body["end"]
    assert units[2 * start : 2 * end].decode("utf-16-le") == TOKEN


def test_a_finding_outside_the_cells_text_has_an_empty_span():
    (found,) = GATE.check(
        "execute_request", {"code": "1", "user_expressions": {"a": TOKEN}}, []
    ).found

    assert (found.body["start"], found.body["end"]) == (0, 0)


class _Broken:
    def __init__(self, problem):
        self._problem = problem

    def screen(self, text):
        raise self._problem

    def rule(self, rule_id):
        raise KeyError(rule_id)


@pytest.mark.parametrize(
    "problem", [ScreenTimeout("too long"), RuntimeError("bug"), MemoryError(), RecursionError()]
)
def test_a_text_that_cannot_be_screened_is_stopped(problem):
    stop = Gate(_Broken(problem)).check("execute_request", {"code": "1"}, [])

    assert stop is not None
    assert stop.late is isinstance(problem, ScreenTimeout)


@pytest.mark.parametrize("content", [{"code": 7}, {"code": None}, {"code": ["x"]}])
def test_code_that_is_no_text_is_stopped(content):
    assert GATE.check("execute_request", content, []) is not None


def _stop_for(example):
    code = assemble(example, 9)
    return GATE.check("execute_request", {"code": code}, [])


@pytest.mark.parametrize("rules", [RULES[start::16] for start in range(16)], ids=range(16))
def test_the_box_and_the_stub_hold_nothing_that_would_be_stopped_again(rules):
    """Guard C screens the stub, and a save masks the box."""
    for rule, example in ((each, example) for each in rules for example in each.match):
        stop = _stop_for(example)
        assert stop is not None, rule.id
        assert SCREENER.screen(stub.code(stop)) == [], rule.id
        for magics in (True, False):
            for shown in box.bundle(stop, magics=magics).values():
                text = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
                assert SCREENER.screen(text) == [], rule.id
