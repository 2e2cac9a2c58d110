"""The port to whoever makes keys of child accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, repr=False)
class AccountKeys:
    """Temporary keys of a child account; shown to the lease's owner once and never kept."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    console_url: str


class AccountKeySource(Protocol):
    """Makes temporary keys by assuming a role in a child account."""

    def keys_of(self, *, account_id: str, role_arn: str, role_session_name: str) -> AccountKeys:
        """Return new keys of the role; they differ at every call.

        It may take as long as a network call and is never run inside a transaction. Raises
        KeysUnavailable when the role cannot be assumed now.
        """
        ...


def render(keys: AccountKeys) -> Mapping[str, str]:
    """Return the keys as the API shows them."""
    return {
        "accessKeyId": keys.access_key_id,
        "secretAccessKey": keys.secret_access_key,
        "sessionToken": keys.session_token,
        "consoleUrl": keys.console_url,
    }
