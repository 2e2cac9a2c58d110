"""The exchange against a plain reading of the formulas, for arbitrary names and passwords."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolgate.credentials import passwords, srp
from poolgate.credentials.passwords import WrongPassword
from poolgate.credentials.sealing import Vault
from poolgate.credentials.srp_group import MODULUS
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.secret import Secret

N = int(MODULUS)
NOW = datetime(2023, 9, 5, 7, 9, 22, tzinfo=UTC)
TIMESTAMP = "Tue Sep 5 07:09:22 UTC 2023"
POOL, CLIENT = PoolId("eu-west-1_Pool00000"), ClientId("client")
VAULT = Vault([bytes(32)])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def pad_hex(number: int) -> bytes:
    digits = f"{number:x}"
    if len(digits) % 2:
        digits = "0" + digits
    elif digits[0] in "89abcdef":
        digits = "00" + digits
    return bytes.fromhex(digits)


def sha256_number(message: bytes) -> int:
    return int.from_bytes(hashlib.sha256(message).digest(), "big")


def client_signature(begun: srp.Begun, user_id: str, password: str, private_a: int) -> str:
    public_a, public_b = pow(2, private_a, N), int(begun.srp_b, 16)
    u = sha256_number(pad_hex(public_a) + pad_hex(public_b))
    identity = hashlib.sha256(f"Pool00000{user_id}:{password}".encode()).digest()
    x = sha256_number(pad_hex(int(begun.salt, 16)) + identity)
    k = sha256_number(pad_hex(N) + b"\x02")
    shared = pow(public_b - k * pow(2, x, N), private_a + u * x, N)
    extracted = hmac.digest(pad_hex(u), pad_hex(shared), "sha256")
    key = hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]
    block = base64.b64decode(begun.secret_block)
    message = f"Pool00000{user_id}".encode() + block + TIMESTAMP.encode()
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


@settings(max_examples=25, deadline=None)
@given(user_id=TEXT, password=TEXT, typed=st.none() | TEXT, private_a=st.integers(1, 2**1024))
def test_exactly_the_right_password_finishes_the_exchange(
    user_id: str, password: str, typed: str | None, private_a: int
) -> None:
    salt = passwords.new_salt()
    whom = srp.Verifier(
        user_id=user_id,
        sub=Sub("sub"),
        salt=salt,
        verifier=passwords.make_srp_verifier("Pool00000", user_id, Secret(password), salt),
    )
    begun = srp.begin(
        VAULT,
        pool_id=POOL,
        client_id=CLIENT,
        whom=whom,
        srp_a=f"{pow(2, private_a, N):x}",
        now=NOW,
    )
    block = srp.open_secret_block(
        VAULT, begun.secret_block, pool_id=POOL, client_id=CLIENT, now=NOW, lifetime_seconds=180
    )
    given_password = password if typed is None else typed
    signature = client_signature(begun, user_id, given_password, private_a)
    if given_password == password:
        srp.verify_claim(block, whom, signature=signature, timestamp=TIMESTAMP, now=NOW)
        return
    with pytest.raises(WrongPassword):
        srp.verify_claim(block, whom, signature=signature, timestamp=TIMESTAMP, now=NOW)
