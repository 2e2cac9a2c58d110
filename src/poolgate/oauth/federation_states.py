"""What travels through an identity provider and back: `state`, or `RelayState` with SAML.

It is sealed, so nobody reads or changes it; bound to a cookie, so another browser's is worth
nothing (RFC 9700 s4.7: a sign-in that somebody else began); made for one provider; and taken once.
"""

import base64
import binascii
import hashlib
import hmac

import msgspec

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.failure import Failure
from poolgate.foundation.randomness import random_token, random_uuid
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import spent_proofs
from poolgate.userpools.spent_proofs import SpentProof
from poolgate.web.cookies import Cookie
from poolgate.web.messages import HttpRequest

# As long as somebody may take to sign in at the provider.
LIFETIME_SECONDS = 600
_PURPOSE = "federation state"
_MOST_CHARACTERS = 16 * 1024


class FederationStateRefused(Failure):
    """A state that was altered, is too old, was used, or was begun in another browser."""


class FederationState(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A sign-in that is under way at an identity provider.

    `query` is the authorization request as `carried_requests.read_carried` takes it. `nonce` is
    what the answer must repeat: OpenID Connect's nonce, or the id of a SAML request.
    `code_verifier` is empty where the provider does not know PKCE.
    """

    provider_name: str
    query: str
    nonce: str
    code_verifier: str = ""
    state_id: str = ""
    browser_digest: bytes = b""
    expires_at: int = 0


class SealedState(msgspec.Struct, frozen=True):
    """The state as the provider is to send it back, and the Set-Cookie that it is bound to."""

    text: str
    cookie: str


def seal_state(
    call: Call,
    place: Place,
    http: HttpRequest,
    state: FederationState,
    *,
    answer_is_posted: bool = False,
) -> SealedState:
    """Return the state ready to travel; `answer_is_posted` by a form of the provider's site."""
    cookie = _cookie(place, crosses_sites=answer_is_posted)
    # One value for all tabs of a browser, so that none of them spoils another's sign-in.
    bound_to = cookie.find(http) or random_token()
    dated = msgspec.structs.replace(
        state,
        state_id=random_uuid(),
        browser_digest=_digest(bound_to),
        expires_at=call.now_millis + LIFETIME_SECONDS * 1000,
    )
    sealed = call.vault.seal(
        msgspec.msgpack.encode(dated), purpose=_PURPOSE, bound_to=place.pool_id
    )
    return SealedState(
        base64.urlsafe_b64encode(sealed).decode(),
        cookie.render(bound_to, max_age_seconds=LIFETIME_SECONDS),
    )


def consume_state(call: Call, place: Place, http: HttpRequest, text: str) -> FederationState:
    """Return the state, once among all takers; raise FederationStateRefused."""
    state = _open(call, place, text)
    if call.now_millis >= state.expires_at:
        raise FederationStateRefused(private_detail="too old")
    if not _is_of_browser(place, http, state):
        raise FederationStateRefused(private_detail="another browser's")
    used = SpentProof(_digest(f"{_PURPOSE}\0{state.state_id}"), state.expires_at)
    with call.db.writing() as transaction:
        is_first = spent_proofs.consume(transaction, used)
    if not is_first:
        raise FederationStateRefused(private_detail="used before")
    return state


def _open(call: Call, place: Place, text: str) -> FederationState:
    if len(text) > _MOST_CHARACTERS:
        raise FederationStateRefused(private_detail="too long")
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii"))
        opened = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to=place.pool_id)
    except (ValueError, binascii.Error, UnsealingFailed) as failure:
        raise FederationStateRefused(private_detail="not ours") from failure
    return msgspec.msgpack.decode(opened, type=FederationState)


def _is_of_browser(place: Place, http: HttpRequest, state: FederationState) -> bool:
    cookies = (_cookie(place, crosses_sites=crosses) for crosses in (False, True))
    kept = [value for cookie in cookies if (value := cookie.find(http)) is not None]
    return any(hmac.compare_digest(_digest(value), state.browser_digest) for value in kept)


def _cookie(place: Place, *, crosses_sites: bool) -> Cookie:
    name = "csrf-state-posted" if crosses_sites else "csrf-state"
    return Cookie(
        f"{name}-{place.named.domain}", is_secure=place.is_secure, crosses_sites=crosses_sites
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
