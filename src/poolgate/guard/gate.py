"""The Guard: one request in, one Caller or one Refusal out.

The heart (`_steps`) does no input or output; it yields errands. `authenticate` has them carried out
in the calling thread, `authenticate_async` on the event loop, over the same memory.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

from poolgate.foundation.clock import Clock, SystemClock
from poolgate.guard.basic import BasicPasswords, BasicProof, is_private
from poolgate.guard.bearer import BearerProof, BearerTokens, TokenVerifier
from poolgate.guard.callers import ANONYMOUS, Caller
from poolgate.guard.challenges import Challenges
from poolgate.guard.cognito_identities import identity_of
from poolgate.guard.delegated import Delegation, verify_actor, verify_bare
from poolgate.guard.errands import AsyncDriver, BlockingDriver, Steps
from poolgate.guard.guard_door import Signer
from poolgate.guard.invocation import Invocation
from poolgate.guard.key_sets import RemoteKeySet
from poolgate.guard.outbound import (
    AsyncFetch,
    AsyncHttpFetch,
    Fetch,
    HttpFetch,
    verify_destination,
)
from poolgate.guard.permissions import Permission
from poolgate.guard.possession import KeyBoundTokens, PossessionProof
from poolgate.guard.presented import Presented, Scheme, find_presented
from poolgate.guard.principals import PrincipalPatterns
from poolgate.guard.refusals import (
    DependencyUnavailable,
    Forbidden,
    GuardMisconfigured,
    Refusal,
    RefusalCode,
    Unauthenticated,
)
from poolgate.guard.requests import GuardRequest
from poolgate.guard.roles import Roles
from poolgate.guard.signed import SignedProof, SignedRequests

Method = BearerTokens | BasicPasswords | SignedRequests
Settings = TypeVar("Settings", BearerTokens, BasicPasswords, SignedRequests)

_LOG: Final = logging.getLogger("poolgate.guard")


class Guard:
    """Authenticates requests of one API.

    A request without a credential gives the anonymous Caller; what it may do is the permissions'
    matter. Safe to share between threads and event loops; make one for the life of the process,
    since it remembers keys, tokens seen and passwords that were right.

    Arguments:
        methods: The accepted proofs: BearerTokens (one for each pool), BasicPasswords,
            SignedRequests.
        key_bound: Accepts tokens that are bound to a key; None refuses them.
        delegation: Who may act for users by `X-Subject-Token`; None refuses such requests.
        roles: What makes a caller an administrator; by default nothing does.
        realm: The realm named in WWW-Authenticate.
        plain_http_hosts: Hosts that the guard may call by plain http because the network between is
            private, such as a container's name. This machine needs no mention.
        clock: The time; for tests.
        fetch: Makes the guard's own calls, instead of its own HTTP client; for tests and special
            transports. It raises `OutboundFailed` when there is no answer.
        fetch_async: The same for `authenticate_async`.
    """

    def __init__(
        self,
        *methods: Method,
        key_bound: KeyBoundTokens | None = None,
        delegation: Delegation | None = None,
        roles: Roles | None = None,
        realm: str = "api",
        plain_http_hosts: Collection[str] = (),
        clock: Clock | None = None,
        fetch: Fetch | None = None,
        fetch_async: AsyncFetch | None = None,
    ) -> None:
        bearer = _of_type(methods, BearerTokens)
        basic = _only(_of_type(methods, BasicPasswords))
        signed = _only(_of_type(methods, SignedRequests))
        _verify_methods(methods, delegation, bearer, signed)
        _verify_key_bound(key_bound, bearer)
        _verify_destinations(bearer, basic, signed, plain_http_hosts)
        self._clock = clock or SystemClock()
        self._roles = roles or Roles()
        key_sets: dict[str, RemoteKeySet] = {}
        self._bearer = self._bearer_proof(bearer, key_sets) if bearer else None
        self._possession = None if key_bound is None else PossessionProof(key_bound)
        self._basic_settings = basic
        self._basic = BasicProof(basic, self._roles, key_sets) if basic else None
        self._set_up_signed(signed, delegation)
        self._challenges = Challenges(
            realm=realm,
            schemes=_schemes(bearer, basic, key_bound),
            signed_scope=(signed.region, signed.service) if signed else None,
        )
        self._own_fetch = HttpFetch()
        self._own_fetch_async = AsyncHttpFetch()
        self._blocking = BlockingDriver(fetch or self._own_fetch)
        self._async = AsyncDriver(fetch_async or self._own_fetch_async)

    def authenticate(self, request: GuardRequest) -> Caller:
        """Return who sent the request.

        Arguments:
            request: The request as it arrived.

        Raises:
            Unauthenticated: A bad credential, or two; 401.
            Forbidden: A right signature of a principal that may not call this API; 403.
            RequestTooLarge: Headers or body above the limits; 413 or 431.
            Throttled: Too many failures, or the pool says so; 429.
            DependencyUnavailable: The pool or the server cannot be asked; 503.
        """
        try:
            caller = self._blocking.run(self._steps(request))
        except Refusal as refusal:
            raise self._refused(refusal, request) from refusal
        _log_authenticated(request, caller)
        return caller

    async def authenticate_async(self, request: GuardRequest) -> Caller:
        """Return who sent the request, without blocking the event loop.

        Arguments:
            request: The request as it arrived.

        Raises:
            Refusal: As `authenticate` does.
        """
        try:
            caller = await self._async.run(self._steps(request))
        except Refusal as refusal:
            raise self._refused(refusal, request) from refusal
        _log_authenticated(request, caller)
        return caller

    def authorize(
        self,
        request: GuardRequest,
        caller: Caller,
        permission: Permission,
        **records: Any,  # noqa: ANN401 - records are the API's
    ) -> None:
        """Raise unless the caller may.

        `permission.require(caller)` says Forbidden to everybody; this says Unauthenticated, with
        the challenges, to those who have not proved anything yet.

        Arguments:
            request: The caller's request.
            caller: Who asks.
            permission: What is needed.
            records: The records that the permission's expression was declared with.

        Raises:
            Unauthenticated: The anonymous caller may not; 401.
            Forbidden: The caller may not; 403.
        """
        try:
            permission.require(caller, **records)
        except Forbidden as forbidden:
            if not caller.is_anonymous:
                raise self._refused(forbidden, request, caller) from forbidden
            missing = Unauthenticated(RefusalCode.CREDENTIALS_MISSING, "Not authenticated")
            raise self._refused(missing, request) from forbidden

    def needs_body(self, request: GuardRequest) -> bool:
        """Tell whether the request's body must be read before it can be authenticated.

        Arguments:
            request: The request, its body not yet read.
        """
        if self._signed is None:
            return False
        try:
            presented = find_presented(request)
        except Refusal:
            return False
        return (
            presented is not None
            and presented.scheme is Scheme.SIGNED
            and self._signed.needs_body(request)
        )

    def dependency(self, permission: Permission) -> Callable[..., Awaitable[Caller]]:
        """Return a FastAPI dependency that gives the Caller and requires the permission.

        Behind GuardMiddleware it takes the Caller from there and refusals get the middleware's
        bodies; alone it authenticates by itself and refuses with HTTPException.

        Arguments:
            permission: What the caller needs; not one with records.
        """
        # Starlette is only there in an API that is built on it.
        from poolgate.guard.dependency import guard_dependency  # noqa: PLC0415 - optional

        return guard_dependency(self, permission)

    def close(self) -> None:
        """Give the blocking connections back."""
        self._own_fetch.close()

    async def aclose(self) -> None:
        """Give the connections of the running event loop back."""
        await self._own_fetch_async.close()

    def _steps(self, request: GuardRequest) -> Steps[Caller]:
        presented = find_presented(request)
        if presented is None:
            return ANONYMOUS
        now = self._clock.now()
        caller: Caller
        if presented.scheme is Scheme.BEARER and self._bearer is not None:
            self._verify_may_be_unbound()
            caller = yield from self._bearer.prove(presented.credential, now.timestamp())
        elif presented.scheme is Scheme.DPOP and self._bearer and self._possession:
            thumbprint = self._possession.prove(request, presented.credential, now.timestamp())
            caller = yield from self._bearer.prove(
                presented.credential, now.timestamp(), thumbprint
            )
        elif presented.scheme is Scheme.BASIC and self._basic is not None:
            caller = yield from self._basic.prove(request, presented.credential, now.timestamp())
        elif presented.scheme is Scheme.SIGNED and self._signed is not None:
            caller = yield from self._signed_steps(self._signed, request, presented, now)
        else:
            raise Unauthenticated(
                RefusalCode.SCHEME_NOT_ACCEPTED, "This authentication scheme is not accepted."
            )
        return caller

    def _verify_may_be_unbound(self) -> None:
        if self._possession is not None and self._possession.required:
            raise Unauthenticated(
                RefusalCode.SCHEME_NOT_ACCEPTED, "A token that is bound to a key is required."
            )

    def _signed_steps(
        self, signed: SignedProof, request: GuardRequest, presented: Presented, now: datetime
    ) -> Steps[Caller]:
        subject_token = presented.subject_token
        if subject_token is not None and (self._actors is None or self._bearer is None):
            # Left unread, the service would be taken to speak for itself.
            raise Unauthenticated(
                RefusalCode.SCHEME_NOT_ACCEPTED, "X-Subject-Token is not accepted."
            )
        signer: Signer = yield from signed.prove(request, presented, now)
        principal = signer.principal
        if subject_token is not None and self._actors is not None:
            verify_actor(self._actors, principal)
        elif self._principals is not None and not self._principals.admit(principal):
            raise Forbidden(
                RefusalCode.PRINCIPAL_NOT_ALLOWED,
                f"User: {principal.arn} is not allowed to call this API",
                facts={"principal_arn": principal.arn},
            )
        if self._invocation is not None:
            self._invocation.verify(signer, request, now)
        if subject_token is None or self._bearer is None:
            return Caller(
                kind="signed",
                id=principal.arn,
                username=principal.username,
                principal=principal,
                cognito_identity=identity_of(principal),
                roles=self._roles.of_principal(principal),
            )
        verify_bare(subject_token)
        subject: Caller = yield from self._bearer.prove(subject_token.strip(), now.timestamp())
        # The subject's rights only; what the service may do by itself is not added.
        return replace(subject, kind="delegated", actor=principal)

    def _bearer_proof(
        self, bearer: Sequence[BearerTokens], key_sets: dict[str, RemoteKeySet]
    ) -> BearerProof:
        verifiers = []
        for settings in bearer:
            url = settings.key_set_url
            key_set = RemoteKeySet(url, maximum_age_seconds=settings.jwks_maximum_age_seconds)
            verifiers.append(
                TokenVerifier(settings, key_sets.setdefault(url, key_set), self._roles)
            )
        return BearerProof(verifiers)

    def _set_up_signed(self, signed: SignedRequests | None, delegation: Delegation | None) -> None:
        self._signed: SignedProof | None = None
        self._principals: PrincipalPatterns | None = None
        self._invocation: Invocation | None = None
        self._actors: PrincipalPatterns | None = None
        if signed is None:
            return
        self._signed = SignedProof(signed, self._clock)
        if signed.principals is not None:
            self._principals = PrincipalPatterns(signed.principals, setting="principals")
        if signed.invoke_arn is not None:
            self._invocation = Invocation(signed.invoke_arn, signed.base_path, signed.region)
        if delegation is not None:
            self._actors = PrincipalPatterns(delegation.actors, setting="actors")

    def _refused(
        self, refusal: Refusal, request: GuardRequest, caller: Caller = ANONYMOUS
    ) -> Refusal:
        basic = self._basic_settings
        challenges = self._challenges.of(
            refusal, basic_is_safe=basic is not None and is_private(request, basic)
        )
        told = _told(request, caller) | {
            "code": refusal.code.value,
            "private_detail": refusal.private_detail,
        }
        level = logging.WARNING if isinstance(refusal, DependencyUnavailable) else logging.INFO
        _LOG.log(level, "refused", extra=told)
        return refusal.with_challenges(challenges)


def _log_authenticated(request: GuardRequest, caller: Caller) -> None:
    if not caller.is_anonymous and _LOG.isEnabledFor(logging.INFO):
        _LOG.info("authenticated", extra=_told(request, caller))


def _told(request: GuardRequest, caller: Caller) -> dict[str, Any]:
    """Return the fields of a log event; nothing of a credential is among them."""
    return {
        "method": request.method,
        "path": request.path,
        "remote_address": request.remote_address,
        "caller_kind": caller.kind,
        "caller_id": caller.id,
        "actor": None if caller.actor is None else caller.actor.arn,
    }


def _of_type(methods: Sequence[Method], wanted: type[Settings]) -> list[Settings]:
    return [method for method in methods if isinstance(method, wanted)]


def _only(settings: Sequence[Settings]) -> Settings | None:
    if len(settings) > 1:
        raise GuardMisconfigured(f"a guard takes one {type(settings[0]).__name__}")
    return settings[0] if settings else None


def _verify_methods(
    methods: Sequence[object],
    delegation: Delegation | None,
    bearer: Sequence[BearerTokens],
    signed: SignedRequests | None,
) -> None:
    if not methods:
        raise GuardMisconfigured("a guard needs at least one method")
    for method in methods:
        if not isinstance(method, BearerTokens | BasicPasswords | SignedRequests):
            raise GuardMisconfigured(f"{method!r} is not a method of authentication")
    if delegation is not None and (not bearer or signed is None):
        raise GuardMisconfigured("delegation needs SignedRequests and BearerTokens")


def _verify_key_bound(key_bound: KeyBoundTokens | None, bearer: Sequence[BearerTokens]) -> None:
    if key_bound is None:
        return
    if not bearer:
        raise GuardMisconfigured("key_bound needs BearerTokens")
    if any(tokens.revocation for tokens in bearer):
        # The pool is asked with the token alone, which does not count without its key.
        raise GuardMisconfigured("revocation cannot be checked for tokens that are bound to keys")


def _schemes(
    bearer: Sequence[BearerTokens],
    basic: BasicPasswords | None,
    key_bound: KeyBoundTokens | None,
) -> frozenset[Scheme]:
    offered = {
        Scheme.BEARER: bool(bearer) and not (key_bound and key_bound.required),
        Scheme.DPOP: key_bound is not None,
        Scheme.BASIC: basic is not None,
    }
    return frozenset(scheme for scheme, is_offered in offered.items() if is_offered)


def _verify_destinations(
    bearer: Sequence[BearerTokens],
    basic: BasicPasswords | None,
    signed: SignedRequests | None,
    plain_http_hosts: Collection[str],
) -> None:
    urls: list[tuple[str, str | None]] = []
    for tokens in bearer:
        urls.append(("jwks_url", tokens.key_set_url))
        revocation = tokens.revocation
        urls.append(("endpoint_url", revocation.endpoint_url if revocation else None))
    if basic is not None:
        urls += [("endpoint_url", basic.endpoint), ("jwks_url", basic.jwks_url)]
        urls.append(("issuer", basic.issuer if basic.jwks_url is None else None))
    if signed is not None:
        urls.append(("server_url", signed.server_url))
    for setting, url in urls:
        if url is not None:
            verify_destination(url, plain_http_hosts, setting=setting)
