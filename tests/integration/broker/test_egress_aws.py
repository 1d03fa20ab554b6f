"""AWS itself: each service and region is permitted when it is first used."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pytest
from botocore.exceptions import ClientError
from persons import Watcher
from steps import save, until

from jupyter_agent.client import Client

SESSION = boto3.session.Session()  # it keeps what it has read: half a second for each client
LABELS = ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"]


@pytest.fixture
def stored(person: Client) -> Client:
    save(person, "AWS_SECRET_ACCESS_KEY", "made-up-secret-access-key-of-nobody-12345")
    save(person, "AWS_ACCESS_KEY_ID", "made-up-key-id-of-nobody")
    return person


@dataclass
class Boto:
    """boto3 as it is when the variables of a way are set."""

    variables: dict[str, str]

    def client(self, service: str, region: str = "eu-west-1"):
        return SESSION.client(
            service,
            region_name=region,
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
        )


def open_way(client: Client, **more: str) -> Boto:
    number = client.begin("egress.open", label="AWS_SECRET_ACCESS_KEY", **more)
    way = until(client, number, "open")
    assert way["asks_later"] == ("host" not in more)
    return Boto(way["variables"])


def said(call) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value)


@contextlib.contextmanager
def asking(call: Callable[[], object], heard: list[str]) -> Iterator[None]:
    """While entered, a call waits for what a person says; afterwards its error is in ``heard``."""
    thread = threading.Thread(target=lambda: heard.append(said(call)), daemon=True)
    thread.start()
    yield
    thread.join(20)
    assert not thread.is_alive()


# One for each form in which AWS's services say what is wrong.
CALLS = {
    "s3": ("list_buckets", "https://s3.eu-west-1.amazonaws.com"),
    "sts": ("get_caller_identity", "https://sts.eu-west-1.amazonaws.com"),
    "ec2": ("describe_instances", "https://ec2.eu-west-1.amazonaws.com"),
    "dynamodb": ("list_tables", "https://dynamodb.eu-west-1.amazonaws.com"),
    "lambda": ("list_functions", "https://lambda.eu-west-1.amazonaws.com"),
    "cloudwatch": ("list_metrics", "https://monitoring.eu-west-1.amazonaws.com"),
    "route53": ("list_hosted_zones", "https://route53.amazonaws.com"),
    "iam": ("list_users", "https://iam.amazonaws.com"),
}


def test_each_library_shows_which_host_wants_which_permission(stored, guest):
    boto = open_way(guest)
    for service, (operation, origin) in CALLS.items():
        text = said(getattr(boto.client(service), operation))
        assert "(GrantRequired)" in text, service
        for label in LABELS:
            assert f"grant {label} --command 'egress {origin}'" in text


def test_a_grant_for_one_host_is_none_for_another(stored, guest):
    for label in LABELS:
        stored.call("grant.add", label=label, script="egress https://s3.eu-west-1.amazonaws.com")
    boto = open_way(guest)
    assert "(GrantRequired)" in said(boto.client("dynamodb").list_tables)
    other_region = boto.client("s3", region="us-west-2")
    assert "https://s3.us-west-2.amazonaws.com" in said(other_region.list_buckets)


def test_a_person_is_asked_about_each_host_and_a_no_is_not_asked_about_again(
    stored, guest, watcher: Watcher, folders
):
    boto = open_way(guest)
    heard: list[str] = []
    for service, place in (
        ("s3", "signature for s3 in eu-west-1"),
        ("dynamodb", "signature for dynamodb in eu-west-1"),
    ):
        operation, origin = CALLS[service]
        call = getattr(boto.client(service), operation)
        with asking(call, heard):
            question = watcher.asked()
            assert question["kind"] == "egress"
            assert question["script"] == f"egress {origin}"
            assert question["place"] == place
            assert question["labels"] == LABELS
            watcher.answer(question, "deny")
        assert "(GrantDenied)" in heard[-1]
        # Were this asked, it would be the next question.
        assert "a moment ago" in said(call)
    assert stored.call("audit.read")["events"] == []


def test_a_way_with_a_host_leads_to_no_other(stored, guest):
    for label in LABELS:
        stored.call("grant.add", label=label, script="egress https://sts.amazonaws.com")
    boto = open_way(guest, host="sts.amazonaws.com")
    text = said(boto.client("s3").list_buckets)
    assert "leads to sts.amazonaws.com only" in text
