"""SECRET_HASH: how a program proves that it knows its app client's secret."""

import base64
import hmac
from collections.abc import Sequence

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret


class WrongSecretHash(Failure):
    """The secret hash does not belong to this app client and name. Facts: client_id."""


class WrongClientSecret(Failure):
    """The client secret is none of the app client's. Facts: client_id."""


def make_secret_hash(client_secret: Secret, username: str, client_id: ClientId) -> str:
    """Return base64 of HMAC-SHA256(client secret, username ‖ client id)."""
    message = (username + client_id).encode()
    return base64.b64encode(
        hmac.digest(client_secret.reveal().encode(), message, "sha256")
    ).decode()


def verify_secret_hash(
    client_secrets: Sequence[Secret], username: str, client_id: ClientId, submitted: str
) -> None:
    """Raise WrongSecretHash unless one of the client's secrets gives `submitted`."""
    # Every secret is tried, so that timing does not tell which of them matched.
    matches = [
        hmac.compare_digest(
            make_secret_hash(client_secret, username, client_id).encode(), submitted.encode()
        )
        for client_secret in client_secrets
    ]
    if not any(matches):
        raise WrongSecretHash(client_id=client_id)


def verify_client_secret(
    client_secrets: Sequence[Secret], client_id: ClientId, submitted: Secret
) -> None:
    """Raise WrongClientSecret unless `submitted` is one of the client's secrets."""
    matches = [client_secret == submitted for client_secret in client_secrets]
    if not any(matches):
        raise WrongClientSecret(client_id=client_id)
