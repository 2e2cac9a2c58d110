"""Who signed a request."""

import re
from dataclasses import dataclass

from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.ids import AccessKeyId, Region
from poolgate.iam.key_uses import use_of
from poolgate.iam.signers import root_principal, verify_signer
from poolgate.policy.principal import Principal
from poolgate.sigv4.failures import SignatureFailure, SignatureFault
from poolgate.sigv4.proofs import carries_proof, parse_proof, verify_signature
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key
from poolgate.web.messages import HttpRequest
from poolgate.wire.dev_pages import verify_own_machine
from poolgate.wire.installation import Installation
from poolgate.wire.refusals import Reason, Refusal

_SCOPE_REGION = re.compile(r"[\w.-]{1,128}(?:/|%2F)[0-9]{8}(?:/|%2F)([a-z0-9-]{1,63})(?:/|%2F)")
_REASONS = {
    SignatureFault.MISSING_AUTHENTICATION: Reason.MISSING_AUTHENTICATION,
    SignatureFault.INCOMPLETE_SIGNATURE: Reason.INCOMPLETE_SIGNATURE,
    SignatureFault.INVALID_ACCESS_KEY: Reason.INVALID_ACCESS_KEY,
    SignatureFault.EXPIRED_TOKEN: Reason.EXPIRED_TOKEN,
    SignatureFault.SIGNATURE_MISMATCH: Reason.SIGNATURE_MISMATCH,
    SignatureFault.MALFORMED_QUERY: Reason.MALFORMED_QUERY,
}


@dataclass(frozen=True, slots=True)
class SignedCaller:
    """A principal and the region that it signed for."""

    principal: Principal
    region: Region
    access_key_id: AccessKeyId


def request_parts(http: HttpRequest) -> RequestParts:
    """Return what a signature covers of a request."""
    return RequestParts(
        method=http.method,
        path=http.path,
        query=http.query,
        headers=http.headers,
        body=http.body,
    )


def verify_caller(installation: Installation, http: HttpRequest, *, service: str) -> SignedCaller:
    """Return who signed the request for `service`; raise Refusal in AWS's words otherwise."""
    parts = request_parts(http)
    try:
        if installation.dev:
            verify_own_machine(installation, http)
            return _dev_caller(installation, parts)
        return _verified_caller(installation, parts, service)
    except SignatureFailure as failure:
        raise Refusal(_REASONS[failure.fault], failure.message) from failure


def _verified_caller(installation: Installation, parts: RequestParts, service: str) -> SignedCaller:
    now = installation.clock.now()
    proof = parse_proof(parts, now=now, skew_seconds=installation.skew_of(service), service=service)
    access_key_id = AccessKeyId(proof.access_key_id)
    signer = verify_signer(
        installation.db,
        installation.vault,
        installation.account_id,
        access_key_id=access_key_id,
        session_token=proof.session_token,
        now_millis=epoch_millis(now),
    )
    signing_key = derive_signing_key(
        signer.secret_access_key, proof.date, proof.region, proof.service
    )
    verify_signature(parts, proof, signing_key)
    installation.uses.note(
        use_of(
            signer.principal,
            access_key_id,
            service=service,
            region=proof.region,
            now_millis=epoch_millis(now),
        )
    )
    return SignedCaller(signer.principal, Region(proof.region), access_key_id)


def _dev_caller(installation: Installation, parts: RequestParts) -> SignedCaller:
    """Return root for any claim of a signature, as emulators do; `--dev` only."""
    if not carries_proof(parts):
        raise Refusal(Reason.MISSING_AUTHENTICATION, "Request is missing Authentication Token")
    authorization = dict(parts.headers).get("authorization", "")
    scope = _SCOPE_REGION.search(authorization) or _SCOPE_REGION.search(parts.query)
    region = Region(scope[1]) if scope else installation.region
    return SignedCaller(root_principal(installation.account_id), region, AccessKeyId("dev"))
