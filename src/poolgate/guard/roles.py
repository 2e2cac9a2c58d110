"""Who is an administrator: by IAM principal, by group or by attribute; everyone else is a user.

# SEED dce: any group name containing the word, a whole trimmed part of the attribute's comma list,
# and every IAM principal that is let in and is not a Cognito user in disguise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from poolgate.guard.callers import ADMIN_ROLE, USER_ROLE
from poolgate.guard.principals import PrincipalPatterns
from poolgate.guard.refusals import GuardMisconfigured
from poolgate.policy.principal import Principal, PrincipalType

# AWS identity pools, enhanced flow: the session name of every user's role session.
_POOL_SESSION_NAME: Final = "CognitoIdentityCredentials"


@dataclass(frozen=True, slots=True)
class Roles:
    """The marks that make a caller an administrator; without any, nobody is one.

    Arguments:
        admin_principals: ARN patterns of IAM principals. `*` means every IAM principal that is not
            tied to a user: not a federated user and not a role session of an identity pool.
        admin_group_word: A word; a user in a group whose name contains it, in the same case, is an
            administrator.
        admin_attribute: The name of a claim and a value; a user whose claim, split at commas and
            trimmed, has a part equal to the value is an administrator. Attributes are claims of
            ID tokens only.
    """

    admin_principals: Sequence[str] = ()
    admin_group_word: str | None = None
    admin_attribute: tuple[str, str] | None = None
    _patterns: PrincipalPatterns = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.admin_group_word is not None and not self.admin_group_word.strip():
            raise GuardMisconfigured("admin_group_word is empty: it would make everybody an admin")
        if self.admin_attribute is not None:
            claim_name, wanted = self.admin_attribute
            if not claim_name or not wanted or wanted != wanted.strip() or "," in wanted:
                raise GuardMisconfigured(
                    "admin_attribute needs a claim name and a value without commas or outer blanks"
                )
        patterns = PrincipalPatterns(self.admin_principals, setting="admin_principals")
        object.__setattr__(self, "_patterns", patterns)

    def of_claims(self, claims: Mapping[str, Any], groups: Sequence[str]) -> frozenset[str]:
        """Return the role of a caller with a verified token."""
        is_admin = self._has_admin_group(groups) or self._has_admin_attribute(claims)
        return frozenset({ADMIN_ROLE if is_admin else USER_ROLE})

    def of_principal(self, principal: Principal) -> frozenset[str]:
        """Return the role of a signed caller that speaks for itself."""
        is_admin = self._patterns.name(principal) or (
            self._patterns.name_everyone and not is_tied_to_user(principal)
        )
        return frozenset({ADMIN_ROLE if is_admin else USER_ROLE})

    def _has_admin_group(self, groups: Sequence[str]) -> bool:
        word = self.admin_group_word
        return word is not None and any(word in group for group in groups)

    def _has_admin_attribute(self, claims: Mapping[str, Any]) -> bool:
        if self.admin_attribute is None:
            return False
        claim_name, wanted = self.admin_attribute
        listed = claims.get(claim_name)
        if not isinstance(listed, str):
            return False
        return wanted in (part.strip() for part in listed.split(","))


def is_tied_to_user(principal: Principal) -> bool:
    """Tell whether the principal stands for a user: a federated user or an identity pool's.

    The server that gave out the keys tells it, since a session may call itself anything; where
    nobody tells (AWS), the name that identity pools give is all there is.
    """
    if principal.type is PrincipalType.FEDERATED_USER:
        return True
    if principal.temporary is not None and principal.temporary.for_pool_user:
        return True
    return (
        principal.type is PrincipalType.ASSUMED_ROLE
        and principal.arn.rpartition("/")[2] == _POOL_SESSION_NAME
    )
