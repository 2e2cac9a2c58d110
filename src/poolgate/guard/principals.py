"""Lists of IAM principals in settings, and how a signer is compared with them."""

import re
from collections.abc import Sequence
from typing import Final

from poolgate.guard.refusals import GuardMisconfigured
from poolgate.policy.principal import Principal

_ARN_PARTS: Final = 6
_EVERYONE: Final = "*"
_ASSUMED_ROLE = re.compile(r"(arn:[a-z-]+:)sts(::\d{12}:)assumed-role/([^/]+)/[^/]+")


class PrincipalPatterns:
    """ARNs with explicit wildcards; `*` and `?` never reach across an ARN's colons.

    A role session is compared by its role's ARN, with and without the role's path, and by its own
    ARN. The session name is chosen by whoever assumes the role, so list roles, not sessions.
    """

    def __init__(self, patterns: Sequence[str], *, setting: str) -> None:
        if isinstance(patterns, str):
            raise GuardMisconfigured(f"{setting} is a list of ARNs, not one text")
        self.name_everyone = _EVERYONE in patterns
        self._exact = frozenset(p for p in patterns if not _has_wildcard(p))
        self._globs = tuple(_glob(p) for p in patterns if _has_wildcard(p) and p != _EVERYONE)
        for pattern in patterns:
            if pattern != _EVERYONE and not _looks_like_arn(pattern):
                raise GuardMisconfigured(f"{setting}: {pattern!r} is neither an ARN nor '*'")

    def name(self, principal: Principal) -> bool:
        """Tell whether a pattern other than `*` names the principal."""
        if not self._exact and not self._globs:
            return False
        arns = known_arns(principal)
        if not self._exact.isdisjoint(arns):
            return True
        return any(glob.fullmatch(arn) for glob in self._globs for arn in arns)

    def admit(self, principal: Principal) -> bool:
        """Tell whether the principal is listed, be it by `*`."""
        return self.name_everyone or self.name(principal)


def known_arns(principal: Principal) -> frozenset[str]:
    """Return the ARNs that a list may use for the principal."""
    return frozenset({principal.arn, principal.principal_arn, role_arn_of(principal.arn)})


def role_arn_of(caller_arn: str) -> str:
    """Return the role's ARN for a role session's, any other ARN as it is."""
    session = _ASSUMED_ROLE.fullmatch(caller_arn)
    if session is None:
        return caller_arn
    # AWS reference_identifiers: a role session's ARN leaves the role's path out.
    return f"{session[1]}iam{session[2]}role/{session[3]}"


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _looks_like_arn(pattern: str) -> bool:
    parts = pattern.split(":", _ARN_PARTS - 1)
    return len(parts) == _ARN_PARTS and parts[0] == "arn" and bool(parts[-1])


def _glob(pattern: str) -> re.Pattern[str]:
    *leading, resource = pattern.split(":", _ARN_PARTS - 1)
    parts = [_translated(part, any_text="[^:]*", any_one="[^:]") for part in leading]
    parts.append(_translated(resource, any_text=".*", any_one="."))
    return re.compile(":".join(parts), re.DOTALL)


def _translated(part: str, *, any_text: str, any_one: str) -> str:
    wildcards = {"*": any_text, "?": any_one}
    return "".join(wildcards.get(character, re.escape(character)) for character in part)
