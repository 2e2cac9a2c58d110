"""Our decisions against a second evaluator, and hostile documents."""

import contextlib
import json
import time

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from kits.policies import ACCOUNT, ALICE, FEDERATED, ROLE_SESSION, ROOT
from kits.slow_policies import slow_decide

from poolgate.policy.access import AccessRequest
from poolgate.policy.decisions import PolicySet, decide
from poolgate.policy.documents import MalformedPolicy, PolicyKind, parse_policy

PRINCIPALS = st.sampled_from([ALICE] * 4 + [ROLE_SESSION] * 4 + [FEDERATED, ROOT])
ACTIONS = st.sampled_from(["s3:Get", "s3:GetAll", "S3:gETA", "iam:Get"])
ACTION_PATTERNS = st.sampled_from(
    ["*", "s3:*", "S3:Get*", "s3:get", "*:Get", "s3:?et", "s3:*A*", "iam:*", "s3:G*t", "s3:**a??"]
)
RESOURCES = st.sampled_from(
    [
        "*",
        "arn:aws:s3:eu:1:a",
        "arn:aws:s3:eu:1:a/b",
        "arn:aws:s3:eu:1:a:b",
        "arn:aws:s3:us:2:ab*",
        "arn:aws:s3:::",
        "arn:aws:s3:::alice",
        "s3:a",
        "",
    ]
)
RESOURCE_PATTERNS = st.sampled_from(
    [
        "*",
        "arn:aws:s3:*",
        "arn:aws:s3:eu:*",
        "arn:aws:s3:eu:1:a",
        "arn:aws:s3:*:*:a*",
        "arn:aws:s3:e?:1:a*b",
        "arn:aws:s3:*:a",
        "arn:*:s3:*:?:*b*",
        "arn:aws:s3:::${aws:name}",
        "arn:aws:s3:*:*:${aws:many, 'a'}*",
        "arn:aws:s3:us:2:ab${*}",
        "arn:aws:s3:::${no:No}*",
        "arn:aws:s3:*:1:*${aws:Name, 'a:b'}",
        "arn:aws:iam::1:x",
    ]
)

TEXTS = ["", "a", "A", "ab", "a*", "alice", "true", "FALSE", "10", "9.5", "-1", "x:y"]
MOMENTS = ["2020-01-01", "2020-01-01T00:00:00Z", "2019-12-31T23:30:00-01:00", "1577836800", "0"]
ADDRESSES = ["10.0.0.1", "10.1.0.1", "::1", "2001:db8::1"]
ARNS = ["arn:aws:sns:eu:1:t", "arn:aws:sns:eu:1:t:u", "arn:aws:sns::2:t"]
BINARIES = ["QQ==", "QUI="]
VALUES = st.sampled_from(TEXTS + MOMENTS + ADDRESSES + ARNS + BINARIES)
KEYS = ["aws:name", "aws:Many", "aws:when", "aws:SourceIp", "aws:sourceArn"]
CONTEXTS = st.dictionaries(
    st.sampled_from(KEYS), st.lists(VALUES, max_size=3).map(tuple), max_size=len(KEYS)
)

ORDERINGS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan"]
ORDERINGS += ["GreaterThanEquals"]
VARIABLES = ["${aws:name}", "${aws:many}", "${no:key}", "${aws:name, 'a'}", "a${*}", "${$}{a"]
FAMILIES = [
    (["StringEquals", "StringNotEquals"], TEXTS + VARIABLES),
    (["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"], TEXTS + VARIABLES),
    (["StringLike", "StringNotLike"], ["*", "a*", "?", "*b", "a?*", "*0*", *TEXTS, *VARIABLES]),
    (
        ["Numeric" + ordering for ordering in ORDERINGS],
        ["10", "9.50", "-1", 10, 9.5, "+1577836800"],
    ),
    (["Date" + ordering for ordering in ORDERINGS], MOMENTS),
    (["Bool"], ["true", "False", True, False, "${aws:name}"]),
    (["BinaryEquals"], BINARIES),
    (
        ["IpAddress", "NotIpAddress"],
        ["10.0.0.0/16", "10.0.0.1", "::/0", "2001:db8::/32", "0.0.0.0/0"],
    ),
    (
        ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        [
            *ARNS,
            "arn:aws:sns:*:1:*",
            "arn:aws:sns:*:?:t",
            "arn:*:*:*:*:t*",
            "${aws:name}",
            "arn:aws:sns:eu:1:${aws:name}",
        ],
    ),
    (["Null"], ["true", "false", True, False]),
]


