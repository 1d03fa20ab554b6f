"""Whatever AWS's own library signs, we sign alike."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.egress.aws import sigv4

SEGMENTS = st.text(min_size=0, max_size=8).filter(lambda text: text.isprintable())
NAMES = st.from_regex(r"x-amz-meta-[a-z0-9-]{1,10}", fullmatch=True)
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    st.lists(SEGMENTS, max_size=4),
    st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=6), max_size=4),
    st.dictionaries(NAMES, TEXTS, max_size=3),
    st.binary(max_size=40),
    st.sampled_from([("s3", S3SigV4Auth), ("dynamodb", SigV4Auth), ("sts", SigV4Auth)]),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=16, max_size=40),
)
def test_a_request_gets_the_signature_that_botocore_gives_it(  # noqa: PLR0917  (a request's parts)
    method, segments, query, headers, body, signer, secret
):
    service, auth = signer
    url = "https://host.example/" + "/".join(quote(each, safe="~") for each in segments)
    if query:
        fields = [f"{quote(n, safe='-_.~')}={quote(t, safe='-_.~')}" for n, t in query.items()]
        url += "?" + "&".join(fields)
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    auth(Credentials("an-id", secret), service, "eu-west-1").add_auth(request)
    said = sigv4.read_authorization(request.headers["Authorization"].encode())
    assert said is not None
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    given_headers = [(n.lower().encode(), t.encode()) for n, t in request.headers.items()]
    given_headers.append((b"host", b"host.example"))
    payload = request.headers.get("X-Amz-Content-SHA256") or auth(None, "", "").payload(request)
    canonical = sigv4.canonical_request(
        method.encode(),
        target.encode(),
        given_headers,
        signed=said.signed,
        payload=payload.encode(),
        service=service,
    )
    when = request.context["timestamp"].encode()
    key = sigv4.signing_key(secret.encode(), said.scope)
    assert sigv4.signature(key, when, said.scope, canonical) == said.signature
