import pytest

from poolgate.credentials.confirmation_codes import WrongCode, digest_code, new_code, verify_code
from poolgate.foundation.secret import Secret

KEY = bytes(32)


def test_codes_are_six_digits_and_vary() -> None:
    codes = {new_code().reveal() for _ in range(200)}
    assert all(len(code) == 6 and code.isdecimal() and code.isascii() for code in codes)
    assert len(codes) > 190


def test_code_passes_only_for_its_row_and_key() -> None:
    digest = digest_code(Secret("123456"), mac_key=KEY, bound_to="pool/alice/sign_up")
    verify_code(Secret("123456"), digest, mac_key=KEY, bound_to="pool/alice/sign_up")
    for submitted, key, row in [
        ("123457", KEY, "pool/alice/sign_up"),
        ("123456", b"\x01" * 32, "pool/alice/sign_up"),
        ("123456", KEY, "pool/bob/sign_up"),
        ("", KEY, "pool/alice/sign_up"),
        ("p123456", KEY, "pool/alice/sign_u"),
    ]:
        with pytest.raises(WrongCode):
            verify_code(Secret(submitted), digest, mac_key=key, bound_to=row)
