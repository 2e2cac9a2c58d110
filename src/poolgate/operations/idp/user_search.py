"""ListUsers: pages of users, filtered by one attribute."""

from collections.abc import Iterable

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.idp.user_shapes import user_type
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import ListUsersRequest, ListUsersResponse, UserType
from poolgate.store.call import Call
from poolgate.userpools import pools, user_search
from poolgate.userpools.users import User

# AWS how-to-manage-user-accounts: the pagination token is valid for one hour.
TOKEN_LIFETIME_SECONDS = 3600


class AttributeNotOnEveryUser(Failure):
    """An attribute that cannot be searched was asked for and a user lacks it. Facts: attribute."""


@registrar.operation("ListUsers", authentication=Authentication.SIGV4)
def list_users(call: Call, request: ListUsersRequest) -> ListUsersResponse:
    """List a pool's users, those that the filter lets through."""
    pool_id = PoolId(request["UserPoolId"])
    filter_text = request.get("Filter", "")
    wanted = user_search.parse_filter(filter_text)
    listing = f"ListUsers:{pool_id}:{filter_text}"
    after = position_of(call, listing, request.get("PaginationToken"))
    limit = page_limit(request.get("Limit"))
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
        page = user_search.list_users(transaction, pool, wanted, after=after, limit=limit)
    # AWS takes an empty list for none given.
    only = request.get("AttributesToGet") or None
    verify_on_every_user(only or (), page.rows)
    response = ListUsersResponse(Users=[_narrowed(user_type(user), only) for user in page.rows])
    if page.next_position is not None:
        response["PaginationToken"] = page_token_of(
            call, listing, page.next_position, lifetime_seconds=TOKEN_LIFETIME_SECONDS
        )
    return response


def verify_on_every_user(names: Iterable[str], listed: tuple[User, ...]) -> None:
    """Raise unless every user has a value for each attribute that cannot be searched."""
    # AWS API_ListUsers AttributesToGet: "Attributes that you can't filter on, including custom
    # attributes, must have a value set in every user profile".
    for name in set(names) - user_search.SEARCHABLE:
        if not all(name in user.attributes for user in listed):
            raise AttributeNotOnEveryUser(attribute=name)


def _narrowed(shape: UserType, only: list[str] | None) -> UserType:
    if only is not None:
        shape["Attributes"] = [each for each in shape["Attributes"] if each["Name"] in only]
    return shape
