"""A running app, and the ways to call it."""

import contextlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from dce_processes import REGION


@dataclass(frozen=True)
class Reply:
    """What the API answered; header names are in lower case, repeated headers joined."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Api:
    """A running app, and the ways to call it."""

    url: str
    database: Path
    arn: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send one request as it is; `target` begins below the base path."""
        path = urlsplit(self.url).path
        connection = http.client.HTTPConnection(self.host, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, f"{path}{target}", body or None, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            names = {name.lower() for name, _ in answer.getheaders()}
            joined = {name: ", ".join(answer.headers.get_all(name)) for name in names}
        return Reply(answer.status, json.loads(content) if content else None, joined)

    def signature(
        self,
        credentials: Credentials,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        service: str = "execute-api",
        region: str = REGION,
    ) -> dict[str, str]:
        """Return the headers that sign a request, as botocore makes them."""
        request = AWSRequest(method, f"{self.url}{target}", data=body)
        SigV4Auth(credentials, service, region).add_auth(request)
        return dict(request.headers.items())

    def signed(self, credentials: Credentials, method: str, target: str, body: Any = None) -> Reply:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.send(method, target, self.signature(credentials, method, target, raw), raw)

    def bearer(self, token: str, method: str, target: str, body: Any = None) -> Reply:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.send(method, target, {"Authorization": f"Bearer {token}"}, raw)


def denial(name: str, api: Api, method: str, path: str) -> dict[str, str]:
    """Return the gateway's answer to a valid signature without permission."""
    prefix, account_id, rest = api.arn.rpartition(":")[0], api.arn.split(":")[4], "dce/api"
    masked = prefix.replace(account_id, f"********{account_id[-4:]}")
    return {
        "Message": f"User: {name} is not authorized to perform: execute-api:Invoke on resource:"
        f" {masked}:{rest}/{method}{path}"
    }


def api_by_name(api: Api) -> Api:
    """Return the same API under its other name."""
    return Api(api.url.replace("127.0.0.1", "localhost"), api.database, api.arn)


METHODS = (
    ("GET", "/accounts"),
    ("POST", "/accounts"),
    ("GET", "/accounts/123456789012"),
    ("PUT", "/accounts/123456789012"),
    ("DELETE", "/accounts/123456789012"),
    ("GET", "/leases"),
    ("POST", "/leases"),
    ("DELETE", "/leases"),
    ("GET", "/leases/x"),
    ("DELETE", "/leases/x"),
    ("POST", "/leases/x/auth"),
    ("POST", "/leases/auth"),
    ("GET", "/usage"),
)
