import pytest
from kits.policies import ALICE, ROLE_SESSION, policy, statement

from poolgate.policy.access import AccessRequest, request_context
from poolgate.policy.decisions import PolicySet, decide


def allowed(condition, context=None, *, version="2012-10-17", effect="Allow"):
    """Tell whether the conditioned statement applied."""
    others = [] if effect == "Allow" else [statement()]
    policies = PolicySet(
        identity=(policy(*others, statement(effect, Condition=condition), version=version),)
    )
    decision = decide(policies, AccessRequest(ALICE, "s3:GetObject", "*", context or {}))
    return decision.allowed is (effect == "Allow")


@pytest.mark.parametrize(
    ("operator", "expected", "matching", "others"),
    [
        ("StringEquals", "a*", ["a*"], ["ab", "A*"]),
        ("StringNotEquals", ["a", "b"], ["c"], ["a", "b"]),
        ("StringEqualsIgnoreCase", "Straße", ["STRASSE", "straße"], ["strase"]),
        ("StringNotEqualsIgnoreCase", "Ab", ["c"], ["aB"]),
        ("StringLike", "a?c*", ["abc", "abcd"], ["ABC", "ac"]),
        ("StringNotLike", ["a*", "b*"], ["c"], ["a1", "b1"]),
        ("stringlike", "a*", ["abc"], ["b"]),
        ("NumericEquals", 10, ["10", "10.0", "+10"], ["11"]),
        ("NumericEquals", 1.5, ["1.50"], ["1.51"]),
        ("NumericNotEquals", "10", ["11"], ["10.00"]),
        ("NumericLessThan", "10", ["9", "-11"], ["10", "100"]),
        ("NumericLessThanEquals", "10", ["10", "9"], ["10.1"]),
        ("NumericGreaterThan", "10", ["100"], ["10", "9"]),
        ("NumericGreaterThanEquals", "10", ["10", "10.1"], ["9"]),
        ("DateEquals", "2020-01-01", ["2020-01-01T00:00:00Z", "1577836800"], ["2020-01-02"]),
        ("DateNotEquals", "2020-01-01", ["2020-01-02"], ["2020-01-01"]),
        ("DateLessThan", "2020-01-01T00:00:00Z", ["2019-12-31T23:59:59.9Z"], ["2020-01-01"]),
        ("DateLessThanEquals", "2020-01-01T00:00:00+01:00", ["2019-12-31T23:00Z"], ["2020-01-01"]),
        ("DateGreaterThan", 1577836800, ["1577836801"], ["1577836800"]),
        ("DateGreaterThanEquals", "2020-01-01", ["2020-01-01"], ["2019-12-31"]),
        ("Bool", "true", ["true", "TRUE"], ["false"]),
        ("Bool", False, ["false"], ["true"]),
        ("BinaryEquals", "QmluYXJ5", ["QmluYXJ5"], ["QmluYXJ6"]),
        ("IpAddress", "10.0.0.7/8", ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.1", "::1"]),
        ("IpAddress", "203.0.113.5", ["203.0.113.5"], ["203.0.113.6"]),
        ("IpAddress", ["2001:db8::/32", "10.0.0.0/8"], ["2001:db8:1::1", "10.1.1.1"], ["::1"]),
        ("NotIpAddress", ["10.0.0.0/8", "::1"], ["11.0.0.1"], ["10.0.0.1", "::1"]),
        ("ArnLike", "arn:aws:sns:*:1:t?", ["arn:aws:sns:eu:1:tx"], ["arn:aws:sns:a:b:1:tx", "x"]),
        ("ArnEquals", "arn:aws:sns:*:1:t", ["arn:aws:sns:eu:1:t"], ["arn:aws:sns:eu:2:t"]),
        ("ArnNotLike", "arn:aws:sns:*:1:*", ["arn:aws:sns:eu:2:t"], ["arn:aws:sns:eu:1:t"]),
        ("ArnNotEquals", "arn:aws:sns::1:t", ["arn:aws:sns::1:u"], ["arn:aws:sns::1:t"]),
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_operators(operator, expected, matching, others, effect):
    def holds(value):
        return allowed({operator: {"aws:Key": expected}}, {"AWS:kEY": (value,)}, effect=effect)

    assert [value for value in matching if not holds(value)] == []
    assert [value for value in others if holds(value)] == []


NEGATED = ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"]


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        *((operator, True) for operator in NEGATED),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
@pytest.mark.parametrize("context", [{}, {"aws:key": ()}])
def test_a_missing_or_empty_key(operator, holds, context):
    assert allowed({operator: {"aws:key": "x"}}, context) is holds


@pytest.mark.parametrize(
    ("operator", "expected", "values", "holds"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b", "a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], False),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], False),
        ("StringEquals", ["a"], ["b", "a"], True),
        ("StringNotEquals", ["a"], ["b", "a"], False),
    ],
)
def test_keys_with_several_values(operator, expected, values, holds):
    assert allowed({operator: {"aws:key": expected}}, {"aws:key": tuple(values)}) is holds


