"""What git keeps and what it lets a person commit: what is allowed, what is large, whose it is."""

from __future__ import annotations

import json
import random
import string

import pytest
from canary import Canary
from command_line import CommandLine
from notebooks_made import with_value
from repository import Repository

from jupyter_agent import person as person_door
from jupyter_agent.folders import Folders

_OVER_THE_LIMIT = 64 * 2**20 + 1


@pytest.fixture
def git(cli: CommandLine) -> Repository:
    """The folder that the command line is called in is a repository."""
    return Repository.make(cli.cwd)


@pytest.fixture
def token() -> Canary:
    characters = string.ascii_letters + string.digits
    return Canary("ghp" + "_" + "".join(random.Random(12).choices(characters, k=36)))


def allowed_beside(path: str, rule: str) -> None:
    """A person said in that notebook's box: this rule, in this folder."""
    with person_door.open_client(Folders.of()) as client:
        client.call("allow.add", scope="rule", rule=rule, value="", reason="made up", notebook=path)


@pytest.mark.one_broker
def test_git_keeps_a_notebook_as_it_is_where_its_rule_is_allowed_and_masks_the_others(
    cli, git, token, saved
):
    assert cli("screen", "--install-git").code == 0
    text = json.dumps(with_value(token.value), indent=1) + "\n"
    for name in ("desk/a.ipynb", "tour/a.ipynb", "tours/a.ipynb", "z.ipynb"):
        git.write(name, text)
    allowed_beside(str(cli.cwd / "tour" / "other.ipynb"), "github-token")

    git("add", ".")
    git("commit", "--quiet", "--message=a tour")

    kept = [
        name
        for name in git("ls-files", "*.ipynb").decode().split()
        if token.found_in(git("show", f"HEAD:{name}"))
    ]
    assert kept == ["tour/a.ipynb"]
    assert git("show", "HEAD:tour/a.ipynb").decode() == text


def test_a_large_picture_can_be_committed_and_a_large_text_is_told(cli, git):
    with git.write("model.bin", "\0").open("r+b") as file:
        file.truncate(_OVER_THE_LIMIT)
    git("add", "model.bin")

    done = cli("screen", "--staged", "--json")

    assert (done.code, done.json["passed_over"], done.json["failures"]) == (0, 1, [])

    git.write("log.txt", "a line\n" * (_OVER_THE_LIMIT // 7 + 1))
    git("add", "log.txt")

    done = cli("screen", "--staged", "--json")

    assert (done.code, [each["path"] for each in done.json["failures"]]) == (1, ["log.txt"])


def test_a_repository_of_somebody_else_is_told_as_that_and_not_as_none(cli, git):
    theirs = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    for option in ("--staged", "--install-git"):
        done = cli("screen", option, "--json", env=theirs)

        assert done.code == 1
        assert "belongs to somebody else" in done.error["message"]
        assert "safe.directory" in done.error["hint"]


def test_outside_of_a_repository_it_is_said_that_there_is_none(cli):
    done = cli("screen", "--staged", "--json", env={"GIT_CEILING_DIRECTORIES": str(cli.cwd.parent)})

    assert done.code == 1
    assert done.error["message"] == "This is no work tree of a git repository."


def test_an_old_commit_whose_notebook_can_not_be_read_ends_no_log(cli, git, token):
    text = json.dumps(with_value(token.value), indent=1)
    (cli.cwd / "wide.ipynb").write_bytes(text.encode("utf-16"))
    with git.write("large.ipynb", "[").open("r+b") as file:
        file.truncate(_OVER_THE_LIMIT)
    git("add", ".")
    git("commit", "--quiet", "--message=before there was a filter")
    git("rm", "--quiet", "wide.ipynb", "large.ipynb")
    assert cli("screen", "--install-git").code == 0
    git.write("new.ipynb", json.dumps(with_value("one"), indent=1))
    git("add", ".")
    git("commit", "--quiet", "--message=now")

    shown = git("log", "--patch")

    assert shown.count(b"+# not shown: It is larger than 64 MiB.") == 1
    assert b"+token = '[secret:github-token]'" in shown
    assert token.found_in(shown) == []


def test_what_a_person_has_added_to_our_hook_runs_and_stays(cli, git, token):
    assert cli("screen", "--install-git").code == 0
    hook = cli.cwd / ".git" / "hooks" / "pre-commit"
    first, *ours = hook.read_text().splitlines(keepends=True)
    hook.write_text("".join([first, "echo early >> told\n", *ours, "echo late >> told\n"]))

    git.write("clean.txt", "hello")
    git("add", ".")
    git("commit", "--quiet", "--message=clean")
    git.write("stopped.txt", token.value)
    git("add", ".")
    git("commit", "--quiet", "--message=stopped", fails=True)

    assert (cli.cwd / "told").read_text() == "early\nlate\nearly\n"

    before = hook.read_text()
    assert cli("screen", "--install-git").code == 0
    assert hook.read_text() == before
    done = cli("screen", "--uninstall-git", "--json").json["done"]
    assert "Our lines are removed from the pre-commit hook; the others stay." in done
    assert hook.read_text() == f"{first}echo early >> told\necho late >> told\n"
    assert hook.stat().st_mode & 0o111
