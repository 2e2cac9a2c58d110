"""A user's sessions: how a pool tracks them, which there are, and ending one of them."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.operations.idp.paging import page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminListUserSessionsRequest,
    AdminListUserSessionsResponse,
    AdminRevokeUserSessionRequest,
    AdminRevokeUserSessionResponse,
    GetUserPoolClientSessionConfigurationRequest,
    GetUserPoolClientSessionConfigurationResponse,
    GetUserPoolSessionConfigurationRequest,
    GetUserPoolSessionConfigurationResponse,
    ListUserSessionsRequest,
    ListUserSessionsResponse,
    RevokeUserSessionRequest,
    RevokeUserSessionResponse,
    SessionDescriptionType,
    SetUserPoolClientSessionConfigurationRequest,
    SetUserPoolClientSessionConfigurationResponse,
    SetUserPoolSessionConfigurationRequest,
    SetUserPoolSessionConfigurationResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import app_clients, pool_changes, pools, user_sessions, users
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.pools import UserPool
from poolgate.userpools.user_sessions import SessionKind, UserSession, session_id_of
from poolgate.userpools.users import User

_LINKED = "LINKED"


@registrar.operation("GetUserPoolSessionConfiguration", authentication=Authentication.SIGV4)
def get_user_pool_session_configuration(
    call: Call, request: GetUserPoolSessionConfigurationRequest
) -> GetUserPoolSessionConfigurationResponse:
    """Show whether a pool tracks sessions, and how many a user may have."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(request["UserPoolId"]))
    return _pool_configuration(pool)


@registrar.operation("SetUserPoolSessionConfiguration", authentication=Authentication.SIGV4)
def set_user_pool_session_configuration(
    call: Call, request: SetUserPoolSessionConfigurationRequest
) -> SetUserPoolSessionConfigurationResponse:
    """Turn tracking on or off, and set how many sessions a user may have."""
    pool = pool_changes.set_session_tracking(
        call,
        PoolId(request["UserPoolId"]),
        is_tracking=request["UserSessionTracking"] == "ENABLED",
        max_sessions=request["TokenSession"]["MaxPerUser"],
    )
    return _pool_configuration(pool)


@registrar.operation("GetUserPoolClientSessionConfiguration", authentication=Authentication.SIGV4)
def get_user_pool_client_session_configuration(
    call: Call, request: GetUserPoolClientSessionConfigurationRequest
) -> GetUserPoolClientSessionConfigurationResponse:
    """Show how long an app client goes on with a session of the login pages."""
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        pools.get(transaction, pool_id)
        app_client = app_clients.get(transaction, ClientId(request["ClientId"]), pool_id)
    return _client_configuration(app_client)


@registrar.operation("SetUserPoolClientSessionConfiguration", authentication=Authentication.SIGV4)
def set_user_pool_client_session_configuration(
    call: Call, request: SetUserPoolClientSessionConfigurationRequest
) -> SetUserPoolClientSessionConfigurationResponse:
    """Set how long an app client goes on with a session of the login pages."""
    app_client = app_clients.set_sso_session(
        call,
        PoolId(request["UserPoolId"]),
        ClientId(request["ClientId"]),
        minutes=request["SSOSession"]["MaxValidityMinutes"],
    )
    return _client_configuration(app_client)


@registrar.operation("ListUserSessions", authentication=Authentication.ACCESS_TOKEN)
def list_user_sessions(
    call: Call, request: ListUserSessionsRequest, signed_in: SignedIn
) -> ListUserSessionsResponse:
    """List the sessions of the user who asks, across all app clients."""
    pools.verify_session_tracking(signed_in.pool)
    return _listed(
        call, signed_in.user, request.get("NextToken"), own_family_id=signed_in.family_id
    )


@registrar.operation("AdminListUserSessions", authentication=Authentication.SIGV4)
def admin_list_user_sessions(
    call: Call, request: AdminListUserSessionsRequest
) -> AdminListUserSessionsResponse:
    """List the sessions of a user."""
    user = _user_of_tracking_pool(call, request)
    return _listed(call, user, request.get("NextToken"), own_family_id=None)


@registrar.operation("RevokeUserSession", authentication=Authentication.ACCESS_TOKEN)
def revoke_user_session(
    call: Call, request: RevokeUserSessionRequest, signed_in: SignedIn
) -> RevokeUserSessionResponse:
    """End another session of the user who asks, and what is linked to it where that is asked."""
    pools.verify_session_tracking(signed_in.pool)
    user_sessions.revoke(
        call,
        signed_in.user,
        request["SessionId"],
        with_linked=request.get("RevokeAssociatedSessions") == _LINKED,
        own_id=signed_in.family_id,
    )
    return {}


@registrar.operation("AdminRevokeUserSession", authentication=Authentication.SIGV4)
def admin_revoke_user_session(
    call: Call, request: AdminRevokeUserSessionRequest
) -> AdminRevokeUserSessionResponse:
    """End a session of a user, and what is linked to it where that is asked."""
    user = _user_of_tracking_pool(call, request)
    user_sessions.revoke(
        call,
        user,
        request["SessionId"],
        with_linked=request.get("RevokeAssociatedSessions") == _LINKED,
    )
    return {}


def _user_of_tracking_pool(
    call: Call, request: AdminListUserSessionsRequest | AdminRevokeUserSessionRequest
) -> User:
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(request["UserPoolId"]))
        pools.verify_session_tracking(pool)
        return users.get(transaction, pool, request["Username"])


def _listed(
    call: Call, user: User, page_token: str | None, *, own_family_id: str | None
) -> ListUserSessionsResponse:
    listing = f"ListUserSessions:{user.pool_id}:{user.sub}"
    after = position_of(call, listing, page_token)
    with call.db.reading() as transaction:
        page = user_sessions.list_sessions(
            transaction, user, now_millis=call.now_millis, after=after
        )
    response = ListUserSessionsResponse(
        Sessions=[
            _description(user_session, is_own=user_session.inner_id == own_family_id)
            for user_session in page.rows
        ]
    )
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


def _description(user_session: UserSession, *, is_own: bool) -> SessionDescriptionType:
    description = SessionDescriptionType(
        SessionId=user_session.session_id,
        SessionType=user_session.kind.value,
        ClientId=user_session.client_id,
        CreateDate=from_epoch_millis(user_session.created_at),
        LastActiveDate=from_epoch_millis(user_session.last_active_at),
        DeviceType=user_session.last_device,
        IsCurrentSession=is_own,
    )
    if user_session.last_address is not None:
        description["LastIPAddress"] = user_session.last_address
    if user_session.origin_id is not None:
        description["OriginSessionId"] = session_id_of(SessionKind.SSO, user_session.origin_id)
    return description


def _pool_configuration(pool: UserPool) -> GetUserPoolSessionConfigurationResponse:
    return GetUserPoolSessionConfigurationResponse(
        UserPoolId=pool.pool_id,
        UserSessionTracking="ENABLED" if pool.session_tracking else "DISABLED",
        TokenSession={"MaxPerUser": pool.max_token_sessions},
    )


def _client_configuration(app_client: AppClient) -> GetUserPoolClientSessionConfigurationResponse:
    return GetUserPoolClientSessionConfigurationResponse(
        UserPoolId=app_client.pool_id,
        ClientId=app_client.client_id,
        SSOSession={"MaxValidityMinutes": app_client.sso_session_minutes},
    )
