"""Where values get to: standard input, private files, templates; and where they do not stay."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from canary import Canary
from persons import answer_next, person_is_there
from steps import collect, output_until, request, run, save, sleeping, until, wait_until

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import CommandNotStarted, GrantRequired, LabelNotFound, RequestInvalid
from jupyter_agent.processes import linux
from jupyter_agent.shell import files

pytestmark = pytest.mark.one_broker

VALUE = b"injected: 'quotes' \"double\" \\ \xff\xfe\r\n\tand \xe2\x82\xac, no end"
VALUES = [VALUE, b"\0zero byte\0", b"x" * 65536, b"a line\r\n", b"several\nlines\n\n"]
SHARED = Path(f"/dev/shm/jupyter_agent-{os.getuid()}")  # noqa: S108


@pytest.fixture
def granted(person: Client) -> Client:
    store(person, "A", VALUE)
    store(person, "B", b"second value, all text")
    return person


def store(person: Client, label: str, value: bytes | str) -> None:
    """Save a value that every command may use."""
    save(person, label, value)
    person.call("grant.add", label=label, any_command=True)


def digest(content: bytes) -> bytes:
    """What sha256sum says of its standard input."""
    return hashlib.sha256(content).hexdigest().encode() + b"  -\n"


def file_of(env: str = "KEY", label: str = "A") -> list[dict[str, str]]:
    return [{"env": env, "label": label}]


def template(text: str, env: str = "CONFIG", name: str = "app.toml") -> list[dict[str, str]]:
    return [{"env": env, "name": name, "text": text}]


def begun(caller: Client, script: str, **more) -> tuple[int, Path]:
    """A run whose script prints the path of its file, and that path."""
    number = caller.begin("run", **request(script, files=file_of(), **more))
    path = path_in(output_until(caller, number, b"\n"))
    return number, path


def seconds_until_gone(path: Path) -> float:
    """How long the folder of a run's files is still there."""
    began = time.monotonic()
    wait_until(lambda: not path.parent.parent.exists())
    return time.monotonic() - began


def path_in(output: bytes) -> Path:
    """The path that a script has printed as its first line."""
    return Path(os.fsdecode(output.split(b"\n")[0]))


class TestStandardInput:
    def test_it_is_the_value_byte_for_byte_and_then_its_end(self, person, guest):
        for number, value in enumerate(VALUES):
            store(person, f"V{number}", value)
            done = run(guest, "cat | sha256sum; read -r more || echo end", stdin=f"V{number}")
            assert done.stdout == digest(value) + b"end\n"

    def test_nobody_has_to_read_it(self, granted, guest):
        assert run(guest, "exec <&-; echo done", stdin="A").stdout == b"done\n"

    def test_without_it_there_is_nothing_to_read(self, guest):
        assert run(guest, "cat; echo end").stdout == b"end\n"

    def test_it_is_no_variable(self, granted, guest):
        assert Canary(VALUE.decode("latin-1")).found_in(run(guest, "env", stdin="A").stdout) == []
        assert run(guest, 'echo "${A-unset}"', stdin="A").stdout == b"unset\n"


