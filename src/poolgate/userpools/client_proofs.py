"""An app client's proof of itself by its plain secret, where no user takes part."""

from poolgate.credentials.secret_hash import WrongClientSecret, verify_client_secret
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import app_clients
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.refresh_tokens import ClientSecretMissing


class ClientSecretRefused(Failure):
    """The secret is none of the app client's; public clients have none. Facts: client_id."""


def proven_client(
    transaction: Transaction, call: Call, client_id: ClientId, submitted: Secret | None
) -> AppClient:
    """Return the app client that the secret proves; a public client proves itself without one.

    Raises AppClientNotFound, ClientSecretMissing or ClientSecretRefused.
    """
    app_client = app_clients.get(transaction, client_id)
    if submitted is None:
        if app_client.has_secret:
            raise ClientSecretMissing(client_id=client_id)
        return app_client
    client_secrets = app_clients.secrets_of(transaction, call.vault, client_id)
    try:
        verify_client_secret(client_secrets, client_id, submitted)
    except WrongClientSecret:
        raise ClientSecretRefused(client_id=client_id) from None
    return app_client
