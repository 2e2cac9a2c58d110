import pytest

from poolgate.credentials.confirmation_codes import WrongCode, derive_code, digest_code, verify_code
from poolgate.foundation.secret import Secret

KEY = bytes(32)


def test_codes_are_six_digits_and_vary_with_moment_row_and_key() -> None:
    codes = {
        derive_code(mac_key=key, bound_to=row, issued_at=moment).reveal()
        for key in (KEY, b"\x01" * 32)
        for row in ("pool/alice/sign_up", "pool/bob/sign_up")
        for moment in range(50)
    }
    assert all(len(code) == 6 and code.isdecimal() and code.isascii() for code in codes)
    assert len(codes) > 190


def test_same_issue_gives_the_same_code_again() -> None:
    first, second = (derive_code(mac_key=KEY, bound_to="row", issued_at=7) for _ in range(2))
    assert first == second


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