@st.composite
def conditions(draw):
    condition = {}
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        operators, wanted = draw(st.sampled_from(FAMILIES))
        operator = draw(st.sampled_from(operators))
        if operator != "Null":
            prefix = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]))
            suffix = draw(st.sampled_from(["", "", "IfExists"]))
            operator = prefix + operator + suffix
        values = draw(
            st.one_of(
                st.sampled_from(wanted), st.lists(st.sampled_from(wanted), min_size=1, max_size=3)
            )
        )
        condition.setdefault(operator, {})[draw(st.sampled_from(KEYS))] = values
    return condition


def one_or_more(patterns):
    return st.one_of(patterns, st.lists(patterns, min_size=1, max_size=3))


@st.composite
def statements(draw, *, named):
    effect = draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    statement = {
        "Effect": effect,
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
            one_or_more(ACTION_PATTERNS)
        ),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
            one_or_more(RESOURCE_PATTERNS)
        ),
        "Condition": draw(conditions()),
    }
    if named:
        element = "NotPrincipal" if effect == "Deny" and draw(st.booleans()) else "Principal"
        statement[element] = draw(st.one_of(st.just("*"), PRINCIPAL_NAMES))
    return statement


PRINCIPAL_NAMES = st.fixed_dictionaries(
    {
        "AWS": one_or_more(
            st.sampled_from(
                [
                    ACCOUNT,
                    f"arn:aws:iam::{ACCOUNT}:root",
                    "*",
                    "999999999999",
                    ROLE_SESSION.arn,
                    ALICE.arn,
                    ALICE.user_id,
                    ROLE_SESSION.principal_arn,
                    "AROAREADER0000000000A",
                    FEDERATED.arn,
                ]
            )
        )
    }
)


def documents(*, named=False):
    return st.fixed_dictionaries(
        {
            "Version": st.sampled_from(["2012-10-17"] * 5 + ["2008-10-17"]),
            "Statement": one_or_more(statements(named=named)),
        }
    )


POLICY_SETS = st.fixed_dictionaries(
    {
        "identity": st.lists(documents(), min_size=1, max_size=3),
        "resource": st.one_of(st.none(), documents(named=True)),
        "boundary": st.one_of(st.none(), st.none(), documents()),
        "session": st.one_of(st.none(), st.none(), st.lists(documents(), max_size=2)),
    }
)


def parsed(policies):
    def one(document, kind=PolicyKind.IDENTITY):
        return parse_policy(json.dumps(document), kind=kind)

    return PolicySet(
        identity=tuple(map(one, policies["identity"])),
        resource=policies["resource"] and one(policies["resource"], PolicyKind.RESOURCE),
        boundary=policies["boundary"] and one(policies["boundary"]),
        session=None if policies["session"] is None else tuple(map(one, policies["session"])),
    )


