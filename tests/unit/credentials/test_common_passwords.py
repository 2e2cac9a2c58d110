"""Common passwords are known with their usual decoration; others are not."""

import pytest

from poolgate.credentials.common_passwords import CommonPasswords
from poolgate.foundation.secret import Secret

KNOWN = CommonPasswords()


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password1!",
        "P@ssw0rd",
        "p4ssw0rd!",
        "Welcome-2024!",
        "QWERTY123",
        "Letmein1!",
        "!Admin123",
        "12345678",
        "12345678!",
        "1q2w3e4r",
        "Summer2025#",
        "iloveyou",
    ],
)
def test_common_passwords_are_known(password: str) -> None:
    assert KNOWN.contains(Secret(password))


@pytest.mark.parametrize(
    "password",
    ["Right-password-1", "correct horse battery staple", "Tr0ub4dor&3x", "xK9$mQ2!vLp7", "", "1"],
)
def test_others_are_not(password: str) -> None:
    assert not KNOWN.contains(Secret(password))
