"""The command line of AWS, with a key that it does not have."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest
from aws_service import AwsService
from canary import Canary
from command_line import CommandLine
from steps import save

from jupyter_agent.client import Client

# By its interpreter: its first line can't name one in a folder with blanks.
AWS = (sys.executable, str(Path(sys.executable).with_name("aws")))
IN_SHELL = shlex.join(AWS)


@pytest.fixture
def stored(person: Client, aws: AwsService) -> Client:
    save(person, "AWS_SECRET_ACCESS_KEY", aws.secret)
    save(person, "AWS_ACCESS_KEY_ID", aws.key_id)
    return person


def test_aws_works_and_says_nothing_of_the_key(cli: CommandLine, stored, aws):
    way = ("egress", "AWS_SECRET_ACCESS_KEY", "--host", aws.origin, "--region", "eu-west-1", "--")
    env = {**os.environ, "AWS_SESSION_TOKEN": "of-another-key", "AWS_PAGER": ""}
    refused = cli(*way, *AWS, "s3", "ls", env=env)
    assert refused.code == 1
    for label in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        assert f"grant {label} --command 'egress {aws.origin}'".encode() in refused.err
        assert cli("grant", label, "--command", f"egress {aws.origin}").code == 0
    (cli.cwd / "big.bin").write_bytes(os.urandom(9_000_000))
    script = f"""set -e
{IN_SHELL} sts get-caller-identity --query Arn --output text
{IN_SHELL} s3 mb s3://from-a-terminal
{IN_SHELL} s3 cp --no-progress big.bin "s3://from-a-terminal/a b/big.bin"
{IN_SHELL} s3 cp --no-progress "s3://from-a-terminal/a b/big.bin" back.bin
cmp big.bin back.bin && echo the same
{IN_SHELL} dynamodb list-tables --output text
env | sort
"""
    done = cli(*way, "sh", "-c", script, env=env)
    assert done.code == 0, done.err[-2000:]
    assert b"user/tester" in done.out
    assert b"the same" in done.out
    for value in (aws.secret, aws.key_id):
        assert Canary(value).found_in(done.out + done.err) == []
    assert b"of-another-key" not in done.out


def test_the_services_that_are_known_name_aws(cli: CommandLine):
    services = cli("egress", "--services", "--json").json["services"]
    aws = next(service for service in services if service["name"] == "aws")
    assert aws["labels"] == ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"]
    assert aws["library"] == ["AWS_ENDPOINT_URL"]
