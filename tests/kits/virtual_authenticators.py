"""Chromium's virtual authenticator: what keeps passkeys in a browser that nobody touches."""

from dataclasses import dataclass
from typing import Any

from kits.visitors import Visitor
from playwright.sync_api import CDPSession


@dataclass(frozen=True)
class VirtualAuthenticator:
    """One authenticator of a browser; its user says yes at once, until told otherwise."""

    cdp: CDPSession
    authenticator_id: str

    @classmethod
    def of(cls, visitor: Visitor, **options: Any) -> "VirtualAuthenticator":
        """Give the visitor's tab an authenticator; options are those of the DevTools protocol."""
        cdp = visitor.page.context.new_cdp_session(visitor.page)
        cdp.send("WebAuthn.enable")
        wanted = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            **options,
        }
        made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})
        return cls(cdp, made["authenticatorId"])

    def _send(self, method: str, **parameters: Any) -> Any:
        return self.cdp.send(
            f"WebAuthn.{method}", {"authenticatorId": self.authenticator_id, **parameters}
        )

    @property
    def passkeys(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send("getCredentials")["credentials"]
        return found

    def forget(self) -> None:
        """Lose every passkey."""
        self._send("clearCredentials")

    def recognises(self, *, user: bool) -> None:
        """Let fingerprint, face or PIN be the user's, or not."""
        self._send("setUserVerified", isUserVerified=user)
