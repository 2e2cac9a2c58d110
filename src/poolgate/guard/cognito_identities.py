"""Which identity of an identity pool signed a request: what API Gateway tells of such callers.

# AWS API Gateway, $context.identity: cognitoIdentityId, cognitoIdentityPoolId,
# cognitoAuthenticationType and cognitoAuthenticationProvider.
"""

from dataclasses import dataclass
from typing import Final

from poolgate.policy.principal import Principal

_PREFIX: Final = "cognito-identity.amazonaws.com"
_AUTHENTICATED: Final = "authenticated"
_SIGN_IN: Final = ":CognitoSignIn:"


@dataclass(frozen=True, slots=True)
class CognitoIdentity:
    """The identity whose temporary keys signed a request.

    Arguments:
        identity_id: The identity's id in its pool.
        identity_pool_id: The identity pool that gave the keys.
        is_authenticated: Whether the identity had signed in; False for a guest.
        logins: What it had signed in with: names of providers and, of user pools,
            `{provider}:CognitoSignIn:{sub}`.
    """

    identity_id: str
    identity_pool_id: str
    is_authenticated: bool
    logins: tuple[str, ...]

    def sub_at(self, provider: str) -> str | None:
        """Return the user's `sub` in a user pool, None for one who did not sign in there.

        Arguments:
            provider: The user pool, as `cognito-idp.{region}.amazonaws.com/{user pool id}`.
        """
        if not self.is_authenticated:
            return None
        beginning = f"{provider}{_SIGN_IN}"
        subs = [
            login.removeprefix(beginning) for login in self.logins if login.startswith(beginning)
        ]
        # An identity with two users of one pool is nobody in particular.
        return subs[0] if len(subs) == 1 else None


def identity_of(principal: Principal) -> CognitoIdentity | None:
    """Return the identity whose keys these are, None where no identity pool vouches for them.

    A role that such keys assumed in turn is not vouched for.
    """
    if principal.temporary is None or not principal.temporary.for_pool_user:
        return None
    context = dict(principal.temporary.context)
    identity_ids = context.get(f"{_PREFIX}:sub", ())
    pool_ids = context.get(f"{_PREFIX}:aud", ())
    if len(identity_ids) != 1 or len(pool_ids) != 1:
        return None
    kind, *logins = context.get(f"{_PREFIX}:amr") or ("",)
    return CognitoIdentity(identity_ids[0], pool_ids[0], kind == _AUTHENTICATED, tuple(logins))
