"""What an OIDC or social provider says of its user: the ID token, and what it answers when asked.

OIDC               ID token, then the userinfo endpoint
Google             ID token, then the People API for what is mapped from there
SignInWithApple    ID token, and the name that the browser brings the first time
Facebook           the Graph API
LoginWithAmazon    the profile endpoint
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolgate.foundation.secret import Secret
from poolgate.jose.strict_json import parse_json_object
from poolgate.oauth.oidc_code_exchange import ProviderTokens
from poolgate.oauth.oidc_endpoints import Endpoints
from poolgate.oauth.oidc_failures import AnswerUnreadable, SubjectMissing, UserInfoRefused
from poolgate.store.call import Call, Enquiry
from poolgate.userpools.authentication_levels import Reached
from poolgate.userpools.federated_assertions import NO_LEVEL, USERNAME, Assertion, attribute_text
from poolgate.userpools.identity_providers import IdentityProvider
from poolgate.userpools.provider_details import ProviderType, default_username_claim

Claims = Mapping[str, Any]
_OK = 200
_LOWEST_LEVEL = 1
# What the People API has under these names, https://developers.google.com/people/api/rest.
_PEOPLE_FIELDS = frozenset(
    {
        "addresses",
        "birthdays",
        "emailAddresses",
        "genders",
        "locales",
        "names",
        "nicknames",
        "organizations",
        "phoneNumbers",
        "photos",
        "urls",
    }
)
# Of an ID token these are about the token, and no answer about the user changes them.
_ABOUT_TOKENS = frozenset(
    {"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "acr", "amr", "auth_time", "at_hash"}
)
_TOKENS = ("access_token", "id_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswer:
    """What a provider gave for a code, verified.

    `id_claims` are empty where there are no ID tokens; `posted_user` is what Apple's form has of
    the user.
    """

    provider: IdentityProvider
    endpoints: Endpoints
    tokens: ProviderTokens
    id_claims: Claims
    posted_user: str | None = None


def assertion_of(call: Call, answer: ProviderAnswer) -> Assertion:
    """Return what the provider says of its user, asked for the rest.

    Raises UserInfoRefused, AnswerUnreadable, SubjectMissing or DocumentUnreachable.
    """
    provider, tokens, id_claims = answer.provider, answer.tokens, answer.id_claims
    user_info = _user_info(call, answer)
    claims = {
        **id_claims,
        **{name: value for name, value in user_info.items() if name not in _ABOUT_TOKENS},
        **({} if id_claims else user_info),
        **_posted_names(provider, answer.posted_user),
        # AWS "Mapping IdP attributes": tokens can be mapped like claims.
        **{name: tokens.received[name] for name in _TOKENS if name in tokens.received},
    }
    return Assertion(
        provider=provider,
        subject=_subject(provider, claims),
        claims=claims,
        received={
            "tokenResponse": tokens.received,
            "idToken": id_claims,
            "userInfo": user_info,
        },
        reached=_reached(provider, id_claims),
    )


def _subject(provider: IdentityProvider, claims: Claims) -> str:
    claim = provider.attribute_mapping.get(USERNAME) or default_username_claim(provider.type) or ""
    value = claims.get(claim)
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value):
        raise SubjectMissing(claim=claim)
    return str(value)


def _user_info(call: Call, answer: ProviderAnswer) -> Claims:
    provider = answer.provider
    url = _attributes_url(provider, answer.endpoints)
    if url is None:
        return {}
    reply = call.documents.ask(
        Enquiry(
            url=url,
            method=provider.details.get("attributes_request_method", "GET"),
            authorization=Secret(f"Bearer {answer.tokens.access_token.reveal()}"),
        )
    )
    if reply.status != _OK:
        raise UserInfoRefused(name=provider.name, status=str(reply.status))
    try:
        user_info = parse_json_object(reply.body)
    except ValueError as error:
        raise AnswerUnreadable(name=provider.name) from error
    # SPEC OpenID Connect Core s5.3.2: an answer about another user must not be used.
    if provider.type is ProviderType.OIDC and user_info.get("sub") != answer.id_claims.get("sub"):
        raise AnswerUnreadable(name=provider.name)
    if provider.type is ProviderType.GOOGLE:
        return {name: _first_value(value) for name, value in user_info.items()}
    return user_info


def _attributes_url(provider: IdentityProvider, endpoints: Endpoints) -> str | None:
    """Return what to ask for the user's attributes, None where there is nothing to ask for."""
    url = endpoints.attributes_url
    if not url or provider.details.get("attributes_url_add_attributes") != "true":
        return url
    mapped = set(provider.attribute_mapping.values()).difference(_TOKENS)
    if provider.type is ProviderType.GOOGLE:
        mapped &= _PEOPLE_FIELDS
    if provider.type is ProviderType.FACEBOOK:
        mapped.add("id")
    return f"{url}{','.join(sorted(mapped))}" if mapped else None


def _first_value(listed: object) -> object:
    """Return the value of the first entry, as which the People API has what somebody has one of."""
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
        return listed
    first: dict[str, object] = listed[0]
    return next(
        (
            first[name]
            for name in ("value", "displayName", "formattedValue", "url")
            if name in first
        ),
        first,
    )


def _posted_names(provider: IdentityProvider, posted_user: str | None) -> Claims:
    """Return the name that Apple sends by the browser, which is the user's own word."""
    if provider.type is not ProviderType.APPLE or posted_user is None:
        return {}
    try:
        name = parse_json_object(posted_user.encode()).get("name")
    except ValueError as error:
        raise AnswerUnreadable(name=provider.name) from error
    if not isinstance(name, dict):
        return {}
    parts = {
        claim: attribute_text(name[claim]) for claim in ("firstName", "lastName") if name.get(claim)
    }
    # Nothing but the name: an address that the browser brings is nobody's word.
    return {**parts, "name": " ".join(parts.values())} if parts else {}


def _reached(provider: IdentityProvider, id_claims: Claims) -> Reached:
    """Return the level that the pool takes the provider's `acr` for."""
    said = id_claims.get("acr")
    if not provider.acr_mapping or not isinstance(said, str):
        return NO_LEVEL
    levels = {acr: int(level.removeprefix("Level")) for level, acr in provider.acr_mapping.items()}
    # AWS AcrMapping: a value that is not mapped is the lowest level.
    return Reached(levels.get(said, _LOWEST_LEVEL))
