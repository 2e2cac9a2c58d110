"""Access keys of users and of the caller."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import AccessKeyId
from poolgate.iam import access_keys, key_uses, users
from poolgate.iam.users import IamUser
from poolgate.operations.iam.owners import ROOT_NAME, owner_named
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.requests import StatusNotSettable
from poolgate.operations.iam.resources import key_owner_resource
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call

_ACTIVE = "Active"
_INACTIVE = "Inactive"


@registrar.operation("CreateAccessKey", authentication=Authentication.SIGV4)
def create_access_key(
    call: Call, request: shapes.CreateAccessKeyRequest
) -> shapes.CreateAccessKeyResponse:
    """Make an access key; the only answer that ever holds its secret."""
    owner = _owner(call, request.get("UserName"))
    access_key, secret_access_key = access_keys.create(call, owner)
    return {
        "AccessKey": {
            "UserName": _name(owner),
            "AccessKeyId": access_key.access_key_id,
            "Status": _ACTIVE,
            "SecretAccessKey": secret_access_key.reveal(),
            "CreateDate": from_epoch_millis(access_key.created_at),
        }
    }


@registrar.operation("ListAccessKeys", authentication=Authentication.SIGV4)
def list_access_keys(
    call: Call, request: shapes.ListAccessKeysRequest
) -> shapes.ListAccessKeysResponse:
    """List a user's access keys, or the caller's."""
    with call.db.reading() as transaction:
        owner = owner_named(transaction, call, request.get("UserName"))
        paging = Paging(call, request, f"access keys {_name(owner)}")
        page = access_keys.list_page(transaction, owner, after=paging.after, limit=paging.limit)
    return {
        "AccessKeyMetadata": [
            {
                "UserName": _name(owner),
                "AccessKeyId": access_key.access_key_id,
                "Status": _ACTIVE if access_key.active else _INACTIVE,
                "CreateDate": from_epoch_millis(access_key.created_at),
            }
            for access_key in page.rows
        ],
        **paging.truncation(page.next_position),
    }


@registrar.operation("UpdateAccessKey", authentication=Authentication.SIGV4)
def update_access_key(call: Call, request: shapes.UpdateAccessKeyRequest) -> None:
    """Let a key sign, or no longer."""
    status = request["Status"]
    if status not in {_ACTIVE, _INACTIVE}:
        raise StatusNotSettable(status=status)
    access_keys.set_active(
        call,
        _owner(call, request.get("UserName")),
        AccessKeyId(request["AccessKeyId"]),
        active=status == _ACTIVE,
    )


@registrar.operation("DeleteAccessKey", authentication=Authentication.SIGV4)
def delete_access_key(call: Call, request: shapes.DeleteAccessKeyRequest) -> None:
    """Delete a key."""
    owner = _owner(call, request.get("UserName"))
    access_keys.delete(call, owner, AccessKeyId(request["AccessKeyId"]))


@registrar.operation(
    "GetAccessKeyLastUsed", authentication=Authentication.SIGV4, resource_of=key_owner_resource
)
def get_access_key_last_used(
    call: Call, request: shapes.GetAccessKeyLastUsedRequest
) -> shapes.GetAccessKeyLastUsedResponse:
    """Tell when, for which service and in which region a key was used last."""
    with call.db.reading() as transaction:
        used = key_uses.last_use(transaction, AccessKeyId(request["AccessKeyId"]))
        owner = None if used.user_id is None else users.find_by_id(transaction, used.user_id)
    # AWS API_AccessKeyLastUsed: "N/A" where there is nothing to tell
    shape: shapes.AccessKeyLastUsed = {
        "ServiceName": used.service or "N/A",
        "Region": used.region or "N/A",
    }
    if used.used_at is not None:
        shape["LastUsedDate"] = from_epoch_millis(used.used_at)
    return {"UserName": _name(owner), "AccessKeyLastUsed": shape}


def _owner(call: Call, name: str | None) -> IamUser | None:
    with call.db.reading() as transaction:
        return owner_named(transaction, call, name)


def _name(owner: IamUser | None) -> str:
    return ROOT_NAME if owner is None else owner.name
