"""Files in which secrets lie: what is found, under which label, and what is left without it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.cli.plain_files import FORMATS, finds, format_of, without
from jupyter_agent.secret import check_label

DOTENV = """\
# a comment with KEY=none
DEBUG=1
export API_TOKEN=made-up-1
  DB_PASSWORD = "made up \\"2\\"\\nsecond line" # why
SINGLE_KEY='made-up $3 \\n'
PRIVATE_KEY="-----BEGIN-----
line
-----END-----"
EMPTY_TOKEN=
WINDOWS_TOKEN=made-up-4\r
COMMENTED_TOKEN=made-up-5 # not this
LAST_SECRET=made-up#6"""


def test_a_dotenv_file_is_read_as_programs_read_it():
    found = {find.label: find for find in finds(DOTENV, "dotenv")}
    assert {label: find.value for label, find in found.items()} == {
        "DEBUG": "1",
        "API_TOKEN": "made-up-1",
        "DB_PASSWORD": 'made up "2"\nsecond line',
        "SINGLE_KEY": "made-up $3 \\n",
        "PRIVATE_KEY": "-----BEGIN-----\nline\n-----END-----",
        "WINDOWS_TOKEN": "made-up-4",
        "COMMENTED_TOKEN": "made-up-5",
        "LAST_SECRET": "made-up#6",
    }
    assert [label for label, find in found.items() if not find.named] == ["DEBUG"]
    assert (found["API_TOKEN"].line, found["PRIVATE_KEY"].line) == (3, 6)
    assert "made-up" not in repr(found)


def test_what_is_left_of_a_dotenv_file_is_the_rest_of_it():
    named = [find for find in finds(DOTENV, "dotenv") if find.named]
    assert without(DOTENV, named) == "# a comment with KEY=none\nDEBUG=1\nEMPTY_TOKEN=\n"


def test_what_refers_to_another_variable_is_left_where_it_is():
    text = "A_URL=https://me:${B_PASSWORD}@example.com\nC_KEY=\"${D_KEY}x\"\nE_KEY='made ${UP}'\n"
    assert {find.label: find.value for find in finds(text, "dotenv")} == {"E_KEY": "made ${UP}"}


def test_aws_profiles_have_labels_of_their_own():
    text = (
        "[default]\naws_access_key_id = made-up-id\naws_secret_access_key=made-up-1\n"
        "region = eu-west-1\n[work-2]\naws_secret_access_key = made-up-2\n"
    )
    found = finds(text, "aws")
    assert {find.label: find.value for find in found} == {
        "AWS_ACCESS_KEY_ID": "made-up-id",
        "AWS_SECRET_ACCESS_KEY": "made-up-1",
        "AWS_SECRET_ACCESS_KEY_WORK_2": "made-up-2",
    }
    assert without(text, found) == "[default]\nregion = eu-west-1\n[work-2]\n"


def test_a_netrc_file_may_stand_on_one_line_or_on_many():
    text = (
        "# machine none password none\nmachine api.example.com login me password made-up-1\n"
        'machine other.example.com\n  login me\n  password "made up 2"\n'
        "macdef init\ncd /password nothing\n\ndefault login anonymous password made-up-3\n"
    )
    found = finds(text, "netrc")
    assert {find.label: find.value for find in found} == {
        "API_EXAMPLE_COM_PASSWORD": "made-up-1",
        "OTHER_EXAMPLE_COM_PASSWORD": "made up 2",
        "DEFAULT_PASSWORD": "made-up-3",
    }
    left = without(text, found)
    assert "made" not in left
    assert finds(left, "netrc") == []
    assert left.count("login") == 3


def test_a_pgpass_line_has_five_fields_and_escapes():
    text = (
        "# host:port:db:user:password\ndb.example.com:5432:sales:me:made\\:up\\\\1\n"
        "*:*:*:me:made-up-2\nbad:line\n"
    )
    assert {find.label: find.value for find in finds(text, "pgpass")} == {
        "PG_DB_EXAMPLE_COM_SALES_ME_PASSWORD": "made:up\\1",
        "PG_ME_PASSWORD": "made-up-2",
    }
    assert without(text, finds(text, "pgpass")) == "# host:port:db:user:password\nbad:line\n"


def test_githubs_hosts_file_has_a_token_for_each_host():
    text = (
        "github.com:\n    oauth_token: made-up-1\n    user: me\n"
        "git.example.com:\n    oauth_token: 'made-up-2'\n"
    )
    found = finds(text, "gh")
    assert {find.label: find.value for find in found} == {
        "GITHUB_TOKEN": "made-up-1",
        "MY_GIT_EXAMPLE_COM_TOKEN": "made-up-2",
    }
    assert without(text, found) == "github.com:\n    user: me\ngit.example.com:\n"


def test_jupyter_ais_keys_are_emptied_and_what_is_left_is_json():
    kept = {"model_provider_id": "openai-chat:gpt", "api_keys": {"OPENAI_API_KEY": "made-up-1"}}
    kept["api_keys"] |= {"OTHER_API_KEY": "made-up-2", "EMPTY_KEY": ""}
    text = json.dumps(kept, indent=2)
    found = finds(text, "jupyter-ai")
    assert {find.label: find.value for find in found} == {
        "OPENAI_API_KEY": "made-up-1",
        "OTHER_API_KEY": "made-up-2",
    }
    left = json.loads(without(text, found))
    assert left == kept | {"api_keys": dict.fromkeys(kept["api_keys"], "")}
    for odd in (
        '{"\\u0061pi_keys": {"A_KEY": "made-up"}}',
        '{"api_keys": {"A": 1}}',
        '{"api_keys": 1}',
    ):
        assert without(odd, finds(odd, "jupyter-ai")) in (odd, odd.replace("made-up", ""))


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/home/me/.local/share/jupyter/jupyter_ai/config.json", "jupyter-ai"),
        ("/home/me/project/.env", "dotenv"),
        ("/home/me/.env.local", "dotenv"),
        ("/home/me/prod.env", "dotenv"),
        ("/home/me/.aws/credentials", "aws"),
        ("/home/me/.netrc", "netrc"),
        ("/home/me/.pgpass", "pgpass"),
        ("/home/me/.config/gh/hosts.yml", "gh"),
        ("/home/me/credentials", None),
        ("/home/me/notes.txt", None),
    ],
)
def test_a_file_is_known_by_its_name(path, form):
    assert format_of(path) == form


@given(
    form=st.sampled_from(sorted(FORMATS)),
    text=st.text(st.sampled_from("AKEY=_ \n\r\"'#\\:[]machine password oauth_token.-")),
)
def test_whatever_a_file_holds_labels_are_labels_and_cuts_take_the_value_away(form, text):
    found = finds(text, form)
    left = without(text, found)
    assert len(left) == len(text) - sum(find.cut[1] - find.cut[0] for find in found)
    for find in found:
        assert check_label(find.label)
        assert text[: find.cut[0]].count("\n") + 1 == find.line
