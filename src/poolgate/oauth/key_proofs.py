"""The header `DPoP` at a domain's endpoints (RFC 9449)."""

from poolgate.oauth.places import own_urls
from poolgate.oauth.requests import OAuthRequest
from poolgate.userpools import key_proofs
from poolgate.userpools.key_proofs import KeyProofInvalid

HEADER = "dpop"
NONCE_HEADER = "dpop-nonce"
SCHEME = "DPoP"


def proven_key(request: OAuthRequest, *, access_token: str | None = None) -> str | None:
    """Return the thumbprint of the key that the request proves, None where it proves none.

    Raises KeyProofInvalid or KeyProofNonceWanted.
    """
    presented = [value for name, value in request.http.headers if name == HEADER]
    if not presented:
        return None
    # SPEC RFC 9449 s4.3 (1)
    if len(presented) > 1:
        raise KeyProofInvalid(private_detail="several proofs")
    return key_proofs.prove(
        request.call,
        presented[0],
        method=request.http.method,
        urls=own_urls(request.call, request.place, request.place.named.path),
        access_token=access_token,
    )
