"""Types for identifiers, so that they cannot be swapped, and the makers of new ones."""

from typing import NewType

from poolgate.foundation.randomness import (
    BASE32,
    DIGITS,
    LETTERS_AND_DIGITS,
    LOWER_AND_DIGITS,
    random_text,
)

AccountId = NewType("AccountId", str)
Region = NewType("Region", str)
PoolId = NewType("PoolId", str)
ClientId = NewType("ClientId", str)
Sub = NewType("Sub", str)
Username = NewType("Username", str)
GroupName = NewType("GroupName", str)
AccessKeyId = NewType("AccessKeyId", str)
Arn = NewType("Arn", str)


def new_account_id() -> AccountId:
    """Return twelve random digits, the first not zero."""
    return AccountId(random_text(DIGITS[1:], 1) + random_text(DIGITS, 11))


def new_pool_id(region: Region) -> PoolId:
    """Return `{region}_` and nine letters or digits."""
    return PoolId(f"{region}_{random_text(LETTERS_AND_DIGITS, 9)}")


def new_client_id() -> ClientId:
    """Return 26 lower-case letters or digits."""
    return ClientId(random_text(LOWER_AND_DIGITS, 26))


def new_access_key_id(prefix: str = "AKIA") -> AccessKeyId:
    """Return a 20-character access key id; `AKIA` is long-term, `ASIA` temporary."""
    return AccessKeyId(prefix + random_text(BASE32, 16))


def new_unique_id(prefix: str) -> str:
    """Return an IAM unique id such as `AIDA...`, 21 characters long."""
    return prefix + random_text(BASE32, 17)


def region_of_pool(pool_id: str) -> Region:
    """Return the region that a pool id names before its last underscore."""
    return Region(pool_id.rpartition("_")[0])


def pool_arn(account_id: AccountId, pool_id: PoolId, region: Region | None = None) -> Arn:
    """Return the ARN of a user pool, or of its replica in `region`."""
    at = region or region_of_pool(pool_id)
    return Arn(f"arn:aws:cognito-idp:{at}:{account_id}:userpool/{pool_id}")


def device_arn(account_id: AccountId, pool_id: PoolId, username: str, device_key: str) -> Arn:
    """Return the ARN of a user's device."""
    region = region_of_pool(pool_id)
    owner = f"owner/{username}.{pool_id}"
    return Arn(f"arn:aws:cognito-idp:{region}:{account_id}:{owner}/device/{device_key}")
