"""Makes the boto3 clients that the app asks Poolgate or AWS with; nothing comes from around it."""

from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

_TIMES = {"connect_timeout": 5, "read_timeout": 10, "retries": {"total_max_attempts": 2}}


def signing_client(
    service: str, endpoint_url: str, region: str, access_key: tuple[str, str]
) -> Any:  # noqa: ANN401  boto3 makes its clients at run time
    """Return a client that signs with the access key: its id and its secret."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=access_key[0],
        aws_secret_access_key=access_key[1],
        config=Config(**_TIMES),
    )


def operator_client(service: str, endpoint_url: str, region: str) -> Any:  # noqa: ANN401  as above
    """Return a client that signs with the keys of whoever runs this program."""
    return boto3.client(
        service, endpoint_url=endpoint_url, region_name=region, config=Config(**_TIMES)
    )


def unsigned_client(service: str, endpoint_url: str, region: str) -> Any:  # noqa: ANN401  as above
    """Return a client for operations that need no signature."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        config=Config(signature_version=UNSIGNED, **_TIMES),
    )
