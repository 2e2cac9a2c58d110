import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pycognito.aws_srp import AWSSRP, generate_hash_device

from poolgate.credentials import passwords, srp, srp_group
from poolgate.credentials.passwords import WrongPassword
from poolgate.credentials.sealing import Vault, new_master_key
from poolgate.credentials.srp import (
    Proves,
    SrpPublicValueRefused,
    SrpVerifierRefused,
    Verifier,
)
from poolgate.foundation.clock import epoch_millis
from poolgate.foundation.ids import ClientId, PoolId, Sub
from poolgate.foundation.secret import Secret

VECTOR = json.loads(
    (Path(__file__).parents[2] / "vectors" / "srp.json").read_text(encoding="utf-8")
)
POOL = PoolId(VECTOR["pool_id"])
CLIENT = ClientId("0123456789abcdefghijklmnop")
NOW = datetime(2023, 9, 5, 7, 9, 22, tzinfo=UTC)
NOW_TEXT = VECTOR["timestamp"]
SALT = bytes.fromhex(VECTOR["salt"])
PASSWORD = VECTOR["password"]
ALICE = Verifier(
    user_id="alice",
    sub=Sub("sub-of-alice"),
    salt=SALT,
    verifier=passwords.make_srp_verifier("AbCdEfGhI", "alice", Secret(PASSWORD), SALT),
)


@pytest.fixture
def vault() -> Vault:
    return Vault([new_master_key()])


def counterpart(password: str = PASSWORD, pool_id: str = POOL) -> AWSSRP:
    return AWSSRP("alice", password, pool_id, CLIENT, client=SimpleNamespace())


def begin(vault: Vault, client: AWSSRP, whom: Verifier = ALICE, now: datetime = NOW) -> srp.Begun:
    return srp.begin(
        vault, pool_id=POOL, client_id=CLIENT, whom=whom, srp_a=f"{client.large_a_value:x}", now=now
    )


def answer(
    client: AWSSRP, begun: srp.Begun, *, user_id: str = "alice", timestamp: str = NOW_TEXT
) -> str:
    key = client.get_password_authentication_key(
        user_id, client.password, int(begun.srp_b, 16), begun.salt
    )
    block = base64.b64decode(begun.secret_block)
    message = f"AbCdEfGhI{user_id}".encode() + block + timestamp.encode()
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def finish(
    vault: Vault,
    begun: srp.Begun,
    signature: str,
    *,
    whom: Verifier = ALICE,
    timestamp: str = NOW_TEXT,
    now: datetime = NOW,
    secret_block: str | None = None,
    client_id: ClientId = CLIENT,
    pool_id: PoolId = POOL,
) -> srp.OpenedBlock:
    block = srp.open_secret_block(
        vault,
        begun.secret_block if secret_block is None else secret_block,
        pool_id=pool_id,
        client_id=client_id,
        now=now,
        lifetime_seconds=180,
    )
    srp.verify_claim(block, whom, signature=signature, timestamp=timestamp, now=now)
    return block


def test_multiplier_is_the_published_one() -> None:
    assert f"{int(srp_group.MULTIPLIER):x}" == VECTOR["multiplier"]


def test_server_side_reproduces_the_test_vector() -> None:
    private_a = hashlib.sha256(VECTOR["sha256_of_this_is_private_a"].encode()).digest()
    private_b = hashlib.sha256(VECTOR["sha256_of_this_is_private_b"].encode()).digest()
    public_a = srp_group.generator_to(private_a)
    public_b = (
        srp_group.MULTIPLIER * srp_group.element_of(ALICE.verifier)
        + srp_group.generator_to(private_b)
    ) % srp_group.MODULUS
    assert _sha256_of_hex(public_a) == VECTOR["sha256_of_public_a_hex"]
    assert _sha256_of_hex(public_b) == VECTOR["sha256_of_public_b_hex"]
    exchange = srp.Exchange(
        pool_id=POOL,
        client_id=CLIENT,
        user_id=VECTOR["user_id"],
        sub=ALICE.sub,
        a=srp_group.element_bytes(public_a),
        b=srp_group.element_bytes(public_b),
        private_b=private_b,
        begun_at=epoch_millis(NOW),
    )
    assert srp.proof_key(exchange, ALICE.verifier).hex() == VECTOR["key"]
    block = srp.OpenedBlock(exchange, base64.b64decode(VECTOR["secret_block"]))
    srp.verify_claim(
        block, ALICE, signature=VECTOR["signature"], timestamp=VECTOR["timestamp"], now=NOW
    )


