from dataclasses import replace

import pytest
from kits.policies import (
    ACCOUNT,
    ALICE,
    FEDERATED,
    POOL,
    ROLE_SESSION,
    ROOT,
    policy,
    request,
    resource_policy,
    statement,
)

from poolgate.policy.decisions import Decision, Effect, PolicySet, PolicyType, decide, denial_text

ALLOW_ALL = policy(statement(Sid="All"), name="all")
DENY_ALL = policy(statement("Deny"), name="none")
ALLOW_NOTHING_HERE = policy(statement(action="s3:*"), name="elsewhere")


def allow(policy_type, *labels):
    return Decision(allowed=True, effect=Effect.ALLOW, policy_type=policy_type, statements=labels)


def explicit_deny(policy_type, *labels):
    return Decision(
        allowed=False, effect=Effect.EXPLICIT_DENY, policy_type=policy_type, statements=labels
    )


def implicit_deny(policy_type):
    return Decision(allowed=False, effect=Effect.IMPLICIT_DENY, policy_type=policy_type)


def test_nobody_allows():
    assert decide(PolicySet(), request()) == implicit_deny(PolicyType.IDENTITY)


def test_identity_policies_are_a_union():
    both = PolicySet(identity=(ALLOW_NOTHING_HERE, ALLOW_ALL))
    assert decide(both, request()) == allow(PolicyType.IDENTITY, "All")


def test_root_starts_from_allow():
    assert decide(PolicySet(), request(ROOT)) == allow(None)


@pytest.mark.parametrize("principal", [ROOT, ALICE, ROLE_SESSION, FEDERATED])
@pytest.mark.parametrize(
    ("policies", "policy_type"),
    [
        (PolicySet(identity=(ALLOW_ALL, DENY_ALL)), PolicyType.IDENTITY),
        (PolicySet(identity=(ALLOW_ALL,), boundary=DENY_ALL), PolicyType.BOUNDARY),
        (PolicySet(identity=(ALLOW_ALL,), session=(ALLOW_ALL, DENY_ALL)), PolicyType.SESSION),
    ],
)
def test_an_explicit_deny_anywhere_wins(principal, policies, policy_type):
    assert decide(policies, request(principal)) == explicit_deny(policy_type, "none[0]")


def test_a_boundary_limits_and_does_not_grant():
    limited = PolicySet(identity=(ALLOW_ALL,), boundary=ALLOW_NOTHING_HERE)
    assert decide(limited, request()) == implicit_deny(PolicyType.BOUNDARY)
    assert decide(PolicySet(boundary=ALLOW_ALL), request()) == implicit_deny(PolicyType.IDENTITY)
    both = PolicySet(identity=(ALLOW_ALL,), boundary=ALLOW_ALL)
    assert decide(both, request()) == allow(PolicyType.IDENTITY, "All")


def test_session_policies_limit_and_do_not_grant():
    limited = PolicySet(identity=(ALLOW_ALL,), session=(ALLOW_NOTHING_HERE,))
    assert decide(limited, request(ROLE_SESSION)) == implicit_deny(PolicyType.SESSION)
    union = PolicySet(identity=(ALLOW_ALL,), session=(ALLOW_NOTHING_HERE, ALLOW_ALL))
    assert decide(union, request(ROLE_SESSION)).allowed
    alone = PolicySet(session=(ALLOW_ALL,))
    assert decide(alone, request(ROLE_SESSION)) == implicit_deny(PolicyType.IDENTITY)


def test_a_session_without_session_policy():
    policies = PolicySet(identity=(ALLOW_ALL,))
    assert decide(policies, request(ROLE_SESSION)).allowed
    assert decide(policies, request(FEDERATED)) == implicit_deny(PolicyType.SESSION)
    assert decide(replace(policies, session=()), request(ROLE_SESSION)) == implicit_deny(
        PolicyType.SESSION
    )


ROLE_ARN = ROLE_SESSION.principal_arn


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        (ALICE, {"AWS": ALICE.arn}),
        (ALICE, {"AWS": ALICE.user_id}),
        (ALICE, {"AWS": ["arn:aws:iam::123456789012:user/bob", ALICE.arn]}),
        (ALICE, "*"),
        (ALICE, {"AWS": "*"}),
        (ROLE_SESSION, {"AWS": ROLE_SESSION.arn}),
        (FEDERATED, {"AWS": FEDERATED.arn}),
    ],
)
def test_a_resource_policy_that_names_the_caller_is_final(principal, named):
    policies = PolicySet(
        resource=resource_policy(statement(Principal=named)),
        boundary=ALLOW_NOTHING_HERE,
        session=(ALLOW_NOTHING_HERE,),
    )
    assert decide(policies, request(principal)) == allow(PolicyType.RESOURCE, "resource[0]")


@pytest.mark.parametrize("named", [ROLE_ARN, "AROAREADER0000000000A"])
def test_a_resource_policy_that_names_the_role_is_limited(named):
    policies = PolicySet(resource=resource_policy(statement(Principal={"AWS": named})))
    reader = request(ROLE_SESSION)
    assert decide(policies, reader) == allow(PolicyType.RESOURCE, "resource[0]")
    limited = replace(policies, boundary=ALLOW_NOTHING_HERE)
    assert decide(limited, reader) == implicit_deny(PolicyType.BOUNDARY)
    limited = replace(policies, session=(ALLOW_NOTHING_HERE,))
    assert decide(limited, reader) == implicit_deny(PolicyType.SESSION)