def test_null_tests_presence():
    assert allowed({"Null": {"aws:key": "true"}}, {})
    assert allowed({"Null": {"aws:key": True}}, {"aws:key": ()})
    assert not allowed({"Null": {"aws:key": "true"}}, {"aws:key": ("x",)})
    assert allowed({"Null": {"aws:key": "false"}}, {"aws:key": ("",)})
    assert allowed({"Null": {"aws:key": ["true", "false"]}}, {})


def test_operators_and_keys_must_all_hold():
    condition = {
        "StringEquals": {"aws:a": "1", "aws:b": "2"},
        "NumericLessThan": {"aws:c": "3"},
    }
    context = {"aws:a": ("1",), "aws:b": ("2",), "aws:c": ("2",)}
    assert allowed(condition, context)
    for key in context:
        assert not allowed(condition, context | {key: ("9",)})


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("NumericLessThan", "5"),
        ("NumericNotEquals", "5"),
        ("DateGreaterThan", "2020-01-01"),
        ("IpAddress", "10.0.0.0/8"),
        ("NotIpAddress", "10.0.0.0/8"),
        ("Bool", "true"),
        ("BinaryEquals", "QQ=="),
    ],
)
def test_an_unreadable_value_closes(operator, expected):
    condition = {operator: {"aws:key": expected}}
    assert not allowed(condition, {"aws:key": ("not that",)})
    assert allowed(condition, {"aws:key": ("not that",)}, effect="Deny")


def test_variables_in_values():
    context = {"aws:username": ("al*ce",), "aws:key": ("al*ce/home",)}
    for operator in ("StringEquals", "StringLike", "StringEqualsIgnoreCase"):
        assert allowed({operator: {"aws:key": "${aws:UserName}/home"}}, context)
    assert not allowed(
        {"StringLike": {"aws:key": "${aws:username}/home"}}, context | {"aws:key": ("alice/home",)}
    )
    assert allowed(
        {"ArnEquals": {"aws:arn": "${aws:own}"}},
        {"aws:arn": ("arn:aws:iam::1:user/a",), "aws:own": ("arn:aws:iam::1:user/a",)},
    )
    assert allowed({"Bool": {"aws:a": "${aws:b}"}}, {"aws:a": ("true",), "aws:b": ("True",)})


def test_a_variable_without_a_value_matches_nothing():
    context = {"aws:key": ("",)}
    assert not allowed({"StringEquals": {"aws:key": "${aws:nothing}"}}, context)
    assert allowed({"StringNotEquals": {"aws:key": "${aws:nothing}"}}, context)
    assert allowed({"StringEquals": {"aws:key": "${aws:nothing, ''}"}}, context)


def test_variables_are_text_in_the_first_version():
    condition = {"StringEquals": {"aws:key": "${aws:username}"}}
    context = {"aws:username": ("alice",), "aws:key": ("${aws:username}",)}
    assert allowed(condition, context, version="2008-10-17")
    assert not allowed(condition, context)


def test_the_global_keys(moment):
    context = request_context(
        ALICE,
        now=moment,
        source_address="10.0.0.1",
        secure=True,
        region="eu-west-1",
        user_agent="curl",
    )
    assert context == {
        "aws:PrincipalArn": (ALICE.arn,),
        "aws:PrincipalAccount": ("123456789012",),
        "aws:PrincipalType": ("User",),
        "aws:PrincipalTag/Team": ("blue",),
        "aws:userid": (ALICE.user_id,),
        "aws:username": ("alice",),
        "aws:CurrentTime": ("2020-01-02T03:04:05Z",),
        "aws:EpochTime": ("1577934245",),
        "aws:SecureTransport": ("true",),
        "aws:SourceIp": ("10.0.0.1",),
        "aws:RequestedRegion": ("eu-west-1",),
        "aws:UserAgent": ("curl",),
    }
    every = {
        "StringEquals": {"aws:principaltag/team": "blue"},
        "DateGreaterThan": {"aws:CurrentTime": "2020-01-01"},
        "NumericGreaterThan": {"aws:EpochTime": 1},
        "Bool": {"aws:SecureTransport": "true"},
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
    }
    assert allowed(every, context)


def test_unknown_facts_are_left_out(moment):
    context = request_context(
        ROLE_SESSION, now=moment, source_address=None, secure=False, region="x"
    )
    assert "aws:SourceIp" not in context
    assert "aws:UserAgent" not in context
    assert "aws:username" not in context
    assert context["aws:PrincipalArn"] == (ROLE_SESSION.principal_arn,)
    assert context["aws:SecureTransport"] == ("false",)
