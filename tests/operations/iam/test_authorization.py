"""What a principal with limited rights may do, through the whole pipeline."""

import pytest


def grant(*statements: str) -> str:
    return '{"Version":"2012-10-17","Statement":[' + ",".join(statements) + "]}"


def statement(effect: str, action: str, resource: str = "*", condition: str = "{}") -> str:
    return (
        f'{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}",'
        f'"Condition":{condition}}}'
    )


@pytest.mark.documented("IAM troubleshoot_access-denied", "no identity-based policy allows")
def test_a_user_without_policies_may_do_nothing(poolgate, user_credentials, refused):
    ada = poolgate.client("iam", credentials=user_credentials("ada", path="/maths/"))
    account = poolgate.account_id
    assert refused(ada.create_user, UserName="eve", Path="/x/") == {
        "code": "AccessDenied",
        "message": f"User: arn:aws:iam::{account}:user/maths/ada is not authorized to perform: "
        f"iam:CreateUser on resource: arn:aws:iam::{account}:user/x/eve because no identity-based "
        "policy allows the iam:CreateUser action",
        "status": 403,
    }


@pytest.mark.documented("IAM troubleshoot_access-denied", "with an explicit deny")
def test_an_explicit_deny_wins(poolgate, user_credentials, refused):
    document = grant(statement("Allow", "iam:*"), statement("Deny", "iam:Delete*"))
    ada = poolgate.client("iam", credentials=user_credentials("ada", document))
    ada.create_user(UserName="eve")
    refusal = refused(ada.delete_user, UserName="eve")
    assert refusal["code"] == "AccessDenied"
    assert refusal["message"].endswith("with an explicit deny in an identity-based policy")
    ada.get_user(UserName="eve")


@pytest.mark.documented("Service authorization reference: IAM", "resource type user*")
def test_rights_are_bound_to_the_stored_path_of_the_named_user(
    poolgate, iam, user_credentials, refused
):
    document = grant(statement("Allow", "iam:*User*", "arn:aws:iam::*:user/team/*"))
    ada = poolgate.client("iam", credentials=user_credentials("ada", document))
    iam.create_user(UserName="mate", Path="/team/")
    iam.create_user(UserName="boss", Path="/board/")
    ada.get_user(UserName="mate")
    ada.tag_user(UserName="MATE", Tags=[{"Key": "a", "Value": "b"}])
    for name in ("boss", "nobody", "ada"):
        assert refused(ada.get_user, UserName=name)["code"] == "AccessDenied"
    assert refused(ada.list_users)["code"] == "AccessDenied"
    assert [u["UserName"] for u in ada.list_users(PathPrefix="/team/")["Users"]] == ["mate"]


@pytest.mark.documented("IAM policy variables", "aws:username")
def test_conditions_and_variables_are_about_the_request(poolgate, user_credentials, refused):
    document = grant(
        statement("Allow", "iam:GetUser", "arn:aws:iam::*:user/${aws:username}"),
        statement("Allow", "iam:ListUsers", "*", '{"Bool":{"aws:SecureTransport":"true"}}'),
    )
    ada = poolgate.client("iam", credentials=user_credentials("ada", document))
    user_credentials("adam")
    assert ada.get_user(UserName="ada")["User"]["UserName"] == "ada"
    assert refused(ada.get_user, UserName="adam")["code"] == "AccessDenied"
    assert refused(ada.list_users)["code"] == "AccessDenied"


@pytest.mark.documented("IAM policy evaluation", "changes take effect for existing callers")
def test_a_changed_policy_holds_at_once(poolgate, iam, user_credentials, refused):
    credentials = user_credentials("ada", grant(statement("Allow", "iam:ListUsers")))
    ada = poolgate.client("iam", credentials=credentials)
    ada.list_users()
    iam.delete_user_policy(UserName="ada", PolicyName="granted")
    assert refused(ada.list_users)["code"] == "AccessDenied"


@pytest.mark.documented("protocol.md 6.4", "AccessDeniedException (JSON services, 400)")
def test_json_services_refuse_in_their_own_words(poolgate, user_credentials, refused):
    cognito = poolgate.client("cognito-idp", credentials=user_credentials("ada"))
    refusal = refused(cognito.list_user_pools, MaxResults=1)
    assert (refusal["code"], refusal["status"]) == ("AccessDeniedException", 400)


@pytest.mark.documented("security.md A4", "authorising reads little")
def test_authorising_a_signed_call_is_two_reads(poolgate, user_credentials, monkeypatch):
    from poolgate.store.database import Transaction  # noqa: PLC0415 - counted here alone

    sts = poolgate.client(
        "sts", credentials=user_credentials("ada", grant(statement("Allow", "sts:*")))
    )
    key = poolgate.root_credentials.access_key_id
    sts.get_access_key_info(AccessKeyId=key)
    reads = []
    for name in ("one", "rows"):
        original = getattr(Transaction, name)

        def counted(self, statement, parameters=None, original=original):
            reads.append(statement)
            return original(self, statement, parameters)

        monkeypatch.setattr(Transaction, name, counted)
    sts.get_access_key_info(AccessKeyId=key)
    # Whose key it is, what its owner may do; and the operation's own look-up.
    assert len(reads) == 3
