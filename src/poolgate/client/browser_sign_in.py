"""Signing in with a browser: the request, what comes back by redirect, and the tokens for it.

    begin ── location ──> the browser ... redirect ──> verify_answer ── code ──> finish ──> tokens

PKCE binds the code to this program; state, issuer and nonce bind the answer to its request.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from poolgate.client import oauth_calls
from poolgate.client.exchanges import verified_host
from poolgate.client.failures import ClientFailure
from poolgate.client.issuers import Endpoints
from poolgate.client.profiles import Profile
from poolgate.client.token_sets import Door, KeptSignIn, TokenSet, unverified_claims
from poolgate.foundation.clock import Clock
from poolgate.foundation.randomness import random_token
from poolgate.foundation.secret import Secret


class AnswerNotOurs(ClientFailure):
    """What came is not the answer to this request; the right one may still come."""


class SignInDenied(ClientFailure):
    """The person, or the server, ended the sign-in."""


class IdTokenRefused(ClientFailure):
    """The ID token is not for this client, from this issuer, or for this request."""


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """One request of a browser; its secrets stay in this program."""

    location: str
    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: Secret = field(repr=False)


def begin(profile: Profile, endpoints: Endpoints, redirect_uri: str) -> BegunSignIn:
    """Return a request for the browser; raise AddressRefused for an endpoint without https."""
    verified_host(endpoints.authorization)
    state, nonce, verifier = random_token(), random_token(), Secret(random_token())
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    parameters = {
        "response_type": "code",
        "client_id": profile.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "nonce": nonce,
        # SPEC RFC 7636 s4.2.
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if profile.scope is not None:
        parameters["scope"] = profile.scope
    if profile.username is not None:
        parameters["login_hint"] = profile.username
    joint = "&" if urlsplit(endpoints.authorization).query else "?"
    location = f"{endpoints.authorization}{joint}{urlencode(parameters)}"
    return BegunSignIn(location, redirect_uri, state, nonce, verifier)


def verify_answer(begun: BegunSignIn, profile: Profile, endpoints: Endpoints, query: str) -> Secret:
    """Return the authorization code of a redirect's query.

    Raises AnswerNotOurs for an answer to something else, SignInDenied for a refusal.
    """
    # Bounded, and a parameter that is there twice is not to be understood in two ways.
    try:
        members = parse_qs(query, strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise AnswerNotOurs("that is no answer to this sign-in") from error
    state = _only(members, "state") or ""
    if not hmac.compare_digest(state.encode(), begun.state.encode()):
        raise AnswerNotOurs("that is not the answer to this sign-in (its state is another)")
    _verify_issuer(profile, endpoints, members)
    error_code = _only(members, "error")
    if error_code is not None:
        told = {"error": error_code, "error_description": _only(members, "error_description")}
        raise SignInDenied(f"the sign-in was refused: {oauth_calls.sentence_of(told)}")
    authorization_code = _only(members, "code")
    if authorization_code is None:
        raise AnswerNotOurs("that answer has no code")
    return Secret(authorization_code)


def finish(
    begun: BegunSignIn,
    profile: Profile,
    endpoints: Endpoints,
    authorization_code: Secret,
    clock: Clock,
    *,
    client_secret: Secret | None = None,
) -> KeptSignIn:
    """Return the sign-in of a code; raise OAuthRefused, ServerUnreachable or IdTokenRefused."""
    members = oauth_calls.post(
        endpoints.token,
        profile.client_id,
        client_secret,
        {
            "grant_type": "authorization_code",
            "code": authorization_code.reveal(),
            "redirect_uri": begun.redirect_uri,
            "code_verifier": begun.verifier.reveal(),
        },
    )
    tokens = oauth_calls.token_set(members, clock)
    verify_id_token(tokens, profile, nonce=begun.nonce)
    return kept_sign_in(profile, endpoints, tokens, client_secret)


def kept_sign_in(
    profile: Profile, endpoints: Endpoints, tokens: TokenSet, client_secret: Secret | None
) -> KeptSignIn:
    """Return the sign-in of tokens from the OAuth endpoints."""
    return KeptSignIn(
        issuer=profile.issuer,
        client_id=profile.client_id,
        door=Door.OAUTH,
        tokens=tokens,
        client_secret=client_secret,
        token_endpoint=endpoints.token,
        revocation_endpoint=endpoints.revocation,
    )


def verify_id_token(tokens: TokenSet, profile: Profile, *, nonce: str | None) -> None:
    """Raise IdTokenRefused unless an ID token that came is from the issuer and for this client."""
    if tokens.id_token is None:
        return
    # SPEC OpenID Connect Core 1.0 s3.1.3.7: the connection to the token endpoint stands for the
    # signature; issuer, audience and nonce are compared all the same.
    claims = unverified_claims(tokens.id_token)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != profile.issuer or profile.client_id not in audiences:
        raise IdTokenRefused("the ID token is of another issuer or for another client")
    if nonce is not None and claims.get("nonce") != nonce:
        raise IdTokenRefused("the ID token is for another sign-in (its nonce is another)")


def _verify_issuer(
    profile: Profile, endpoints: Endpoints, members: Mapping[str, Sequence[str]]
) -> None:
    # SPEC RFC 9207 s2.4: an answer that another server mixed in is told by its issuer.
    issuer = _only(members, "iss")
    if issuer is None and not endpoints.names_itself:
        return
    if issuer != profile.issuer:
        raise AnswerNotOurs("that answer is from another issuer")


def _only(members: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = members.get(name, ())
    if len(values) > 1:
        raise AnswerNotOurs(f"that answer has {name} twice")
    return values[0] if values else None