class TestFiles:
    def test_a_real_private_key_works_with_the_program_that_is_strict_about_it(
        self, person, guest, tmp_path_factory
    ):
        key = tmp_path_factory.mktemp("made") / "key"
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(key)]
        subprocess.run(made, check=True)
        store(person, "SSH_KEY", key.read_bytes())
        key.unlink()
        done = run(guest, 'ssh-keygen -y -f "$KEY"', files=file_of("KEY", "SSH_KEY"))
        assert done.stdout == key.with_suffix(".pub").read_bytes()
        assert done.exit == 0

    def test_it_is_in_memory_for_this_user_only_and_gone_afterwards(self, granted, guest):
        script = 'echo "$KEY"; stat -c %a "${KEY%/*}" "${KEY%/*/*}" "$KEY"; stat -fc %T "$KEY"'
        done = run(guest, script, files=file_of())
        path, *rest = done.stdout.splitlines()
        assert rest == [b"700", b"700", b"600", b"tmpfs"]
        assert not path_in(path).parent.parent.exists()

    def test_it_has_the_bytes_of_the_value(self, person, guest):
        for number, value in enumerate(VALUES):
            store(person, f"V{number}", value)
        script = " ".join(f'"$F{number}"' for number in range(len(VALUES)))
        files = [{"env": f"F{n}", "label": f"V{n}"} for n in range(len(VALUES))]
        done = run(guest, f"for f in {script}; do sha256sum <$f; done", files=files)
        assert done.stdout == b"".join(map(digest, VALUES))

    def test_a_command_may_do_what_it_likes_in_its_folder_and_nothing_stays(self, granted, guest):
        script = (
            'cd "${KEY%/*}/.."; pwd; mkdir deep deep/er; cp "$KEY" deep/er/copy;'
            " ln -s / root; chmod 0 deep/er deep"
        )
        done = run(guest, script, files=file_of())
        assert not path_in(done.stdout).exists()

    def test_no_argument_list_and_no_file_of_ours_holds_it(self, granted, folders):
        with Client(folders, Hello()) as caller:
            number = caller.begin(
                "run",
                **request('echo "$KEY"; sleep 7791', files=file_of(), stdin="A"),
            )
            path = path_in(output_until(caller, number, b"\n"))
            wait_until(lambda: sleeping("7791"))
            canary = Canary(VALUE.decode("latin-1"))
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    assert canary.found_in(process.read_bytes()) == []
                except (OSError, ProcessLookupError):
                    continue
            assert canary.search_proc(os.getuid()) == []
            assert canary.search_tree(folders.run.parent) == []
            assert path.read_bytes() == VALUE
            caller.begin("stop", run=number)
            collect(caller, number)
        assert not path.exists()


class TestEndings:
    """However a run ends, its files are gone within a second."""

    STUBBORN = "trap '' INT TERM; echo \"$KEY\"; while :; do sleep 7792; done"

    @pytest.fixture
    def running(self, granted, folders):
        """A run that ignores what can be ignored, its number and its file."""
        with Client(folders, Hello()) as caller:
            yield caller, *begun(caller, self.STUBBORN)
        wait_until(lambda: sleeping("7792") == [])

    LEAVING = 'trap "" TERM; (sleep 7793; :) >/dev/null 2>&1 & echo "$KEY"'

    def stopped(self, caller):
        number, path = begun(caller, self.STUBBORN)
        caller.begin("stop", run=number)
        taken = seconds_until_gone(path)
        assert collect(caller, number).result["stopped"]
        return taken

    def timed_out(self, caller):
        number, path = begun(caller, self.STUBBORN, timeout=0.2)
        taken = seconds_until_gone(path) - 0.2
        assert collect(caller, number).exit == 124
        return taken

    def left_something(self, caller):
        number, path = begun(caller, self.LEAVING)
        taken = seconds_until_gone(path)
        assert collect(caller, number).exit == 0
        assert sleeping("7793") == []
        return taken

    def hung_up(self, caller):
        _, path = begun(caller, self.STUBBORN)
        caller.close()
        taken = seconds_until_gone(path)
        wait_until(lambda: sleeping("7792") == [])
        return taken

    @pytest.mark.parametrize("end", [stopped, timed_out, left_something, hung_up])
    def test_the_files_are_gone_within_a_second_however_a_run_ends(self, granted, folders, end):
        def once() -> float:
            with Client(folders, Hello()) as caller:
                return end(self, caller)

        # The quickest of a few: what else a busy machine does meanwhile is not what is measured.
        assert any(once() < 1.0 for _ in range(5))

    def test_the_broker_is_killed(self, running, granted):
        _, _, path = running
        os.kill(granted.welcome["pid"], signal.SIGKILL)
        wait_until(lambda: not path.parent.parent.exists(), 1.0)

    def test_the_keeper_is_killed(self, running, granted):
        _, _, path = running
        wait_until(lambda: sleeping("7792"))
        os.kill(_parent(_parent(sleeping("7792")[0])), signal.SIGKILL)
        wait_until(lambda: not path.parent.parent.exists(), 1.0)

    def test_the_program_can_not_be_started(self, granted, guest):
        before = set(SHARED.iterdir()) if SHARED.exists() else set()
        with pytest.raises(CommandNotStarted):
            run(guest, None, argv=["/nowhere/at/all"], files=file_of())
        assert not {left for left in set(SHARED.iterdir()) - before if _is_of_us(left)}

    def test_everything_is_killed_and_the_next_broker_sweeps(self, granted, folders):
        for _ in range(3):
            with Client(folders, Hello()) as caller:
                script = 'echo "$KEY"; exec sleep 7794'
                number = caller.begin("run", **request(script, files=file_of()))
                path = path_in(output_until(caller, number, b"\n"))
                wait_until(lambda: sleeping("7794"))
                command = sleeping("7794")[0]
                keeper = _parent(command)
                # Stopped first, so that none of them sees another one die.
                runner = _parent(keeper)
                for pid in (runner, keeper, command):
                    os.kill(pid, signal.SIGSTOP)
                for pid in (_parent(runner), runner, keeper, command):
                    os.kill(pid, signal.SIGKILL)
            assert path.exists()
            Client(folders, Hello()).close()
            wait_until(lambda: not path.parent.parent.exists())  # noqa: B023  (at once)

    def test_a_run_that_goes_on_keeps_its_files_while_another_broker_sweeps(self, running):
        _, _, path = running
        files.Places(Path("/nowhere")).sweep()
        assert path.exists()


