"""New tokens for a sign-in, at the door that it was made at, and its end there."""

from dataclasses import replace
from typing import Final

from poolgate.client import oauth_calls, user_pool_calls
from poolgate.client.failures import AwsRefused, ClientFailure
from poolgate.client.oauth_calls import OAuthRefused
from poolgate.client.profiles import Profile
from poolgate.client.token_sets import Door, KeptSignIn
from poolgate.foundation.clock import Clock

# These say that the sign-in is over; anything else may pass.
_OVER: Final = frozenset(
    {
        "invalid_grant",
        "NotAuthorizedException",
        "RefreshTokenReuseException",
        "UserNotFoundException",
        "ResourceNotFoundException",
    }
)


class SignInNeeded(ClientFailure):
    """Nobody is signed in, or the sign-in is over."""


def refreshed(profile: Profile, kept: KeptSignIn, clock: Clock) -> KeptSignIn:
    """Return the sign-in with new tokens.

    Raises SignInNeeded when it is over, ServerUnreachable when the server cannot say.
    """
    if kept.tokens.refresh_token is None:
        raise sign_in_needed(profile, "the tokens have expired")
    try:
        return _at_oauth(kept, clock) if kept.door is Door.OAUTH else _at_api(profile, kept, clock)
    except (OAuthRefused, AwsRefused) as refused:
        if refused.error_code in _OVER:
            raise sign_in_needed(profile, "the sign-in has ended") from refused
        raise


def revoke(profile: Profile, kept: KeptSignIn) -> None:
    """End the sign-in at the server; raise OAuthRefused, AwsRefused or ServerUnreachable."""
    refresh_token = kept.tokens.refresh_token
    if refresh_token is None:
        return
    if kept.door is Door.API:
        user_pool_calls.call(
            profile.api_url,
            "RevokeToken",
            {
                "Token": refresh_token.reveal(),
                "ClientId": kept.client_id,
                "ClientSecret": _client_secret(kept),
            },
        )
    elif kept.revocation_endpoint is not None:
        oauth_calls.post(
            kept.revocation_endpoint,
            kept.client_id,
            kept.client_secret,
            {"token": refresh_token.reveal(), "token_type_hint": "refresh_token"},
        )


def sign_in_needed(profile: Profile, why: str) -> SignInNeeded:
    """Return the failure that tells how to sign in again."""
    named = "" if profile.name == "default" else f" --profile {profile.name}"
    return SignInNeeded(f"{why}; sign in with: poolgate login{named}")


def _at_oauth(kept: KeptSignIn, clock: Clock) -> KeptSignIn:
    if kept.tokens.refresh_token is None or kept.token_endpoint is None:
        raise OAuthRefused("no refresh token", "invalid_grant")
    members = oauth_calls.post(
        kept.token_endpoint,
        kept.client_id,
        kept.client_secret,
        {"grant_type": "refresh_token", "refresh_token": kept.tokens.refresh_token.reveal()},
    )
    return replace(kept, tokens=oauth_calls.token_set(members, clock, former=kept.tokens))


def _at_api(profile: Profile, kept: KeptSignIn, clock: Clock) -> KeptSignIn:
    # AWS API_GetTokensFromRefreshToken: for app clients with rotation and without.
    members = user_pool_calls.call(
        profile.api_url,
        "GetTokensFromRefreshToken",
        {
            "ClientId": kept.client_id,
            "ClientSecret": _client_secret(kept),
            "RefreshToken": kept.tokens.refresh_token and kept.tokens.refresh_token.reveal(),
            "DeviceKey": kept.device_key,
        },
    )
    told = members.get("AuthenticationResult", {})
    return replace(kept, tokens=user_pool_calls.token_set(told, clock, former=kept.tokens))


def _client_secret(kept: KeptSignIn) -> str | None:
    return kept.client_secret.reveal() if kept.client_secret is not None else None
