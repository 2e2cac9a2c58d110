"""The grant of token exchange (RFC 8693) at the token endpoint."""

from collections.abc import Mapping

from poolgate.foundation.secret import Secret
from poolgate.oauth.errors import OAuthRefused, invalid_request
from poolgate.oauth.key_proofs import SCHEME
from poolgate.oauth.requests import needed
from poolgate.store.call import Call
from poolgate.userpools import token_exchange
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.signing_keys import TokenUse
from poolgate.userpools.token_exchange import Exchange, Presented

_TYPE = "urn:ietf:params:oauth:token-type:"
_USES = {f"{_TYPE}access_token": TokenUse.ACCESS, f"{_TYPE}id_token": TokenUse.ID}
_TYPES = {use: name for name, use in _USES.items()}


def exchange_token(
    call: Call, app_client: AppClient, form: Mapping[str, str], *, key_thumbprint: str | None
) -> dict[str, object]:
    """Return a token for another service, from a token that is held.

    An access token is bound to the key where one is named.
    """
    wish = Exchange(
        subject=_presented(form, "subject_token"),
        actor=_presented(form, "actor_token") if "actor_token" in form else None,
        wanted=_use(form.get("requested_token_type", f"{_TYPE}access_token")),
        scopes=tuple(form.get("scope", "").split()),
        audience=form.get("audience"),
        resource=form.get("resource"),
        key_thumbprint=key_thumbprint,
    )
    # SPEC RFC 8693 s2.1: the type of an actor token without the token is a mistake.
    if wish.actor is None and "actor_token_type" in form:
        raise OAuthRefused(invalid_request())
    bound = "Bearer" if key_thumbprint is None else SCHEME
    derived = token_exchange.exchange(call, app_client, wish)
    members: dict[str, object] = {
        "access_token": derived.token.reveal(),
        "issued_token_type": _TYPES[derived.token_use],
        # SPEC RFC 8693 s2.2.1: N_A where the token is no access token.
        "token_type": bound if derived.token_use is TokenUse.ACCESS else "N_A",
        "expires_in": derived.expires_in,
    }
    if derived.scopes:
        members["scope"] = " ".join(derived.scopes)
    return members


def _presented(form: Mapping[str, str], name: str) -> Presented:
    return Presented(Secret(needed(form, name)), _use(needed(form, f"{name}_type")))


def _use(token_type: str) -> TokenUse:
    if token_type not in _USES:
        raise OAuthRefused(invalid_request())
    return _USES[token_type]
