import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gmpy2
import pytest

from poolgate.credentials import passwords, srp_group, srp_numbers
from poolgate.credentials.passwords import WrongPassword
from poolgate.foundation.secret import Secret

VECTOR = json.loads(
    (Path(__file__).parents[2] / "vectors" / "srp.json").read_text(encoding="utf-8")
)
SALT = bytes.fromhex(VECTOR["salt"])
PASSWORD = Secret(VECTOR["password"])


def verifier() -> bytes:
    return passwords.make_srp_verifier("AbCdEfGhI", "alice", PASSWORD, SALT)


def check(password: str, *, user_id: str = "alice", pool_name: str = "AbCdEfGhI") -> None:
    passwords.verify_srp_password(
        verifier(), pool_name=pool_name, user_id=user_id, password=Secret(password), salt=SALT
    )


def test_verifier_is_the_generator_raised_to_the_specified_exponent() -> None:
    x = int(VECTOR["x"], 16)
    assert int.from_bytes(verifier(), "big") == pow(2, x, int(srp_group.MODULUS))
    assert len(verifier()) == 384


def test_right_password_passes() -> None:
    check("Correct-Horse-1")


@pytest.mark.parametrize("wrong", ["", "Correct-Horse-2", "correct-horse-1", "Correct-Horse-1 "])
def test_wrong_password_is_refused(wrong: str) -> None:
    with pytest.raises(WrongPassword):
        check(wrong)


def test_verifier_of_another_user_or_pool_does_not_pass() -> None:
    with pytest.raises(WrongPassword):
        check("Correct-Horse-1", user_id="bob")
    with pytest.raises(WrongPassword):
        check("Correct-Horse-1", pool_name="Other")


def test_srp_password_is_not_normalised() -> None:
    composed = passwords.make_srp_verifier("P", "u", Secret("caf\u00e9"), SALT)
    decomposed = passwords.make_srp_verifier("P", "u", Secret("cafe\u0301"), SALT)
    assert composed != decomposed


@pytest.mark.parametrize("exponent", [0, 1, 255, 256, 2**255, 2**256 - 1])
def test_table_agrees_with_general_exponentiation(exponent: int) -> None:
    expected = gmpy2.powmod(2, exponent, srp_group.MODULUS)
    assert srp_group.generator_to(exponent.to_bytes(32, "big")) == expected


def test_many_threads_may_want_the_table_at_once() -> None:
    barrier = threading.Barrier(8)

    def raise_generator(_: int) -> object:
        barrier.wait()
        return srp_group.generator_to(bytes(31) + b"\x05")

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(raise_generator, range(8))) == {32}


@pytest.mark.parametrize(
    ("number", "padded"),
    [(1, "01"), (0x7F, "7f"), (0x80, "0080"), (0xFFF, "0fff"), (0x8000, "008000")],
)
def test_numbers_are_padded_as_twos_complement(number: int, padded: str) -> None:
    assert srp_numbers.pad(gmpy2.mpz(number)).hex() == padded


def test_salts_have_sixteen_bytes_and_no_leading_zero_byte() -> None:
    salts = {passwords.new_salt() for _ in range(600)}
    assert len(salts) == 600
    assert all(len(salt) == 16 and salt[0] != 0 for salt in salts)


def test_argon2id_hash_carries_owasp_parameters() -> None:
    encoded = passwords.hash_argon2id(PASSWORD)
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    passwords.verify_argon2id(encoded, PASSWORD)
    with pytest.raises(WrongPassword):
        passwords.verify_argon2id(encoded, Secret("Correct-Horse-2"))


def test_argon2id_treats_composed_and_decomposed_characters_alike() -> None:
    encoded = passwords.hash_argon2id(Secret("caf\u00e9"))
    passwords.verify_argon2id(encoded, Secret("cafe\u0301"))


def test_unreadable_hash_is_refused() -> None:
    with pytest.raises(WrongPassword):
        passwords.verify_argon2id("$argon2id$v=19$m=19456,t=2,p=1$!!!$!!!", PASSWORD)


def test_check_for_nobody_always_fails() -> None:
    with pytest.raises(WrongPassword):
        passwords.refuse_as_srp(pool_name="P", user_id="u", password=PASSWORD)
    with pytest.raises(WrongPassword):
        passwords.refuse_as_argon2id(PASSWORD)


def test_hash_for_nobody_has_the_current_parameters() -> None:
    parameters = passwords.NOBODYS_HASH.rsplit("$", 2)[0]
    assert passwords.hash_argon2id(PASSWORD).rsplit("$", 2)[0] == parameters


def test_a_hash_with_any_weaker_parameter_is_weaker() -> None:
    kept = passwords.NOBODYS_HASH
    assert not passwords.is_weaker_argon2id(kept)
    for weaker in ("m=19455,t=2", "m=19456,t=1", "m=262144,t=1"):
        assert passwords.is_weaker_argon2id(kept.replace("m=19456,t=2", weaker))
    assert passwords.is_weaker_argon2id(kept.replace("v=19", "v=16"))
    assert passwords.is_weaker_argon2id(kept[:-16])
    assert not passwords.is_weaker_argon2id(kept.replace("m=19456,t=2", "m=65536,t=3"))