def _sha256_of_hex(number: int) -> str:
    return hashlib.sha256(f"{int(number):x}".encode()).hexdigest()


def test_public_client_library_proves_its_password(vault: Vault) -> None:
    for _ in range(4):
        client = counterpart()
        begun = begin(vault, client)
        opened = finish(vault, begun, answer(client, begun))
        assert opened.exchange.user_id == "alice"
        assert opened.exchange.sub == ALICE.sub


def test_salts_of_every_shape_agree_with_the_public_client_library(vault: Vault) -> None:
    for first_byte in (0x01, 0x10, 0x80):
        salt = bytes([first_byte]) + SALT[1:]
        whom = Verifier(
            user_id="alice",
            sub=ALICE.sub,
            salt=salt,
            verifier=passwords.make_srp_verifier("AbCdEfGhI", "alice", Secret(PASSWORD), salt),
        )
        client = counterpart()
        begun = begin(vault, client, whom)
        finish(vault, begun, answer(client, begun), whom=whom)


def test_another_process_with_the_same_master_key_finishes_the_exchange() -> None:
    master_key = new_master_key()
    client = counterpart()
    begun = begin(Vault([master_key]), client)
    finish(Vault([master_key]), begun, answer(client, begun))


def test_wrong_password_is_refused(vault: Vault) -> None:
    client = counterpart("Correct-Horse-2")
    begun = begin(vault, client)
    with pytest.raises(WrongPassword):
        finish(vault, begun, answer(client, begun))


def test_password_changed_in_between_ends_the_exchange(vault: Vault) -> None:
    client = counterpart()
    begun = begin(vault, client)
    changed = Verifier(
        user_id="alice",
        sub=ALICE.sub,
        salt=SALT,
        verifier=passwords.make_srp_verifier("AbCdEfGhI", "alice", Secret("Another-1!"), SALT),
    )
    with pytest.raises(WrongPassword):
        finish(vault, begun, answer(client, begun), whom=changed)


@pytest.mark.parametrize("multiple", [0, 1, 2])
def test_public_value_that_forces_the_key_is_refused(vault: Vault, multiple: int) -> None:
    with pytest.raises(SrpPublicValueRefused):
        srp.begin(
            vault,
            pool_id=POOL,
            client_id=CLIENT,
            whom=ALICE,
            srp_a=f"{int(srp_group.MODULUS) * multiple:x}",
            now=NOW,
        )


@pytest.mark.parametrize(
    "srp_a", ["", "xyz", "-1", "0x10", "1_0", " 1", "\u0661", "f" * 10_000, f"{2**3072 - 1:x}"]
)
def test_malformed_public_value_is_refused(vault: Vault, srp_a: str) -> None:
    with pytest.raises(SrpPublicValueRefused):
        srp.begin(vault, pool_id=POOL, client_id=CLIENT, whom=ALICE, srp_a=srp_a, now=NOW)


def test_block_is_refused_by_another_client_pool_or_installation(vault: Vault) -> None:
    client = counterpart()
    begun = begin(vault, client)
    signature = answer(client, begun)
    with pytest.raises(WrongPassword):
        finish(vault, begun, signature, client_id=ClientId("other"))
    with pytest.raises(WrongPassword):
        finish(vault, begun, signature, pool_id=PoolId("us-east-1_Other"))
    with pytest.raises(WrongPassword):
        finish(Vault([new_master_key()]), begun, signature)


@pytest.mark.parametrize("block", ["", "AAAA", "not base64!", "\u00e9", "AAA", "A" * 2000])
def test_garbled_block_is_refused(vault: Vault, block: str) -> None:
    client = counterpart()
    begun = begin(vault, client)
    with pytest.raises(WrongPassword):
        finish(vault, begun, answer(client, begun), secret_block=block)


