"""The ARNs of Lambda functions."""

import re
from dataclasses import dataclass

from poolgate.foundation.failure import Failure

_FORM = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):[0-9]{12}:function:"
    r"(?P<name>[A-Za-z0-9_-]{1,64})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)


class NotAFunctionArn(Failure):
    """The text is not the ARN of a Lambda function. Facts: arn."""


@dataclass(frozen=True, slots=True)
class FunctionName:
    """What a function's ARN says; the qualifier names a version or an alias."""

    region: str
    name: str
    qualifier: str | None


def parse_function_arn(arn: str) -> FunctionName:
    """Return what the ARN says; raise NotAFunctionArn."""
    found = _FORM.fullmatch(arn)
    if found is None:
        raise NotAFunctionArn(arn=arn)
    return FunctionName(found["region"], found["name"], found["qualifier"])
