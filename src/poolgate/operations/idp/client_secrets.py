"""The secrets of an app client: add a second, list, remove the other."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AddUserPoolClientSecretRequest,
    AddUserPoolClientSecretResponse,
    ClientSecretDescriptorType,
    DeleteUserPoolClientSecretRequest,
    DeleteUserPoolClientSecretResponse,
    ListUserPoolClientSecretsRequest,
    ListUserPoolClientSecretsResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import app_clients, client_secrets, pools


@registrar.operation("AddUserPoolClientSecret", authentication=Authentication.SIGV4)
def add_user_pool_client_secret(
    call: Call, request: AddUserPoolClientSecretRequest
) -> AddUserPoolClientSecretResponse:
    """Give a confidential client a second secret; a generated one is shown only here."""
    given = request.get("ClientSecret")
    secret = client_secrets.new_client_secret() if given is None else Secret(given)
    added = app_clients.add_secret(
        call, PoolId(request["UserPoolId"]), ClientId(request["ClientId"]), secret
    )
    descriptor = _descriptor(added)
    # AWS ClientSecretDescriptorType: a value that the caller gave is not repeated.
    if given is None:
        descriptor["ClientSecretValue"] = secret.reveal()
    return {"ClientSecretDescriptor": descriptor}


@registrar.operation("ListUserPoolClientSecrets", authentication=Authentication.SIGV4)
def list_user_pool_client_secrets(
    call: Call, request: ListUserPoolClientSecretsRequest
) -> ListUserPoolClientSecretsResponse:
    """List a client's secrets without their values; two at most, so there is one page."""
    pool_id, client_id = PoolId(request["UserPoolId"]), ClientId(request["ClientId"])
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        app_clients.get(transaction, client_id, pool_id)
        present = client_secrets.list_secrets(transaction, client_id)
    return {"ClientSecrets": [_descriptor(secret) for secret in present]}


@registrar.operation("DeleteUserPoolClientSecret", authentication=Authentication.SIGV4)
def delete_user_pool_client_secret(
    call: Call, request: DeleteUserPoolClientSecretRequest
) -> DeleteUserPoolClientSecretResponse:
    """Remove one of two secrets at once."""
    app_clients.remove_secret(
        call,
        PoolId(request["UserPoolId"]),
        ClientId(request["ClientId"]),
        request["ClientSecretId"],
    )
    return {}


def _descriptor(secret: client_secrets.ClientSecret) -> ClientSecretDescriptorType:
    return ClientSecretDescriptorType(
        ClientSecretId=secret.secret_id,
        ClientSecretCreateDate=from_epoch_millis(secret.created_at),
    )
