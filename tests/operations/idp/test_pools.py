"""User pools: defaults, updates, listing, deletion, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.refusals import refusal, refusal_code

from poolgate.testing import LocalPoolgate

UNKNOWN = "us-east-1_000000000"
STANDARD = [
    "sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
    "profile", "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo",
    "locale", "phone_number", "phone_number_verified", "address", "updated_at",
]  # fmt: skip
ROLE_ARN = "arn:aws:iam::123456789012:role/sms"


@pytest.fixture
def cognito(poolgate: LocalPoolgate) -> Any:
    return poolgate.client("cognito-idp", validate=False)


def make(cognito: Any, **members: Any) -> str:
    pool_id: str = cognito.create_user_pool(**{"PoolName": "pool", **members})["UserPool"]["Id"]
    return pool_id


def described(cognito: Any, pool_id: str) -> dict[str, Any]:
    pool: dict[str, Any] = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return pool


@pytest.mark.recorded("CreateUserPool answers published by users, 2023-03-05 and 2025-07-02")
def test_a_pool_is_described_with_aws_defaults(poolgate: LocalPoolgate, cognito: Any) -> None:
    pool = cognito.create_user_pool(PoolName="plain")["UserPool"]
    assert described(cognito, pool["Id"]) == pool
    assert [attribute["Name"] for attribute in pool.pop("SchemaAttributes")] == STANDARD
    assert pool.pop("CreationDate") == pool.pop("LastModifiedDate")
    assert pool == {
        "Id": pool["Id"],
        "Name": "plain",
        "Arn": f"arn:aws:cognito-idp:us-east-1:{poolgate.account_id}:userpool/{pool['Id']}",
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "DeletionProtection": "INACTIVE",
        "LambdaConfig": {},
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
        "MfaConfiguration": "OFF",
        "EstimatedNumberOfUsers": 0,
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "UserPoolTags": {},
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": False,
            "UnusedAccountValidityDays": 7,
        },
        "UserPoolTier": "ESSENTIALS",
    }


@pytest.mark.documented("API_CreateUserPool", "the settings of the request are in the response")
def test_what_was_set_is_echoed(cognito: Any) -> None:
    given = {
        "DeletionProtection": "ACTIVE",
        "AutoVerifiedAttributes": ["email", "phone_number"],
        "AliasAttributes": ["preferred_username", "email"],
        "VerificationMessageTemplate": {
            "SmsMessage": "sms {####}",
            "EmailMessage": "mail {####}",
            "EmailSubject": "subject",
            "EmailMessageByLink": "{##click##}",
            "EmailSubjectByLink": "link",
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
        },
        "SmsAuthenticationMessage": "code {####}",
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "EmailConfiguration": {
            "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/a@example.com",
            "ReplyToEmailAddress": "reply@example.com",
            "EmailSendingAccount": "DEVELOPER",
            "From": "Example <a@example.com>",
            "ConfigurationSet": "set",
        },
        "SmsConfiguration": {"SnsCallerArn": ROLE_ARN, "ExternalId": "x", "SnsRegion": "eu-west-1"},
        "UserPoolTags": {"stage": "test"},
        "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
        "UsernameConfiguration": {"CaseSensitive": False},
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [
                {"Priority": 2, "Name": "verified_phone_number"},
                {"Priority": 1, "Name": "verified_email"},
            ]
        },
        "UserPoolTier": "PLUS",
        "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
        "IssuerConfiguration": {"Type": "ORIGINAL"},
    }
    pool = described(cognito, make(cognito, **given))
    assert {member: pool[member] for member in given} == given


@pytest.mark.documented("API_AdminCreateUserConfigType", "InviteMessageTemplate")
def test_invitation_settings_are_echoed(cognito: Any) -> None:
    template = {
        "SMSMessage": "{username} {####}",
        "EmailMessage": "mail {username} {####}",
        "EmailSubject": "welcome",
    }
    config = {"AllowAdminCreateUserOnly": True, "InviteMessageTemplate": template}
    pool = described(cognito, make(cognito, AdminCreateUserConfig=config))
    assert pool["AdminCreateUserConfig"] == {**config, "UnusedAccountValidityDays": 7}


@pytest.mark.documented("CLI describe-user-pool", "the texts stand under both names")
def test_older_message_members_mean_the_verification_template(cognito: Any) -> None:
    older = {
        "SmsVerificationMessage": "sms {####}",
        "EmailVerificationMessage": "mail {####}",
        "EmailVerificationSubject": "subject",
    }
    pool = described(cognito, make(cognito, **older))
    assert {member: pool[member] for member in older} == older
    assert pool["VerificationMessageTemplate"] == {
        "SmsMessage": "sms {####}",
        "EmailMessage": "mail {####}",
        "EmailSubject": "subject",
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
    }


@pytest.mark.documented("API_PasswordPolicyType", "0 is treated as null")
def test_password_policy_members_have_their_own_defaults(cognito: Any) -> None:
    policy = {"MinimumLength": 12, "RequireSymbols": False, "TemporaryPasswordValidityDays": 0}
    pool = described(cognito, make(cognito, Policies={"PasswordPolicy": policy}))
    assert pool["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 12,
        "RequireUppercase": True,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": False,
        "TemporaryPasswordValidityDays": 7,
    }


@pytest.mark.documented("API_UpdateUserPool", "If you don't provide a value, it is set to default")
def test_update_resets_what_it_omits(cognito: Any) -> None:
    pool_id = make(
        cognito,
        UserPoolTier="PLUS",
        DeletionProtection="ACTIVE",
        AutoVerifiedAttributes=["email"],
        UsernameAttributes=["email"],
        UserPoolTags={"stage": "test"},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        Schema=[{"Name": "team", "AttributeDataType": "String"}],
    )
    assert cognito.update_user_pool(UserPoolId=pool_id)["ResponseMetadata"]["HTTPStatusCode"] == 200
    pool = described(cognito, pool_id)
    assert pool["DeletionProtection"] == "INACTIVE"
    assert "AutoVerifiedAttributes" not in pool
    assert pool["UserPoolTags"] == {}
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is False
    # What belongs to the creation, the name and the tier stay.
    assert pool["Name"] == "pool"
    assert pool["UserPoolTier"] == "PLUS"
    assert pool["UsernameAttributes"] == ["email"]
    assert pool["SchemaAttributes"][-1]["Name"] == "custom:team"


@pytest.mark.model("UpdateUserPoolRequest")
def test_update_renames_and_moves_the_modification_date(
    poolgate: LocalPoolgate, cognito: Any
) -> None:
    pool_id = make(cognito)
    poolgate.clock.advance(60)
    cognito.update_user_pool(UserPoolId=pool_id, PoolName="renamed", UserPoolTier="LITE")
    pool = described(cognito, pool_id)
    assert (pool["Name"], pool["UserPoolTier"]) == ("renamed", "LITE")
    assert pool["LastModifiedDate"] > pool["CreationDate"]
    assert "SignInPolicy" not in pool["Policies"]


@pytest.mark.recorded("answers of AWS published by its users")
def test_two_different_validities_of_temporary_passwords_conflict(cognito: Any) -> None:
    pool_id = make(cognito)
    policies = {"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}}
    answer = refusal(
        cognito.update_user_pool,
        UserPoolId=pool_id,
        Policies=policies,
        AdminCreateUserConfig={"UnusedAccountValidityDays": 5},
    )
    assert answer == (
        "InvalidParameterException",
        (
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of "
            "UnusedAccountValidityDays"
        ),
    )
    same = {"UnusedAccountValidityDays": 3}
    cognito.update_user_pool(UserPoolId=pool_id, Policies=policies, AdminCreateUserConfig=same)
    assert described(cognito, pool_id)["AdminCreateUserConfig"]["UnusedAccountValidityDays"] == 3


@pytest.mark.recorded("answers of AWS published by its users")
def test_a_protected_pool_is_not_deleted(cognito: Any) -> None:
    pool_id = make(cognito, DeletionProtection="ACTIVE")
    assert refusal(cognito.delete_user_pool, UserPoolId=pool_id) == (
        "InvalidParameterException",
        (
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        ),
    )
    cognito.update_user_pool(UserPoolId=pool_id, DeletionProtection="INACTIVE")
    cognito.delete_user_pool(UserPoolId=pool_id)
    assert refusal_code(cognito.describe_user_pool, UserPoolId=pool_id) == (
        "ResourceNotFoundException"
    )


@pytest.mark.documented("API_DeleteUserPool", "Deletes a user pool")
def test_deletion_takes_everything_in_the_pool(cognito: Any) -> None:
    pool_id = make(cognito)
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", GenerateSecret=True
    )["UserPoolClient"]
    cognito.create_group(UserPoolId=pool_id, GroupName="group")
    cognito.admin_create_user(UserPoolId=pool_id, Username="ann", MessageAction="SUPPRESS")
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="ann", GroupName="group")
    cognito.delete_user_pool(UserPoolId=pool_id)
    assert cognito.list_user_pools(MaxResults=60)["UserPools"] == []
    asked = {"UserPoolId": pool_id, "ClientId": client["ClientId"]}
    assert refusal_code(cognito.describe_user_pool_client, **asked) == "ResourceNotFoundException"
    assert refusal_code(cognito.delete_user_pool, UserPoolId=pool_id) == "ResourceNotFoundException"


@pytest.mark.recorded("answers of AWS published by its users")
@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("describe_user_pool", {}),
        ("update_user_pool", {}),
        ("delete_user_pool", {}),
        ("get_user_pool_mfa_config", {}),
        ("set_user_pool_mfa_config", {"MfaConfiguration": "OFF"}),
        ("add_custom_attributes", {"CustomAttributes": [{"Name": "a"}]}),
        ("create_user_pool_client", {"ClientName": "app"}),
        ("describe_user_pool_client", {"ClientId": "a"}),
        ("update_user_pool_client", {"ClientId": "a"}),
        ("delete_user_pool_client", {"ClientId": "a"}),
        ("list_user_pool_clients", {"MaxResults": 1}),
        ("add_user_pool_client_secret", {"ClientId": "a"}),
        ("list_user_pool_client_secrets", {"ClientId": "a"}),
        ("delete_user_pool_client_secret", {"ClientId": "a", "ClientSecretId": "a"}),
        ("create_group", {"GroupName": "g"}),
        ("get_group", {"GroupName": "g"}),
        ("update_group", {"GroupName": "g"}),
        ("delete_group", {"GroupName": "g"}),
        ("list_groups", {}),
        ("list_users_in_group", {"GroupName": "g"}),
        ("admin_add_user_to_group", {"GroupName": "g", "Username": "u"}),
        ("admin_remove_user_from_group", {"GroupName": "g", "Username": "u"}),
        ("admin_list_groups_for_user", {"Username": "u"}),
        ("list_users", {}),
    ],
)
def test_an_unknown_pool_is_named(cognito: Any, operation: str, members: dict[str, Any]) -> None:
    assert refusal(getattr(cognito, operation), UserPoolId=UNKNOWN, **members) == (
        "ResourceNotFoundException",
        f"User pool {UNKNOWN} does not exist.",
    )


@pytest.mark.model("UserPoolIdType: pattern, required members, enums and ranges")
@pytest.mark.parametrize(
    ("operation", "members", "path"),
    [
        ("create_user_pool", {}, "poolName"),
        ("create_user_pool", {"PoolName": ""}, "poolName"),
        ("create_user_pool", {"PoolName": "x" * 129}, "poolName"),
        ("create_user_pool", {"PoolName": "a", "MfaConfiguration": "MAYBE"}, "mfaConfiguration"),
        ("describe_user_pool", {}, "userPoolId"),
        ("describe_user_pool", {"UserPoolId": "no pool"}, "userPoolId"),
        ("update_user_pool", {"UserPoolId": UNKNOWN, "UserPoolTier": "GOLD"}, "userPoolTier"),
        ("list_user_pools", {}, "maxResults"),
        ("list_user_pools", {"MaxResults": 0}, "maxResults"),
        ("list_user_pools", {"MaxResults": 61}, "maxResults"),
        ("delete_user_pool", {"UserPoolId": "x" * 56}, "userPoolId"),
        ("get_user_pool_mfa_config", {}, "userPoolId"),
        ("set_user_pool_mfa_config", {}, "userPoolId"),
    ],
)
def test_malformed_requests_are_refused_before_anything_is_looked_up(
    cognito: Any, operation: str, members: dict[str, Any], path: str
) -> None:
    code, message = refusal(getattr(cognito, operation), **members)
    assert code == "InvalidParameterException"
    assert "validation error" in message
    assert f"'{path}'" in message
    assert cognito.list_user_pools(MaxResults=1)["UserPools"] == []


@pytest.mark.assumed("unbuilt settings are refused, never taken and ignored")
@pytest.mark.parametrize(
    ("member", "members"),
    [
        ("DcrConfiguration", {"DcrConfiguration": {"EnableStatus": "Enabled"}}),
        ("EumsSms", {"SmsConfiguration": {"EumsSms": {"CallerArn": ROLE_ARN}}}),
        ("KeyConfiguration", {"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}}),
        ("IssuerConfiguration", {"IssuerConfiguration": {"Type": "UPDATED"}}),
    ],
)
def test_settings_that_are_not_built_are_refused_by_name(
    cognito: Any, member: str, members: dict[str, Any]
) -> None:
    expected = ("InvalidParameterException", f"{member} is not supported by this server yet.")
    assert refusal(cognito.create_user_pool, PoolName="pool", **members) == expected
    pool_id = make(cognito)
    assert refusal(cognito.update_user_pool, UserPoolId=pool_id, **members) == expected
    assert len(cognito.list_user_pools(MaxResults=60)["UserPools"]) == 1


@pytest.mark.assumed("texts for settings that do not go together")
@pytest.mark.parametrize(
    ("members", "part"),
    [
        (
            {"AliasAttributes": ["email"], "UsernameAttributes": ["email"]},
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.",
        ),
        (
            {
                "AliasAttributes": ["preferred_username"],
                "Schema": [{"Name": "preferred_username", "Required": True}],
            },
            "both a required attribute and an alias",
        ),
        (
            {
                "UserAttributeUpdateSettings": {
                    "AttributesRequireVerificationBeforeUpdate": ["email"]
                }
            },
            "subset of AutoVerifiedAttributes",
        ),
        (
            {
                "AccountRecoverySetting": {
                    "RecoveryMechanisms": [
                        {"Priority": 1, "Name": "admin_only"},
                        {"Priority": 2, "Name": "verified_email"},
                    ]
                }
            },
            "admin_only",
        ),
        (
            {
                "AccountRecoverySetting": {
                    "RecoveryMechanisms": [
                        {"Priority": 1, "Name": "verified_phone_number"},
                        {"Priority": 1, "Name": "verified_email"},
                    ]
                }
            },
            "priority of its own",
        ),
        (
            {
                "AdminCreateUserConfig": {
                    "InviteMessageTemplate": {"EmailMessage": "no {####} name"}
                }
            },
            "{username} and {####}",
        ),
        ({"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}}, "SourceArn is required"),
        (
            {
                "EmailVerificationMessage": "one {####}",
                "VerificationMessageTemplate": {"EmailMessage": "other {####}"},
            },
            "must not differ",
        ),
        ({"UserPoolTags": {f"t{n}": "" for n in range(51)}}, "50 tags"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    cognito: Any, members: dict[str, Any], part: str
) -> None:
    code, message = refusal(cognito.create_user_pool, PoolName="pool", **members)
    assert code == "InvalidParameterException"
    assert part in message
    assert cognito.list_user_pools(MaxResults=1)["UserPools"] == []


@pytest.mark.model("ListUserPoolsResponse")
def test_pools_are_listed_in_pages_by_region(poolgate: LocalPoolgate, cognito: Any) -> None:
    made = {make(cognito, PoolName=f"pool {n}") for n in range(5)}
    elsewhere = poolgate.client("cognito-idp", region="eu-west-1")
    other = elsewhere.create_user_pool(PoolName="other")["UserPool"]["Id"]
    assert other.startswith("eu-west-1_")
    listed, page_token = [], {}
    while True:
        page = cognito.list_user_pools(MaxResults=2, **page_token)
        assert len(page["UserPools"]) <= 2
        listed += page["UserPools"]
        if "NextToken" not in page:
            break
        page_token = {"NextToken": page["NextToken"]}
    assert [pool["Id"] for pool in listed] == sorted(made)
    assert set(listed[0]) == {"Id", "Name", "LambdaConfig", "LastModifiedDate", "CreationDate"}
    assert [pool["Id"] for pool in elsewhere.list_user_pools(MaxResults=60)["UserPools"]] == [other]


@pytest.mark.assumed("text for a page token that was altered or belongs to another listing")
def test_altered_and_foreign_page_tokens_are_refused(poolgate: LocalPoolgate, cognito: Any) -> None:
    for number in range(3):
        make(cognito, PoolName=f"pool {number}")
    page_token = cognito.list_user_pools(MaxResults=1)["NextToken"]
    elsewhere = poolgate.client("cognito-idp", region="eu-west-1", validate=False)
    expected = ("InvalidParameterException", "Invalid pagination token.")
    assert refusal(elsewhere.list_user_pools, MaxResults=1, NextToken=page_token) == expected
    for place in range(len(page_token)):
        altered = page_token[:place] + ("A" if page_token[place] != "A" else "B")
        altered += page_token[place + 1 :]
        assert refusal(cognito.list_user_pools, MaxResults=1, NextToken=altered) == expected
    for altered in (page_token + "A", "!" + page_token, "x", "\N{SNOWMAN}"):
        assert refusal(cognito.list_user_pools, MaxResults=1, NextToken=altered) == expected


@pytest.mark.model("CreateUserPoolRequest")
def test_concurrent_creators_each_get_a_pool_of_their_own(cognito: Any) -> None:
    with ThreadPoolExecutor(8) as creators:
        made = list(creators.map(lambda _: make(cognito), range(8)))
    assert len(set(made)) == 8
    listed = cognito.list_user_pools(MaxResults=60)["UserPools"]
    assert {pool["Id"] for pool in listed} == set(made)


@pytest.mark.model("every operation of pools needs a permission on the pool")
def test_a_caller_without_permission_changes_nothing(poolgate: LocalPoolgate, cognito: Any) -> None:
    iam = poolgate.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    credentials = type(poolgate.root_credentials)(key["AccessKeyId"], key["SecretAccessKey"])
    stranger = poolgate.client("cognito-idp", credentials=credentials)
    pool_id = make(cognito)
    assert refusal_code(stranger.delete_user_pool, UserPoolId=pool_id) == "AccessDeniedException"
    assert refusal_code(stranger.create_user_pool, PoolName="x") == "AccessDeniedException"
    assert len(cognito.list_user_pools(MaxResults=60)["UserPools"]) == 1
