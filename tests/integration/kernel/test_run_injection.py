"""``%%agent_run`` puts values where a script wants them, and leaves them nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from canary import Canary
from steps import save, wait_until

from jupyter_agent import wire

pytestmark = pytest.mark.one_kernel

VALUE = "correct-horse-battery-staple-42"
SECOND = "another-canary-value-77-#{}"


@pytest.fixture
def two(granted):
    """DEMO_TOKEN and PASSWORD may be used by every command."""
    save(granted, "PASSWORD", SECOND)
    granted.call("grant.add", label="PASSWORD", any_command=True)
    return granted


def nowhere(kernel, cell, *roots: Path) -> bool:
    """Whether neither value is in a cell, a process or a file."""
    canaries = [Canary(VALUE), Canary(SECOND)]
    seen = repr((cell.messages, cell.reply)).encode()
    wait_until(lambda: not any(canary.search_proc(os.getuid()) for canary in canaries))
    return not any(canary.found_in(seen) or canary.search_tree(*roots) for canary in canaries)


def test_standard_input_files_and_templates_reach_the_script(two, kernel, agent_home):
    work = agent_home / "work"
    text = "[db]\nuser = me\npassword = {{PASSWORD}}\nother = {{ name }}\n"
    (work / "app.ini").write_text(text, encoding="utf-8")
    cell = kernel.run(
        "%%agent_run --stdin DEMO_TOKEN --file KEY=PASSWORD --template app.ini"
        " --template CONF=app.ini\n"
        'read -r line; echo "$line"; cat "$KEY"; echo; cat "$TEMPLATE"\n'
        'cmp "$CONF" "$TEMPLATE"; echo "${DEMO_TOKEN-unset} ${TEMPLATE##*/}"; stat -c %a "$KEY"\n'
    )
    assert cell.text() == (
        "[secret:DEMO_TOKEN]\n[secret:PASSWORD]\n"
        "[db]\nuser = me\npassword = [secret:PASSWORD]\nother = {{ name }}\n"
        "unset app.ini\n600\n"
    )
    assert nowhere(kernel, cell, work)


def test_a_private_key_works_and_its_file_is_gone(person, kernel, tmp_path_factory):
    key = tmp_path_factory.mktemp("made") / "key"
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(made, check=True)
    public = key.with_suffix(".pub").read_text().split()[1]
    save(person, "SSH_KEY", key.read_bytes())
    key.unlink()
    person.call("grant.add", label="SSH_KEY", any_command=True)
    cell = kernel.run(
        '%%agent_run --file KEY=SSH_KEY --out said\nssh-keygen -y -f "$KEY"; echo "$KEY" >&2'
    )
    assert public in kernel.value("said")
    assert not Path(cell.text("stderr").strip()).exists()


SCRIPTS = {
    "bash": '{ echo "$DEMO_TOKEN"; echo "{{PASSWORD}}"; }; exit 5',
    "sh": '{ echo "$DEMO_TOKEN"; echo "{{PASSWORD}}"; }; exit 5',
    "zsh": 'print -r -- "$DEMO_TOKEN"; print -r -- {{PASSWORD}}; exit 5',
    "fish": "echo $DEMO_TOKEN; echo {{PASSWORD}}; exit 5",
    "python": "import os\nprint(os.environ['DEMO_TOKEN'])\nprint({{PASSWORD}})\nexit(5)",
}


def test_every_shell_has_the_variables_and_its_own_exit_code(two, kernel):
    for shell in wire.SHELLS:
        script = SCRIPTS[shell]
        cell = kernel.run(f"%%agent_run -s DEMO_TOKEN --shell {shell} --no-raise\n{script}")
        said = (cell.text(), cell.text("stderr"), kernel.value("_exit_code"))
        assert said == ("[secret:DEMO_TOKEN]\n[secret:PASSWORD]\n", "", "5"), shell


def test_python_is_the_kernels_own_with_its_packages_and_none_of_the_folder(kernel, agent_home):
    (agent_home / "work" / "colorsys.py").write_text("print('planted')\n", encoding="utf-8")
    cell = kernel.run(
        "%%agent_run --shell python\nimport sys, colorsys, IPython\n"
        "print(sys.prefix, sys.flags.isolated)"
    )
    assert cell.text() == f"{sys.prefix} 1\n"


def test_a_marker_between_single_quotes_is_refused_and_nothing_runs(two, kernel, tmp_path):
    cell = kernel.run(f"%%agent_run\ntouch '{tmp_path}/ran'; curl -H 'Auth: {{{{PASSWORD}}}}'")
    assert cell.ename == "RequestInvalid"
    assert "between single quotes" in cell.shown_error
    assert "$PASSWORD" in cell.shown_error
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [None, b"\xff{{PASSWORD}}", b"no marker"])
def test_a_template_that_can_not_be_used_is_said(two, kernel, agent_home, content):
    if content is not None:
        (agent_home / "work" / "t").write_bytes(content)
    cell = kernel.run("%%agent_run --template t\necho ran")
    assert cell.ename == "RequestInvalid"
    assert "template" in cell.shown_error
    assert cell.text() == ""


def test_the_files_are_gone_soon_after_the_kernel_is_killed(two, start_kernel, tmp_path):
    kernel = start_kernel()
    said = tmp_path / "said"
    code = f"%%agent_run --file KEY=PASSWORD\ntrap '' INT TERM; echo \"$KEY\" >'{said}'; sleep 60"
    kernel.client.execute(code)
    wait_until(lambda: said.exists() and said.read_text().endswith("\n"), 30)
    path = Path(said.read_text().strip())
    assert path.read_text() == SECOND
    kernel.manager.signal_kernel(9)
    wait_until(lambda: not path.parent.parent.exists(), 1.0)


def test_labels_options_and_shells_complete(two, kernel):
    def offered(line: str) -> set[str]:
        answer = kernel.client.complete(line, reply=True, timeout=20)["content"]
        start = answer["cursor_start"]
        return {line[:start] + match for match in answer["matches"]}

    assert "%%agent_run --stdin PASSWORD" in offered("%%agent_run --stdin PA")
    assert "%%agent_run --file KEY=PASSWORD" in offered("%%agent_run --file KEY=PA")
    assert "%%agent_run --template" in offered("%%agent_run --te")
    assert {f"%%agent_run --shell {shell}" for shell in wire.SHELLS} <= offered(
        "%%agent_run --shell "
    )


def test_help_names_every_option(kernel):
    answer = kernel.client.inspect("%%agent_run", reply=True, timeout=20)["content"]
    text = answer["data"]["text/plain"]
    for option in ("--stdin LABEL", "--file NAME=LABEL", "--template FILE", "{{LABEL}}", "fish"):
        assert option in text
