"""The gateway: lets a call through as an admin or a plain user, or refuses it in AWS's words.

Its refusals are never in the API's `error` envelope: they are what API Gateway answers before any
method runs.
"""

import re
from collections.abc import Mapping, Sequence

from poolgate.guard import (
    BasicPasswords,
    BearerTokens,
    Caller,
    CognitoIdentity,
    Delegation,
    Guard,
    GuardRequest,
    Refusal,
    RefusalCode,
    Roles,
    SignedRequests,
)
from poolgate_dce.answers import Answer, Headers
from poolgate_dce.methods import ApiCaller, Method
from poolgate_dce.pool_users import ROLES_ATTRIBUTE, PoolUnavailable, PoolUser, PoolUsers
from poolgate_dce.settings import Settings, SignedSettings

# AWS: the error types of a REST API with IAM authorisation, by the guard's kind of fault; every
# other fault is an incomplete signature.
_SIGNATURE_FAULTS: Mapping[str, str] = {
    "MissingAuthentication": "MissingAuthenticationTokenException",
    "InvalidAccessKey": "UnrecognizedClientException",
    "ExpiredToken": "ExpiredTokenException",
    "SignatureMismatch": "InvalidSignatureException",
}
_PASSING_TROUBLE: Mapping[RefusalCode, tuple[int, str, str]] = {
    RefusalCode.REQUEST_TOO_LARGE: (413, "RequestTooLargeException", "Request Too Long"),
    RefusalCode.THROTTLED: (429, "TooManyRequestsException", "Too Many Requests"),
    RefusalCode.DEPENDENCY_UNAVAILABLE: (503, "ServiceUnavailableException", "Service Unavailable"),
}
_ADMIN = "admin"
# What a user of the pool sent instead of a signature, and why it does not count.
_USER_TROUBLE: Mapping[RefusalCode, str] = {
    RefusalCode.TOKEN_INVALID: "Unauthorized",
    RefusalCode.TOKEN_EXPIRED: "The incoming token has expired",
    RefusalCode.TOKEN_REVOKED: "Unauthorized",
    RefusalCode.PASSWORD_REJECTED: "Unauthorized",
    RefusalCode.CHALLENGE_OWED: "Unauthorized",
    RefusalCode.TLS_REQUIRED: "Unauthorized",
}


