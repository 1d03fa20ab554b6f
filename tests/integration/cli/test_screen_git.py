"""``jupyter agent screen`` and a real git."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import string
import subprocess
from collections.abc import Iterator

import pytest
from canary import Canary
from command_line import CommandLine
from notebooks_made import with_value
from repository import Repository
from sources import ROOT

_TOKEN_CHARACTERS = string.ascii_letters + string.digits


@pytest.fixture
def token() -> Canary:
    rng = random.Random(11)
    return Canary("ghp" + "_" + "".join(rng.choices(_TOKEN_CHARACTERS, k=36)))


@pytest.fixture
def git(cli: CommandLine) -> Repository:
    """The folder that the command line is called in is a repository."""
    return Repository.make(cli.cwd)


def stored(repository: Repository) -> bytes:
    """Everything that git keeps, of every file and commit."""
    listed = repository("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    names = listed.decode().split()
    return b"\n".join(repository("cat-file", "-p", name) for name in names)


def notebook(value: str) -> str:
    return json.dumps(with_value(value), indent=1, ensure_ascii=False) + "\n"


# --- which files ---------------------------------------------------------------------------------


def test_what_git_ignores_is_passed_over_and_what_it_would_track_is_not(cli, git, token):
    git.write(".gitignore", ".env\nbuild/\n")
    for name in (".env", "build/out.txt", "src/new.txt", "src/tracked.txt"):
        git.write(name, token.value)
    git("add", "src/tracked.txt")
    git.write("src/gone.txt", token.value)
    git("add", "src/gone.txt")
    (cli.cwd / "src/gone.txt").unlink()

    done = cli("screen", ".", "--json")

    assert [f["path"] for f in done.json["findings"]] == ["./src/new.txt", "./src/tracked.txt"]
    assert cli("screen", ".env").code == 2  # named is screened


def test_a_folder_inside_a_repository_is_screened_by_itself(cli, git, token):
    git.write("one/a.txt", token.value)
    git.write("two/a.txt", token.value)

    done = cli("screen", "one", "--json")

    assert [finding["path"] for finding in done.json["findings"]] == ["one/a.txt"]


def test_a_folder_that_git_ignores_is_screened_when_it_is_named(cli, git, token):
    git.write(".gitignore", "build/\n.env\n")
    git.write("build/out.txt", token.value)
    git.write("kept/.env", token.value)

    assert cli("screen", "build").code == 2
    assert cli("screen", "kept").code == 0
    assert cli("screen", ".git").code == 0  # not in the work tree: walked


def test_a_repository_inside_a_repository_is_screened_too(cli, git, token):
    inner = Repository.make(cli.cwd / "inner")
    inner.write("a.txt", token.value)

    done = cli("screen", ".", "--json")

    assert [finding["path"] for finding in done.json["findings"]] == ["./inner/a.txt"]


def test_links_are_not_followed(cli, git, token, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_text(token.value)
    (cli.cwd / "to a file").symlink_to(elsewhere / "a.txt")
    (cli.cwd / "to a folder").symlink_to(elsewhere)

    assert cli("screen", ".").code == 0


def test_a_program_that_a_repository_names_is_not_run(cli, git, tmp_path):
    proof = tmp_path / "proof"
    program = git.write("monitor", f"#!/bin/sh\ntouch '{proof}'\n")
    program.chmod(0o755)
    git("config", "core.fsmonitor", f"'{program}'")  # for a shell
    git("status")
    assert proof.exists()  # git itself does run it
    proof.unlink()

    cli("screen", ".")
    cli("screen", "--staged")

    assert not proof.exists()


# --- what is staged ------------------------------------------------------------------------------


def test_staged_is_what_would_be_committed_and_not_what_lies_there(cli, git, token):
    git.write("staged.py", f"t = '{token.value}'")
    git("add", "staged.py")
    git.write("staged.py", "t = None")
    git.write("lies there.py", f"t = '{token.value}'")

    done = cli("screen", "--staged", "--json")

    assert done.code == 2
    assert [finding["path"] for finding in done.json["findings"]] == ["staged.py"]


def test_a_staged_file_is_named_from_where_one_stands_so_that_a_baseline_fits(cli, git, token):
    git.write("above.py", f"t = '{token.value}'")
    git.write("deep/here.py", f"t = '{token.value}'")
    git("add", ".")
    cli("screen", ".", "--baseline", "screen.json", "--write-baseline")
    below = CommandLine(cli.cwd / "deep")

    done = below("screen", "--staged", "--json")
    accepted = below("screen", "--staged", "--baseline", "../screen.json", "--json")

    assert [finding["path"] for finding in done.json["findings"]] == [
        "../above.py",
        "../deep/here.py",
    ]
    assert (accepted.code, accepted.json["known"]) == (0, 2)


def test_staged_looks_at_what_is_new_or_changed_only(cli, git, token):
    git.write("old.py", f"t = '{token.value}'")
    git("add", ".")
    git("commit", "--quiet", "--message=first")
    git.write("new.py", "t = None")
    git.write("empty.py", "")
    (cli.cwd / "link").symlink_to("old.py")
    git("add", ".")

    done = cli("screen", "--staged", "--json")

    assert (done.code, done.json["screened"]) == (0, 2)


def test_staged_outside_of_a_repository_is_an_error_and_not_clean(cli):
    done = cli("screen", "--staged", "--json")
    assert (done.code, done.error["code"]) == (1, "request_invalid")


# --- the notebook filter -------------------------------------------------------------------------


def test_a_notebook_is_masked_in_the_repository_and_untouched_on_the_disk(cli, git, token):
    assert cli("screen", "--install-git", "filter").code == 0
    path = git.write("tour.ipynb", notebook(token.value))

    git("add", ".")
    git("commit", "--quiet", "--message=a notebook")

    assert token.found_in(stored(git)) == []
    assert git("show", "HEAD:tour.ipynb").decode() == notebook("[secret:github-token]")
    assert path.read_text() == notebook(token.value)
    assert git("status", "--porcelain") == b""


def test_a_clean_notebook_is_stored_byte_for_byte(cli, git):
    cli("screen", "--install-git", "filter")
    text = json.dumps(with_value("é"), indent=3).replace("\n", "\r\n") + "  \n\n"
    git.write("tour.ipynb", "").write_bytes(text.encode())

    git("add", ".")

    assert git("cat-file", "blob", ":tour.ipynb") == text.encode()


def test_a_difference_is_shown_by_cell_and_without_the_value(cli, git, token):
    cli("screen", "--install-git", "filter")
    git.write("tour.ipynb", notebook("nothing"))
    git("add", ".")
    git("commit", "--quiet", "--message=first")
    git.write("tour.ipynb", notebook(token.value))

    shown = git("diff")

    assert token.found_in(shown) == []
    assert b"+token = '[secret:github-token]'" in shown
    assert b'"source"' not in shown


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_what_can_not_be_screened_is_not_stored(cli, git, token, encoding):
    cli("screen", "--install-git", "filter")
    git.write("tour.ipynb", "").write_bytes(notebook(token.value).encode(encoding))

    told = git("add", ".", fails=True)

    assert token.found_in(told) == []
    assert git("ls-files", "*.ipynb") == b""


def test_many_notebooks_are_masked_by_one_process(cli, git, token):
    cli("screen", "--install-git", "filter")
    git("config", "--unset", "filter.jupyter-agent.clean")  # only the one that serves many is left
    for number in range(5):
        git.write(f"{number}.ipynb", notebook(f"{token.value}" if number % 2 else "nothing"))
    git.write("big.ipynb", notebook("x = 'a line of prose'\n" * 20_000))  # many packets
    git.write("bad.ipynb", "").write_bytes(notebook(token.value).encode("utf-16"))

    git("add", ".", fails=True)
    (cli.cwd / "bad.ipynb").unlink()
    git("add", ".")

    assert token.found_in(stored(git)) == []
    names = git("ls-files", "*.ipynb").decode().split()
    assert names == ["0.ipynb", "1.ipynb", "2.ipynb", "3.ipynb", "4.ipynb", "big.ipynb"]
    assert git("cat-file", "blob", ":big.ipynb") == (cli.cwd / "big.ipynb").read_bytes()
    git("commit", "--quiet", "--message=all")
    (cli.cwd / "1.ipynb").unlink()
    git("checkout", "--", "1.ipynb")  # the way back, through the same program
    assert (cli.cwd / "1.ipynb").read_text() == notebook("[secret:github-token]")


def test_an_old_git_that_starts_the_filter_for_each_file_is_served_too(cli, git, token):
    cli("screen", "--install-git", "filter")
    git("config", "--unset", "filter.jupyter-agent.process")
    git.write("tour.ipynb", notebook(token.value))

    git("add", ".")

    assert git("cat-file", "blob", ":tour.ipynb").decode() == notebook("[secret:github-token]")


def test_the_filter_comes_off_again_and_leaves_nothing(cli, git):
    before = git("config", "--local", "--list")
    git.write(".gitattributes", "*.png binary")
    cli("screen", "--install-git")
    cli("screen", "--install-git")  # twice is once

    attributes = (cli.cwd / ".gitattributes").read_text()
    assert attributes == "*.png binary\n*.ipynb filter=jupyter-agent diff=jupyter-agent\n"
    done = cli("screen", "--uninstall-git", "--json")

    assert len(done.json["done"]) == 3
    assert git("config", "--local", "--list") == before
    assert (cli.cwd / ".gitattributes").read_text() == "*.png binary\n"
    assert not (cli.cwd / ".git/hooks/pre-commit").exists()
    assert cli("screen", "--uninstall-git").out == b"Nothing of ours was there.\n"


# --- the hook before a commit --------------------------------------------------------------------


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file that a program of ours begins from here on gets more than nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_attributes_hook_and_baseline_as_they_were(cli, git, token):
    git.write("a.txt", token.value)
    git.write(".gitattributes", "*.png binary\n")
    assert cli("screen", "a.txt", "--baseline", "known.json", "--write-baseline").code == 0
    assert cli("screen", "--install-git").code == 0
    files = [cli.cwd / name for name in (".gitattributes", "known.json", ".git/hooks/pre-commit")]
    before = {path: (path.read_bytes(), path.stat().st_mode) for path in files}

    commands = (
        ("screen", "a.txt", "--baseline", "known.json", "--write-baseline", "--json"),
        ("screen", "--install-git", "pre-commit", "--json"),
        ("screen", "--uninstall-git", "filter", "--json"),
    )
    for words in commands:
        with full_disk():
            done = cli(*words)
        assert done.code == 1, words
        assert done.error["hint"], words
        assert {path: (path.read_bytes(), path.stat().st_mode) for path in files} == before
    assert [path.name for path in cli.cwd.glob(".known*")] == []


def test_lines_of_others_keep_their_bytes_when_ours_comes_and_goes(cli, git):
    theirs = b"*.png binary\r\n# caf\xe9\r\n*.txt text"
    (cli.cwd / ".gitattributes").write_bytes(theirs)
    assert cli("screen", "--install-git", "filter").code == 0
    assert cli("screen", "--uninstall-git", "filter").code == 0
    assert (cli.cwd / ".gitattributes").read_bytes() == theirs + b"\n"


def test_a_commit_with_a_secret_is_stopped(cli, git, token):
    assert cli("screen", "--install-git", "pre-commit").code == 0
    git.write("setup.py", f"t = '{token.value}'\n")
    git("add", ".")

    told = git("commit", "--message=oops", fails=True)

    assert token.found_in(told) == []
    assert b"setup.py:1:6 GitHub" in told
    assert b"jupyter agent secret set" in told
    git.write("setup.py", "t = None\n")
    git("commit", "--quiet", "--message=fine", "--all")  # git gives such a commit another index


def test_a_hook_of_somebody_else_stays_and_the_line_to_add_is_said(cli, git):
    theirs = git.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n")

    done = cli("screen", "--install-git", "pre-commit", "--json")

    assert done.code == 1
    assert "screen --staged || exit 1" in done.error["hint"]
    assert theirs.read_text() == "#!/bin/sh\nexit 0\n"
    assert cli("screen", "--uninstall-git").code == 0
    assert theirs.exists()


@pytest.mark.parametrize("where", [".gitattributes", ".git/info/attributes"])
def test_a_notebook_filter_of_somebody_else_stays_and_nothing_is_set_up_beside_it(cli, git, where):
    git.write(where, "*.ipynb filter=nbstripout\n")
    before = (cli.cwd / ".git/config").read_bytes()

    done = cli("screen", "--install-git")

    assert done.code == 1
    assert b"another filter for notebooks already (nbstripout)" in done.err
    assert b"--install-git pre-commit" in done.err
    assert (cli.cwd / where).read_text() == "*.ipynb filter=nbstripout\n"
    assert (cli.cwd / ".git/config").read_bytes() == before
    assert not (cli.cwd / ".git/hooks/pre-commit").exists()
    assert cli("screen", "--install-git", "pre-commit").code == 0


def test_a_folder_of_hooks_for_every_repository_is_left_alone(cli, git, tmp_path):
    git("config", "core.hooksPath", str(tmp_path / "all hooks"))

    done = cli("screen", "--install-git", "pre-commit", "--json")

    assert done.code == 1
    assert not (tmp_path / "all hooks").exists()


def test_what_the_pre_commit_framework_calls_stops_a_secret(cli, git, token):
    # https://pre-commit.com/#new-hooks: `entry`, `args`, then the staged files of `types`.
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    entries = re.findall(r"^  entry: (.*)\n  args: \[(\S*)\]", hooks, re.MULTILINE)
    assert len(entries) == 2
    assert re.findall(r"^- id: (.*)$", hooks, re.MULTILINE) == [
        "jupyter-agent-screen",
        "jupyter-agent-screen-installed",
    ]
    git.write("a file.py", f"t = '{token.value}'")
    git.write("clean.ipynb", notebook("nothing"))
    git.write("--json", f"t = '{token.value}'")
    for entry, arguments in entries:
        program, *words = [*entry.split(), *arguments.split()]
        assert program == "jupyter-agent"
        assert cli(*words, "clean.ipynb").code == 0
        assert cli(*words, "a file.py", "clean.ipynb").code == 2
        assert cli(*words, "--json").code == 2


def test_an_installed_program_does_not_take_its_modules_from_the_repository(cli, git, tmp_path):
    proof = tmp_path / "proof"
    git.write("json.py", f"open({str(proof)!r}, 'w').close()\n")
    cli("screen", "--install-git", "pre-commit")

    subprocess.run([cli.cwd / ".git/hooks/pre-commit"], cwd=cli.cwd, check=True, env=os.environ)

    assert not proof.exists()