class TestTemplates:
    TEXT = 'user = "me"\npassword = "{{B}}"\nraw = {{ A }}\nkeep = "\\{{B}} {{ name }} {{.X}}"\n'

    def test_it_is_filled_in_byte_for_byte(self, granted, guest):
        script = 'sha256sum <"$CONFIG"; echo "${CONFIG##*/}"; stat -c %a "$CONFIG"'
        done = run(guest, script, templates=template(self.TEXT))
        filled = (
            b'user = "me"\npassword = "second value, all text"\nraw = '
            + VALUE
            + b'\nkeep = "{{B}} {{ name }} {{.X}}"\n'
        )
        assert done.stdout == digest(filled) + b"app.toml\n600\n"

    def test_what_it_shows_comes_back_scrubbed(self, granted, guest):
        done = run(guest, 'grep password "$CONFIG"', templates=template(self.TEXT))
        assert done.stdout == b'password = "[secret:B]"\n'
        assert set(done.result["hits"]) == {"B"}

    def test_a_value_may_be_written_for_json_and_addresses(self, person, guest):
        value = 'a "b"\n\\ ä/&'
        store(person, "B", value)
        text = '{"plain": "{{B|json}}", "url": "{{ B | url }}", "b64": "{{B|base64}}"}'
        script = (
            "import base64, json, os, urllib.parse as u; c = json.load(open(os.environ['CONFIG']));"
            f" v = {value!r};"
            " print(c['plain'] == v, u.unquote(c['url']) == v,"
            " base64.b64decode(c['b64']).decode() == v)"
        )
        done = run(guest, script, templates=template(text), shell="python")  # noqa: S604
        assert done.stdout == b"True True True\n"

    def test_its_labels_are_asked_for_like_any_other(self, granted, guest):
        with pytest.raises(LabelNotFound, match="MISSING"):
            run(guest, "true", templates=template("{{MISSING}} {{A}}"))

    def test_what_can_not_be_meant_is_refused(self, guest, subtests):
        for wrong in [
            template("no marker at all"),
            template("{{ lower }}"),
            template("{{A|rot13}}"),
            template("{{A}}", name="a/b"),
            template("{{A}}", name=".."),
            template("{{A}}", env="LD_PRELOAD"),
            template("{{A}}") * 2,
            template("{{PATH}}"),
            template("{{A}}" + "x" * 300_000),
        ]:
            with subtests.test(repr(wrong)[:80]), pytest.raises(RequestInvalid):
                run(guest, "true", templates=wrong)


