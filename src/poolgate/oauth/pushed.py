"""`/oauth2/par` (RFC 9126), and the references to pushed requests at the authorize endpoint."""

from collections.abc import Mapping

from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret
from poolgate.oauth.answers import CREATED, json_answer
from poolgate.oauth.authorization_requests import (
    KEY_PARAMETER,
    RequestRefused,
    RequestUnanswerable,
    read_request,
)
from poolgate.oauth.client_authentication import authenticated_client, is_proven
from poolgate.oauth.errors import OAuthRefused, invalid_request, printable
from poolgate.oauth.key_proofs import proven_key
from poolgate.oauth.requests import OAuthRequest, form_of
from poolgate.store.call import Call
from poolgate.userpools import pushed_requests
from poolgate.userpools.key_proofs import KeyProofInvalid
from poolgate.userpools.pushed_requests import PushedRequestInvalid
from poolgate.web.messages import HttpResponse

_PREFIX = "urn:ietf:params:oauth:request_uri:"
# What proves the client is not part of what it asks for.
_PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def answer_pushed_request(request: OAuthRequest) -> HttpResponse:
    """Keep an authorization request that counts, and return its reference."""
    form = form_of(request)
    # SPEC RFC 9126 s2.1: a pushed request does not refer to another one.
    if "request_uri" in form:
        raise OAuthRefused(invalid_request())
    app_client = authenticated_client(request, form)
    pushed = {name: value for name, value in form.items() if name not in _PROOFS}
    pushed["client_id"] = app_client.client_id
    thumbprint = proven_key(request)
    # SPEC RFC 9449 s10.1: a proof binds the code as the parameter does.
    if thumbprint is not None and pushed.setdefault(KEY_PARAMETER, thumbprint) != thumbprint:
        raise KeyProofInvalid(private_detail="another key than dpop_jkt")
    try:
        read_request(request.call, request.pool_id, pushed)
    except RequestUnanswerable as failure:
        description = printable(failure.facts["error"])
        raise OAuthRefused(invalid_request(description)) from failure
    except RequestRefused as failure:
        raise OAuthRefused(failure.error) from failure
    reference = pushed_requests.push(
        request.call, app_client, pushed, is_proven=is_proven(app_client, form)
    )
    return json_answer(
        {
            "request_uri": _PREFIX + reference.reveal(),
            "expires_in": pushed_requests.LIFETIME_SECONDS,
        },
        CREATED,
    )


def is_pushed(sent: Mapping[str, str]) -> bool:
    """Tell whether a query refers to a pushed request."""
    return sent.get("request_uri", "").startswith(_PREFIX)


def consume_pushed(call: Call, sent: Mapping[str, str]) -> Mapping[str, str]:
    """Return the parameters that were pushed; all others that were sent are ignored.

    Raises RequestUnanswerable for a reference that does not count for the client named beside it.
    """
    reference = Secret(sent["request_uri"].removeprefix(_PREFIX))
    try:
        return pushed_requests.consume(call, ClientId(sent.get("client_id", "")), reference)
    except PushedRequestInvalid as failure:
        raise RequestUnanswerable(error="invalid_request_uri") from failure
