"""Where the keys come from that requests are signed with: the first source that has some.

The configured authentication code, then the environment, then AWS's own files.
"""

import logging
from collections.abc import Mapping

from botocore.credentials import Credentials

from poolgate.client.aws_keys import keys_at_hand
from poolgate.client.failures import KeysMissing
from poolgate_dce.authentication_codes import CodeMalformed, parse_code
from poolgate_dce.terminal.config_file import Config
from poolgate_dce.terminal.failures import KeysRefused

_log = logging.getLogger("dce")


def request_keys(config: Config, environment: Mapping[str, str], now: int) -> Credentials:
    """Return the keys to sign with; raise KeysRefused where no source has any."""
    try:
        return _of_code(config.token, now)
    except CodeMalformed as unusable:
        _log.debug("%s", unusable)
    access_key_id = environment.get("AWS_ACCESS_KEY_ID") or environment.get("AWS_ACCESS_KEY")
    secret = environment.get("AWS_SECRET_ACCESS_KEY") or environment.get("AWS_SECRET_KEY")
    if access_key_id and secret:
        return Credentials(access_key_id, secret, environment.get("AWS_SESSION_TOKEN") or None)
    try:
        found = keys_at_hand()
    except KeysMissing as missing:
        _log.debug("%s", missing)
        raise KeysRefused from missing
    return Credentials(
        found.access_key_id,
        found.secret_access_key.reveal(),
        found.session_token.reveal() if found.session_token else None,
    )


def _of_code(code: str | None, now: int) -> Credentials:
    if code is None:
        raise CodeMalformed("no API token is configured")
    keys = parse_code(code)
    if now > keys.expire_time:
        raise CodeMalformed("token is expired")
    return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
