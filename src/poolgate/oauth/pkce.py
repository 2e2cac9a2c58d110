"""The form of PKCE's two values (RFC 7636); whether they fit together is for the code's owner."""

import hashlib
import re
from collections.abc import Mapping

from poolgate.jose.base64url import encode_base64url
from poolgate.oauth.errors import OAuthRefused, invalid_request

METHOD = "S256"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
# SPEC RFC 7636 s4.2: base64url of 32 bytes, without padding.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def verify_code_verifier_form(code_verifier: str) -> None:
    """Raise OAuthRefused unless it is 43 to 128 unreserved characters (RFC 7636 s4.1)."""
    if not _VERIFIER.fullmatch(code_verifier):
        raise OAuthRefused(invalid_request())


def parse_code_challenge(parameters: Mapping[str, str]) -> str | None:
    """Return the challenge of an authorization request; raise OAuthRefused unless it is S256."""
    challenge = parameters.get("code_challenge")
    method = parameters.get("code_challenge_method")
    if challenge is None and method is None:
        return None
    # SPEC RFC 7636 s4.3: without a method it would be `plain`, which is not offered.
    if challenge is None or method != METHOD or not _CHALLENGE.fullmatch(challenge):
        raise OAuthRefused(invalid_request())
    return challenge


def code_challenge_of(code_verifier: str) -> str:
    """Return what a verifier is compared by (RFC 7636 s4.2)."""
    return encode_base64url(hashlib.sha256(code_verifier.encode()).digest()).decode()
