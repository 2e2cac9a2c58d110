"""Trust policies: who may assume a role.

They are stored with unique ids in place of the ARNs of this account's users and roles.
"""

from poolgate.foundation.failure import Failure
from poolgate.iam.inline_policies import counted_length
from poolgate.policy.conditions import AnyCondition
from poolgate.policy.documents import MalformedPolicy, PolicyKind, parse_policy
from poolgate.policy.statements import Policy, StatementEffect

# AWS reference_iam-quotas: the length that can be asked for; 2048 without asking.
DOCUMENT_CHARACTERS = 4096
COGNITO_IDENTITY = "cognito-identity.amazonaws.com"


class TrustPolicyTooLarge(Failure):
    """The trust policy is larger than it may be. Facts: limit."""


def parse_trust(document: str) -> Policy:
    """Return a compiled trust policy; raise MalformedPolicy."""
    return parse_policy(document, name="AssumeRolePolicyDocument", kind=PolicyKind.TRUST)


def verify_trust(document: str) -> None:
    """Raise MalformedPolicy or TrustPolicyTooLarge unless a role can have this trust policy."""
    policy = parse_trust(document)
    if counted_length(document) > DOCUMENT_CHARACTERS:
        raise TrustPolicyTooLarge(limit=str(DOCUMENT_CHARACTERS))
    _verify_identity_pools_named(policy)


def _verify_identity_pools_named(policy: Policy) -> None:
    """Raise MalformedPolicy for a trust in every identity pool of the world.

    # AWS iam-roles "Create roles for identity pools": a condition on `aud` is demanded.
    """
    wanted = f"{COGNITO_IDENTITY}:aud"
    for statement in policy.statements:
        named = statement.principals
        if (
            statement.effect is StatementEffect.ALLOW
            and named is not None
            and COGNITO_IDENTITY in named.providers
            and not any(_is_about(condition, wanted) for condition in statement.conditions)
        ):
            raise MalformedPolicy(
                f"Trust policy for cognito-identity.amazonaws.com must have a condition on {wanted}"
            )


def _is_about(condition: AnyCondition, context_key: str) -> bool:
    return condition.context_key == context_key
