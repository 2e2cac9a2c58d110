import base64
import json
from pathlib import Path

import pytest

from poolgate.credentials import totp
from poolgate.credentials.totp import WrongTotpCode, code_of_step, step_at, verify_totp_code
from poolgate.foundation.secret import Secret

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/totp.json").read_text())
SECRET = VECTORS["secret"].encode()
NOW = 1_800_000_015


@pytest.mark.parametrize(("moment", "code"), VECTORS["eight_digits"])
def test_codes_are_those_of_rfc_6238(moment, code):
    assert code_of_step(SECRET, step_at(moment), digits=8) == code


@pytest.mark.parametrize(("counter", "code"), list(enumerate(VECTORS["six_digits_by_counter"])))
def test_codes_are_those_of_rfc_4226(counter, code):
    assert code_of_step(SECRET, counter) == code


@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_code_counts_one_step_early_and_late(beside):
    step = step_at(NOW) + beside
    submitted = Secret(code_of_step(SECRET, step))
    assert verify_totp_code(SECRET, submitted, now_seconds=NOW) == step


@pytest.mark.parametrize("beside", [-2, 2])
def test_code_of_a_step_further_away_is_wrong(beside):
    submitted = Secret(code_of_step(SECRET, step_at(NOW) + beside))
    with pytest.raises(WrongTotpCode):
        verify_totp_code(SECRET, submitted, now_seconds=NOW)


@pytest.mark.parametrize("submitted", ["", "000000", "12345", "1234567", "١٢٣٤٥٦", " 123456"])
def test_anything_else_is_wrong(submitted):
    with pytest.raises(WrongTotpCode):
        verify_totp_code(SECRET, Secret(submitted), now_seconds=NOW)


def test_code_of_another_secret_is_wrong():
    submitted = Secret(code_of_step(totp.new_totp_secret(), step_at(NOW)))
    with pytest.raises(WrongTotpCode):
        verify_totp_code(SECRET, submitted, now_seconds=NOW)


def test_first_seconds_of_time_have_a_step():
    assert verify_totp_code(SECRET, Secret(code_of_step(SECRET, 0)), now_seconds=0) == 0


def test_secret_is_typed_as_base32_without_padding():
    totp_secret = totp.new_totp_secret()
    typed = totp.encode_totp_secret(totp_secret).reveal()
    assert len(typed) == 52
    assert base64.b32decode(typed + "====") == totp_secret
