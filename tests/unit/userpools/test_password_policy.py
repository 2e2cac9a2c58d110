import pytest

from poolgate.foundation.secret import Secret
from poolgate.userpools.passwords import PasswordUnfit, generate_temporary, verify_fit
from poolgate.userpools.pool_settings import PasswordPolicy


@pytest.mark.parametrize("symbol", "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-")
def test_each_symbol_of_aws_counts(symbol: str) -> None:
    verify_fit(PasswordPolicy(), Secret(f"Abcdefg1{symbol}"))


@pytest.mark.parametrize("password", ["Abcdefg1é", "Abcdefg1 ", " Abcdefg1", "Abcdefg1€"])
def test_other_characters_are_no_symbols(password: str) -> None:
    with pytest.raises(PasswordUnfit) as caught:
        verify_fit(PasswordPolicy(), Secret(password))
    assert caught.value.facts == {
        "reason": "Password must have symbol characters",
        "lacks": "symbol",
    }


def test_space_inside_counts_as_symbol() -> None:
    verify_fit(PasswordPolicy(), Secret("Abcd efg1"))


def test_policy_without_demands_wants_the_length_only() -> None:
    policy = PasswordPolicy(
        minimum_length=6,
        require_uppercase=False,
        require_lowercase=False,
        require_numbers=False,
        require_symbols=False,
    )
    verify_fit(policy, Secret("ééééüü"))
    with pytest.raises(PasswordUnfit):
        verify_fit(policy, Secret("ééééü"))


@pytest.mark.parametrize("length", [6, 8, 20, 99])
def test_generated_passwords_fit_and_differ(length: int) -> None:
    policy = PasswordPolicy(minimum_length=length)
    passwords = {generate_temporary(policy).reveal() for _ in range(50)}
    assert len(passwords) == 50
    for password in passwords:
        verify_fit(policy, Secret(password))
