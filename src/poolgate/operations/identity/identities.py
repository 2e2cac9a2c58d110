"""Identities: found by login, given keys and tokens, listed, unlinked and deleted."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.paging import decode_page_token, encode_page_token
from poolgate.identitypools import (
    identities,
    identity_pools,
    logins,
    openid_tokens,
    pool_credentials,
)
from poolgate.identitypools.identities import Identity, LinkedLogin
from poolgate.operations.identity.registrar import registrar
from poolgate.operations.identity.requests import ClassicFlowDisabled, ClassicFlowWithMappings
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.shapes import identity as shapes
from poolgate.store.call import Call
from poolgate.store.database import Transaction

_PURPOSE = "identity page"


@registrar.operation("GetId", authentication=Authentication.NONE)
def get_id(call: Call, request: shapes.GetIdInput) -> shapes.GetIdResponse:
    """Return the identity of the logins, or a new guest."""
    with call.db.reading() as transaction:
        pool = identity_pools.get(transaction, request["IdentityPoolId"])
    verified = logins.verify_logins(call, pool, request.get("Logins", {}))
    return {"IdentityId": identities.identity_for(call, pool, verified).identity_id}


@registrar.operation("GetCredentialsForIdentity", authentication=Authentication.NONE)
def get_credentials_for_identity(
    call: Call, request: shapes.GetCredentialsForIdentityInput
) -> shapes.GetCredentialsForIdentityResponse:
    """Return temporary keys of the role that the pool's rules choose."""
    issued = pool_credentials.issue(
        call,
        request["IdentityId"],
        request.get("Logins", {}),
        custom_role_arn=request.get("CustomRoleArn"),
    )
    return {
        "IdentityId": issued.identity_id,
        "Credentials": {
            "AccessKeyId": issued.keys.access_key_id,
            "SecretKey": issued.keys.secret_access_key.reveal(),
            "SessionToken": issued.keys.session_token.reveal(),
            "Expiration": from_epoch_millis(issued.keys.expires_at),
        },
    }


@registrar.operation("GetOpenIdToken", authentication=Authentication.NONE)
def get_open_id_token(
    call: Call, request: shapes.GetOpenIdTokenInput
) -> shapes.GetOpenIdTokenResponse:
    """Return a token of the identity, for the basic flow."""
    proven = pool_credentials.prove(call, request["IdentityId"], request.get("Logins", {}))
    if not proven.pool.allows_classic_flow:
        raise ClassicFlowDisabled
    if proven.pool.role_mappings:
        raise ClassicFlowWithMappings
    token = openid_tokens.issue(
        call,
        identity_id=proven.identity.identity_id,
        pool_id=proven.pool.pool_id,
        references=proven.references,
        tags=dict(pool_credentials.session_tags(proven.pool, proven.logins)),
    )
    return {"IdentityId": proven.identity.identity_id, "Token": token}


@registrar.operation("UnlinkIdentity", authentication=Authentication.NONE)
def unlink_identity(call: Call, request: shapes.UnlinkIdentityInput) -> None:
    """Let logins lead to the identity no longer; one of its logins proves the caller."""
    proven = pool_credentials.prove(call, request["IdentityId"], request["Logins"])
    removed = {logins.provider_named(call, proven.pool, name) for name in request["LoginsToRemove"]}
    with call.db.writing() as transaction:
        for login in identities.logins_of(transaction, proven.identity.identity_id):
            if login.provider in removed:
                identities.unlink(
                    transaction,
                    call,
                    proven.identity,
                    LinkedLogin(login.provider, login.subject),
                )


@registrar.operation(
    "DescribeIdentity", authentication=Authentication.SIGV4, resource_of=any_resource
)
def describe_identity(
    call: Call, request: shapes.DescribeIdentityInput
) -> shapes.IdentityDescription:
    """Describe an identity."""
    with call.db.reading() as transaction:
        identity = identities.get(transaction, request["IdentityId"])
        return _description(transaction, identity)


@registrar.operation("ListIdentities", authentication=Authentication.SIGV4)
def list_identities(
    call: Call, request: shapes.ListIdentitiesInput
) -> shapes.ListIdentitiesResponse:
    """List the identities of a pool."""
    pool_id, hides_merged = request["IdentityPoolId"], request.get("HideDisabled", False)
    listing = f"identities {pool_id} {hides_merged}"
    mac_key = call.vault.derived_key(_PURPOSE)
    page_token = request.get("NextToken")
    after = None if page_token is None else decode_page_token(mac_key, listing, page_token)
    with call.db.reading() as transaction:
        identity_pools.get(transaction, pool_id)
        page = identities.list_page(
            transaction,
            pool_id,
            hides_merged=hides_merged,
            after=after,
            limit=request["MaxResults"],
        )
        described = [_description(transaction, identity) for identity in page.rows]
    answer: shapes.ListIdentitiesResponse = {"IdentityPoolId": pool_id, "Identities": described}
    if page.next_position is not None:
        answer["NextToken"] = encode_page_token(mac_key, listing, page.next_position)
    return answer


@registrar.operation(
    "DeleteIdentities", authentication=Authentication.SIGV4, resource_of=any_resource
)
def delete_identities(
    call: Call, request: shapes.DeleteIdentitiesInput
) -> shapes.DeleteIdentitiesResponse:
    """Delete identities; those that are not there are told."""
    unprocessed: list[shapes.UnprocessedIdentityId] = []
    with call.db.writing() as transaction:
        for identity_id in request["IdentityIdsToDelete"]:
            try:
                identities.get(transaction, identity_id)
            except identities.IdentityNotFound:
                unprocessed.append({"IdentityId": identity_id, "ErrorCode": "AccessDenied"})
            else:
                identities.delete(transaction, identity_id)
    return {"UnprocessedIdentityIds": unprocessed}


def _description(transaction: Transaction, identity: Identity) -> shapes.IdentityDescription:
    linked = identities.logins_of(transaction, identity.identity_id)
    return {
        "IdentityId": identity.identity_id,
        "Logins": list(dict.fromkeys(login.provider for login in linked)),
        "CreationDate": from_epoch_millis(identity.created_at),
        "LastModifiedDate": from_epoch_millis(identity.modified_at),
    }
