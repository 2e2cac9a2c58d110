"""The registrar of iam, and the ARNs that policies are matched with."""

from collections.abc import Mapping
from typing import Any

from poolgate.iam import users
from poolgate.iam.access_keys import root_principal
from poolgate.operations.registry import Registrar, Shape
from poolgate.store.call import Call


def named_user_resource(call: Call, request: Shape) -> str:
    """Return the ARN of the user that the request names, or of the caller where it names none."""
    name = request.get("UserName")
    if name is None:
        principal = call.principal or root_principal(call.account_id)
        return principal.arn
    with call.db.reading() as transaction:
        user = users.find(transaction, name)
    # A user that is not there is told to callers who might act on it, were it at the default path.
    path, stored_name = (user.path, user.name) if user else ("/", name)
    return users.user_arn(call.account_id, path, stored_name)


def new_user_resource(call: Call, request: Mapping[str, Any]) -> str:
    """Return the ARN that the user to be created will have."""
    return users.user_arn(call.account_id, request.get("Path", "/"), request["UserName"])


def listed_users_resource(call: Call, request: Mapping[str, Any]) -> str:
    """Return the beginning of the ARNs of the users to be listed."""
    return users.user_arn(call.account_id, request.get("PathPrefix", "/"), "")


registrar = Registrar("iam", resource_of=named_user_resource)
