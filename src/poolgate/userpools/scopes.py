"""What the scopes of OpenID Connect let a client know of a user."""

from collections.abc import Iterable, Mapping

from poolgate.foundation.failure import Failure
from poolgate.userpools.app_clients import AppClient

# SPEC OpenID Connect Core s5.4; custom attributes come with `profile`, as on AWS.
ATTRIBUTES_OF_SCOPE: Mapping[str, frozenset[str]] = {
    "profile": frozenset(
        {
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        }
    ),
    "email": frozenset({"email", "email_verified"}),
    "phone": frozenset({"phone_number", "phone_number_verified"}),
}
_CUSTOM = "custom:"
# Where a user comes from is told whatever the scopes are.
_IDENTITIES = "identities"


class ScopeNotReadable(Failure):
    """The app client may not read every attribute that a scope speaks of. Facts: scope."""


def granted_attributes(attributes: Mapping[str, str], scopes: Iterable[str]) -> dict[str, str]:
    """Return the attributes that the scopes give: all of them where `openid` stands alone."""
    narrowing = ATTRIBUTES_OF_SCOPE.keys() & set(scopes)
    if not narrowing:
        return dict(attributes)
    named = frozenset().union(*(ATTRIBUTES_OF_SCOPE[scope] for scope in narrowing))
    with_custom = "profile" in narrowing
    return {
        name: value
        for name, value in attributes.items()
        if name in named or name == _IDENTITIES or (with_custom and name.startswith(_CUSTOM))
    }


def verify_readable(app_client: AppClient, scopes: Iterable[str]) -> None:
    """Raise ScopeNotReadable unless the app client may read what the scopes speak of."""
    # AWS token endpoint, invalid_grant: read access to `email` but not to `email_verified`.
    if app_client.read_attributes is None:
        return
    for scope in scopes:
        if not ATTRIBUTES_OF_SCOPE.get(scope, frozenset()).issubset(app_client.read_attributes):
            raise ScopeNotReadable(scope=scope)
