"""What a token says of itself before anybody has looked at its signature: for look-ups only."""

from poolgate.jose.base64url import decode_base64url
from poolgate.jose.strict_json import parse_json_object
from poolgate.jose.tokens import TokenMalformed, parse_token


def audience_of(token: str) -> str:
    """Return the `aud` that the token claims to have, empty where it claims none."""
    try:
        claims = parse_json_object(decode_base64url(parse_token(token).payload_segment))
    except (TokenMalformed, ValueError):
        return ""
    audience = claims.get("aud")
    return audience if isinstance(audience, str) else ""
