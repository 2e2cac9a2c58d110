import json

import pytest
from kits.policies import document, policy, resource_policy, statement

from poolgate.policy.documents import MalformedPolicy, PolicyKind, parse_policy

VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
SYNTAX = "Syntax errors in policy."


def detail(text, kind=PolicyKind.IDENTITY):
    with pytest.raises(MalformedPolicy) as refused:
        parse_policy(text, kind=kind)
    assert refused.value.facts == {"detail": refused.value.detail}
    return refused.value.detail


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 50_000, '{"Version": NaN}', '{"a":1}x', "\ud800", '{"Statement":' + "9" * 5000],
)
def test_not_json(text):
    assert detail(text) == "This policy contains invalid Json"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        "{}",
        '{"Statement": []}',
        '{"Statement": [1]}',
        '{"Statement": [[]]}',
        '{"Version": 1, "Statement": []}',
        '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}',
        json.dumps({"Id": "x", "Statement": [statement()]}),
        json.dumps({"Statement": [statement()], "Comment": "x"}),
        document(statement(Effect="allow")),
        document(statement(effect=["Allow"])),
        document(statement(Comment="x")),
        document(statement(Sid="not-allowed")),
        document(statement(Sid=1)),
        document(statement(NotAction="*") | {"Action": "*"}),
        document(statement(NotResource="*") | {"Resource": "*"}),
        document(statement(action=1)),
        document(statement(action=["s3:Get*", 1])),
        document(statement(action={"s3:Get*": 1})),
        document(statement(resource=True)),
        document(statement(resource="arn:aws:s3:::${}")),
        document(statement(resource="arn:aws:s3:::b", Condition=[])),
        document(statement(Condition={"StringEquals": []})),
        document(statement(Condition={"StringEquals": {"aws:x": []}})),
        document(statement(Condition={"StringEquals": {"aws:x": None}})),
        document(statement(Condition={"StringEquals": {"aws:x": {"y": "z"}}})),
        document(statement(Condition={"StringEqual": {"aws:x": "y"}})),
        document(statement(Condition={"NullIfExists": {"aws:x": "true"}})),
        document(statement(Condition={"ForAllValues:Null": {"aws:x": "true"}})),
        document(statement(Condition={"ForAnyValue:ForAllValues:StringLike": {"aws:x": "y"}})),
        document(statement(Condition={"StringEquals": {"aws:x": "${a,b}"}})),
        document(statement(Condition={"Null": {"aws:x": "perhaps"}})),
        document(statement(Condition={"Bool": {"aws:x": "perhaps"}})),
        document(statement(Condition={"NumericEquals": {"aws:x": "NaN"}})),
        document(statement(Condition={"NumericEquals": {"aws:x": "${aws:y}"}})),
        document(statement(Condition={"DateLessThan": {"aws:x": "yesterday"}})),
        document(statement(Condition={"DateLessThan": {"aws:x": "2020-13-01"}})),
        document(statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}})),
        document(statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.*"}})),
        document(statement(Condition={"BinaryEquals": {"aws:x": "?"}})),
        document(statement(Condition={"ArnLike": {"aws:SourceArn": "*"}})),
        # Variables stand after the fifth colon only.
        document(statement(resource="arn:aws:s3::${aws:PrincipalAccount}:b")),
    ],
)
def test_syntax_errors(text):
    assert detail(text) == SYNTAX


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"Action": []}, "Policy statement must contain actions."),
        ({"Resource": []}, "Policy statement must contain resources."),
        ({"Action": "GetUser"}, VENDOR),
        ({"Action": ""}, VENDOR),
        ({"Action": "s3:"}, VENDOR),
        ({"Condition": {"StringEquals": {"x": "y"}}}, VENDOR),
        ({"Action": "s3:Get:Object"}, "Actions/Condition can contain only one colon."),
        ({"Action": "s 3:Get"}, "Vendor s 3 is not valid"),
        ({"Resource": "bucket"}, 'Resource bucket must be in ARN format or "*".'),
        ({"Resource": "arn:aws:s3"}, 'Resource arn:aws:s3 must be in ARN format or "*".'),
        ({"Resource": "urn:a:b:c:d:e"}, 'Resource urn:a:b:c:d:e must be in ARN format or "*".'),
        ({"Resource": "arn:x:s3:::b"}, 'Partition "x" is not valid for resource "arn:x:s3:::b".'),
        (
            {"Resource": "arn:aws:*:::b"},
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        ({"Principal": "*"}, "Policy document should not specify a principal."),
        ({"NotPrincipal": "*"}, "Policy document should not specify a principal."),
    ],
)
def test_what_aws_says_about_a_statement(elements, expected):
    assert detail(document(statement() | elements)) == expected


def test_missing_elements():
    without_action = {"Effect": "Allow", "Resource": "*"}
    without_resource = {"Effect": "Allow", "Action": "*"}
    assert detail(document(without_action)) == "Policy statement must contain actions."
    assert detail(document(without_resource)) == "Policy statement must contain resources."


def test_unknown_versions():
    assert (
        detail(document(statement(), version="2011-01-01"))
        == "Policy document must be version 2012-10-17 or greater."
    )


def test_sids_are_unique():
    assert (
        detail(document(statement(Sid="A"), statement(Sid="A")))
        == "Statement IDs (SID) in a single policy must be unique."
    )
    assert policy(statement(Sid=""), statement(Sid=""), statement(Sid="A"))


def test_a_document_has_a_bounded_size():
    assert detail(document(statement(Sid="A" * 200_000))) == SYNTAX


def test_a_statement_may_stand_alone():
    alone = parse_policy(json.dumps({"Statement": statement()}))
    assert [parsed.label for parsed in alone.statements] == ["policy[0]"]


def test_resource_policies_name_principals():
    named = {"AWS": ["123456789012", "arn:aws:iam::123456789012:role/x"], "Service": "sns.a"}
    parsed = resource_policy(statement(Principal=named, Sid="with spaces"))
    assert parsed.statements[0].label == "with spaces"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, SYNTAX),
        ({"Principal": []}, SYNTAX),
        ({"Principal": {}}, SYNTAX),
        ({"Principal": {"Somebody": "*"}}, SYNTAX),
        ({"Principal": {"AWS": 1}}, SYNTAX),
        ({"Principal": "*", "NotPrincipal": "*"}, SYNTAX),
        # NotPrincipal goes with Deny only.
        ({"NotPrincipal": "*"}, SYNTAX),
        ({"Principal": {"AWS": "alice"}}, 'Invalid principal in policy: "AWS":"alice"'),
        (
            {"Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}},
            'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/*"',
        ),
    ],
)
def test_malformed_principals(elements, expected):
    assert detail(document(statement() | elements), PolicyKind.RESOURCE) == expected
