"""``jupyter agent screen``: places of secrets, never the secrets."""

from __future__ import annotations

import json
import os
import random
import shutil
import string

import pytest
from canary import Canary
from command_line import ended
from notebooks_made import with_value
from repository import Repository

_TOKEN_CHARACTERS = string.ascii_letters + string.digits


@pytest.fixture
def token() -> Canary:
    """Shaped like a vendor's token; put together here, so that none stands in the repository."""
    rng = random.Random(7)
    return Canary("ghp" + "_" + "".join(rng.choices(_TOKEN_CHARACTERS, k=36)))


def test_a_clean_text_is_clean(cli):
    done = cli("screen", "-", stdin=b"print('hello')\n")
    assert (done.code, done.out) == (0, b"")


def test_a_finding_has_a_place_a_title_and_a_preview(cli, token):
    (cli.cwd / "setup.py").write_text(f"import os\n\nTOKEN = '{token.value}'\n")
    done = cli("screen", "setup.py")
    assert done.code == 2
    assert done.out.decode().startswith("setup.py:3:10 GitHub")
    assert done.out.decode().endswith("••••••••\n")
    assert token.found_in(done.out + done.err) == []


def test_a_stored_value_is_named_by_its_label_whatever_it_looks_like(cli, saved):
    text = f"nothing gives it away: {saved.value} and on\n".encode()
    done = cli("screen", "-", "--json", stdin=text)
    assert done.code == 2
    (finding,) = done.json["findings"]
    assert (finding["rule"], finding["label"]) == ("stored-value", "DEMO_TOKEN")
    assert finding["end"] - finding["start"] == len(saved.value)
    assert saved.found_in(done.out + done.err) == []
    prompt = {"hook_event_name": "UserPromptSubmit", "prompt": text.decode()}
    hook = cli("screen", "--hook", "claude-code", stdin=json.dumps(prompt).encode())
    assert hook.code == 2
    assert b"Stored secret DEMO_TOKEN" in hook.err
    told = cli("screen", "-", stdin=text).err
    assert b"secret set" not in told  # it is stored already
    assert b"jupyter agent run -s DEMO_TOKEN -- COMMAND\n" in told
    assert saved.found_in(hook.out + hook.err) == []


def test_a_locked_vault_leaves_the_rules_and_says_so(cli, saved, token):
    assert cli("lock").code == 0
    done = cli("screen", "-", stdin=f"{saved.value} {token.value}".encode())
    assert done.code == 2
    assert done.out.count(b"stdin:") == 1
    assert b"not for stored values" in done.err
    assert "locked" in cli("screen", "-", "--json", stdin=b"x").json["exact_match_off"]


def test_stdin_is_screened_when_nothing_is_named(cli, token):
    done = cli("screen", "--json", stdin=f"é {token.value}".encode())
    assert done.code == 2
    assert done.json["format"] == 1
    (finding,) = done.json["findings"]
    assert (finding["path"], finding["line"], finding["column"]) == ("stdin", 1, 3)
    assert (finding["start"], finding["end"]) == (2, 2 + len(token.value))
    assert finding["kind"] == "access-token"
    assert token.found_in(done.out + done.err) == []


def test_a_file_whose_name_looks_like_an_option_is_screened_behind_two_dashes(cli, token):
    for name in ("-x.txt", "--json", "--staged"):
        (cli.cwd / name).write_text(token.value)
    done = cli("screen", "--json", "--", "-x.txt", "--json", "--staged")
    assert done.code == 2
    assert [f["path"] for f in done.json["findings"]] == ["-x.txt", "--json", "--staged"]


def test_folders_are_walked_without_the_history_of_version_control(cli, token):
    for name in ("src", ".git"):
        (cli.cwd / name).mkdir()
        (cli.cwd / name / "notes.txt").write_text(token.value)
    (cli.cwd / "src" / "picture").write_bytes(b"\0" + token.value.encode())
    os.mkfifo(cli.cwd / "src" / "pipe")
    done = cli("screen", ".", "--json")
    assert [finding["path"] for finding in done.json["findings"]] == ["./src/notes.txt"]
    assert (done.json["screened"], done.json["passed_over"]) == (1, 1)
    assert cli("screen", "src/picture").code == 2


