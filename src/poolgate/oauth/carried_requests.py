"""An authorization request on its way through the login pages.

Most requests travel as they came, as parameters of the pages' own URLs, and are read anew at each
step. Those that an app client pushed are not for the browser to see or change, and those of the
domain's own pages (a device to be approved, the account page) are no app client's: these travel
sealed in one parameter.
"""

import base64
import binascii
from collections.abc import Mapping

import msgspec

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.oauth.authorization_requests import (
    AnswerTo,
    AuthorizationRequest,
    RequestUnanswerable,
    read_request,
    wanted_provider,
)
from poolgate.oauth.errors import OAuthRefused
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import app_clients
from poolgate.userpools.app_clients import AppClientNotFound
from poolgate.web.parameters import render_parameters

PARAMETER = "carried_request"
FOR_OWN_PAGE = "own page"
_LOGIN_PATH = "/login"
# As long as somebody may look at the login page before beginning anew.
_LIFETIME_MILLIS = 3600 * 1000
_PURPOSE = "authorization request"
_CHOSEN_AT_PAGES = ("identity_provider", "login_hint")


class _Carried(msgspec.Struct, frozen=True, array_like=True):
    parameters: dict[str, str]
    expires_at: int
    return_to: str = ""


def carry(
    call: Call, pool_id: PoolId, parameters: Mapping[str, str], *, return_to: str = ""
) -> str:
    """Return the parameters sealed as one value for the pages of this pool.

    With `return_to`, a path of the domain with its query, the sign-in is for that page.
    """
    carried = _Carried(dict(parameters), call.now_millis + _LIFETIME_MILLIS, return_to)
    sealed = call.vault.seal(msgspec.msgpack.encode(carried), purpose=_PURPOSE, bound_to=pool_id)
    return base64.urlsafe_b64encode(sealed).decode()


def location_of_sign_in(
    call: Call, place: Place, client_id: ClientId, *, return_to: str, login_hint: str = ""
) -> str:
    """Return where somebody signs in, as at that app client, and comes back to a page."""
    parameters = {"client_id": client_id} | ({"login_hint": login_hint} if login_hint else {})
    carried = carry(call, place.pool_id, parameters, return_to=return_to)
    return f"{place.base_path}{_LOGIN_PATH}?{render_parameters(((PARAMETER, carried),))}"


def read_carried(call: Call, place: Place, sent: Mapping[str, str]) -> AuthorizationRequest:
    """Return the request that the parameters of a page's URL make, opened where they are sealed.

    Raises RequestUnanswerable, also for one that was altered, is too old, or is another pool's, and
    RequestRefused.
    """
    if PARAMETER not in sent:
        return read_request(call, place.pool_id, sent)
    try:
        sealed = base64.urlsafe_b64decode(sent[PARAMETER].encode("ascii"))
        opened = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=place.pool_id)
    except (ValueError, binascii.Error, UnsealingFailed) as failure:
        raise RequestUnanswerable(error="invalid_request") from failure
    carried = msgspec.msgpack.decode(opened, type=_Carried)
    if call.now_millis >= carried.expires_at:
        raise RequestUnanswerable(error="invalid_request")
    # Which provider it is to be may be chosen on the way.
    chosen = {name: sent[name] for name in _CHOSEN_AT_PAGES if name in sent}
    if carried.return_to:
        return _for_own_page(call, place, carried, chosen)
    return read_request(call, place.pool_id, {**carried.parameters, **chosen})


def _for_own_page(
    call: Call, place: Place, carried: _Carried, chosen: Mapping[str, str]
) -> AuthorizationRequest:
    """Return the request of a person who signs in for a page of the domain itself."""
    with call.db.reading() as transaction:
        try:
            app_client = app_clients.get(
                transaction, ClientId(carried.parameters["client_id"]), place.pool_id
            )
        except AppClientNotFound:
            raise RequestUnanswerable(error="Client does not exist.") from None
    try:
        identity_provider = wanted_provider(call, app_client, chosen)
    except OAuthRefused as failure:
        raise RequestUnanswerable(error=failure.error.code) from failure
    return AuthorizationRequest(
        app_client=app_client,
        answer_to=AnswerTo(place.base_path + carried.return_to, in_fragment=False, state=None),
        sent_redirect_uri=None,
        response_type=FOR_OWN_PAGE,
        scopes=(),
        code_challenge=None,
        resource=None,
        prompts=frozenset(),
        max_age=None,
        nonce=None,
        login_hint=chosen.get("login_hint") or carried.parameters.get("login_hint"),
        identity_provider=identity_provider,
    )
