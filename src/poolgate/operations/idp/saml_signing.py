"""The certificate of a pool's SAML requests."""

from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    GetSigningCertificateRequest,
    GetSigningCertificateResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import saml_signing


@registrar.operation("GetSigningCertificate", authentication=Authentication.SIGV4)
def get_signing_certificate(
    call: Call, request: GetSigningCertificateRequest
) -> GetSigningCertificateResponse:
    """Show the certificate by which partners know the pool's SAML requests."""
    return {"Certificate": saml_signing.certificate(call, PoolId(request["UserPoolId"]))}