def test_a_notebook_is_screened_by_cell(cli, token):
    cells = [
        {"cell_type": "markdown", "source": ["# A tour\n"], "metadata": {}},
        {
            "cell_type": "code",
            "source": ["import os\n", f"t = '{token.value}'\n"],
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [token.value]}],
        },
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (cli.cwd / "tour.ipynb").write_text(json.dumps(notebook))
    done = cli("screen", "tour.ipynb", "--json")
    places = [(f["cell"], f["part"], f["line"], f["column"]) for f in done.json["findings"]]
    assert places == [(2, "source", 2, 6), (2, "output", 1, 1)]
    assert b"tour.ipynb:cell 2 source:2:6 " in cli("screen", "tour.ipynb").out


def test_what_can_not_be_read_is_not_called_clean(cli):
    done = cli("screen", "no-such-file", "--json")
    assert done.code == 1
    assert done.json["failures"][0]["path"] == "no-such-file"
    assert b"no-such-file" in cli("screen", "no-such-file").err


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is closed to root")
@pytest.mark.parametrize("mode", [0o000, 0o400], ids=["closed", "listed-only"])
@pytest.mark.parametrize("is_managed", [False, True], ids=["folder", "repository"])
def test_a_folder_with_one_that_can_not_be_looked_into_is_not_called_clean(
    cli, token, mode, is_managed
):
    if is_managed:
        git = Repository.make(cli.cwd)
        git.write(".gitignore", "ignored/\n")
    for name in ("sub/new", "sub/tracked", *(["ignored"] if is_managed else [])):
        (cli.cwd / name).mkdir(parents=True)
        (cli.cwd / name / "a.txt").write_text(token.value)
    if is_managed:
        git("add", "sub/tracked")
    closed = [path.parent for path in cli.cwd.glob("**/a.txt")]
    for folder in closed:
        folder.chmod(mode)
    try:
        done = cli("screen", ".", "--json")
    finally:
        for folder in closed:
            folder.chmod(0o700)
    assert done.code == 1
    named = {failure["path"].removesuffix("/a.txt") for failure in done.json["failures"]}
    assert named == {"./sub/new", "./sub/tracked"}


