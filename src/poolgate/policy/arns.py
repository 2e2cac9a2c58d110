"""The shape of ARNs: `arn:partition:service:region:account:resource`."""

from typing import Final

_PARTS: Final = 6


def is_arn(text: str) -> bool:
    """Tell whether `text` has the parts that every ARN has; region and account may be empty."""
    prefix, *parts = text.split(":", _PARTS - 1)
    if prefix != "arn" or len(parts) != _PARTS - 1:
        return False
    partition, service, _region, _account, resource = parts
    return bool(partition and service and resource)
