"""A server on this machine that answers as AWS does, and refuses what is not rightly signed."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ports import kept_port

_EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True)
class AwsService:
    """One running moto.

    Attributes:
        port: On 127.0.0.1.
        key_id: Of the one key that it knows.
        secret: The key.
    """

    port: int
    key_id: str
    secret: str = field(repr=False)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def aws_service() -> Iterator[AwsService]:
    """Serve until left. Three requests make its user, and from then on signatures are checked."""
    program = Path(sys.executable).with_name("moto_server")
    env = {"PATH": os.environ["PATH"], "HOME": "/", "INITIAL_NO_AUTH_ACTION_COUNT": "3"}
    with contextlib.ExitStack() as stack:
        with kept_port() as port:
            server = subprocess.Popen(
                [program, "-H", "127.0.0.1", "-p", str(port)],
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(server.wait)
            stack.callback(server.kill)
            _wait_until_open(server, port)
        import boto3  # noqa: PLC0415  (half a second, which most tests need not wait for)

        iam = boto3.session.Session().client(
            "iam",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",  # noqa: S106  (whom nobody knows)
        )
        iam.create_user(UserName="tester")
        key = iam.create_access_key(UserName="tester")["AccessKey"]
        iam.put_user_policy(
            UserName="tester", PolicyName="all", PolicyDocument=json.dumps(_EVERYTHING)
        )
        yield AwsService(port, key["AccessKeyId"], key["SecretAccessKey"])


def _wait_until_open(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, "moto ended"
        assert time.monotonic() < deadline, "moto did not come up"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
