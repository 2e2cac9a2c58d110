"""`id_token_hint`: an ID token by which an app client says whom it means."""

from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.jose.tokens import TokenRefused, parse_token, verify_token
from poolgate.store.call import Call
from poolgate.userpools import signing_keys
from poolgate.userpools.signing_keys import TokenUse


class HintRefused(Failure):
    """The text is no ID token of this pool."""


@dataclass(frozen=True, slots=True)
class IdTokenHint:
    """Whom a hint means, and the app client that the token was made for."""

    sub: Sub
    client_id: ClientId


def read_hint(call: Call, pool_id: PoolId, text: str) -> IdTokenHint:
    """Return what the hint says; raise HintRefused unless this pool signed it.

    SPEC OpenID Connect Core s3.1.2.1, RP-Initiated Logout s2: it may have expired, and this server
    need not be among its audiences.
    """
    try:
        unverified = parse_token(text)
        with call.db.reading() as transaction:
            key = signing_keys.find_published(transaction, call, unverified.key_id, TokenUse.ID)
        if key is None or key.pool_id != pool_id:
            raise HintRefused(private_detail="unknown key")
        claims = verify_token(unverified, key.verification_key)
    except TokenRefused as refusal:
        raise HintRefused(private_detail=refusal.private_detail) from refusal
    if claims["token_use"] != TokenUse.ID:
        raise HintRefused(private_detail="another use")
    # An ID token for another audience names its app client beside it.
    return IdTokenHint(Sub(claims["sub"]), ClientId(claims.get("azp") or claims["aud"]))
