"""Signing a request to the app, as any AWS SDK signs one for API Gateway."""

from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
SERVICE = "execute-api"


def signed_headers(
    method: str,
    address: str,
    headers: Mapping[str, str],
    access_key: tuple[str, ...],
    body: bytes = b"",
) -> dict[str, str]:
    """Return `headers` and what SigV4 adds to them."""
    request = AWSRequest(method=method, url=address, data=body, headers=dict(headers))
    SigV4Auth(Credentials(*access_key), SERVICE, REGION).add_auth(request)
    return dict(request.headers)