def test_every_changed_byte_of_the_block_is_refused(vault: Vault) -> None:
    client = counterpart()
    begun = begin(vault, client)
    signature = answer(client, begun)
    sealed = base64.b64decode(begun.secret_block)
    for place in range(0, len(sealed), 13):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(WrongPassword):
            finish(vault, begun, signature, secret_block=base64.b64encode(altered).decode())


def test_block_lives_only_as_long_as_the_app_client_allows(vault: Vault) -> None:
    client = counterpart()
    begun = begin(vault, client)
    in_time = NOW + timedelta(seconds=179)
    finish(vault, begun, answer(client, begun), now=in_time)
    with pytest.raises(WrongPassword):
        finish(vault, begun, answer(client, begun), now=NOW + timedelta(seconds=180))


@pytest.mark.parametrize("minutes", [-5, 5])
def test_timestamp_within_minutes_is_accepted(vault: Vault, minutes: int) -> None:
    client = counterpart()
    begun = begin(vault, client)
    timestamp = AWSSRP.get_cognito_formatted_timestamp(NOW + timedelta(minutes=minutes))
    finish(vault, begun, answer(client, begun, timestamp=timestamp), timestamp=timestamp)


@pytest.mark.parametrize(
    "timestamp",
    [
        "Tue Sep 5 07:14:23 UTC 2023",
        "Tue Sep 5 07:04:21 UTC 2023",
        "Tue Sep 05 07:09:22 UTC 2023",
        "Wed Sep 5 07:09:22 UTC 2023",
        "Tue Sep 5 7:09:22 UTC 2023",
        "Tue Sep 5 07:09:22 GMT 2023",
        "Tue Sep 5 07:09:22 UTC 2023 ",
        "Tue Sep 5 07:09:22 UTC 2023\n",
        "tue sep 5 07:09:22 utc 2023",
        "Tue Sep 31 07:09:22 UTC 2023",
        "2023-09-05T07:09:22Z",
        "",
    ],
)
def test_timestamp_far_away_or_in_another_form_is_refused(vault: Vault, timestamp: str) -> None:
    client = counterpart()
    begun = begin(vault, client)
    with pytest.raises(WrongPassword):
        finish(vault, begun, answer(client, begun, timestamp=timestamp), timestamp=timestamp)


@pytest.mark.parametrize("signature", ["", "AAAA", "\u00e9", "A" * 44])
def test_garbled_signature_is_refused(vault: Vault, signature: str) -> None:
    begun = begin(vault, counterpart())
    with pytest.raises(WrongPassword):
        finish(vault, begun, signature)


def test_digest_names_one_block(vault: Vault) -> None:
    client = counterpart()
    first, second = begin(vault, client), begin(vault, client)
    opened = [
        srp.open_secret_block(
            vault, b.secret_block, pool_id=POOL, client_id=CLIENT, now=NOW, lifetime_seconds=180
        )
        for b in (first, second, first)
    ]
    assert opened[0].digest == opened[2].digest != opened[1].digest


class TestNobody:
    def test_simulated_answers_repeat_for_a_name_and_differ_between_names(
        self, vault: Vault
    ) -> None:
        first = srp.nobody(vault, POOL, "ghost")
        assert first == srp.nobody(vault, POOL, "ghost")
        assert first.sub is None
        for other in (
            srp.nobody(vault, POOL, "ghost2"),
            srp.nobody(vault, PoolId("us-east-1_Other"), "ghost"),
            srp.nobody(Vault([new_master_key()]), POOL, "ghost"),
        ):
            assert other.salt != first.salt
            assert other.user_id != first.user_id

    def test_simulated_answer_has_the_shape_of_a_real_one(self, vault: Vault) -> None:
        client = counterpart()
        simulated = begin(vault, client, srp.nobody(vault, POOL, "ghost"))
        real_id = Verifier(
            user_id="01234567-89ab-4def-8123-456789abcdef",
            sub=Sub("01234567-89ab-4def-8123-456789abcdef"),
            salt=SALT,
            verifier=ALICE.verifier,
        )
        real = begin(vault, client, real_id)
        assert len(simulated.salt) == len(real.salt)
        assert abs(len(simulated.secret_block) - len(real.secret_block)) <= 64

    def test_even_the_holder_of_the_made_up_verifier_cannot_finish(self, vault: Vault) -> None:
        ghost = srp.nobody(vault, POOL, "ghost")
        client = counterpart()
        begun = begin(vault, client, ghost)
        block = srp.open_secret_block(
            vault, begun.secret_block, pool_id=POOL, client_id=CLIENT, now=NOW, lifetime_seconds=180
        )
        message = f"AbCdEfGhI{ghost.user_id}".encode() + block.sealed + NOW_TEXT.encode()
        key = srp.proof_key(block.exchange, ghost.verifier)
        signature = base64.b64encode(hmac.digest(key, message, "sha256")).decode()
        with pytest.raises(WrongPassword):
            srp.verify_claim(block, ghost, signature=signature, timestamp=NOW_TEXT, now=NOW)


