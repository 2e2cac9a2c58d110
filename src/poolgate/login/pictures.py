"""Pictures that are scanned."""

import segno

from poolgate.credentials.totp import render_key_uri
from poolgate.foundation.secret import Secret


def authenticator_picture(totp_secret: str, *, issuer: str, account: str) -> str:
    """Return the secret as the picture that authenticator apps scan, an `svg` element."""
    uri = render_key_uri(Secret(totp_secret), issuer=issuer, account=account)
    picture: str = segno.make(uri, micro=False).svg_inline(scale=4, border=2)
    return picture
