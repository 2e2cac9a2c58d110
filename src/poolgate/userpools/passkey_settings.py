"""How a pool uses passkeys: for which domain, and what a passkey shows.

A passkey works on the pages of one domain and of those below it, the relying party. It is one
factor; with user verification (a PIN, a fingerprint) it may count as two.
"""

import re
from enum import StrEnum

import msgspec

from poolgate.foundation.failure import Failure


class RelyingPartyInvalid(Failure):
    """The text is no domain that passkeys could be for."""


class UserVerification(StrEnum):
    """Whether an authenticator must ask who the user is, in AWS's words."""

    REQUIRED = "required"
    PREFERRED = "preferred"


class FactorConfiguration(StrEnum):
    """Whether a passkey may count as both factors, in AWS's words."""

    SINGLE_FACTOR = "SINGLE_FACTOR"
    MULTI_FACTOR_WITH_USER_VERIFICATION = "MULTI_FACTOR_WITH_USER_VERIFICATION"


class PasskeySettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a pool has set; None while it was not, since AWS shows only what was set."""

    relying_party_id: str | None = None
    user_verification: UserVerification | None = None
    factor_configuration: FactorConfiguration | None = None

    @property
    def counts_as_both_factors(self) -> bool:
        """Whether a passkey with user verification may satisfy MFA."""
        return self.factor_configuration is FactorConfiguration.MULTI_FACTOR_WITH_USER_VERIFICATION

    @property
    def asks_for(self) -> UserVerification:
        """What authenticators are told about user verification."""
        # AWS WebAuthnFactorConfigurationType: with two factors in one "your user pool requires
        # passkey authenticators to perform user verification".
        if self.counts_as_both_factors:
            return UserVerification.REQUIRED
        return self.user_verification or UserVerification.PREFERRED


NO_PASSKEY_SETTINGS = PasskeySettings()

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name of one label would be a whole top-level domain; an address is no domain.
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}|localhost")


def verify_relying_party_id(relying_party_id: str) -> None:
    """Raise RelyingPartyInvalid unless it is a domain as browsers compare it, in lower case."""
    if _DOMAIN.fullmatch(relying_party_id) is None:
        raise RelyingPartyInvalid