DEVICE_KEY = "us-east-1_d1b2c3d4-5678-90ab-cdef-000000000000"
SIXTEEN = bytes(range(1, 17))


def test_a_group_key_is_the_same_for_a_pool_and_of_no_other() -> None:
    key = srp.device_group_key(POOL)
    assert key == srp.device_group_key(POOL)
    assert key != srp.device_group_key(PoolId("us-east-1_other"))
    assert key[0] == "-"
    assert len(key) == 9


def test_a_device_proves_its_secret_and_no_other_exchange(vault: Vault) -> None:
    group_key = srp.device_group_key(POOL)
    for _ in range(4):
        secret, config = generate_hash_device(group_key, DEVICE_KEY)
        salt = base64.b64decode(config["Salt"])
        verifier = srp.verify_device_verifier(salt, base64.b64decode(config["PasswordVerifier"]))
        device = Verifier(user_id=DEVICE_KEY, sub=ALICE.sub, salt=salt, verifier=verifier)
        client = counterpart()
        begun = srp.begin(
            vault,
            pool_id=POOL,
            client_id=CLIENT,
            whom=device,
            srp_a=f"{client.large_a_value:x}",
            now=NOW,
            proves=Proves.DEVICE_SECRET,
            carried="the sign-in",
        )
        key = client.get_device_authentication_key(
            group_key, DEVICE_KEY, secret, int(begun.srp_b, 16), begun.salt
        )
        sealed = base64.b64decode(begun.secret_block)
        message = f"{group_key}{DEVICE_KEY}".encode() + sealed + NOW_TEXT.encode()
        signature = base64.b64encode(hmac.digest(key, message, "sha256")).decode()
        block = srp.open_secret_block(
            vault,
            begun.secret_block,
            pool_id=POOL,
            client_id=CLIENT,
            now=NOW,
            lifetime_seconds=180,
            proves=Proves.DEVICE_SECRET,
        )
        assert block.exchange.carried == "the sign-in"
        proof = {"signature": signature, "timestamp": NOW_TEXT, "now": NOW}
        srp.verify_claim(block, device, **proof, proves=Proves.DEVICE_SECRET)
        with pytest.raises(WrongPassword):
            srp.verify_claim(block, device, **proof)
        with pytest.raises(WrongPassword):
            finish(vault, begun, signature, whom=device)


@pytest.mark.parametrize("number", [0, 1, -1, 0x7FFFFFFF << 3072])
def test_a_verifier_outside_of_the_group_is_refused(number: int) -> None:
    value = number if number >= 0 else int(srp_group.MODULUS) + number
    encoded = value.to_bytes(385 if value.bit_length() <= 385 * 8 else 390, "big")
    with pytest.raises(SrpVerifierRefused):
        srp.verify_device_verifier(SIXTEEN, encoded)


@pytest.mark.parametrize(("length", "is_taken"), [(7, False), (8, True), (64, True), (65, False)])
def test_a_salt_has_a_sane_length(length: int, *, is_taken: bool) -> None:
    def verify() -> bytes:
        return srp.verify_device_verifier(b"s" * length, b"\2")

    if is_taken:
        assert verify() == bytes(383) + b"\2"
        return
    with pytest.raises(SrpVerifierRefused):
        verify()
