"""Principals, policies and requests for tests of the policy room."""

import json

from poolgate.foundation.ids import AccountId, Arn
from poolgate.policy.access import AccessRequest
from poolgate.policy.documents import PolicyKind, parse_policy
from poolgate.policy.principal import Principal, PrincipalType

ACCOUNT = AccountId("123456789012")
POOL = Arn(f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_Pool")

ROOT = Principal(
    type=PrincipalType.ACCOUNT,
    arn=Arn(f"arn:aws:iam::{ACCOUNT}:root"),
    account_id=ACCOUNT,
    user_id=ACCOUNT,
    principal_arn=Arn(f"arn:aws:iam::{ACCOUNT}:root"),
)
ALICE = Principal(
    type=PrincipalType.USER,
    arn=Arn(f"arn:aws:iam::{ACCOUNT}:user/team/alice"),
    account_id=ACCOUNT,
    user_id="AIDAALICE00000000000A",
    principal_arn=Arn(f"arn:aws:iam::{ACCOUNT}:user/team/alice"),
    username="alice",
    tags=(("Team", "blue"),),
)
ROLE_SESSION = Principal(
    type=PrincipalType.ASSUMED_ROLE,
    arn=Arn(f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/alice"),
    account_id=ACCOUNT,
    user_id="AROAREADER0000000000A:alice",
    principal_arn=Arn(f"arn:aws:iam::{ACCOUNT}:role/team/Reader"),
)
FEDERATED = Principal(
    type=PrincipalType.FEDERATED_USER,
    arn=Arn(f"arn:aws:sts::{ACCOUNT}:federated-user/bob"),
    account_id=ACCOUNT,
    user_id=f"{ACCOUNT}:bob",
    principal_arn=Arn(f"arn:aws:sts::{ACCOUNT}:federated-user/bob"),
)


def document(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements)})


def statement(effect="Allow", *, action="*", resource="*", **others):
    elements = {"Effect": effect, **others}
    if "NotAction" not in others:
        elements["Action"] = action
    if "NotResource" not in others:
        elements["Resource"] = resource
    return elements


def policy(*statements, name="policy", version="2012-10-17"):
    return parse_policy(document(*statements, version=version), name=name)


def resource_policy(*statements):
    return parse_policy(document(*statements), name="resource", kind=PolicyKind.RESOURCE)


def request(principal=ALICE, action="cognito-idp:AdminGetUser", resource=POOL, **context):
    return AccessRequest(
        principal,
        action,
        resource,
        {key.replace("__", ":"): tuple(values) for key, values in context.items()},
    )
