"""Authentication codes: what the credentials page shows and `dce auth` takes.

Standard Base64 of one-line JSON; `expireTime` is when the ID token ends that the keys were given
for, in epoch seconds. Anybody may make one by hand.
"""

import base64
import binascii
import json
from dataclasses import dataclass


class CodeMalformed(Exception):
    """The text is no authentication code; the message says why."""


@dataclass(frozen=True, slots=True, repr=False)
class CodeKeys:
    """The temporary keys in a code, and when they end."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expire_time: int


def render_code(keys: CodeKeys) -> str:
    """Return the code that holds the keys."""
    members = {
        "accessKeyId": keys.access_key_id,
        "secretAccessKey": keys.secret_access_key,
        "sessionToken": keys.session_token,
        "expireTime": keys.expire_time,
    }
    return base64.b64encode(json.dumps(members).encode()).decode()


def parse_code(code: str) -> CodeKeys:
    """Return the keys that a code holds; raise CodeMalformed."""
    try:
        text = base64.b64decode(code.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise CodeMalformed("failed to decode token") from error
    try:
        members = json.loads(text)
        names = ("accessKeyId", "secretAccessKey", "sessionToken")
        access_key_id, secret_access_key, session_token = (members[name] for name in names)
        keys = CodeKeys(access_key_id, secret_access_key, session_token, int(members["expireTime"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise CodeMalformed("decoded token contains invalid JSON") from error
    if not all(isinstance(members[name], str) for name in names):
        raise CodeMalformed("decoded token contains invalid JSON")
    return keys
