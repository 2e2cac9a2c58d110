"""POST requests to AWS's APIs at a configured endpoint: AWS itself, or what speaks like it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from poolgate.delivery.media import DeliveryFailed
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import sign

_OK = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """Where an API is, and the access key that may use it."""

    url: str
    access_key_id: str
    secret_access_key: Secret
    timeout_seconds: float = 10


@dataclass(frozen=True, slots=True)
class Answered:
    """What the API answered."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """Tell whether the API did what it was asked for."""
        return self.status in _OK


class SignedPosts:
    """Posts to one API, signed by the clock of this machine."""

    def __init__(self, settings: EndpointSettings, service: str, clock: Clock) -> None:
        self._settings = settings
        self._service = service
        self._clock = clock
        # Only the configured address is ever called: no redirects, no proxy from the environment.
        self._http_client = httpx2.Client(
            timeout=settings.timeout_seconds, follow_redirects=False, trust_env=False
        )

    def post(self, region: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Return the answer, whatever its status; raise DeliveryFailed without one."""
        settings, place = self._settings, urlsplit(self._settings.url)
        path = f"{place.path}/"
        named = {"Host": place.netloc, **headers}
        parts = RequestParts(
            method="POST", path=path, query="", headers=tuple(named.items()), body=body
        )
        signature = sign(
            parts,
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret_access_key,
            session_token=None,
            region=region,
            service=self._service,
            now=self._clock.now(),
        )
        try:
            response = self._http_client.post(
                f"{place.scheme}://{place.netloc}{path}",
                content=body,
                headers={**named, **dict(signature)},
            )
        except httpx2.HTTPError as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        return Answered(response.status_code, response.content)
