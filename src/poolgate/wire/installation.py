"""What one running server is made of, as the doors need it to make a `Call`."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from poolgate.credentials.sealing import Vault
from poolgate.foundation.clock import Clock
from poolgate.foundation.ids import AccountId, Region
from poolgate.iam.key_uses import NotedUses
from poolgate.policy.principal import Principal
from poolgate.store.call import ActivityLog, BreachedPasswords, Call, Documents, Functions
from poolgate.store.database import Database
from poolgate.store.key_stock import KeyStock
from poolgate.userpools.provisioned_limits import EnforcedLimits
from poolgate.web.messages import HttpRequest

FIVE_MINUTES, FIFTEEN_MINUTES = 300, 900


def default_skews() -> dict[str, int]:
    """Return how far a signer's clock may be off, in seconds by service."""
    # AWS protocol.md 6.3: five minutes for Cognito, fifteen elsewhere.
    return {"cognito-idp": FIVE_MINUTES, "cognito-identity": FIVE_MINUTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One server: one database, one master key, one AWS account.

    INVARIANT: `dev` lets any access key act as root without a signature check; whoever listens
    must refuse it off loopback.
    """

    db: Database
    vault: Vault
    clock: Clock
    account_id: AccountId
    region: Region
    issuer_base: str | None
    public_url: str
    key_stock: KeyStock
    functions: Functions
    documents: Documents
    breached_passwords: BreachedPasswords
    activity_log: ActivityLog
    media: frozenset[str]
    dev: bool = False
    strict_oauth: bool = False
    limits: EnforcedLimits = field(default_factory=EnforcedLimits)
    uses: NotedUses = field(default_factory=NotedUses)
    skew_seconds: dict[str, int] = field(default_factory=default_skews)

    @property
    def public_host(self) -> str | None:
        """The host of the server's own URL, as callers write it."""
        return urlsplit(self.public_url).hostname

    def new_call(
        self,
        *,
        request_id: str,
        source_address: str,
        region: Region | None = None,
        principal: Principal | None = None,
        secure_transport: bool = False,
        user_agent: str | None = None,
    ) -> Call:
        """Return the working set of something that happens now."""
        return Call(
            db=self.db,
            vault=self.vault,
            now=self.clock.now(),
            account_id=self.account_id,
            region=region or self.region,
            request_id=request_id,
            source_address=source_address,
            issuer_base=self.issuer_base,
            public_url=self.public_url,
            key_stock=self.key_stock,
            functions=self.functions,
            documents=self.documents,
            breached_passwords=self.breached_passwords,
            activity_log=self.activity_log,
            media=self.media,
            strict_oauth=self.strict_oauth,
            principal=principal,
            secure_transport=secure_transport,
            user_agent=user_agent,
        )

    def call_of(
        self,
        http: HttpRequest,
        *,
        request_id: str,
        region: Region | None = None,
        principal: Principal | None = None,
    ) -> Call:
        """Return the working set of a request that arrives now."""
        return self.new_call(
            request_id=request_id,
            source_address=http.remote_address,
            region=region,
            principal=principal,
            secure_transport=http.scheme == "https",
            user_agent=http.header("user-agent"),
        )

    def skew_of(self, service: str) -> int:
        """Return the seconds that a signer's clock may be off for a service."""
        return self.skew_seconds.get(service, FIFTEEN_MINUTES)