@pytest.mark.parametrize("named", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_a_resource_policy_that_names_the_account_only_delegates(named):
    policies = PolicySet(resource=resource_policy(statement(Principal={"AWS": named})))
    assert decide(policies, request()) == implicit_deny(PolicyType.IDENTITY)
    assert decide(replace(policies, identity=(ALLOW_ALL,)), request()).allowed


@pytest.mark.parametrize(
    "named",
    [
        {"AWS": "999999999999"},
        {"AWS": "arn:aws:iam::123456789012:user/alice"},
        {"Service": "lambda.amazonaws.com"},
    ],
)
def test_a_resource_policy_that_names_others(named):
    policies = PolicySet(resource=resource_policy(statement(Principal=named)))
    assert decide(policies, request()) == implicit_deny(PolicyType.IDENTITY)


@pytest.mark.parametrize("principal", [ALICE, ROOT])
def test_a_resource_policy_denies_whom_it_names(principal):
    policies = PolicySet(
        identity=(ALLOW_ALL,),
        resource=resource_policy(statement("Deny", Principal={"AWS": ACCOUNT})),
    )
    assert decide(policies, request(principal)) == explicit_deny(PolicyType.RESOURCE, "resource[0]")


@pytest.mark.parametrize(
    ("principal", "spared", "allowed"),
    [
        (ALICE, [ALICE.arn, ACCOUNT], True),
        (ALICE, [ALICE.arn], False),
        (ALICE, [ACCOUNT], False),
        (ALICE, ["*"], True),
        (ROLE_SESSION, [ROLE_SESSION.arn, ROLE_ARN, ACCOUNT], True),
        (ROLE_SESSION, [ROLE_ARN, ACCOUNT], False),
    ],
)
def test_not_principal_spares_only_whom_it_lists_completely(principal, spared, allowed):
    policies = PolicySet(
        identity=(ALLOW_ALL,),
        resource=resource_policy(statement("Deny", NotPrincipal={"AWS": spared})),
    )
    assert decide(policies, request(principal)).allowed is allowed


@pytest.mark.parametrize(
    ("elements", "allowed"),
    [
        ({"action": "cognito-idp:admingetuser"}, True),
        ({"action": "COGNITO-IDP:Admin???User"}, True),
        ({"action": ["s3:*", "*:AdminGetUser"]}, True),
        ({"action": "cognito-idp:AdminGetUsers"}, False),
        ({"NotAction": "s3:*"}, True),
        ({"NotAction": ["s3:*", "cognito-idp:*"]}, False),
        ({"resource": POOL}, True),
        ({"resource": POOL.replace("Pool", "POOL")}, False),
        ({"resource": "arn:aws:cognito-idp:*:*:userpool/us-east-1_P*"}, True),
        ({"resource": "arn:aws:cognito-idp:us-east-1:123456789012:*"}, True),
        ({"resource": "arn:aws:cognito-idp:us-west-2:123456789012:*"}, False),
        ({"NotResource": POOL}, False),
        ({"NotResource": "arn:aws:s3:::*"}, True),
        ({"resource": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/${aws:Pool}"}, True),
        ({"resource": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/${aws:No}*"}, False),
        ({"NotResource": "arn:aws:cognito-idp:*:*:userpool/${aws:Pool}"}, False),
        ({"NotResource": "arn:aws:cognito-idp:*:*:userpool/x${aws:Pool}"}, True),
        # A variable without a value must not open what NotResource keeps closed.
        ({"NotResource": "arn:aws:cognito-idp:*:*:userpool/${aws:No}"}, False),
    ],
)
def test_actions_and_resources(elements, allowed):
    policies = PolicySet(identity=(policy(statement(**elements)),))
    asked = request(aws__pool=["us-east-1_Pool"])
    assert decide(policies, asked).allowed is allowed


def test_deny_with_not_resource_closes_when_a_variable_has_no_value():
    denying = policy(
        statement("Deny", NotResource="arn:aws:cognito-idp:*:*:userpool/${aws:No}"), name="deny"
    )
    decision = decide(PolicySet(identity=(ALLOW_ALL, denying)), request())
    assert decision == explicit_deny(PolicyType.IDENTITY, "deny[0]")


@pytest.mark.parametrize(
    ("policy_type", "cause"),
    [
        (PolicyType.IDENTITY, "identity-based policy"),
        (PolicyType.RESOURCE, "resource-based policy"),
        (PolicyType.BOUNDARY, "permissions boundary"),
        (PolicyType.SESSION, "session policy"),
    ],
)
def test_denial_texts(policy_type, cause):
    refused = f"User: {ALICE.arn} is not authorized to perform: s3:Get on resource: {POOL} "
    assert denial_text(implicit_deny(policy_type), ALICE.arn, "s3:Get", POOL) == (
        f"{refused}because no {cause} allows the s3:Get action"
    )
    article = "an" if policy_type is PolicyType.IDENTITY else "a"
    assert denial_text(explicit_deny(policy_type), ALICE.arn, "s3:Get", POOL) == (
        f"{refused}with an explicit deny in {article} {cause}"
    )


def test_a_denial_without_resource_names_all():
    text = denial_text(implicit_deny(PolicyType.IDENTITY), ALICE.arn, "iam:ListUsers", "")
    assert "on resource: * because" in text


def test_an_allowed_request_has_no_denial_text():
    with pytest.raises(ValueError, match="no denial text"):
        denial_text(allow(None), ROOT.arn, "s3:Get", "*")
