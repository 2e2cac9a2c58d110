"""Policies and requests as people write them, drawn at random: each operator on keys of its type.

What another evaluator is asked about; `test_policies` draws wilder ones.
"""

from hypothesis import strategies as st
from kits.policies import ACCOUNT, ALICE, ROLE_SESSION

OTHER_ACCOUNT = "999999999999"
BUCKET = "arn:aws:s3:::reports"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db"
REQUESTS = [
    ("s3:GetObject", f"{BUCKET}/2025/may.csv"),
    ("s3:PutObject", f"{BUCKET}/alice/x"),
    ("s3:GetObject", "arn:aws:s3:::reports-old/may.csv"),
    ("secretsmanager:GetSecretValue", f"{SECRET}-a1b2c3"),
    ("secretsmanager:PutSecretValue", f"{SECRET}-a1b2c3"),
    ("execute-api:Invoke", f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:api/v1/GET/leases/7"),
]
ACTIONS = [
    *("*", "s3:*", "s3:Get*", "S3:getobject", "s3:*Object", "s3:?etObject", "secretsmanager:*"),
    *("secretsmanager:GetSecretValue", "execute-api:Invoke", "execute-api:*", "iam:*"),
]
RESOURCES = [
    *("*", f"{BUCKET}/*", "arn:aws:s3:::reports*", f"{BUCKET}/????/*"),
    *(f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/${{aws:PrincipalTag/team, 'alice'}}/*"),
    *(f"{SECRET}-??????", f"{SECRET}*"),
    f"arn:aws:execute-api:*:{ACCOUNT}:api/*/GET/leases/*",
    "arn:aws:execute-api:eu-west-1:*:api/v1/*",
]  # fmt: skip
WITHOUT_VARIABLES = [resource for resource in RESOURCES if "${" not in resource]
TEXTS = ["alice", "Alice", "al", "blue", ""]
MOMENTS = ["2025-05-01T00:00:00Z", "2025-06-01T12:00:00Z", "2024-12-31T23:59:59Z"]
ADDRESSES = ["10.0.0.1", "10.1.2.3", "192.0.2.1"]
ARNS = ["arn:aws:sns:eu-west-1:123456789012:topic", "arn:aws:sns:us-east-1:123456789012:other"]
ORDERINGS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan"]
ORDERINGS += ["GreaterThanEquals"]
TEXT_OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]
TEXT_OPERATORS += ["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"]
TEXT_PATTERNS = ["alice", "ALICE", "a*", "?lice", "*", "blue"]
# Of each key: the operators that fit, what policies compare with, what requests say.
KINDS = {
    "aws:username": (TEXT_OPERATORS, TEXT_PATTERNS, TEXTS[:3]),
    "aws:PrincipalTag/team": (TEXT_OPERATORS, [*TEXT_PATTERNS, "${aws:username}"], TEXTS[:4]),
    "aws:SourceIp": (
        ["IpAddress", "NotIpAddress"],
        ["10.0.0.0/16", "10.1.2.3", "10.0.0.0/8"],
        ADDRESSES,
    ),
    "aws:CurrentTime": (["Date" + each for each in ORDERINGS], MOMENTS, MOMENTS),
    "aws:MultiFactorAuthAge": (
        ["Numeric" + each for each in ORDERINGS],
        ["10", "300", "9"],
        ["10", "299", "3600"],
    ),
    "aws:SecureTransport": (["Bool"], ["true", "false"], ["true", "false"]),
    "aws:SourceArn": (
        ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        [*ARNS, "arn:aws:sns:*:123456789012:*", "arn:aws:sns:eu-*:*:t?pic"],
        ARNS,
    ),
}
MANY = "aws:TagKeys"
PRINCIPAL_NAMES = [
    *(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, OTHER_ACCOUNT, ALICE.arn, ROLE_SESSION.arn),
    ROLE_SESSION.principal_arn,
]


@st.composite
def contexts(draw):
    told = {
        key: (draw(st.sampled_from(values)),)
        for key, (_, _, values) in KINDS.items()
        if draw(st.sampled_from([True, True, False]))
    }
    if draw(st.booleans()):
        told[MANY] = tuple(
            draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True))
        )
    return told


@st.composite
def conditions(draw):
    condition = {}
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        if draw(st.sampled_from([False, False, False, True])):
            key, prefix = MANY, draw(st.sampled_from(["ForAllValues:", "ForAnyValue:"]))
            operators, wanted = ["StringEquals", "StringLike"], ["a", "b", "*"]
        else:
            key, prefix = draw(st.sampled_from(sorted(KINDS))), ""
            operators, wanted, _ = KINDS[key]
        if draw(st.sampled_from([True] + [False] * 7)):
            condition.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false"]))
            continue
        # AWS says of ForAnyValue that it fails without the key, of IfExists that it holds.
        suffix = "" if prefix else draw(st.sampled_from(["", "", "IfExists"]))
        values = draw(st.lists(st.sampled_from(wanted), min_size=1, max_size=2, unique=True))
        operator = prefix + draw(st.sampled_from(operators)) + suffix
        condition.setdefault(operator, {})[key] = values
    return condition


def some(choices):
    return st.lists(st.sampled_from(choices), min_size=1, max_size=3, unique=True)


@st.composite
def statements(draw, *, named):
    effect = draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    statement = {
        "Effect": effect,
        draw(st.sampled_from(["Action"] * 4 + ["NotAction"])): draw(some(ACTIONS)),
    }
    if draw(st.sampled_from([False] * 4 + [True])):
        # A variable without a value: ours closes here, where others read it as "nothing".
        statement["NotResource"] = draw(some(WITHOUT_VARIABLES))
    else:
        statement["Resource"] = draw(some(RESOURCES))
    condition = draw(conditions())
    if condition:
        statement["Condition"] = condition
    if named:
        statement["Principal"] = {"AWS": draw(some(PRINCIPAL_NAMES))}
    return statement


def documents(*, named=False):
    return st.fixed_dictionaries(
        {
            "Version": st.just("2012-10-17"),
            "Statement": st.lists(statements(named=named), min_size=1, max_size=3),
        }
    )


NOTHING = st.none()


def cases_of(principal, *, resource=NOTHING, session=NOTHING):
    return st.fixed_dictionaries(
        {
            "principal": st.just(principal),
            "request": st.sampled_from(REQUESTS),
            "context": contexts(),
            "owner": st.sampled_from([ACCOUNT] * 3 + [OTHER_ACCOUNT]),
            "identity": st.lists(documents(), max_size=2),
            "resource": resource,
            "boundary": st.one_of(st.none(), st.none(), documents()),
            "session": session,
        }
    )


# The other evaluator does not weigh session policies against resource policies.
CASES = st.one_of(
    cases_of(ALICE, resource=st.one_of(st.none(), documents(named=True))),
    cases_of(ROLE_SESSION, resource=st.one_of(st.none(), documents(named=True))),
    cases_of(ROLE_SESSION, session=documents()),
)
