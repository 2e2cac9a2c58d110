"""Calls of the AWS door, signed or not, in its two protocols.

Where a service is reached is decided as AWS's own tools decide it: a variable of the service, one
for all services, the profile that the keys may come from, and AWS itself otherwise.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

from poolgate.client import surroundings
from poolgate.client.aws_keys import AwsKeys, find_profile
from poolgate.client.exchanges import Answer, exchange
from poolgate.client.failures import AwsRefused, ServerUnreachable
from poolgate.client.oauth_calls import shown
from poolgate.foundation.clock import Clock
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import sign

_OK: Final = 200
_SKEW_SECONDS: Final = 240
# What services of AWS answer when the time of a signature is the fault.
_TIME_CODES: Final = frozenset(
    {
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "AccessDenied",
    }
)


@dataclass(frozen=True, slots=True)
class AwsService:
    """A service: its name in signatures, its variable for an endpoint, what names its calls."""

    name: str
    endpoint_variable: str
    target_prefix: str = ""
    api_version: str = ""
    is_global: bool = False


IAM: Final = AwsService("iam", "AWS_ENDPOINT_URL_IAM", api_version="2010-05-08", is_global=True)
STS: Final = AwsService("sts", "AWS_ENDPOINT_URL_STS", api_version="2011-06-15")
SECRETS_MANAGER: Final = AwsService(
    "secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", target_prefix="secretsmanager"
)
IDENTITY: Final = AwsService(
    "cognito-identity",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY",
    target_prefix="AWSCognitoIdentityService",
)


@dataclass(frozen=True, slots=True)
class AwsDoor:
    """Where calls go and what signs them; without keys they are not signed.

    `endpoint_url` is that of a Poolgate server for every service; without it each service is where
    environment and profile say.
    """

    region: str
    clock: Clock
    keys: AwsKeys | None = None
    endpoint_url: str | None = None
    aws_profile: str | None = None

    def call_json(
        self, service: AwsService, operation: str, members: Mapping[str, object]
    ) -> dict[str, Any]:
        """Call an operation of a JSON service; raise AwsRefused or ServerUnreachable."""
        answer = self._send(
            service,
            {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"{service.target_prefix}.{operation}",
            },
            json.dumps(members).encode(),
        )
        told = answer.json_object()
        if answer.status == _OK:
            return told
        error_code = str(told.get("__type", f"HTTP {answer.status}")).rpartition("#")[2]
        message = str(told.get("message") or told.get("Message") or "")
        raise self._refused(operation, error_code, message, answer)

    def call_query(
        self, service: AwsService, operation: str, members: Mapping[str, object]
    ) -> dict[str, Any]:
        """Call an operation of a Query service; raise AwsRefused or ServerUnreachable.

        Structures are returned as dicts and lists as lists; every other value is text.
        """
        form = {"Action": operation, "Version": service.api_version, **_flat(members)}
        answer = self._send(
            service,
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            urlencode(form).encode(),
        )
        document = _document(answer)
        if answer.status == _OK:
            told = document.get(f"{operation}Result")
            return told if isinstance(told, dict) else {}
        error = document.get("Error")
        told = error if isinstance(error, dict) else {}
        error_code = str(told.get("Code", f"HTTP {answer.status}"))
        raise self._refused(operation, error_code, str(told.get("Message", "")), answer)

    def endpoint_of(self, service: AwsService) -> str:
        """Return the URL that a service is reached at."""
        profile = find_profile(self.aws_profile) if self.keys is not None else None
        return (
            self.endpoint_url
            or surroundings.variable(service.endpoint_variable)
            or surroundings.variable("AWS_ENDPOINT_URL")
            or (profile.setting("endpoint_url") if profile else None)
            or (
                f"https://{service.name}.amazonaws.com"
                if service.is_global
                else f"https://{service.name}.{self.region}.amazonaws.com"
            )
        )

    def _send(self, service: AwsService, headers: Mapping[str, str], body: bytes) -> Answer:
        url = f"{self.endpoint_of(service).rstrip('/')}/"
        address = urlsplit(url)
        complete = {"Host": address.netloc, **headers}
        if self.keys is not None:
            signed = sign(
                RequestParts("POST", address.path, "", tuple(complete.items()), body),
                access_key_id=self.keys.access_key_id,
                secret_access_key=self.keys.secret_access_key,
                session_token=self.keys.session_token.reveal() if self.keys.session_token else None,
                region=surroundings.DEFAULT_REGION if service.is_global else self.region,
                service=service.name,
                now=self.clock.now(),
            )
            complete |= dict(signed)
        return exchange("POST", url, complete, body)

    def _refused(self, operation: str, error_code: str, message: str, answer: Answer) -> AwsRefused:
        skew = _skew_seconds(answer, self.clock.now()) if error_code in _TIME_CODES else 0
        if abs(skew) > _SKEW_SECONDS:
            side = "behind" if skew > 0 else "ahead of"
            message += f" (this machine's clock is {abs(skew)} s {side} the server's)"
        return AwsRefused(operation, shown(error_code), shown(message))


def _skew_seconds(answer: Answer, now: datetime) -> int:
    """Return how far the server's clock is ahead of ours; 0 where it does not say."""
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return 0
    return round((told - now).total_seconds()) if told.tzinfo else 0


def _flat(members: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Return nested members as the names and values of a form."""
    flat: dict[str, str] = {}
    for name, value in members.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, (list, tuple)):
            numbered = {f"member.{place}": each for place, each in enumerate(value, start=1)}
            flat |= _flat(numbered, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat


def _document(answer: Answer) -> dict[str, Any]:
    if b"<!DOCTYPE" in answer.body:
        raise ServerUnreachable("the server's answer is not that of an AWS service")
    try:
        root = ET.fromstring(answer.body)  # noqa: S314 - without a DOCTYPE nothing expands
    except ET.ParseError as error:
        raise ServerUnreachable("the server's answer is not that of an AWS service") from error
    told = _value(root)
    return told if isinstance(told, dict) else {}


def _value(element: ET.Element) -> "dict[str, Any] | list[Any] | str":
    children = list(element)
    names = [child.tag.rpartition("}")[2] for child in children]
    if not children:
        return element.text or ""
    if set(names) == {"member"}:
        return [_value(child) for child in children]
    return dict(zip(names, map(_value, children), strict=True))
