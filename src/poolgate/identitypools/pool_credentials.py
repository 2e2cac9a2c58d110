"""Temporary keys of an identity: the enhanced flow, from logins to keys in one step."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poolgate.foundation.failure import Failure
from poolgate.iam import assumed_roles
from poolgate.iam.assumed_roles import TrustDenied, VouchedIdentity
from poolgate.iam.session_requests import SessionTooLong, SessionWishes
from poolgate.iam.temporary_keys import IssuedKeys
from poolgate.iam.trust_policies import COGNITO_IDENTITY
from poolgate.identitypools import identities, identity_pools, logins, role_choice
from poolgate.identitypools.identities import Identity
from poolgate.identitypools.identity_pools import IdentityPool
from poolgate.identitypools.logins import Login
from poolgate.store.call import Call

WEB_IDENTITY_ACTION = "sts:AssumeRoleWithWebIdentity"
SESSION_NAME = "CognitoIdentityCredentials"
SESSION_SECONDS = 3600
_MOST_TAG_CHARACTERS = 256

# AWS iam-roles "Services that unauthenticated identities can access": what guests may ask for at
# all, whatever their role allows. It holds what both of AWS's session policies list.
_GUEST_SERVICES = (
    "appsync",
    "cloudwatch",
    "codewhisperer",
    "cognito-identity",
    "cognito-idp",
    "cognito-sync",
    "comprehend",
    "dynamodb",
    "execute-api",
    "firehose",
    "gamelift",
    "iot",
    "kinesis",
    "lambda",
    "lex",
    "logs",
    "machinelearning",
    "mobileanalytics",
    "mobiletargeting",
    "personalize",
    "polly",
    "rekognition",
    "s3",
    "sdb",
    "ses",
    "sns",
    "sqs",
    "transcribe",
    "translate",
)
_GUEST_ACTIONS = (
    "sagemaker:InvokeEndpoint",
    "textract:DetectDocumentText",
    "textract:AnalyzeDocument",
    "rum:PutRumEvents",
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
)
GUEST_SESSION_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [*(f"{service}:*" for service in _GUEST_SERVICES), *_GUEST_ACTIONS],
                "Resource": "*",
            }
        ],
    }
)


class PoolRolesUnusable(Failure):
    """The pool's role is missing, is not there, or does not trust the pool."""


@dataclass(frozen=True, slots=True)
class IdentityKeys:
    """The keys of an identity, which may be another than was asked for after a merge."""

    identity_id: str
    keys: IssuedKeys


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """An identity whose logins were verified; none for a guest."""

    pool: IdentityPool
    identity: Identity
    logins: tuple[Login, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """How the identity's tokens and keys name its logins."""
        return tuple(dict.fromkeys(part for login in self.logins for part in login.reference))


def prove(call: Call, identity_id: str, shown: Mapping[str, str]) -> ProvenIdentity:
    """Return the identity that the logins prove, linking or merging as they say.

    Raise IdentityNotFound, LoginRefused, LoginsDiffer, AccessToIdentityForbidden and others.
    """
    with call.db.reading() as transaction:
        identity = identities.surviving(transaction, identity_id)
        pool = identity_pools.get(transaction, identity.pool_id)
    verified = logins.verify_logins(call, pool, shown)
    if verified:
        identity = identities.resolve(call, pool, identity, verified)
    else:
        identities.verify_guest(call, pool, identity)
    return ProvenIdentity(pool, identity, verified)


def issue(
    call: Call, identity_id: str, shown: Mapping[str, str], *, custom_role_arn: str | None
) -> IdentityKeys:
    """Return keys of the role that the pool's rules choose for the identity."""
    proven = prove(call, identity_id, shown)
    try:
        role_arn = role_choice.choose_role(proven.pool, proven.logins, custom_role_arn)
        assumed = assumed_roles.assume_vouched(
            call,
            role_arn,
            _wishes(proven),
            vouched(
                proven.identity.identity_id,
                proven.pool.pool_id,
                proven.references,
            ),
            action=WEB_IDENTITY_ACTION,
        )
    except (TrustDenied, SessionTooLong, role_choice.RoleNotSet) as failure:
        raise PoolRolesUnusable from failure
    except role_choice.RoleDenied as failure:
        raise identities.AccessToIdentityForbidden(
            identity_id=proven.identity.identity_id
        ) from failure
    return IdentityKeys(proven.identity.identity_id, assumed.keys)


def vouched(identity_id: str, pool_id: str, references: Sequence[str]) -> VouchedIdentity:
    """Return what roles are told about an identity: `amr`, `aud` and `sub`."""
    kind = identity_pools.AUTHENTICATED if references else identity_pools.UNAUTHENTICATED
    return VouchedIdentity(
        provider=COGNITO_IDENTITY,
        context={
            f"{COGNITO_IDENTITY}:aud": (pool_id,),
            f"{COGNITO_IDENTITY}:amr": (kind, *references),
            f"{COGNITO_IDENTITY}:sub": (identity_id,),
        },
        for_pool_user=True,
    )


def _wishes(proven: ProvenIdentity) -> SessionWishes:
    return SessionWishes(
        name=SESSION_NAME,
        seconds=SESSION_SECONDS,
        policies=() if proven.logins else (GUEST_SESSION_POLICY,),
        tags=session_tags(proven.pool, proven.logins),
    )


def session_tags(pool: IdentityPool, verified: Sequence[Login]) -> tuple[tuple[str, str], ...]:
    """Return the tags that the pool makes of the first mapped login's claims."""
    for login in verified:
        tag_map = pool.principal_tags.get(login.provider)
        if tag_map is None:
            continue
        claims_by_tag = (
            {"client": "aud", "username": "sub"} if tag_map.uses_defaults else tag_map.claims_by_tag
        )
        return tuple(
            (tag_key, value)
            for tag_key, claim in claims_by_tag.items()
            if isinstance(value := login.claims.get(claim), str)
            and 0 < len(value) <= _MOST_TAG_CHARACTERS
        )
    return ()
