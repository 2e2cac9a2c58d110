"""The client's side of SRP: the vector, the server's own side, and what a client refuses."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from poolgate.credentials import passwords, srp
from poolgate.credentials.passwords import WrongPassword
from poolgate.credentials.sealing import Vault
from poolgate.credentials.srp import Proves
from poolgate.credentials.srp_client import (
    Challenge,
    ClientExchange,
    Identity,
    SrpServerValueRefused,
    new_device_verifier,
    render_timestamp,
)
from poolgate.credentials.srp_numbers import PLAIN_MODULUS
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.secret import Secret

VECTOR = json.loads((Path(__file__).parents[2] / "vectors/srp.json").read_text())
NOW = datetime(2023, 9, 5, 7, 9, 22, tzinfo=UTC)
POOL, CLIENT = PoolId(VECTOR["pool_id"]), ClientId("client")
ALICE = Identity("AbCdEfGhI", VECTOR["user_id"])
PASSWORD = Secret(VECTOR["password"])
VAULT = Vault([bytes(32)])


def private(name: str) -> int:
    return int.from_bytes(hashlib.sha256(VECTOR[name].encode()).digest(), "big")


def test_the_client_side_reproduces_the_test_vector() -> None:
    exchange = ClientExchange(private("sha256_of_this_is_private_a"))
    assert hashlib.sha256(exchange.srp_a.encode()).hexdigest() == VECTOR["sha256_of_public_a_hex"]
    verifier = pow(2, ALICE.exponent(PASSWORD, int(VECTOR["salt"], 16)), PLAIN_MODULUS)
    assert f"{ALICE.exponent(PASSWORD, int(VECTOR['salt'], 16)):x}" == VECTOR["x"]
    public_b = (
        int(VECTOR["multiplier"], 16) * verifier
        + pow(2, private("sha256_of_this_is_private_b"), PLAIN_MODULUS)
    ) % PLAIN_MODULUS
    challenge = Challenge(VECTOR["salt"], f"{public_b:x}", VECTOR["secret_block"])
    claim = exchange.claim(ALICE, PASSWORD, challenge, NOW)
    assert (claim.signature, claim.timestamp) == (VECTOR["signature"], VECTOR["timestamp"])


def finish(typed: Secret, *, proves: Proves = Proves.PASSWORD) -> None:
    """Run an exchange with the server's own side; raise WrongPassword as it does."""
    salt = passwords.new_salt()
    identity = ALICE
    if proves is Proves.DEVICE_SECRET:
        identity = Identity(srp.device_group_key(POOL), ALICE.name)
    whom = srp.Verifier(
        user_id=identity.name,
        sub=Sub("sub"),
        salt=salt,
        verifier=passwords.make_srp_verifier(identity.group, identity.name, PASSWORD, salt),
    )
    exchange = ClientExchange()
    begun = srp.begin(
        VAULT,
        pool_id=POOL,
        client_id=CLIENT,
        whom=whom,
        srp_a=exchange.srp_a,
        now=NOW,
        proves=proves,
    )
    challenge = Challenge(begun.salt, begun.srp_b, begun.secret_block)
    claim = exchange.claim(identity, typed, challenge, NOW)
    block = srp.open_secret_block(
        VAULT,
        begun.secret_block,
        pool_id=POOL,
        client_id=CLIENT,
        now=NOW,
        lifetime_seconds=60,
        proves=proves,
    )
    srp.verify_claim(
        block,
        whom,
        signature=claim.signature,
        timestamp=claim.timestamp,
        now=NOW,
        proves=proves,
    )


@pytest.mark.parametrize("proves", list(Proves))
def test_the_servers_side_takes_the_right_secret_and_no_other(proves: Proves) -> None:
    for _ in range(3):
        finish(PASSWORD, proves=proves)
    with pytest.raises(WrongPassword):
        finish(Secret("Wrong-Horse-1"), proves=proves)


def test_a_devices_verifier_is_one_that_pools_take() -> None:
    device = Identity("-group", "us-east-1_device")
    made = new_device_verifier(device)
    salt, verifier = base64.b64decode(made.salt), base64.b64decode(made.verifier)
    number = int.from_bytes(srp.verify_device_verifier(salt, verifier), "big")
    exponent = device.exponent(made.secret, int.from_bytes(salt, "big"))
    assert number == pow(2, exponent, PLAIN_MODULUS)


@pytest.mark.parametrize(
    "challenge",
    [
        Challenge("ab", "0", "AAAA"),
        Challenge("ab", f"{PLAIN_MODULUS:x}", "AAAA"),
        Challenge("ab", f"{2 * PLAIN_MODULUS:x}", "AAAA"),
        Challenge("ab", "f" * 800, "AAAA"),
        Challenge("ab", "-5", "AAAA"),
        Challenge("", "5", "AAAA"),
        Challenge("xyz", "5", "AAAA"),
        Challenge("ab", "5", "A"),
    ],
)
def test_what_would_give_the_key_away_or_is_no_challenge_is_refused(challenge: Challenge) -> None:
    with pytest.raises(SrpServerValueRefused):
        ClientExchange().claim(ALICE, PASSWORD, challenge, NOW)


def test_days_of_one_digit_have_one() -> None:
    assert render_timestamp(NOW) == "Tue Sep 5 07:09:22 UTC 2023"
