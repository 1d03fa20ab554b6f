"""boto3 in a real kernel, against a server that refuses what is not signed with the real key."""

from __future__ import annotations

import contextlib
import json

import boto3
import pytest
from aws_service import AwsService
from canary import Canary
from memory import forms_in_memory
from steps import save

from jupyter_agent.client import Client

LABELS = ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")


def grant(person: Client, aws: AwsService, *labels: str) -> None:
    for label in labels:
        person.call("grant.add", label=label, script=f"egress {aws.origin}")


@pytest.fixture
def stored(person: Client, aws: AwsService) -> Client:
    save(person, "AWS_SECRET_ACCESS_KEY", aws.secret)
    save(person, "AWS_ACCESS_KEY_ID", aws.key_id)
    grant(person, aws, *LABELS)
    return person


@pytest.fixture
def opened(kernel, stored: Client, aws: AwsService):
    cell = kernel.run(f"%agent_egress AWS_SECRET_ACCESS_KEY --host {aws.origin} --region eu-west-1")
    assert cell.reply["status"] == "ok", cell.shown_error
    assert "AWS_ENDPOINT_URL" in cell.data[0]["text/plain"]
    assert f"signs requests to {aws.origin}" in cell.data[0]["text/plain"]
    return kernel


STS = """
import boto3
print(boto3.client("sts").get_caller_identity()["Arn"].rpartition("/")[2])
"""
S3 = """
import io, os
s3 = boto3.client("s3")
s3.create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_object(Bucket="notes", Key="a b/ü+(1)=&~.txt", Body=b"hello", Metadata={"x": "a  b"})
got = s3.get_object(Bucket="notes", Key="a b/ü+(1)=&~.txt")
print(got["ContentLength"], got["Body"].read(), got["Metadata"])
big = os.urandom(9_000_000)
s3.upload_fileobj(io.BytesIO(big), "notes", "big")
back = io.BytesIO()
s3.download_fileobj("notes", "big", back)
print(back.getvalue() == big)
print([each["Key"] for each in s3.list_objects_v2(Bucket="notes", Prefix="b")["Contents"]])
"""
DYNAMODB = """
table = boto3.resource("dynamodb").create_table(
    TableName="t", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    BillingMode="PAY_PER_REQUEST",
)
table.put_item(Item={"k": "one", "n": 1})
print(table.get_item(Key={"k": "one"})["Item"]["n"])
"""
SQS = """
sqs = boto3.client("sqs")
queue = sqs.create_queue(QueueName="q")["QueueUrl"]
sqs.send_message(QueueUrl=queue, MessageBody="in a queue")
print(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
"""
HANDED_OUT = """
from botocore.exceptions import ClientError
try:
    boto3.client("sts").get_session_token()
except ClientError as error:
    print(error.response["Error"]["Message"])
"""


def test_boto3_works_with_a_key_that_is_not_in_the_kernel(opened, stored, aws):
    for code, printed in (
        (STS, "tester\n"),
        (S3, "5 b'hello' {'x': 'a  b'}\nTrue\n['big']\n"),
        (DYNAMODB, "1\n"),
        (SQS, "in a queue\n"),
    ):
        cell = opened.run(code)
        assert cell.text() == printed, cell.shown_error[-900:]
    assert "hand new credentials" in opened.run(HANDED_OUT).text()
    opened.run("shown = dict(os.environ)")
    environment = opened.value("shown").encode()
    for value in (aws.secret, aws.key_id):
        canary = Canary(value)
        assert canary.found_in(environment) == []
        assert forms_in_memory(opened.pid, canary) == []
    events = stored.call("audit.read")["events"]
    assert events[-1]["labels"] == list(LABELS)
    assert f"PUT {aws.origin}/notes/big" in [event["command"] for event in events]


def test_what_the_server_says_of_a_wrong_key_comes_through(kernel, person, aws):
    save(person, "AWS_SECRET_ACCESS_KEY", "w" + aws.secret[::-1])
    save(person, "AWS_ACCESS_KEY_ID", aws.key_id)
    grant(person, aws, *LABELS)
    kernel.run(f"%agent_egress AWS_SECRET_ACCESS_KEY --host {aws.origin} --region eu-west-1")
    cell = kernel.run(STS)
    assert cell.ename == "ClientError"
    assert "SignatureDoesNotMatch" in cell.shown_error


def test_a_key_that_is_lent_goes_with_its_session_token(kernel, person, aws):
    own = boto3.session.Session(aws.key_id, aws.secret, region_name="eu-west-1")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}},
        ],
    }
    iam = own.client("iam", endpoint_url=aws.origin)
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    lent = own.client("sts", endpoint_url=aws.origin).assume_role(
        RoleArn=role["Arn"], RoleSessionName="lent"
    )["Credentials"]
    names = ("LENT_SECRET_ACCESS_KEY", "LENT_ACCESS_KEY_ID", "LENT_SESSION_TOKEN")
    values = (lent["SecretAccessKey"], lent["AccessKeyId"], lent["SessionToken"])
    for label, value in zip(names, values, strict=True):
        save(person, label, value)
    grant(person, aws, *names)
    line = f"%agent_egress LENT_SECRET_ACCESS_KEY --service aws --host {aws.origin}"
    assert kernel.run(f"{line} --region eu-west-1").reply["status"] == "ok"
    assert kernel.run(STS).text() == "lent\n"
    save(person, "LENT_SESSION_TOKEN", "t" * 40, replace=True)
    assert kernel.run(STS).ename == "ClientError"


def test_each_label_of_a_key_has_to_be_there_and_permitted(kernel, person, aws):
    line = f"%agent_egress AWS_SECRET_ACCESS_KEY --host {aws.origin}"
    save(person, "AWS_SECRET_ACCESS_KEY", aws.secret)
    assert "AWS_ACCESS_KEY_ID" in kernel.run(line).shown_error
    save(person, "AWS_ACCESS_KEY_ID", aws.key_id)
    grant(person, aws, "AWS_SECRET_ACCESS_KEY")
    refused = kernel.run(line)
    assert refused.ename == "GrantRequired"
    assert "grant AWS_ACCESS_KEY_ID" in refused.shown_error
    grant(person, aws, "AWS_ACCESS_KEY_ID")
    assert kernel.run(line).reply["status"] == "ok"


def test_mistakes_about_aws_are_explained(kernel, stored):
    for line in (
        "%agent_egress AWS_ACCESS_KEY_ID",
        "%agent_egress AWS_SECRET_ACCESS_KEY --region us-east-1.example.com",
        "%agent_egress AWS_SECRET_ACCESS_KEY --host '*.amazonaws.com'",
        "%agent_egress OPENAI_API_KEY --region us-east-1",
        "%agent_egress MY_KEY --service aws",
    ):
        cell = kernel.run(line)
        assert cell.reply["status"] == "error", line
        assert "→" in cell.shown_error, line
