"""What a refused call says."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refusal(operation: Callable[..., Any], **members: Any) -> tuple[str, str]:
    """Call, expect a refusal and return its code and message; it is HTTP 400 as all of them."""
    with pytest.raises(ClientError) as caught:
        operation(**members)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response["Error"]["Code"], response["Error"]["Message"]


def refusal_code(operation: Callable[..., Any], **members: Any) -> str:
    """Call, expect a refusal and return its code."""
    return refusal(operation, **members)[0]