class Refused(Exception):
    """The gateway does not let the call through; `answer` says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Gateway:
    """Decides on each call by the guard, and by which methods are open to plain users."""

    def __init__(
        self, settings: Settings, hosts: Sequence[str], pool_users: PoolUsers | None = None
    ) -> None:
        self._roles = _roles(settings)
        self._guard = _guard(settings, hosts, self._roles)
        self._pool_users = pool_users
        self._base_path = settings.base_path
        self._api_arn = settings.api_arn

    def admit(self, request: GuardRequest, method: Method) -> ApiCaller:
        """Return who calls; raise Refused before any method may run."""
        try:
            caller = self._guard.authenticate(request)
        except Refusal as refusal:
            raise Refused(_refusal_answer(refusal)) from refusal
        if caller.is_anonymous:
            raise Refused(missing_token())
        api_caller = self._api_caller(caller)
        # Without a username nothing could be "own", so such a caller may do nothing at all.
        if not api_caller.is_admin and not (method.open_to_users and api_caller.username):
            path = request.path.removeprefix(self._base_path)
            resource = f"{self._api_arn}/{request.method}{path}"
            raise Refused(_denied(api_caller.name, resource))
        return api_caller

    def _api_caller(self, caller: Caller) -> ApiCaller:
        if caller.principal is None:
            username = caller.username or ""
            return ApiCaller(username, username, caller.is_admin)
        if self._pool_users is not None and caller.cognito_identity is not None:
            user = _find(self._pool_users, caller.cognito_identity)
            return self._pool_caller(caller.principal.arn, user)
        # SEED: a signed caller that is no user of a pool has no own leases; it is an admin or
        # nobody.
        return ApiCaller(caller.principal.arn, "", caller.is_admin)

    def _pool_caller(self, arn: str, user: PoolUser | None) -> ApiCaller:
        if user is None:
            # Deleted, disabled, or of another pool: whatever the role allows, it is nobody here.
            return ApiCaller(arn, "", is_admin=False)
        # The user decides, whatever is said of the role that all users like it have.
        roles = self._roles.of_claims({ROLES_ATTRIBUTE: user.roles_attribute}, user.groups)
        return ApiCaller(arn, user.username, _ADMIN in roles)


def _find(pool_users: PoolUsers, identity: CognitoIdentity) -> PoolUser | None:
    try:
        return pool_users.find(identity)
    except PoolUnavailable as error:
        status, error_type, text = _PASSING_TROUBLE[RefusalCode.DEPENDENCY_UNAVAILABLE]
        raise Refused(_gateway_answer(status, error_type, {"message": text})) from error


def missing_token() -> Answer:
    """Return what an unsigned request gets, and every unknown path and method."""
    return _gateway_answer(
        403, "MissingAuthenticationTokenException", {"message": "Missing Authentication Token"}
    )


def _refusal_answer(refusal: Refusal) -> Answer:
    if refusal.code is RefusalCode.CREDENTIALS_MISSING:
        return missing_token()
    if refusal.code is RefusalCode.INVOKE_DENIED:
        return _denied(refusal.facts["principal_arn"], refusal.facts["resource"])
    if refusal.code is RefusalCode.ACTOR_NOT_ALLOWED:
        return _gateway_answer(403, "AccessDeniedException", {"Message": refusal.message})
    if refusal.code in _PASSING_TROUBLE:
        status, error_type, text = _PASSING_TROUBLE[refusal.code]
        return _gateway_answer(status, error_type, {"message": text})
    if refusal.code in _USER_TROUBLE:
        challenges = tuple(("WWW-Authenticate", value) for value in refusal.www_authenticate)
        return _gateway_answer(
            401, "UnauthorizedException", {"message": _USER_TROUBLE[refusal.code]}, challenges
        )
    # Everything else is a credential of the wrong form, as an unaccepted scheme or two at once.
    fault = refusal.facts.get("fault", "")
    error_type = _SIGNATURE_FAULTS.get(fault, "IncompleteSignatureException")
    return _gateway_answer(403, error_type, {"message": refusal.message})


def _denied(name: str, resource: str) -> Answer:
    # AWS shows the last four digits of the account only.
    masked = _ACCOUNT.sub(r":********\1:", resource, count=1)
    text = f"User: {name} is not authorized to perform: execute-api:Invoke on resource: {masked}"
    return _gateway_answer(403, "AccessDeniedException", {"Message": text})


_ACCOUNT = re.compile(r":[0-9]{8}([0-9]{4}):")


def _gateway_answer(
    status: int, error_type: str, body: Mapping[str, str], headers: Headers = ()
) -> Answer:
    return Answer(status, body, (("x-amzn-ErrorType", error_type), *headers))


def _roles(settings: Settings) -> Roles:
    return Roles(
        admin_principals=settings.admin_principals,
        admin_group_word=settings.admin_group_word,
        admin_attribute=(ROLES_ATTRIBUTE, settings.admin_name),
    )


def _guard(settings: Settings, hosts: Sequence[str], roles: Roles) -> Guard:
    proofs: list[SignedRequests | BearerTokens | BasicPasswords] = []
    if settings.signed is not None:
        proofs.append(_signed_requests(settings, settings.signed, hosts))
    if settings.bearer is not None:
        proofs.append(
            BearerTokens(
                issuer=settings.bearer.issuer,
                client_ids=settings.bearer.client_ids,
                token_use=settings.bearer.token_use,
                jwks_url=settings.bearer.jwks_url,
            )
        )
    if settings.basic is not None:
        proofs.append(
            BasicPasswords(
                endpoint_url=settings.basic.endpoint_url,
                client_id=settings.basic.client_id,
                region=settings.basic.region,
            )
        )
    delegation = Delegation(settings.delegation_actors) if settings.delegation_actors else None
    return Guard(*proofs, delegation=delegation, roles=roles)


def _signed_requests(
    settings: Settings, signed: SignedSettings, hosts: Sequence[str]
) -> SignedRequests:
    return SignedRequests(
        server_url=signed.server_url,
        access_key_id=signed.access_key_id,
        secret_access_key=signed.secret_access_key,
        region=signed.region,
        service="execute-api",
        hosts=hosts,
        invoke_arn=settings.api_arn,
        base_path=settings.base_path,
        trust=signed.trust,
    )
