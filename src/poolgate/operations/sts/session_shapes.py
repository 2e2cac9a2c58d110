"""Temporary keys as answers show them."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam.session_requests import SessionWishes
from poolgate.iam.temporary_keys import IssuedKeys
from poolgate.operations.shapes import sts as shapes


def credentials_shape(issued: IssuedKeys) -> shapes.Credentials:
    """Return the keys, their session token and when they end."""
    return {
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": issued.secret_access_key.reveal(),
        "SessionToken": issued.session_token.reveal(),
        "Expiration": from_epoch_millis(issued.expires_at),
    }


def packed_size(wishes: SessionWishes) -> int:
    """Return the percentage of the room for policies and tags that is used."""
    return wishes.packed_percent or 0
