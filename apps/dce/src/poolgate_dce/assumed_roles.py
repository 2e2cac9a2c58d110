"""Keys of leased accounts by AssumeRole, and the sign-in link to the AWS console where wished."""

import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
from botocore.exceptions import BotoCoreError, ClientError

from poolgate_dce.account_keys import AccountKeys
from poolgate_dce.failures import KeysUnavailable

_ISSUER = "DCE"
_SECONDS = 10.0
_log = logging.getLogger("poolgate_dce")


@dataclass(frozen=True, slots=True)
class Console:
    """Where people sign in to a console with temporary keys.

    `sign_in_url` is AWS's federation endpoint or one that answers like it; `destination` is where
    people are sent then.
    """

    sign_in_url: str
    destination: str


class AssumedRoleKeys:
    """Makes keys by assuming the account's role; `sts` is a boto3 client of the app's own key.

    Without a console the link is empty text.
    """

    def __init__(self, sts: Any, console: Console | None = None) -> None:  # noqa: ANN401  boto3 makes its clients at run time
        self._sts = sts
        self._console = console

    def keys_of(self, *, account_id: str, role_arn: str, role_session_name: str) -> AccountKeys:
        """Return new keys of the role; raise KeysUnavailable."""
        try:
            keys = self._sts.assume_role(RoleArn=role_arn, RoleSessionName=role_session_name)[
                "Credentials"
            ]
        except (BotoCoreError, ClientError) as error:
            _log.warning("assume_role_failed account=%s error=%s", account_id, _named(error))
            raise KeysUnavailable(account_id) from error
        access_key_id, secret_access_key, session_token = (
            keys["AccessKeyId"],
            keys["SecretAccessKey"],
            keys["SessionToken"],
        )
        return AccountKeys(
            access_key_id,
            secret_access_key,
            session_token,
            self._console_url(access_key_id, secret_access_key, session_token),
        )

    def _console_url(self, access_key_id: str, secret_access_key: str, session_token: str) -> str:
        if self._console is None:
            return ""
        # AWS IAM user guide, custom identity broker access to the console.
        told = {
            "sessionId": access_key_id,
            "sessionKey": secret_access_key,
            "sessionToken": session_token,
        }
        try:
            # In the body, since addresses end up in logs.
            answer = httpx2.post(
                self._console.sign_in_url,
                data={
                    "Action": "getSigninToken",
                    "SessionType": "json",
                    "Session": json.dumps(told),
                },
                timeout=_SECONDS,
            )
            sign_in_token = str(answer.raise_for_status().json()["SigninToken"])
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            _log.warning("console_sign_in_failed error=%s", type(error).__name__)
            raise KeysUnavailable("the console") from error
        return f"{self._console.sign_in_url}?" + urlencode(
            {
                "Action": "login",
                "Issuer": _ISSUER,
                "Destination": self._console.destination,
                "SigninToken": sign_in_token,
            }
        )


def _named(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return type(error).__name__
