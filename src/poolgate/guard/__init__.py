"""The gate: authenticate one API request, tell the Caller, decide what it may do.

Lives here: proofs (Bearer, Basic, SigV4, delegated), roles, permissions, middleware.
May import: jose, sigv4, policy, foundation; never a server room.
May enter: requests of somebody's API; leaves as: Caller, or a refusal with status and header.
"""

from poolgate.guard.asgi import GuardMiddleware
from poolgate.guard.basic import BasicPasswords
from poolgate.guard.bearer import BearerTokens
from poolgate.guard.callers import Caller
from poolgate.guard.cognito_identities import CognitoIdentity
from poolgate.guard.delegated import Delegation
from poolgate.guard.gate import Guard
from poolgate.guard.outbound import OutboundAnswer, OutboundFailed, OutboundRequest
from poolgate.guard.permissions import Permission, require
from poolgate.guard.possession import KeyBoundTokens
from poolgate.guard.refusals import (
    DependencyUnavailable,
    Forbidden,
    GuardMisconfigured,
    Refusal,
    RefusalCode,
    RequestTooLarge,
    Throttled,
    Unauthenticated,
)
from poolgate.guard.requests import GuardRequest
from poolgate.guard.responses import RenderedRefusal, render_json
from poolgate.guard.revocation import RevocationCheck
from poolgate.guard.roles import Roles
from poolgate.guard.signed import SignedRequests
from poolgate.guard.wsgi import GuardWsgiMiddleware

__all__ = [
    "BasicPasswords",
    "BearerTokens",
    "Caller",
    "CognitoIdentity",
    "Delegation",
    "DependencyUnavailable",
    "Forbidden",
    "Guard",
    "GuardMiddleware",
    "GuardMisconfigured",
    "GuardRequest",
    "GuardWsgiMiddleware",
    "KeyBoundTokens",
    "OutboundAnswer",
    "OutboundFailed",
    "OutboundRequest",
    "Permission",
    "Refusal",
    "RefusalCode",
    "RenderedRefusal",
    "RequestTooLarge",
    "RevocationCheck",
    "Roles",
    "SignedRequests",
    "Throttled",
    "Unauthenticated",
    "render_json",
    "require",
]
