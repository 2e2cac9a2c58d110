"""One policy decision for a principal with ten statements, as each signed request has one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from poolgate.foundation.ids import AccountId, Arn
from poolgate.policy.access import AccessRequest, request_context
from poolgate.policy.decisions import PolicySet, decide
from poolgate.policy.documents import parse_policy
from poolgate.policy.principal import Principal, PrincipalType

ALICE = Arn("arn:aws:iam::123456789012:user/staff/alice")
API = "arn:aws:execute-api:us-east-1:123456789012:dce/api"
OFFICE = {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}
STATEMENTS = (
    {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{API}/GET/*"},
    {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{API}/*/leases/*/auth"},
    {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
    },
    {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::home/${aws:username}/*",
    },
    {"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*", "Condition": OFFICE},
    {
        "Effect": "Allow",
        "Action": "execute-api:*",
        "Resource": f"{API}/POST/usage/${{aws:username}}",
        "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/staff/*"}},
    },
    {"Effect": "Deny", "NotAction": ["iam:Get*", "execute-api:*", "s3:*"], "Resource": "*"},
    {
        "Effect": "Deny",
        "Action": "execute-api:Invoke",
        "Resource": f"{API}/DELETE/*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    },
    {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
    {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": f"{API}/PUT/*",
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}} | OFFICE,
    },
)


def decision() -> Callable[[], object]:
    """Return one decision that the last statement allows and every other one has to be asked."""
    document = json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS})
    principal = Principal(
        type=PrincipalType.USER,
        arn=ALICE,
        account_id=AccountId("123456789012"),
        user_id="AIDAEXAMPLE",
        principal_arn=ALICE,
        username="alice",
    )
    context = request_context(
        principal,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        source_address="192.0.2.7",
        secure=True,
        region="us-east-1",
        user_agent="benchmark",
    )
    policies = PolicySet(identity=(parse_policy(document),))
    request = AccessRequest(principal, "execute-api:Invoke", f"{API}/PUT/accounts", context)

    def decided() -> None:
        assert decide(policies, request).allowed

    return decided