class TestMarkers:
    def test_a_marker_asks_for_its_label(self, granted, guest):
        done = run(guest, 'test "{{B}}" = "$B" && echo {{B}}')
        assert done.stdout == b"[secret:B]\n"
        with pytest.raises(LabelNotFound):
            run(guest, "echo {{MISSING}}")

    def test_a_marker_uses_the_variable_there_is(self, granted, guest):
        assert run(guest, 'echo "${B-unset}" {{B}}', "OTHER=B").stdout == b"unset [secret:B]\n"

    def test_the_shells_arguments_hold_the_name_only(self, granted, guest):
        done = run(guest, "tr '\\0' '\\n' </proc/$$/cmdline | tail -n 1; : {{B}}")
        assert done.stdout.startswith(b"tr ")
        assert b'"${B}"' in done.stdout

    def test_the_person_sees_the_script_as_it_was_written(self, granted, guest):
        run(guest, "echo {{B}}")
        assert granted.call("audit.read")["events"][-1]["command"] == "echo {{B}}"


SCRIPT = "echo ran"
PLAIN = {"secrets": [{"env": "A", "label": "A"}]}
OTHERS = (
    {"stdin": "A", "secrets": []},
    {"files": file_of("A", "A"), "secrets": []},
    {"secrets": [{"env": "OTHER", "label": "A"}]},
    {"env": {"ADDED": "by the caller"}},
    {"shell": "python"},
    {"templates": template("{{A}}"), "secrets": []},
)


class TestPermission:
    """What a person permits is the script and where its values go."""

    @pytest.mark.parametrize("permitted", [PLAIN, *OTHERS])
    def test_a_grant_for_a_script_covers_where_its_values_go_and_nothing_else(
        self, person, folders, permitted
    ):
        save(person, "A", VALUE)
        script = "print('ran')" if permitted.get("shell") else SCRIPT
        ways = [{**request(script), **PLAIN, **way} for way in (PLAIN, *OTHERS)]
        wanted = {**request(script), **PLAIN, **permitted}
        if "shell" not in wanted:
            ways = [way for way in ways if "shell" not in way] + [{**wanted, "shell": "zsh"}]
        thread = answer_next(folders, "always")
        with Client(folders, Hello()) as caller:
            assert collect(caller, caller.begin("run", **wanted)).stdout == b"ran\n"
            thread.join(10)
            assert collect(caller, caller.begin("run", **wanted)).stdout == b"ran\n"
            for way in ways:
                if way != wanted:
                    with pytest.raises(GrantRequired):
                        collect(caller, caller.begin("run", **way))

    def test_a_template_that_has_changed_asks_again(self, person, folders):
        save(person, "A", VALUE)
        thread = answer_next(folders, "always")
        with Client(folders, Hello()) as caller:
            first = template("host = good.example\nkey = {{A}}\n")
            assert run(caller, "echo ran", templates=first).exit == 0
            thread.join(10)
            assert run(caller, "echo ran", templates=first).exit == 0
            for changed in (
                template("host = evil.example\nkey = {{A}}\n"),
                template(first[0]["text"], name="other.toml"),
            ):
                with pytest.raises(GrantRequired):
                    run(caller, "echo ran", templates=changed)

    def test_who_is_asked_sees_where_each_value_goes(self, person, folders):
        save(person, "A", VALUE)
        text = "key = {{A}}\n"
        with person_is_there(folders) as (watcher, number), Client(folders, Hello()) as caller:
            asked = {"files": file_of(), "templates": template(text), "stdin": "A"}
            caller.begin("run", **request("echo {{A}}", **asked))
            approval = until(watcher, number, "approval")["approval"]
        assert approval["labels"] == ["A"]
        assert approval["script"] == "echo {{A}}"
        assert approval["secrets"] == [{"env": "A", "label": "A"}]
        assert {name: approval[name] for name in asked} == asked


def test_without_a_file_system_in_memory_no_file_is_made_unless_a_person_allows_it(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(linux, "is_in_memory", lambda _: False)
    places = files.Places(tmp_path)
    with pytest.raises(CommandNotStarted, match="tmpfs") as refused:
        places.new({"a/a": b"x"})
    assert "JUPYTER_AGENT_PRIVATE_FILES=disk" in refused.value.hint
    places.on_disk = True
    made = places.new({"a/a": b"x"})
    os.close(files.make(made))
    assert (made.folder / "a/a").read_bytes() == b"x"
    assert places.sweep() >= 1
    assert not made.folder.exists()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _is_of_us(folder: Path) -> bool:
    """Whether a folder holds this file's value: other tests run at the same time."""
    return any(Canary(VALUE.decode("latin-1")).search_tree(folder)) if folder.exists() else False
