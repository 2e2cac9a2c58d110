"""Proofs of possession at this server's endpoints (DPoP, RFC 9449): fresh, and used once.

    the header DPoP ── prove ──> the thumbprint of a key, to which tokens are bound

A nonce of the server shows that a proof was not made ahead of time. It is sealed time, so nothing
is kept for those who ask for one. The strict profile wants it always.
"""

import base64
import binascii
import hashlib

from poolgate.credentials.sealing import UnsealingFailed
from poolgate.foundation.failure import Failure
from poolgate.jose.possession import WINDOW_SECONDS, KeyProof, KeyProofRefused, verify_key_proof
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent
from poolgate.userpools.tables import spent_proofs

NONCE_SECONDS = 300
_PURPOSE = "nonce of key proofs"
_NONCE_BYTES = 8
_SPEND = InsertIfAbsent(spent_proofs)


class KeyProofInvalid(Failure):
    """The proof is malformed, is for another request, is not fresh, or was used before."""


class KeyProofNonceWanted(Failure):
    """The proof must name a nonce of this server, and names none that still counts."""


def prove(
    call: Call,
    presented: str,
    *,
    method: str,
    urls: frozenset[str],
    access_token: str | None = None,
) -> str:
    """Return the thumbprint of the key that the request's sender holds, once for each proof.

    Raises KeyProofInvalid or KeyProofNonceWanted.
    """
    try:
        proof = verify_key_proof(presented, method=method, urls=urls, access_token=access_token)
    except KeyProofRefused as refusal:
        raise KeyProofInvalid(private_detail=refusal.private_detail) from refusal
    if abs(call.now_millis / 1000 - proof.issued_at) > WINDOW_SECONDS:
        raise KeyProofInvalid(private_detail="not fresh")
    if proof.nonce is None:
        if call.strict_oauth:
            raise KeyProofNonceWanted
    elif not _is_fresh(call, proof.nonce):
        raise KeyProofNonceWanted
    _spend(call, proof)
    return proof.thumbprint


def new_nonce(call: Call) -> str:
    """Return a nonce that proofs may name for five minutes."""
    sealed = call.vault.seal(
        call.now_millis.to_bytes(_NONCE_BYTES, "big"), purpose=_PURPOSE, bound_to=""
    )
    return base64.urlsafe_b64encode(sealed).decode()


def _is_fresh(call: Call, nonce: str) -> bool:
    try:
        sealed = base64.urlsafe_b64decode(nonce.encode("ascii"))
        opened = call.vault.unseal(sealed, purpose=_PURPOSE, bound_to="")
    except (ValueError, binascii.Error, UnsealingFailed):
        return False
    age_millis = call.now_millis - int.from_bytes(opened, "big")
    # Servers that share a database have clocks of their own.
    return -WINDOW_SECONDS * 1000 <= age_millis < NONCE_SECONDS * 1000


def _spend(call: Call, proof: KeyProof) -> None:
    # SPEC RFC 9449 s11.1: kept for as long as its time would let it pass again.
    named = f"key proof\0{proof.thumbprint}\0{proof.proof_id}".encode()
    spent = {
        "digest": hashlib.sha256(named).digest(),
        "expires_at": int((proof.issued_at + 2 * WINDOW_SECONDS) * 1000),
    }
    with call.db.writing() as transaction:
        is_first = transaction.insert_if_absent(_SPEND, spent)
    if not is_first:
        raise KeyProofInvalid(private_detail="used before")
