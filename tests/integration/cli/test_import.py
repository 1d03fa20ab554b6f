"""``jupyter agent secret import``: from plain files into the vault, and out of the files."""

from __future__ import annotations

import json
import os

import pytest
from command_line import ended

ENV = "# settings\nDEBUG=1\nAPI_TOKEN={}\n"


@pytest.fixture
def env_file(cli, planted):
    path = cli.cwd / ".env"
    path.write_text(ENV.format(planted.value), encoding="utf-8")
    path.chmod(0o640)
    return path


def labels(cli):
    return [meta["label"] for meta in cli("secret", "list", "--json").json["secrets"]]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.stands(reason="the person's own file stays as it is")
def test_a_dry_run_shows_labels_and_changes_nothing(cli, env_file, planted):
    before = files(cli.cwd)
    done = cli("secret", "import", ".env", "--dry-run", "--json")
    assert done.json["found"] == [{"label": "API_TOKEN", "from": ".env", "line": 3, "state": "new"}]
    assert planted.found_in(done.out + done.err) == []
    assert labels(cli) == []
    assert files(cli.cwd) == before


def test_values_are_saved_and_taken_out_of_the_file(cli, env_file, planted):
    done = cli("secret", "import", ".env", "--yes", "--remove", "--json")
    assert (done.json["saved"], done.json["removed"]) == (["API_TOKEN"], [".env"])
    assert planted.found_in(done.out + done.err) == []
    # No copy of it is left beside it, and nobody gets more rights.
    assert files(cli.cwd) == {".env": b"# settings\nDEBUG=1\n"}
    assert env_file.stat().st_mode & 0o777 == 0o640
    cli("grant", "API_TOKEN", "--any-command")
    done = cli("run", "-s", "API_TOKEN", "-c", "printenv API_TOKEN")
    assert done.out == b"[secret:API_TOKEN]\n"


def test_a_link_to_the_file_stays_a_link(cli, env_file, planted):
    target = env_file.rename(cli.cwd / "shared.env")
    env_file.symlink_to(target)
    assert cli("secret", "import", ".env", "--yes", "--remove").code == 0
    assert env_file.is_symlink()
    assert planted.found_in(target.read_bytes()) == []


@pytest.mark.stands(reason="the person's own file stays as it is")
def test_a_file_with_a_second_name_is_left_alone_and_said_so(cli, env_file):
    os.link(env_file, cli.cwd / "second")
    before = files(cli.cwd)
    done = cli("secret", "import", ".env", "--yes", "--remove")
    assert done.code == 1
    assert b"second name" in done.err
    assert files(cli.cwd) == before
    assert labels(cli) == ["API_TOKEN"]


@pytest.mark.stands(reason="the person's own file stays as it is")
def test_a_label_that_is_taken_keeps_its_value_and_the_file_its_line(cli, env_file, planted):
    cli("secret", "set", "API_TOKEN", "--stdin", stdin=b"made-up other value")
    done = cli("secret", "import", ".env", "--yes", "--remove", "--json")
    assert done.json["found"][0]["state"] == "taken"
    assert (done.json["saved"], done.json["removed"]) == ([], [])
    assert planted.found_in(env_file.read_bytes()) != []


def test_what_was_imported_before_is_taken_out_of_the_file_later(cli, env_file):
    assert cli("secret", "import", ".env", "--yes", "--keep").code == 0
    done = cli("secret", "import", ".env", "--remove", "--json")
    assert done.json["found"][0]["state"] == "stored"
    assert (done.json["saved"], done.json["removed"]) == ([], [".env"])
    assert files(cli.cwd) == {".env": b"# settings\nDEBUG=1\n"}


