import json

import pytest

ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}'


@pytest.mark.recorded(
    "iam/test_iam.snapshot.json TestIAMPolicyEncoding::test_put_user_policy_encoding"
)
def test_a_document_comes_back_as_it_was_given(iam):
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["apigatway:PUT"],
                    "Resource": [
                        "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A"
                    ],
                }
            ],
        },
        indent=3,
    )
    iam.create_user(UserName="ada")
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document)
    answer = iam.get_user_policy(UserName="ada", PolicyName="p")
    assert answer["PolicyDocument"] == json.loads(document)
    assert (answer["UserName"], answer["PolicyName"]) == ("ada", "p")


@pytest.mark.documented("API_PutUserPolicy", "adds or updates")
def test_a_policy_is_replaced_and_deleted(iam, refused):
    iam.create_user(UserName="ada")
    for document in (ALLOW, ALLOW.replace("Allow", "Deny")):
        iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document)
    got = iam.get_user_policy(UserName="ada", PolicyName="p")["PolicyDocument"]
    assert got["Statement"][0]["Effect"] == "Deny"
    assert iam.list_user_policies(UserName="ada")["PolicyNames"] == ["p"]
    iam.delete_user_policy(UserName="ada", PolicyName="p")
    for operation in (iam.get_user_policy, iam.delete_user_policy):
        assert refused(operation, UserName="ada", PolicyName="p") == {
            "code": "NoSuchEntity",
            "message": "The user policy with name p cannot be found.",
            "status": 404,
        }


@pytest.mark.recorded(
    "iam/test_iam.snapshot.json test_create_role_with_malformed_assume_role_policy"
)
def test_a_document_that_is_not_json_is_refused(iam, refused):
    iam.create_user(UserName="ada")
    assert refused(
        iam.put_user_policy, UserName="ada", PolicyName="p", PolicyDocument='{"Version'
    ) == {
        "code": "MalformedPolicyDocument",
        "message": "This policy contains invalid Json",
        "status": 400,
    }
    assert iam.list_user_policies(UserName="ada")["PolicyNames"] == []


@pytest.mark.assumed("identity_pools_sts_iam.md C3: texts of belief")
@pytest.mark.parametrize(
    "document",
    [
        "{}",
        "[]",
        ALLOW.replace("Resource", "Ressource"),
        ALLOW.replace('"Resource":"*"', '"Resource":"*","Principal":"*"'),
        ALLOW.replace('"Resource":"*"', '"Resource":"*","Condition":{"StringLikes":{"a:b":"c"}}'),
        ALLOW.replace("2012-10-17", "2012-10-18"),
        ALLOW.replace("sts:*", "everything"),
        "[" * 10_000,
    ],
)
def test_what_cannot_be_evaluated_is_refused(iam, refused, document):
    iam.create_user(UserName="ada")
    refusal = refused(iam.put_user_policy, UserName="ada", PolicyName="p", PolicyDocument=document)
    assert (refusal["code"], refusal["status"]) == ("MalformedPolicyDocument", 400)
    assert iam.list_user_policies(UserName="ada")["PolicyNames"] == []


@pytest.mark.documented("IAM quotas", "user policy size can't exceed 2,048 characters")
def test_inline_policies_together_have_a_limit_that_counts_no_white_space(iam, refused):
    iam.create_user(UserName="ada")
    long = ALLOW.replace('"Resource":"*"', f'"Resource":"arn:aws:s3:::{"a" * 1000}"')
    spaced = json.dumps(json.loads(long), indent=400)
    assert len(spaced) > 2048
    iam.put_user_policy(UserName="ada", PolicyName="one", PolicyDocument=spaced)
    iam.put_user_policy(UserName="ada", PolicyName="one", PolicyDocument=long)
    assert refused(iam.put_user_policy, UserName="ada", PolicyName="two", PolicyDocument=long) == {
        "code": "LimitExceeded",
        "message": "Maximum policy size of 2048 bytes exceeded for user ada",
        "status": 409,
    }


@pytest.mark.documented("API_ListUserPolicies", "Marker, MaxItems")
def test_policies_are_listed_in_pages(iam, refused):
    iam.create_user(UserName="ada")
    for name in "cab":
        iam.put_user_policy(UserName="ada", PolicyName=name, PolicyDocument=ALLOW)
    first = iam.list_user_policies(UserName="ada", MaxItems=2)
    assert first["PolicyNames"] == ["a", "b"]
    second = iam.list_user_policies(UserName="ada", Marker=first["Marker"])
    assert (second["PolicyNames"], second["IsTruncated"]) == (["c"], False)
    iam.create_user(UserName="grace")
    refusal = refused(iam.list_user_policies, UserName="grace", Marker=first["Marker"])
    assert refusal["code"] == "ValidationError"


@pytest.mark.recorded("iam/test_iam.snapshot.json test_id_match_user_mismatch (same text)")
def test_an_unknown_user_is_named(iam, refused):
    members = {"UserName": "nobody", "PolicyName": "p"}
    for operation, more in (
        (iam.put_user_policy, {"PolicyDocument": ALLOW}),
        (iam.get_user_policy, {}),
        (iam.delete_user_policy, {}),
    ):
        refusal = refused(operation, **members, **more)
        assert refusal["message"] == "The user with name nobody cannot be found."
        assert (refusal["code"], refusal["status"]) == ("NoSuchEntity", 404)
