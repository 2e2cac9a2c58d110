"""A browser that goes to a SAML provider, is asked who it is there, and comes back by a form."""

import base64
import zlib
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from kits.federation import FederatedApp
from kits.oauth import BASE, CALLBACK, Answered, OAuthApp
from kits.saml_idp import Said, SamlIdp
from lxml import etree

from poolgate.testing import LocalPoolgate
from poolgate.testing.local import URL

ACS = f"{URL}{BASE}/saml2/idpresponse"
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
MAPPING = {"email": EMAIL, "given_name": "first"}
SENSITIVE = {"UsernameConfiguration": {"CaseSensitive": True}}
MARY = {EMAIL: ["mary@example.com"], "first": ["Mary"]}


def read_request(location: Answered) -> Any:
    """Return the request in a redirect, as lxml reads it."""
    return deflated_request(location.query["SAMLRequest"])


def deflated_request(text: str) -> Any:
    """Return the request in a parameter of a redirect, as lxml reads it."""
    return etree.fromstring(zlib.decompress(base64.b64decode(text), wbits=-15))


@dataclass
class SamlJourney:
    """An app client, its SAML provider, and what that says when nothing is wrong."""

    app: FederatedApp
    idp: SamlIdp = field(default_factory=SamlIdp)

    @classmethod
    def of(
        cls,
        poolgate: LocalPoolgate,
        *,
        providers: tuple[str, ...] = ("COGNITO",),
        client: dict[str, Any] | None = None,
        mapping: dict[str, str] | None = None,
        **details: str,
    ) -> "SamlJourney":
        idp = SamlIdp()
        given = {"MetadataFile": idp.metadata(), **details}
        app = FederatedApp.of(
            poolgate,
            pool=SENSITIVE,
            mapping=MAPPING if mapping is None else mapping,
            details={name: value for name, value in given.items() if value},
            kind="SAML",
            identifiers=("example.com",),
            providers=providers,
            **(client or {}),
        )
        return cls(app, idp)

    @property
    def browser(self) -> OAuthApp:
        return self.app.browser

    @property
    def entity_id(self) -> str:
        return f"urn:amazon:cognito:sp:{self.app.pool_id}"

    def certificate(self) -> bytes:
        """Return what responses to the pool are encrypted for."""
        described = self.app.cognito.describe_identity_provider(
            UserPoolId=self.app.pool_id, ProviderName=self.app.provider
        )["IdentityProvider"]["ProviderDetails"]
        return base64.b64decode(described["ActiveEncryptionCertificate"])

    def leave(self, **changes: str) -> Answered:
        return self.browser.authorize(**{"identity_provider": self.app.provider, **changes})

    def said(self, **said: Any) -> Said:
        usual = {
            "now": self.app.poolgate.clock.now(),
            "recipient": ACS,
            "audience": self.entity_id,
            "attributes": MARY,
            "name_id": "mary",
            "assertion_id": f"_assertion-{len(self.browser.cookies)}-{said.get('in_response_to')}",
        }
        return Said(**{**usual, **said})

    def response(self, *, encrypt_for: bytes | None = None, **said: Any) -> str:
        document = self.idp.response(self.said(**said), encrypt_for=encrypt_for)
        return base64.b64encode(document).decode()

    def post(self, path: str, form: dict[str, str]) -> Answered:
        """Post a form of the provider's site, with the browser's cookies."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        posted = self.browser.post(path, form, headers={"cookie": cookies})
        self.browser.keep(posted.response)
        return posted

    def answer(self, left: Answered, *, encrypt_for: bytes | None = None, **said: Any) -> Answered:
        """Come back from where the browser was sent."""
        said.setdefault("in_response_to", read_request(left).get("ID"))
        response = self.response(encrypt_for=encrypt_for, **said)
        relay_state = left.query["RelayState"]
        form = {"SAMLResponse": response, "RelayState": relay_state}
        return self.post("/saml2/idpresponse", form)

    def sign_in(self, **said: Any) -> Answered:
        """Go there in a browser that knows nobody, and come back."""
        self.browser.cookies.clear()
        return self.answer(self.leave(), **said)

    def refused(self, **said: Any) -> str:
        """Expect the app to be told of an error, and return its description."""
        told = self.sign_in(**said)
        assert told.location.startswith(CALLBACK)
        assert told.query["error"] == "invalid_request"
        assert told.query["state"] == "some state"
        return told.query.get("error_description", "")

    def unasked(self, response: str | None = None, **changes: str) -> Answered:
        """Come from the provider without having been sent there."""
        asked = self.browser.request(code_challenge="", code_challenge_method="", **changes)
        form = {"SAMLResponse": response or self.response(), "RelayState": urlencode(asked)}
        return self.post("/saml2/idpresponse", form)

    def with_idp(self, idp: SamlIdp) -> "SamlJourney":
        return replace(self, idp=idp)