@pytest.mark.stands(reason="the person's own file stays as it is")
def test_a_file_keeps_its_values_where_the_vault_ends_with_the_broker(cli, env_file, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    before = files(cli.cwd)
    done = cli("secret", "import", ".env", "--yes", "--remove")
    assert done.code == 1
    assert b"gone with it; the files were left alone" in done.err
    assert b"vault move" in done.err
    assert files(cli.cwd) == before
    assert labels(cli) == ["API_TOKEN"]


def test_a_variable_that_says_where_something_lies_is_no_secret(cli, planted):
    env = {"PWD": str(cli.cwd), "KEY_FILE": "/etc/passwd", "DEMO_TOKEN": f"/{planted.value}"}
    done = cli("secret", "import", "--environment", "--dry-run", "--json", env=env)
    found = {each["label"] for each in done.json["found"]}
    assert "DEMO_TOKEN" in found
    assert not {"PWD", "KEY_FILE"} & found


@pytest.mark.stands(reason="the person's own file stays as it is")
def test_nothing_is_saved_or_removed_without_a_yes(cli, env_file):
    before = files(cli.cwd)
    assert cli("secret", "import", ".env").code == 1
    assert labels(cli) == []
    assert cli("secret", "import", ".env", "--yes").code == 0
    assert labels(cli) == ["API_TOKEN"]
    assert files(cli.cwd) == before


def test_a_person_is_asked_twice_on_a_terminal(cli, env_file, planted):
    terminal = cli.on_terminal("secret", "import", ".env")
    for question in ("Save 1 secret? [y/N] ", "out of .env? [y/N] "):
        terminal.expect_exact(question)
        terminal.send("y\r")
    code, shown = ended(terminal)
    assert code == 0
    assert planted.found_in(shown) == []
    assert files(cli.cwd) == {".env": b"# settings\nDEBUG=1\n"}


def test_variables_of_the_shell_are_found_by_name_or_shape(cli, planted):
    env = {"DEMO_PASSWORD": planted.value, "MY_EDITOR": "an editor"}
    done = cli("secret", "import", "--environment", "--yes", "--json", env=env)
    assert "DEMO_PASSWORD" in done.json["saved"]
    assert "MY_EDITOR" not in done.json["saved"]
    assert planted.found_in(done.out + done.err) == []


def test_a_file_that_is_not_there_is_told_with_what_next(cli):
    done = cli("secret", "import", "nowhere.env")
    assert done.code == 1
    assert b"No such file" in done.err
    assert b"hint: Check its path" in done.err


@pytest.mark.stands(reason="the person's own file stays as it is")
def test_a_file_of_no_known_name_needs_a_format(cli, env_file):
    env_file.rename(cli.cwd / "notes.txt")
    assert b"--as" in cli("secret", "import", "notes.txt", "--yes").err
    assert cli("secret", "import", "notes.txt", "--as", "dotenv", "--yes").code == 0
    assert labels(cli) == ["API_TOKEN"]


def test_the_usual_places_are_looked_at(cli, env_file, tmp_path):
    home = tmp_path / "home"
    for path, text in {
        ".aws/credentials": "[default]\naws_secret_access_key = made-up-aws\n",
        ".netrc": "machine example.com login me password made-up-netrc\n",
        ".config/gh/hosts.yml": "github.com:\n    oauth_token: made-up-github\n",
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    done = cli("secret", "import", "--yes", "--remove", "--json", env={"HOME": str(home)})
    assert set(done.json["saved"]) == {
        "API_TOKEN", "AWS_SECRET_ACCESS_KEY", "EXAMPLE_COM_PASSWORD", "GITHUB_TOKEN",
    }  # fmt: skip
    assert not [path for path in home.rglob("*") if path.is_file() and b"made" in path.read_bytes()]


def test_what_jupyter_ai_keeps_is_found_in_the_folder_that_a_server_serves(cli, planted, tmp_path):
    """Its third version keeps keys in a `.env` there, its second one in a file of its own."""
    served, runtime = tmp_path / "served", tmp_path / "runtime"
    served.mkdir()
    runtime.mkdir()
    (runtime / "jpserver-1.json").write_text(json.dumps({"root_dir": str(served)}))
    (runtime / "jpserver-2.json").write_text("half writ")
    (served / ".env").write_text(f"OPENAI_API_KEY={planted.value}\n")
    config = tmp_path / "share/jupyter_ai/config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"api_keys": {"MISTRAL_API_KEY": planted.value}}))
    env = {
        "HOME": str(tmp_path / "home"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_DATA_DIR": str(tmp_path / "share"),
    }
    done = cli("secret", "import", "--yes", "--remove", "--json", env=env)
    assert set(done.json["saved"]) == {"OPENAI_API_KEY", "MISTRAL_API_KEY"}
    assert (served / ".env").read_bytes() == b""
    assert json.loads(config.read_text()) == {"api_keys": {"MISTRAL_API_KEY": ""}}


def test_a_token_that_stands_twice_is_one_secret_and_taken_out_twice(cli, planted):
    """As GitHub's command line writes it: for the host, and for its user."""
    path = cli.cwd / "gh/hosts.yml"
    path.parent.mkdir()
    token = f"oauth_token: {planted.value}\n"
    path.write_text(
        f"github.com:\n    users:\n        me:\n            {token}    user: me\n    {token}"
    )
    done = cli("secret", "import", "gh/hosts.yml", "--yes", "--remove", "--json")
    assert done.json["saved"] == ["GITHUB_TOKEN"]
    assert [row["line"] for row in done.json["found"]] == [4, 6]
    assert path.read_text() == "github.com:\n    users:\n        me:\n    user: me\n"


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(cli):
    os.mkfifo(cli.cwd / ".env")
    done = cli("secret", "import", ".env", "--yes")
    assert (done.code, b"no plain file" in done.err) == (1, True)
