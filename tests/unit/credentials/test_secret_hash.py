import pytest
from pycognito.aws_srp import AWSSRP

from poolgate.credentials.secret_hash import (
    WrongClientSecret,
    WrongSecretHash,
    verify_client_secret,
    verify_secret_hash,
)
from poolgate.foundation.ids import ClientId
from poolgate.foundation.secret import Secret

CLIENT = ClientId("abc")
SECRETS = (Secret("first"), Secret("second"))


@pytest.mark.parametrize("secret", ["first", "second"])
def test_hash_of_either_active_secret_passes(secret: str) -> None:
    submitted = AWSSRP.get_secret_hash("alice", "abc", secret)
    verify_secret_hash(SECRETS, "alice", CLIENT, submitted)


@pytest.mark.parametrize(
    "submitted",
    [
        "",
        "\u00e9",
        AWSSRP.get_secret_hash("bob", "abc", "first"),
        AWSSRP.get_secret_hash("alice", "abd", "first"),
        AWSSRP.get_secret_hash("alice", "abc", "third"),
    ],
)
def test_any_other_hash_is_refused(submitted: str) -> None:
    with pytest.raises(WrongSecretHash) as refusal:
        verify_secret_hash(SECRETS, "alice", CLIENT, submitted)
    assert refusal.value.facts == {"client_id": "abc"}


def test_client_without_secrets_accepts_no_hash() -> None:
    with pytest.raises(WrongSecretHash):
        verify_secret_hash((), "alice", CLIENT, AWSSRP.get_secret_hash("alice", "abc", ""))


def test_plain_secret_is_compared_with_each() -> None:
    verify_client_secret(SECRETS, CLIENT, Secret("second"))
    with pytest.raises(WrongClientSecret):
        verify_client_secret(SECRETS, CLIENT, Secret("third"))
    with pytest.raises(WrongClientSecret):
        verify_client_secret((), CLIENT, Secret(""))
