"""Answers to authorization requests: what is written onto the app client's redirect URI."""

from collections.abc import Callable, Mapping

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.randomness import random_uuid
from poolgate.oauth.authorization_requests import AnswerTo, AuthorizationRequest
from poolgate.oauth.carried_requests import FOR_OWN_PAGE
from poolgate.oauth.errors import TOKEN_ERRORS, OAuthError, find_error
from poolgate.oauth.redirect_uris import with_parameters
from poolgate.store.call import Call
from poolgate.userpools import authorization_codes, groups, pools, step_up, tokens
from poolgate.userpools.authentication_levels import AuthenticationLevel
from poolgate.userpools.authorization_codes import GrantDetails
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.userpools.scopes import verify_readable
from poolgate.userpools.token_claims import Grant, SignIn, TokenSource
from poolgate.userpools.users import rows_of


def location_after_sign_in(
    call: Call, request: AuthorizationRequest, browser_session: BrowserSession
) -> str:
    """Return where the browser goes with what was granted: a code, or the tokens themselves.

    What goes wrong is written there, too.
    """
    try:
        return _RESPONSES[request.response_type](call, request, browser_session)
    except Failure as failure:
        error = find_error(TOKEN_ERRORS, failure)
        if error is None:
            raise
        return location_of_error(call, request.app_client.pool_id, request.answer_to, error)


def location_of_error(call: Call, pool_id: PoolId, answer_to: AnswerTo, error: OAuthError) -> str:
    """Return the redirect URI with the error."""
    return with_parameters(
        answer_to.redirect_uri,
        (
            ("error_description", error.description),
            ("error", error.code),
            ("state", answer_to.state),
            ("iss", call.issuer(pool_id)),
        ),
        in_fragment=answer_to.in_fragment,
    )


def _with_code(call: Call, request: AuthorizationRequest, browser_session: BrowserSession) -> str:
    user = browser_session.user
    details = GrantDetails(
        sent_redirect_uri=request.sent_redirect_uri,
        code_challenge=request.code_challenge,
        scope=" ".join(request.scopes),
        nonce=request.nonce,
        resource=request.resource,
        auth_time=browser_session.auth_time,
        browser_session_id=browser_session.session_id,
        issued_at=call.now_millis,
        level=_level_said(call, request, browser_session),
        key_thumbprint=request.key_thumbprint,
    )
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        authorization_code = authorization_codes.issue(
            transaction, call, request.app_client, user, details
        )
    return with_parameters(
        request.answer_to.redirect_uri,
        (
            ("code", authorization_code.reveal()),
            ("state", request.answer_to.state),
            # SPEC RFC 9207 s2: by it a client tells servers apart (mix-up).
            ("iss", call.issuer(user.pool_id)),
        ),
        in_fragment=False,
    )


def _with_tokens(call: Call, request: AuthorizationRequest, browser_session: BrowserSession) -> str:
    user, app_client = browser_session.user, request.app_client
    verify_readable(app_client, request.scopes)
    with call.db.reading() as transaction:
        pool = pools.get(transaction, user.pool_id)
        user_groups = groups.of_user(transaction, user.pool_id, user.sub)
    plan = tokens.plan(
        call,
        SignIn(
            user=user,
            pool=pool,
            app_client=app_client,
            auth_time=browser_session.auth_time,
            groups=user_groups,
            event_id=random_uuid(),
            scope=" ".join(request.scopes),
            source=TokenSource.HOSTED,
            grant=Grant(nonce=request.nonce, resource=request.resource),
            level=_level_said(call, request, browser_session),
            browser_session_id=browser_session.session_id,
        ),
    )
    with call.db.writing(about=rows_of(user.pool_id, user.sub)) as transaction:
        token_set = tokens.store(transaction, plan)
    # AWS: no refresh token here; the one that was planned is known to nobody.
    id_token = None if token_set.id_token is None else token_set.id_token.reveal()
    return with_parameters(
        request.answer_to.redirect_uri,
        (
            ("id_token", id_token),
            ("access_token", token_set.access_token.reveal()),
            ("token_type", "bearer"),
            ("expires_in", str(token_set.expires_in)),
            ("state", request.answer_to.state),
            ("iss", call.issuer(user.pool_id)),
        ),
        in_fragment=True,
    )


def _level_said(
    call: Call, request: AuthorizationRequest, browser_session: BrowserSession
) -> AuthenticationLevel | None:
    """Return what tokens say of the sign-in's level, None where the request asked for none."""
    if not request.acr_values:
        return None
    with call.db.reading() as transaction:
        pool = pools.get(transaction, browser_session.user.pool_id)
    if not step_up.known_levels(pool, request.acr_values):
        return None
    return browser_session.reached.said(pool)


def _with_nothing(
    _call: Call, request: AuthorizationRequest, _browser_session: BrowserSession
) -> str:
    """Return to the page of the domain that wanted the sign-in and nothing else."""
    return request.answer_to.redirect_uri


_RESPONSES: Mapping[str, Callable[[Call, AuthorizationRequest, BrowserSession], str]] = {
    "code": _with_code,
    "token": _with_tokens,
    FOR_OWN_PAGE: _with_nothing,
}