@settings(deadline=None, max_examples=500)
@given(
    policies=POLICY_SETS,
    principal=PRINCIPALS,
    action=ACTIONS,
    resource=RESOURCES,
    context=CONTEXTS,
    owner=st.sampled_from([None, None, ACCOUNT, "999999999999"]),
)
def test_both_evaluators_decide_alike(policies, principal, action, resource, context, owner):
    try:
        policy_set = parsed(policies)
    except MalformedPolicy:
        # Without variables `${aws:name}` is no ARN and no boolean.
        assume("2008-10-17" not in json.dumps(policies))
        raise
    decision = decide(policy_set, AccessRequest(principal, action, resource, context, owner))
    event(f"{decision.effect} by {decision.policy_type}")
    assert (decision.allowed, decision.effect, decision.policy_type) == slow_decide(
        policies, principal, action, resource, context, owner
    )


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=10),
        st.sampled_from(["*", "Allow", "s3:*", "arn:aws:s3:::${a:b}*", "2012-10-17", "${", "1e9"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "Version",
                    "Statement",
                    "Effect",
                    "Action",
                    "Resource",
                    "Condition",
                    "Principal",
                    "NotPrincipal",
                    "Sid",
                    "Id",
                    "AWS",
                    "StringLike",
                    "IpAddress",
                    "aws:x",
                    "Null",
                    "DateEquals",
                    "NumericEquals",
                    "ForAllValues:ArnLike",
                    "BinaryEquals",
                    "Bool",
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=1000)
@given(
    document=st.one_of(
        st.text(max_size=40),
        JSON_VALUES.map(json.dumps),
        documents()
        .map(json.dumps)
        .flatmap(
            lambda text: st.integers(0, len(text)).map(lambda cut: text[:cut] + text[cut + 1 :])
        ),
    ),
    kind=st.sampled_from(PolicyKind),
)
def test_a_hostile_document_is_malformed_or_a_policy(document, kind):
    with contextlib.suppress(MalformedPolicy):
        policy = parse_policy(document, kind=kind)
        assert policy.statements


@settings(deadline=None, max_examples=300)
@given(
    element=st.dictionaries(
        st.sampled_from(["Sid", "Effect", "Action", "Resource", "Condition", "Principal"]),
        JSON_VALUES,
    ),
    kind=st.sampled_from(PolicyKind),
)
def test_a_hostile_statement_is_malformed_or_a_policy(element, kind):
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **element}
    with contextlib.suppress(MalformedPolicy):
        parse_policy(json.dumps({"Version": "2012-10-17", "Statement": statement}), kind=kind)


@settings(deadline=None, max_examples=30)
@given(
    pieces=st.lists(st.sampled_from(["*", "?", "a", "b", "*a", "a*a"]), min_size=1, max_size=400)
)
def test_hostile_patterns_stay_bounded(pieces):
    resource = "arn:aws:s3:eu:1:" + "".join(pieces)
    statement = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": resource,
        "Condition": {"StringLike": {"aws:x": "".join(pieces)}},
    }
    policies = PolicySet(identity=(parse_policy(json.dumps({"Statement": statement})),))
    begun = time.process_time()
    decide(
        policies,
        AccessRequest(ALICE, "s3:Get", "arn:aws:s3:eu:1:" + "a" * 2000, {"aws:x": ("a" * 2000,)}),
    )
    assert time.process_time() - begun < 1


def test_ten_thousand_hostile_statements_stay_bounded():
    """What a principal can be given at most is far less; AWS bounds documents and their number."""
    wildcards = "*a" * 12
    hostile = [
        {
            "Effect": "Deny",
            "Action": [f"s3:*{number}*{'?' * 20}*a*b", "s3:Get*"],
            "Resource": f"arn:aws:s3:*:*:{wildcards}{number}",
            "Condition": {"StringLike": {"aws:x": f"{wildcards}*b{number}"}},
        }
        for number in range(10_000)
    ]
    pieces = [hostile[start : start + 200] for start in range(0, len(hostile), 200)]
    begun = time.process_time()
    policies = tuple(parse_policy(json.dumps({"Statement": piece})) for piece in pieces)
    parsed_seconds = time.process_time() - begun
    asked = AccessRequest(
        ALICE, "s3:GetObject", "arn:aws:s3:eu:1:" + "a" * 2000, {"aws:x": ("a" * 2000,)}
    )
    begun = time.process_time()
    assert not decide(PolicySet(identity=policies), asked).allowed
    decided_seconds = time.process_time() - begun
    assert parsed_seconds < 20
    assert decided_seconds < 5
