"""The hosts of AWS are the ones that its own library goes to."""

from __future__ import annotations

import contextlib
import functools

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError

from jupyter_agent.egress.aws.endpoints import is_aws, table, target_of
from jupyter_agent.egress.aws.sigv4 import Scope
from jupyter_agent.errors import EgressRefused

REGIONS = ("us-east-1", "eu-west-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1")
SESSION = botocore.session.get_session()
LOADER = SESSION.get_component("data_loader")

# All would take half a minute to read: each fifth, those with more than one host, and some that
# a partition has once.
SERVICES = {
    *SESSION.get_available_services()[::5],
    *("bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime", "sagemaker"),
    *("sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker-metrics", "dynamodb"),
    *("dynamodbstreams", "personalize", "personalize-runtime", "personalize-events", "appconfig"),
    *("appconfigdata", "s3", "sts", "iam", "route53", "cloudfront", "organizations", "ce", "ecr"),
    *("budgets", "support", "ses", "sqs", "lambda", "logs", "datazone", "s3vectors"),
}

# Services that share their name with another one and can't be told apart by a request's first
# line: a request for them goes to the other one's host, which does not know it.
NOT_TOLD_APART = {
    "agent-registry-control", "bedrock-agentcore-control", "bedrock-data-automation",
    "bedrock-data-automation-runtime", "cloudhsmv2", "connect-contact-lens", "eventbridgev2",
    "forecastquery", "iam-toolbox", "ivs-realtime", "keyspacesstreams", "mailmanager",
    "migrationhub-config", "sagemaker-a2i-runtime", "sagemaker-edge", "sagemaker-gateway-runtime",
    "sagemaker-inference-router-runtime", "sagemakerjobruntime", "sagemakertrainingsessionruntime",
    "s3control", "servicecatalog-appregistry", "signer-data", "pinpoint-sms-voice-v2",
}  # fmt: skip

# What these are about stands in the name of the resource that is asked for.
ARNS = {
    f"{method} /tags/x%3A1 .{name}"
    for method, name in (
        ("GET", "ListTagsForResource"), ("POST", "TagResource"), ("DELETE", "UntagResource"),
    )
}  # fmt: skip

# Hosts of AWS that changed their form in one partition only; there they are simply not found.
ELSEWHERE = {
    ("transcribe", "cn-north-1"), ("health", "eusc-de-east-1"),
}  # fmt: skip


@functools.cache
def botocore_goes_to(name: str, region: str) -> tuple[str, str] | None:
    """Host and region that botocore signs for; None where it takes more than a region to know."""
    partitions = LOADER.load_data("partitions")
    rules = EndpointProvider(LOADER.load_service_model(name, "endpoint-rule-set-1"), partitions)
    try:
        found = rules.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False)
    except BotoCoreError:
        return None
    scheme = (found.properties.get("authSchemes") or [{}])[0]
    return found.url.removeprefix("https://"), scheme.get("signingRegion") or region


@functools.cache
def lines_of(name: str) -> frozenset[str]:
    """How requests for a service's operations begin."""
    model = SESSION.get_service_model(name)
    lines = set()
    for operation in map(model.operation_model, model.operation_names):
        http = operation.http
        path = http.get("requestUri", "/").partition("?")[0]
        for each in {part for part in path.split("/") if part.startswith("{")}:
            path = path.replace(each, "x%3A1")
        target = f"{model.metadata.get('targetPrefix', '')}.{operation.name}"
        lines.add(f"{http.get('method', 'POST')} {path} {target}")
    return frozenset(lines - ARNS)


@pytest.mark.parametrize("region", REGIONS)
def test_a_request_goes_where_botocore_sends_it(region):
    compared, other = set(), []
    for name in SERVICES:
        metadata = SESSION.get_service_model(name).metadata
        service = metadata.get("signingName") or metadata["endpointPrefix"]
        wanted = botocore_goes_to(name, region)
        if wanted is None or name in NOT_TOLD_APART or (service, region) in ELSEWHERE:
            continue
        for line in lines_of(name):
            with contextlib.suppress(EgressRefused):
                target = target_of(Scope("20260101", region, service), line)
                compared.add(service)
                if (target.origin.host, target.region) != wanted:
                    other.append((name, line, target.origin.host, wanted[0]))
    assert other == []
    assert len(compared) >= 60


def test_tags_of_an_agents_session_are_kept_where_sessions_are():
    scope = Scope("20260101", "eu-west-1", "bedrock")
    session = "GET /tags/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Asession%2Fx "
    agent = session.replace("session", "agent")
    assert target_of(scope, session).origin.host == "bedrock-agent-runtime.eu-west-1.amazonaws.com"
    assert target_of(scope, agent).origin.host == "bedrock-agent.eu-west-1.amazonaws.com"


def test_what_people_use_most_is_known():
    for service in (
        *("s3", "dynamodb", "sts", "sqs", "sns", "ec2", "iam", "lambda", "athena", "glue", "kms"),
        *("secretsmanager", "ssm", "logs", "monitoring", "bedrock", "sagemaker", "textract"),
        *("redshift", "redshift-data", "route53", "cloudfront", "ecr", "ses", "kinesis", "states"),
    ):
        assert is_aws(target_of(Scope("20260101", "eu-west-1", service), "POST / ").origin.host)


@pytest.mark.parametrize(
    "region",
    ["us-east-1.evil.com", "evil", "us-east-1/", "us-east-1\n", "", "US-EAST-1", "xx-east-1"],
)
def test_a_region_that_is_none_leads_nowhere(region):
    with pytest.raises(EgressRefused, match="no region"):
        target_of(Scope("20260101", region, "s3"), "GET / ")


@pytest.mark.parametrize("service", ["execute-api", "evil", "s3.evil", "s3express", ""])
def test_a_service_with_hosts_of_its_customers_or_none_leads_nowhere(service):
    with pytest.raises(EgressRefused, match="not known"):
        target_of(Scope("20260101", "eu-west-1", service), "GET / ")


def test_every_host_in_the_table_is_one_of_aws():
    for partition in table().partitions:
        for host, _ in partition.whole.values():
            assert is_aws(host), host
