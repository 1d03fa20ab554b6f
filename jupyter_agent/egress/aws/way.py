"""A way to AWS: what a person asks for with ``%agent_egress AWS_SECRET_ACCESS_KEY``."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from jupyter_agent.egress.aws.signed import Labels, Placeholder, Signed
from jupyter_agent.egress.http_way import HttpSpeaker
from jupyter_agent.egress.place import new_placeholder
from jupyter_agent.egress.route import Origin, read_origin
from jupyter_agent.egress.upstream import Upstreams
from jupyter_agent.egress.warden import Warden
from jupyter_agent.errors import RequestInvalid

NAME: Final = "aws"
TITLE: Final = "Amazon Web Services"
REVOKE: Final = "https://console.aws.amazon.com/iam/home#/security_credentials"
LISTED: Final = {
    "name": NAME,
    "title": TITLE,
    "labels": ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"],
    "variables": ["AWS_ENDPOINT_URL"],
    "library": ["AWS_ENDPOINT_URL"],
    "origin": "https://SERVICE.REGION.amazonaws.com",
    "place": "signature of each request",
    "docs": "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html",
    "revoke": REVOKE,
}
"""As the list of known services has it."""

_ENDS: Final = "SECRET_ACCESS_KEY"
_REGION: Final = re.compile(r"[a-z]{2,8}(?:-[a-z]+)+-[0-9]{1,2}")


def is_meant(label: str, service: str | None) -> bool:
    """Whether a request for a way with this label, and this service if any, is one to AWS."""
    return service == NAME or (
        service is None and label.endswith(("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"))
    )


@dataclass(frozen=True, slots=True)
class AwsWay:
    """A way to AWS: a ``Kind``.

    Attributes:
        keys: The labels.
        fixed: The one host it may lead to, or None where each host is permitted for itself.
        region: For the program's variables, or None.
        key_id: The placeholder of the key's id.
    """

    keys: Labels
    fixed: Origin | None
    region: str | None
    key_id: bytes = field(default_factory=new_placeholder, repr=False)

    @classmethod
    def of(
        cls, label: str, stored: Sequence[str], *, host: str | None, region: str | None
    ) -> AwsWay:
        """The way that is asked for.

        Args:
            label: Of the secret access key; what stands before that in its name tells where the
                id and the session token are.
            stored: The labels that there are.
            host: The one host, or None.
            region: For the program's variables, or None.

        Raises:
            RequestInvalid: It is another label, or the host or region can't be used.
        """
        if not label.endswith(_ENDS):
            raise RequestInvalid(
                "Name the label of the secret access key.",
                "%agent_egress AWS_SECRET_ACCESS_KEY, with the key's id in AWS_ACCESS_KEY_ID",
            )
        if region is not None and not _REGION.fullmatch(region):
            raise RequestInvalid("That is no region of AWS.", "--region eu-west-1")
        before = label.removesuffix(_ENDS)
        token = f"{before}SESSION_TOKEN"
        keys = Labels(label, f"{before}ACCESS_KEY_ID", token if token in stored else None)
        return cls(keys, read_origin(host) if host else None, region)

    @property
    def label(self) -> str:
        """The secret access key's."""
        return self.keys.secret

    @property
    def labels(self) -> tuple[str, ...]:
        """The key's, its id's and its token's."""
        token = (self.keys.token,) if self.keys.token else ()
        return (self.keys.secret, self.keys.key_id, *token)

    @property
    def title(self) -> str:
        """Its own name."""
        return TITLE

    @property
    def library(self) -> tuple[str, ...]:
        """boto3 and the command line read it."""
        return ("AWS_ENDPOINT_URL",)

    @property
    def revoke(self) -> str:
        """The list of one's own keys."""
        return REVOKE

    @property
    def origin(self) -> str:
        """The host that was named, or "": then each is permitted when it is first used."""
        return str(self.fixed) if self.fixed else ""

    @property
    def place(self) -> str:
        """In no place at all: the key signs."""
        return "signature of each request"

    @property
    def said(self) -> bool:
        """A host is named, or each request names one."""
        return True

    @property
    def alpn(self) -> str | None:
        """Its name inside TLS."""
        return "http/1.1" if self.fixed is None or self.fixed.scheme == "https" else None

    def variables(self, port: int, placeholder: str) -> dict[str, str]:
        """What boto3 and the command line read."""
        regions = ("AWS_REGION", "AWS_DEFAULT_REGION") if self.region else ()
        return {
            "AWS_ACCESS_KEY_ID": self.key_id.decode(),
            "AWS_SECRET_ACCESS_KEY": placeholder,
            "AWS_SESSION_TOKEN": "",  # one that stood there before belongs to another key
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            **dict.fromkeys(regions, self.region or ""),
        }

    def forms(self, values: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """The values."""
        return values

    def speaker(
        self, placeholder: bytes, warden: Warden, context: ssl.SSLContext | None
    ) -> HttpSpeaker:
        """Speaks HTTP, and signs."""
        form = Signed(Placeholder(self.key_id, placeholder), self.keys, self.fixed)
        return HttpSpeaker(form, warden, Upstreams(context))
