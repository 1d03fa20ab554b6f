"""An error of ours as a library of AWS reads errors. Pure.

Each protocol of AWS has a form of its own ("AWS protocols" in Smithy's documentation). Which one a
library speaks is seen from the request.
"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

import h11

from jupyter_agent.egress.aws.sigv4 import read_authorization
from jupyter_agent.egress.refusal import answer
from jupyter_agent.errors import AgentError


def refusal_for(error: AgentError, request: h11.Request) -> tuple[h11.Response, h11.Data]:
    """What is said instead of an answer.

    Args:
        error: What happened.
        request: What it happened to.
    """
    headers = dict(request.headers)
    kind = bytes(headers.get(b"content-type", b"")).partition(b";")[0].strip()
    found = read_authorization(bytes(headers.get(b"authorization", b"")))
    service = found.scope.service if found else ""
    code = "".join(word.capitalize() for word in error.code.split("_"))
    hint = f" {error.hint}" if error.hint else ""
    message = f"jupyter_agent: {error.message}{hint}"
    inner = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if service == "ec2":
        inner = f"<Errors><Error>{inner}</Error></Errors>"
        return _xml(error, f"<Response>{inner}<RequestID>-</RequestID></Response>")
    if kind == b"application/x-www-form-urlencoded" or service in _REST_XML:
        inner = f"<Type>Sender</Type>{inner}"
        return _xml(
            error,
            f"<ErrorResponse><Error>{inner}</Error><RequestId>-</RequestId></ErrorResponse>",
        )
    if service == "s3" or not service:
        return _xml(error, f"<Error>{inner}<RequestId>-</RequestId></Error>")
    body = json.dumps({"__type": code, "code": code, "message": message}).encode()
    named = (b"x-amzn-errortype", code.encode())
    return answer(error, body, b"application/x-amz-json-1.1", named)


_REST_XML = ("cloudfront", "route53")


def _xml(error: AgentError, body: str) -> tuple[h11.Response, h11.Data]:
    return answer(error, f'<?xml version="1.0"?>{body}'.encode(), b"application/xml")
