"""What goes wrong between this server and an OIDC or social provider.

`name` is the provider's among the facts; what a provider answers is never more than shown.
"""

from poolgate.foundation.failure import Failure


class DiscoveryFailed(Failure):
    """The provider does not tell where its endpoints are."""


class TokenEndpointTooLate(Failure):
    """The token endpoint does not answer in time."""


class TokenEndpointRefused(Failure):
    """The token endpoint takes no code from us. Facts: name, status."""


class GoogleRefused(TokenEndpointRefused):
    """Google takes no code from us, and says why. Facts: name, status, error_code."""


class KeysTooLate(Failure):
    """The provider's keys do not come in time."""


class KeysUnusable(Failure):
    """What is behind the address of the provider's keys is no key set."""


class IdTokenRefused(Failure):
    """The ID token does not count. Facts: fault."""


class UserInfoRefused(Failure):
    """The provider does not tell who its user is. Facts: name, status."""


class AnswerUnreadable(Failure):
    """An answer of the provider is not what it must be. Facts: name."""


class SubjectMissing(Failure):
    """The claim that names the user did not come. Facts: claim."""


class AnswerOfAnother(Failure):
    """The answer says that another issuer gave it than the one that was asked (RFC 9207)."""