def test_a_folder_that_lies_too_deep_is_not_called_clean(cli, token):
    here = os.open(cli.cwd, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    with os.fdopen(os.open("a.txt", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as file:
        file.write(token.value)
    os.close(here)
    done = cli("screen", ".", "--json")
    assert done.code == 1
    (failure,) = done.json["failures"]
    assert failure["message"] == "File name too long."


def test_a_call_that_names_nothing_on_a_terminal_says_what_to_name(cli):
    terminal = cli.on_terminal("screen")
    code, shown = ended(terminal)
    assert code == 1
    assert b"Name files or folders to screen" in shown
    assert b"jupyter agent screen --help" in shown


def test_a_submodule_is_screened_whether_it_has_been_filled_or_not(cli, token):
    git, part = Repository.make(cli.cwd), cli.cwd / "part"
    Repository.make(part).write("a.txt", token.value)
    Repository(part)("add", ".")
    Repository(part)("commit", "-qm", "one", "--no-verify")
    git("add", "part")  # as git submodule does it
    for words in ((".",), ("part",)):
        assert len(cli("screen", *words, "--json").json["findings"]) == 1
    shutil.rmtree(part / ".git")  # in a fresh clone nothing is there yet
    for words in ((".",), ("part",)):
        assert len(cli("screen", *words, "--json").json["findings"]) == 1
    (part / "a.txt").unlink()
    assert cli("screen", "part").code == cli("screen", ".").code == 0


def test_a_program_that_would_fetch_what_a_repository_lacks_is_not_run(cli, tmp_path):
    git, proof = Repository.make(cli.cwd), tmp_path / "proof"
    git.write("a.txt", "nothing")
    git("add", "a.txt")
    name = git("rev-parse", ":a.txt").decode().strip()
    (cli.cwd / ".git/objects" / name[:2] / name[2:]).unlink()
    for setting, value in (
        ("core.repositoryFormatVersion", "1"), ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"), ("remote.origin.url", str(cli.cwd)),
        ("remote.origin.uploadpack", f"touch '{proof}'; false"),
    ):  # fmt: skip
        git("config", setting, value)
    done = cli("screen", "--staged", "--json")
    assert (done.code, done.error["code"]) == (1, "request_invalid")
    assert not proof.exists()


@pytest.mark.parametrize("option", ["--install-git", "--uninstall-git"])
def test_git_is_set_up_where_one_stands_and_nowhere_when_something_else_is_named(cli, option):
    git = Repository.make(cli.cwd)
    (cli.cwd / "other").mkdir()
    before = git("config", "--local", "--list")
    done = cli("screen", "other", option)
    assert done.code == 1
    assert b"takes no paths" in done.err
    assert git("config", "--local", "--list") == before
    assert not (cli.cwd / ".gitattributes").exists()


def test_what_was_found_is_followed_by_the_safer_path(cli, token):
    told = cli("screen", "-", stdin=token.value.encode()).err.decode()
    assert "1 secret in 1 text\n" in told
    assert "jupyter agent secret set GITHUB_TOKEN\n" in told
    assert "jupyter agent run -s GITHUB_TOKEN -- COMMAND\n" in told
    assert "rotate, replace or revoke" in told
    assert cli("screen", "-", stdin=b"nothing").err == b"no secrets in 1 text\n"
    assert b"no secrets" not in cli("screen", "nowhere").err


def test_a_file_name_can_not_repaint_the_terminal(cli, token):
    (cli.cwd / "a\x1b[2J\n.txt").write_text(token.value)
    done = cli("screen", ".")
    assert b"\x1b" not in done.out + done.err
    assert done.out.count(b"\n") == 1


def test_a_file_that_is_too_large_is_not_called_clean(cli):
    with (cli.cwd / "big.csv").open("wb") as file:
        file.truncate(64 * 2**20 + 1)
    done = cli("screen", "big.csv", "--json")
    assert done.code == 1
    assert done.json["failures"][0]["code"] == "request_invalid"
    below = cli("screen", ".", "--json")  # there it is binary, whatever its size
    assert (below.code, below.json["passed_over"]) == (0, 1)


def test_a_folder_says_how_far_it_is_on_a_terminal_and_nowhere_else(cli, token):
    for number in range(30):
        lines = "".join(f"x{number}_{line} = {line}\n" for line in range(20_000))
        (cli.cwd / f"{number}.py").write_text(lines)
    terminal = cli.on_terminal("screen", ".")
    code, shown = ended(terminal)
    assert code == 0
    assert b"texts screened" in shown
    assert shown.rstrip().endswith(b"no secrets in 30 texts")
    quiet = cli("screen", ".")
    assert quiet.out + quiet.err == b"no secrets in 30 texts\n"


# --- formats for programs ------------------------------------------------------------------------


def test_sarif_is_one_document_with_a_result_for_each_finding(cli, token):
    (cli.cwd / "setup.py").write_text(f"\nTOKEN = '{token.value}'\n")
    (cli.cwd / "tour.ipynb").write_text(json.dumps(with_value(token.value), indent=1))
    done = cli("screen", ".", "--sarif")
    assert (done.code, done.err) == (2, b"")
    (run,) = done.json["runs"]
    (in_text,) = [r for r in run["results"] if _uri(r) == "setup.py"]
    assert in_text["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 2,
        "startColumn": 10,
    }
    lines = (cli.cwd / "tour.ipynb").read_text().splitlines()
    for result in run["results"]:
        region = result["locations"][0]["physicalLocation"]["region"]
        if _uri(result) == "tour.ipynb" and "metadata" not in result["message"]["text"]:
            line = lines[region["startLine"] - 1]
            assert token.value in line or "{" not in line
    assert token.found_in(done.out) == []
    assert cli("screen", ".", "--sarif").out == done.out  # the same again


def test_a_clean_sarif_document_has_no_results(cli):
    done = cli("screen", "--sarif", stdin=b"nothing")
    assert done.code == 0
    assert done.json["runs"][0]["results"] == []


def test_sarif_and_json_are_two_answers(cli):
    assert cli("screen", "--sarif", "--json", stdin=b"").code == 1


def _uri(result):
    return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


# --- a baseline ----------------------------------------------------------------------------------


def test_a_baseline_accepts_what_is_there_and_nothing_else(cli, token):
    (cli.cwd / "old.py").write_text(f"t = '{token.value}'\n")
    wrote = cli("screen", ".", "--baseline", "screen.json", "--write-baseline", "--json")
    assert (wrote.code, wrote.json["known"], wrote.json["findings"]) == (0, 1, [])
    assert token.search_tree(cli.cwd / "screen.json") == []

    (cli.cwd / "old.py").write_text(f"\n\n# moved\nt = '{token.value}'\n")
    (cli.cwd / "new.py").write_text(f"t = '{token.value}'\n")
    done = cli("screen", ".", "--baseline", "screen.json", "--json")
    assert done.code == 2
    assert [finding["path"] for finding in done.json["findings"]] == ["./new.py"]
    assert done.json["known"] == 1


@pytest.mark.parametrize(
    "words", [("--baseline", "not there.json"), ("--write-baseline",), ("--baseline", "broken")]
)
def test_a_baseline_that_can_not_be_used_is_an_error_and_not_clean(cli, words):
    (cli.cwd / "broken").write_text("{}")
    done = cli("screen", "--json", *words, stdin=b"nothing")
    assert (done.code, done.error["code"]) == (1, "request_invalid")


# --- hooks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["claude-code", "codex"])
def test_a_hook_stops_a_prompt_with_a_secret_and_never_quotes_it(cli, token, host):
    event = {"hook_event_name": "UserPromptSubmit", "prompt": f"use {token.value}", "cwd": "/"}
    done = cli("screen", "--hook", host, stdin=json.dumps(event).encode())
    assert done.code == 2
    assert done.json["decision"] == "block"
    assert done.json["reason"] == done.err.decode().rstrip("\n")
    assert token.found_in(done.out + done.err) == []
    clean = cli("screen", "--hook", host, stdin=json.dumps({**event, "prompt": "hello"}).encode())
    assert (clean.code, clean.out, clean.err) == (0, b"", b"")


@pytest.mark.parametrize("host", ["claude-code", "codex"])
@pytest.mark.parametrize("shape", ["{}", "", '{{"hook_event_name": "UserPromptSubmit", {}', "\0{}"])
def test_a_hook_that_fails_stops_its_host_and_says_why(cli, token, host, shape):
    done = cli("screen", "--hook", host, stdin=shape.format(token.value).encode())
    assert (done.code, done.out) == (2, b"")
    assert done.err  # Codex goes on when there is no reason
    assert token.found_in(done.err) == []


@pytest.mark.parametrize("words", [("--hook",), ("--hook", "emacs"), ("--hook", "codex", "--no")])
def test_a_hook_that_is_called_wrongly_stops_its_host(cli, words):
    done = cli("screen", *words, stdin=b"{}")
    assert (done.code, done.out) == (2, b"")
    assert done.err


def test_a_hook_without_its_home_still_screens(cli, token, tmp_path):
    event = {"hook_event_name": "UserPromptSubmit", "prompt": token.value}
    broken = tmp_path / "not a folder"
    broken.write_text("")
    done = cli(
        "screen", "--hook", "codex", stdin=json.dumps(event).encode(),
        env={"JUPYTER_AGENT_HOME": str(broken)},
    )  # fmt: skip
    assert (done.code, done.json["decision"]) == (2, "block")


# --- nowhere a value -----------------------------------------------------------------------------


def test_no_answer_of_any_mode_holds_a_value(cli, token):
    value = token.value
    (cli.cwd / "setup.py").write_text(f"t = '{value}'\n")
    (cli.cwd / "tour.ipynb").write_text(json.dumps(with_value(value)))
    (cli.cwd / "half.ipynb").write_text(json.dumps(with_value(value))[:-9])
    (cli.cwd / value).write_text("a value as a name of a file is told, as every name is")
    event = json.dumps({"hook_event_name": "PostToolUse", "tool_response": {"a": value}}).encode()
    calls = [
        (("setup.py", "tour.ipynb", "half.ipynb"), b""),
        (("setup.py", "tour.ipynb", "half.ipynb", "--json"), b""),
        (("setup.py", "tour.ipynb", "half.ipynb", "--sarif"), b""),
        (("setup.py", "--baseline", "b.json", "--write-baseline"), b""),
        (("setup.py", "--baseline", "setup.py"), b""),
        (("--git-textconv", "tour.ipynb"), b""),
        (("--git-textconv", "half.ipynb"), b""),
        (("--git-clean",), json.dumps(with_value(value)).encode()),
        (("--git-clean",), value.encode("utf-16")),
        (("--hook", "claude-code"), event),
        (("--hook", "codex"), event),
        (("--hook", "codex"), value.encode()),
        (("--hook", value), b""),
        ((f"--{value}",), b""),
        (("--staged", value), b""),
        (("--install-git", value), b""),
    ]
    for words, stdin in calls:
        done = cli("screen", *words, stdin=stdin)
        assert token.found_in(done.out + done.err) == [], words


def test_findings_count_more_than_failures(cli, token):
    assert cli("screen", "no-such-file", "-", stdin=token.value.encode()).code == 2
