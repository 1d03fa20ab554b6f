"""Who may do what: capability gives, ancestry only takes away."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from elsewhere import PERSON_ONLY, ROOT, Elsewhere, register_kernel
from steps import collect, request, run, save, sealed_fields, until

from jupyter_agent import entry, wire
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import (
    AgentError,
    BrokerRefused,
    DesktopUnavailable,
    EntryInvalid,
    GrantDenied,
    LabelTaken,
    ProtocolMismatch,
    RequestInvalid,
    RoleDenied,
)
from jupyter_agent.folders import Folders, short_path
from jupyter_agent.person import open_client

pytestmark = pytest.mark.one_broker


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere.process_of_its_own() as other:
        yield other


@pytest.fixture
def kernel(person: Client, elsewhere: Elsewhere) -> tuple[Elsewhere, dict]:
    """A registered kernel, and the hello it may say."""
    capability = secrets.token_urlsafe(32)
    register_kernel(person, elsewhere, capability)
    return elsewhere, {"role": "kernel", "proof": {"capability": capability}}


def test_a_guest_may_not(guest, subtests):
    for op, fields in PERSON_ONLY:
        with subtests.test(op), pytest.raises(RoleDenied):
            guest.call(op, **fields)


def test_a_desktop_needs_a_jupyter_server(guest):
    with pytest.raises(DesktopUnavailable, match="needs JupyterLab"):
        guest.call("desktop", do="open", url="https://bank.example")


def test_a_request_about_a_desktop_goes_to_the_server_that_started_the_kernel(
    person, kernel, folders
):
    elsewhere, hello = kernel
    register_kernel(person, elsewhere, hello["proof"]["capability"], server="one")
    with open_client(folders) as one, open_client(folders) as two:
        number = one.begin("desktop.serve", server="one")
        two.begin("desktop.serve", server="two")
        elsewhere.begins(hello, "desktop", do="text", desktop="d", role="person")
        asked = one.receive(number)
        assert (asked["do"], asked["role"], asked["who"]) == ("text", "kernel", "kernel:k1")
        assert asked["notebook"] == "/n/a.ipynb"
        person.call("desktop.answer", server="two", ask=asked["ask"], result={"text": "forged"})
        person.call("desktop.answer", server="one", ask=asked["ask"], result={"text": "Welcome"})
        assert elsewhere.heard()["result"] == {"text": "Welcome"}
        elsewhere.begins(hello, "desktop", do="text")
        one.receive(number)
        one.close()  # the server ends
        assert elsewhere.heard()["code"] == "desktop_unavailable"


def test_a_kernel_is_known_with_its_notebook(kernel):
    elsewhere, hello = kernel
    welcome = elsewhere.says(hello)["welcome"]
    assert (welcome["role"], welcome["notebook"]) == ("kernel", "/n/a.ipynb")


def test_a_kernel_that_shows_the_person_key_is_still_a_kernel(kernel, folders):
    elsewhere, _ = kernel
    key = folders.person_key.read_text(encoding="ascii")
    hello = {"role": "person", "proof": {"key": key}}
    assert elsewhere.says(hello)["welcome"]["role"] == "kernel"
    assert elsewhere.says(hello, "grant.list")["code"] == "role_denied"


def test_below_a_kernel_nobody_is_the_kernel_without_its_capability(person, kernel):
    elsewhere, _ = kernel
    save(person, "A", "a value that nobody guesses")
    person.call("grant.add", label="A", any_command=True, notebook="/n/a.ipynb")
    guest = {"role": "guest"}
    assert elsewhere.says(guest)["welcome"]["role"] == "guest"
    assert elsewhere.says(guest, "run", **request("true", "A"))["code"] == "grant_required"


def test_a_guest_in_a_terminal_is_answered_by_a_person_elsewhere(person, guest):
    save(person, "A", "a value that nobody guesses")
    asked = guest.begin("run", **request("true", "A", approve=True))
    asking = until(guest, asked, "asking")
    assert (asking["approval"], asking["where"]) == (None, ["terminal"])
    (waiting,) = person.call("approval.list")["approvals"]
    assert waiting["approval_id"] == asking["approval_id"]
    answer = {"approval_id": waiting["approval_id"], "nonce": waiting["nonce"], "answer": "once"}
    person.call("approval.answer", **answer)
    assert collect(guest, asked).exit == 0
    with pytest.raises(GrantDenied):
        person.call("approval.answer", **answer)


@pytest.mark.one_broker(shared=False)
def test_only_a_person_says_where_the_key_is_kept(folders, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    with Client(folders, Hello(settings={"key_source": "file"})) as guest:
        assert guest.call("status")["vault"]["state"] == "absent"
        with open_client(folders) as person:
            save(person, "A", "a value that nobody guesses")
        assert guest.call("status")["vault"]["tier"] == "memory"


@pytest.mark.one_broker(shared=False)
def test_a_newer_client_does_not_end_a_broker_that_alone_has_the_secrets(folders, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    with open_client(folders) as person:
        save(person, "A", "a value that nobody guesses")
        with _raw(folders) as raw:
            raw.sendall(wire.encode(Hello().to_json() | {"protocol": [99]}))
            error = wire.decode(raw.makefile("rb").readline())["error"]
        assert error["code"] == ProtocolMismatch.code
        assert str(person.welcome["pid"]) in error["hint"]
    with open_client(folders) as person:
        assert [each["label"] for each in person.call("secret.list")["secrets"]] == ["A"]


def test_a_capability_shown_by_another_process_is_refused(kernel, folders):
    _, hello = kernel
    with pytest.raises(BrokerRefused):
        Client(folders, Hello(**hello))


def test_a_kernel_uses_a_grant_for_its_notebook(person, kernel):
    elsewhere, hello = kernel
    save(person, "A", "a value that nobody guesses")
    person.call("grant.add", label="A", any_command=True, notebook="/n/a.ipynb")
    assert elsewhere.says(hello, "run", **request("true", "A"))["result"]["exit"] == 0
    person.call("kernel.forget", kernel_id="k1")


def test_a_kernel_that_calls_before_it_is_registered_is_waited_for(person, elsewhere):
    capability = secrets.token_urlsafe(32)
    hello = {"role": "kernel", "proof": {"capability": capability}}
    assert elsewhere.process.stdin is not None
    assert elsewhere.process.stdout is not None
    elsewhere.process.stdin.write(json.dumps({"hello": hello}) + "\n")
    elsewhere.process.stdin.flush()
    register_kernel(person, elsewhere, capability, pid=None, started=None)
    register_kernel(person, elsewhere, capability)
    assert json.loads(elsewhere.process.stdout.readline())["welcome"]["role"] == "kernel"


def test_a_wrong_person_key_is_refused(person, folders):
    with pytest.raises(BrokerRefused):
        Client(folders, Hello(role="person", proof={"key": "x" * 43}))


def test_a_kernel_saves_new_labels_but_replaces_none(person, kernel):
    elsewhere, hello = kernel
    save(person, "A", "the person's own")
    refused = elsewhere.says(hello, "secret.offer", label="A", origin="x", replace=True)
    assert refused["code"] == "role_denied"
    taken = elsewhere.says(hello, "secret.offer", label="A", origin="x", replace=False)
    assert taken["code"] == LabelTaken.code
    assert "offer" in elsewhere.says(hello, "secret.offer", label="B", origin="x")["result"]


def test_a_guest_can_not_remove_without_a_person(person, guest):
    save(person, "A", "value value")
    with pytest.raises(AgentError) as caught:
        guest.call("secret.remove", label="A")
    assert caught.value.code == "grant_required"
    assert "jupyter agent secret remove A" in caught.value.hint
    assert len(person.call("secret.list")["secrets"]) == 1


def test_an_offer_is_used_once(person):
    offer = person.call("secret.offer", label="A", origin="o", replace=False)["offer"]
    sealed = sealed_fields(offer, entry.seal(entry.Offer.from_json(offer), b"value"))
    person.call("secret.save", **sealed)
    with pytest.raises(EntryInvalid):
        person.call("secret.save", **sealed)


def test_a_sealed_entry_that_was_moved_does_not_open(person, subtests):
    for field in ["kid", "ticket", "label", "origin"]:
        with subtests.test(field=field):
            offer = person.call("secret.offer", label="A", origin="o", replace=False)["offer"]
            sealed = sealed_fields(offer, entry.seal(entry.Offer.from_json(offer), b"value"))
            sealed[field] = "B" if field == "label" else "other"
            with pytest.raises(EntryInvalid):
                person.call("secret.save", **sealed)
            assert person.call("secret.list")["secrets"] == []


def test_no_answer_of_any_operation_holds_the_value(person, guest):
    value = "unmistakable-value-0123456789"
    save(person, "A", value)
    person.call("grant.add", label="A", any_command=True)
    answers = [
        person.call(op, **fields)
        for op, fields in (
            ("status", {}),
            ("secret.list", {}),
            ("secret.show", {"label": "A"}),
            ("grant.list", {}),
            ("audit.read", {}),
            ("vault.verify", {}),
            ("secret.describe", {"label": "A", "rotate_every": 1}),
        )
    ]
    answers.append(run(guest, 'echo "$A"', "A").result)
    assert value not in json.dumps(answers)


@contextlib.contextmanager
def _raw(folders: Folders) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as raw, short_path(folders.socket) as path:
        raw.settimeout(30)
        raw.connect(path)
        yield raw


def test_nothing_is_answered_before_hello(person, folders):
    with _raw(folders) as raw:
        raw.sendall(wire.encode({"id": 1, "op": "secret.list"}))
        assert wire.decode(raw.makefile("rb").readline())["error"]["code"] == "request_invalid"


def test_a_line_that_can_not_be_read_ends_the_conversation(person, folders, subtests):
    for line in [b"not json\n", b"[]\n", b'{"id":"x"}\n', b"x" * (wire.MAX_LINE + 2) + b"\n"]:
        with subtests.test(repr(line[:20])):
            with _raw(folders) as raw:
                lines = raw.makefile("rb")
                raw.sendall(wire.encode(Hello().to_json()))
                assert "result" in wire.decode(lines.readline())
                with contextlib.suppress(OSError):
                    raw.sendall(line)
                rest = lines.read() if len(line) < wire.MAX_LINE else b""
                assert b"result" not in rest
            assert person.call("status")["pid"] > 0


def test_half_a_character_is_refused_and_nothing_is_lost(person, subtests):
    """JSON can carry half of a surrogate pair; neither a vault nor a record can."""
    save(person, "A", "unmistakable-value-0123456789")
    half = "half \ud83d"
    for op, fields in (
        ("secret.show", {"label": half}),
        ("secret.save_file", {"label": "B", "path": f"/{half}"}),
        ("kernel.register", {"kernel_id": half, "notebook": half, "capability": half}),
    ):
        with subtests.test(op), pytest.raises(RequestInvalid, match="half a character"):
            person.call(op, **fields)
    assert [one["label"] for one in person.call("secret.list")["secrets"]] == ["A"]
    assert person.call("audit.verify")


def test_a_newer_client_makes_the_old_broker_leave(person, folders):
    with _raw(folders) as raw:
        raw.sendall(wire.encode(Hello().to_json() | {"protocol": [99]}))
        answer = wire.decode(raw.makefile("rb").readline())
    assert answer["error"]["code"] == ProtocolMismatch.code
    with Client(folders, Hello()) as client:
        assert client.welcome["pid"] != person.welcome["pid"]


def test_files_and_folders_are_for_their_owner_only(person, folders):
    save(person, "A", "value value")
    for folder in (folders.data, folders.state, folders.run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.one_broker(shared=False)
def test_a_run_folder_that_is_a_link_is_refused(folders, tmp_path):
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    folders.run.parent.mkdir(parents=True, exist_ok=True)
    folders.run.symlink_to(real)
    with pytest.raises(AgentError) as caught:
        Client(folders, Hello())
    assert caught.value.code == "vault_unsafe"


def test_the_memory_and_environment_of_the_broker_are_closed_to_its_own_user(person):
    if os.getuid() == 0:
        pytest.skip("root reads everything; the boundary is tested as an unprivileged user")
    pid = person.welcome["pid"]
    for name in ("mem", "environ", "maps"):
        with pytest.raises(PermissionError):
            Path(f"/proc/{pid}/{name}").read_bytes()


def test_a_path_longer_than_a_socket_name_may_be_works(tmp_path, monkeypatch):
    home = tmp_path / ("long " * 12).strip() / ("longer " * 12).strip()
    monkeypatch.setenv("JUPYTER_AGENT_HOME", str(home))
    folders = Folders.of()
    assert len(str(folders.socket)) > 107
    with Client(folders, Hello()) as client:
        assert client.call("status")["pid"] == client.welcome["pid"]
    os.kill(client.welcome["pid"], 9)


def test_many_first_callers_end_up_with_one_broker(folders):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from jupyter_agent.client import Client, Hello; from jupyter_agent.folders import Folders;"
        "print(Client(Folders.of(), Hello()).welcome['pid'])"
    )
    callers = [
        subprocess.Popen([sys.executable, "-c", program, ROOT], stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    answers = {caller.communicate()[0] for caller in callers}
    assert len(answers) == 1
    assert answers != {b""}
