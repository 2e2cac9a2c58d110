"""The account's alias."""

from poolgate.iam import account_aliases
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.registry import Authentication, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "CreateAccountAlias", authentication=Authentication.SIGV4, resource_of=any_resource
)
def create_account_alias(call: Call, request: shapes.CreateAccountAliasRequest) -> None:
    """Give the account an alias in place of the one that it has."""
    account_aliases.put(call, request["AccountAlias"])


@registrar.operation(
    "DeleteAccountAlias", authentication=Authentication.SIGV4, resource_of=any_resource
)
def delete_account_alias(call: Call, request: shapes.DeleteAccountAliasRequest) -> None:
    """Take the account's alias away."""
    account_aliases.delete(call, request["AccountAlias"])


@registrar.operation(
    "ListAccountAliases", authentication=Authentication.SIGV4, resource_of=any_resource
)
def list_account_aliases(
    call: Call, _request: shapes.ListAccountAliasesRequest
) -> shapes.ListAccountAliasesResponse:
    """List the one alias, if there is one."""
    with call.db.reading() as transaction:
        alias = account_aliases.find(transaction, call.account_id)
    return {"AccountAliases": [] if alias is None else [alias], "IsTruncated": False}
