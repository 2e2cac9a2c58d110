"""What a user pool and a program say to each other during one sign-in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from poolgate.client import user_pool_calls
from poolgate.client.devices import KnownDevice
from poolgate.client.profiles import Profile
from poolgate.client.prompts import PASSWORD, Prompts
from poolgate.credentials.secret_hash import make_secret_hash
from poolgate.credentials.srp_client import Challenge, Claim, ClientExchange, Identity
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge of the pool."""

    name: str
    auth_session: str | None
    parameters: Mapping[str, str] = field(repr=False)
    available: tuple[str, ...] = ()

    def listed(self, member: str) -> list[str]:
        """Return a parameter that is a list in JSON; an empty one where it is not."""
        try:
            value = json.loads(self.parameters.get(member, "[]"))
        except ValueError:
            return []
        return [str(each) for each in value] if isinstance(value, list) else []


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One sign-in as it goes on; `username` becomes what the pool calls the user.

    Without a password the person is asked for it once that is needed.
    """

    profile: Profile
    prompts: Prompts
    clock: Clock
    username: str
    password: Secret | None
    client_secret: Secret | None = None
    device: KnownDevice | None = None
    exchange: ClientExchange = field(default_factory=ClientExchange)

    def call(self, operation: str, **members: object) -> dict[str, Any]:
        """Call an operation; raise AwsRefused or ServerUnreachable."""
        return user_pool_calls.call(self.profile.api_url, operation, members)

    def begin(self, flow: str, proof: Mapping[str, str]) -> dict[str, Any]:
        """Return what the pool answers to the first proof."""
        return self.call(
            "InitiateAuth",
            AuthFlow=flow,
            ClientId=self.profile.client_id,
            AuthParameters=self._complete(proof),
        )

    def respond(
        self, asked: Asked, responses: Mapping[str, str], *, auth_session: str | None = None
    ) -> dict[str, Any]:
        """Return what the pool says to an answer; the challenge's own session unless one came."""
        return self.call(
            "RespondToAuthChallenge",
            ChallengeName=asked.name,
            ClientId=self.profile.client_id,
            Session=auth_session or asked.auth_session,
            ChallengeResponses=self._complete(responses),
        )

    def known_password(self) -> Secret:
        """Return the password, which may have to be typed."""
        if self.password is None:
            self.password = self.prompts.ask_hidden(PASSWORD)
        return self.password

    def begin_exchange(self) -> str:
        """Begin an SRP exchange and return its public value."""
        self.exchange = ClientExchange()
        return self.exchange.srp_a

    def claim(self, asked: Asked, identity: Identity, secret: Secret) -> dict[str, str]:
        """Return the answer to an SRP challenge; raise SrpServerValueRefused."""
        told = asked.parameters
        challenge = Challenge(
            told.get("SALT", ""), told.get("SRP_B", ""), told.get("SECRET_BLOCK", "")
        )
        claim: Claim = self.exchange.claim(identity, secret, challenge, self.clock.now())
        return {
            "PASSWORD_CLAIM_SIGNATURE": claim.signature,
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge.secret_block,
            "TIMESTAMP": claim.timestamp,
        }

    def secret_hash(self) -> str | None:
        """Return what proves the app client; None for one without a secret."""
        if self.client_secret is None:
            return None
        return make_secret_hash(self.client_secret, self.username, self.profile.client_id)

    def _complete(self, members: Mapping[str, str]) -> dict[str, str]:
        """Return the members with those that every answer has."""
        whole = {"USERNAME": self.username, **members}
        if (secret_hash := self.secret_hash()) is not None:
            whole["SECRET_HASH"] = secret_hash
        if self.device is not None:
            whole["DEVICE_KEY"] = self.device.device_key
        return whole
