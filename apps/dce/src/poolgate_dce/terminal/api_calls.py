"""Signed calls of the API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from poolgate.client.exchanges import Answer, exchange
from poolgate_dce.terminal.failures import CommandFailed, KeysRefused
from poolgate_dce.terminal.operations import Operation, printable

SERVICE = "execute-api"
SECONDS = 5.0
# What the gateway says of keys that do not count, be they unknown, ended or mixed up.
_KEY_FAULTS = frozenset(
    {"UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException"}
)
_CLOCK_FAULTS = ("Signature expired", "Signature not yet current")


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """Calls one API with one key."""

    url: str
    region: str
    keys: Credentials

    def call(
        self,
        operation: Operation,
        *,
        named: str = "",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        seconds: float = SECONDS,
    ) -> Answer:
        """Return the answer of success; raise KeysRefused, CommandFailed or ClientFailure."""
        url = f"{self.url}{operation.target(named)}"
        if query:
            url += f"?{urlencode(query)}"
        content = b"" if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        request = AWSRequest(operation.method, url, headers, content)
        SigV4Auth(self.keys, SERVICE, self.region).add_auth(request)
        answer = exchange(
            operation.method, url, dict(request.headers.items()), content, seconds=seconds
        )
        if answer.status == operation.success:
            return answer
        _verify_keys_taken(answer)
        raise CommandFailed(f"err:  {operation.told(answer)}")

    def read_all(self, operation: Operation) -> list[Any]:
        """Return every page of a list."""
        found: list[Any] = []
        query: Mapping[str, str] | None = {}
        asked: list[Mapping[str, str]] = []
        while query is not None:
            if query in asked:
                raise CommandFailed("err:  the API's pages lead back to one another")
            asked.append(query)
            answer = self.call(operation, query=query)
            found += read_json(answer)
            query = next_query(answer)
        return found


def read_json(answer: Answer) -> Any:  # noqa: ANN401  whatever the API shows
    """Return the JSON of an answer; raise CommandFailed."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise CommandFailed("err:  the API's answer is no JSON") from error


def next_query(answer: Answer) -> Mapping[str, str] | None:
    """Return the query of the next page, None at the end; never another address to sign for."""
    link = answer.headers.get("link", "")
    if not link.startswith("<") or 'rel="next"' not in link:
        return None
    return dict(parse_qsl(urlsplit(link[1:].partition(">")[0]).query))


def _verify_keys_taken(answer: Answer) -> None:
    if answer.headers.get("x-amzn-errortype") not in _KEY_FAULTS:
        return
    message = printable(str(answer.json_object().get("message", "")))
    if message.startswith(_CLOCK_FAULTS):
        raise CommandFailed(f"err:  this machine's clock differs from the API's: {message}")
    raise KeysRefused
