"""The WWW-Authenticate values of a refusal: which proofs the API takes, and what was wrong.

# SPEC RFC 9110 s11.6.1: a 401 names at least one challenge. RFC 6750 s3 words Bearer's errors,
RFC 9449 s7.1 adds DPoP's,
# RFC 7617 s2.1 Basic's charset. A signature has no registered scheme; its algorithm is its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from poolgate.guard.possession import DPOP_ALGORITHMS
from poolgate.guard.presented import Scheme
from poolgate.guard.refusals import Forbidden, Refusal, Unauthenticated


@dataclass(frozen=True, slots=True)
class Challenges:
    """The challenges of one guard; `signed_scope` is the region and service to sign for."""

    realm: str
    schemes: frozenset[Scheme]
    signed_scope: tuple[str, str] | None = None

    def of(self, refusal: Refusal, *, basic_is_safe: bool) -> tuple[str, ...]:
        """Return the header values for a refusal; Basic is only offered where it is accepted."""
        if isinstance(refusal, Forbidden):
            return (self._bearer(refusal),) if refusal.bearer_error else ()
        if not isinstance(refusal, Unauthenticated):
            return ()
        offered: list[str] = []
        if Scheme.BEARER in self.schemes:
            offered.append(self._bearer(refusal))
        if Scheme.DPOP in self.schemes:
            offered.append(self._dpop(refusal))
        # A browser answers this challenge by sending a password: never over an open network.
        if Scheme.BASIC in self.schemes and basic_is_safe:
            offered.append(f'Basic realm={_quoted(self.realm)}, charset="UTF-8"')
        if self.signed_scope is not None:
            region, service = self.signed_scope
            offered.append(
                f"AWS4-HMAC-SHA256 realm={_quoted(self.realm)}, region={_quoted(region)},"
                f" service={_quoted(service)}"
            )
        return tuple(offered) or (f"Bearer realm={_quoted(self.realm)}",)

    def _dpop(self, refusal: Refusal) -> str:
        told = [f"realm={_quoted(self.realm)}", f"algs={_quoted(DPOP_ALGORITHMS)}"]
        if refusal.bearer_error is not None:
            told.append(f"error={_quoted(refusal.bearer_error)}")
        return "DPoP " + ", ".join(told)

    def _bearer(self, refusal: Refusal) -> str:
        told = [f"realm={_quoted(self.realm)}"]
        if refusal.bearer_error is not None:
            told.append(f"error={_quoted(refusal.bearer_error)}")
            told.append(f"error_description={_quoted(refusal.message)}")
        if refusal.scope is not None:
            told.append(f"scope={_quoted(refusal.scope)}")
        return "Bearer " + ", ".join(told)


def combined(values: Sequence[str]) -> str:
    """Return several challenges as one header value, for doors that cannot repeat a header."""
    return ", ".join(values)


def _quoted(text: str) -> str:
    # SPEC RFC 6750 s3: printable ASCII without quote and backslash.
    allowed = (
        character if " " <= character <= "~" and character not in '"\\' else "'"
        for character in text
    )
    return f'"{"".join(allowed)}"'
