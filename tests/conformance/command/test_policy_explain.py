"""`poolgate policy explain`: from a server's policies, and from files alone."""

import pytest
from kits.command import poolgate
from kits.keychain import allow, deny, document, make_role, trusting

pytestmark = pytest.mark.timeout(300)
ALLOWED, DENIED, MISTAKEN, UNDECIDED = 0, 1, 2, 3
REPORTS = "arn:aws:s3:::reports/*"
REPORT = "arn:aws:s3:::reports/2026.csv"


@pytest.fixture(scope="module")
def account(served):
    """Return ARNs: a user in a group, a role, a user within a boundary."""
    iam = served.client("iam")
    arns = {}
    for name in ("reader", "limited"):
        arns[name] = iam.create_user(UserName=name)["User"]["Arn"]
    iam.create_group(GroupName="analysts")
    iam.add_user_to_group(GroupName="analysts", UserName="reader")
    managed = iam.create_policy(
        PolicyName="reports",
        PolicyDocument=document(allow("s3:GetObject", REPORTS, Sid="ReadReports")),
    )["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="analysts", PolicyArn=managed)
    iam.put_user_policy(
        UserName="reader",
        PolicyName="guardrails",
        PolicyDocument=document(
            allow("s3:ListBucket"),
            deny("s3:DeleteObject", REPORTS, Sid="NoDeletes"),
            allow(
                "s3:PutObject",
                REPORTS,
                Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
            ),
        ),
    )
    iam.put_user_policy(
        UserName="limited", PolicyName="wide", PolicyDocument=document(allow("s3:*"))
    )
    iam.put_user_permissions_boundary(UserName="limited", PermissionsBoundary=managed)
    trust = trusting({"AWS": arns["reader"]})
    arns["role"] = make_role(iam, "exporter", trust, allow("s3:GetObject", REPORTS, Sid="Export"))
    return arns


@pytest.fixture
def explain(served):
    environment = served.environment()

    def run(*arguments):
        return poolgate(environment, "policy", "explain", *arguments)

    return run


def test_allowed_names_the_statement_of_a_group_policy(explain, account):
    asked = ("--action", "s3:GetObject", "--resource", REPORT)
    finished = explain("--principal", account["reader"], *asked, "--json")
    assert finished.exit_code == ALLOWED, finished.told
    [explanation] = finished.json
    assert explanation["allowed"] is True
    assert explanation["decision"] == "allowed"
    [statement] = explanation["statements"]
    assert statement["policy"] == "reports"
    assert statement["sid"] == "ReadReports"
    assert statement["statement"] == allow("s3:GetObject", REPORTS, Sid="ReadReports")


def test_an_explicit_deny_names_its_statement_for_people(explain, account):
    asked = ("--action", "s3:DeleteObject", "--resource", REPORT)
    finished = explain("--principal", account["reader"], *asked)
    assert finished.exit_code == DENIED
    assert "denied explicitly" in finished.output
    assert 'statement "NoDeletes" of guardrails (identity-based), line 1' in finished.output
    assert '"Effect": "Deny"' in finished.output


def test_one_denied_question_denies_the_whole(explain, account):
    asked = ("--action", "s3:GetObject", "--action", "s3:DeleteBucket", "--resource", REPORT)
    finished = explain("--principal", account["reader"], *asked, "--json")
    assert finished.exit_code == DENIED
    assert [each["decision"] for each in finished.json] == ["allowed", "implicitDeny"]


def test_a_context_key_that_was_not_given_is_named(explain, account):
    asked = ("--principal", account["reader"], "--action", "s3:PutObject", "--resource", REPORT)
    without = explain(*asked, "--json")
    assert without.exit_code == DENIED
    assert without.json[0]["missing_context_keys"] == ["aws:SourceIp"]
    assert explain(*asked, "--context", "aws:SourceIp=192.0.2.7").exit_code == ALLOWED
    assert explain(*asked, "--context", "aws:SourceIp=198.51.100.7").exit_code == DENIED


def test_a_boundary_that_does_not_allow_is_named(explain, account):
    asked = ("--action", "s3:PutObject", "--resource", REPORT)
    finished = explain("--principal", account["limited"], *asked)
    assert finished.exit_code == DENIED
    assert "no permissions boundary policy allows it" in finished.output


def test_a_session_is_explained_by_its_role(explain, account):
    session = account["role"].replace(":iam:", ":sts:").replace("role/", "assumed-role/") + "/me"
    asked = ("--action", "s3:GetObject", "--resource", REPORT)
    finished = explain("--principal", session, *asked, "--json")
    assert finished.exit_code == ALLOWED, finished.told
    assert finished.json[0]["principal"] == account["role"]
    assert finished.json[0]["statements"][0]["sid"] == "Export"


def test_everybody_is_asked_one_by_one(explain, account):
    finished = explain("--everybody", "--action", "s3:GetObject", "--resource", REPORT, "--json")
    by_principal = {each["principal"]: each["allowed"] for each in finished.json}
    assert by_principal[account["reader"]] is True
    assert by_principal[account["role"]] is True
    assert finished.exit_code == (ALLOWED if all(by_principal.values()) else DENIED)


def test_files_are_supposed_beside_the_policies_or_instead_of_them(explain, account, tmp_path):
    supposed = tmp_path / "more.json"
    supposed.write_text(document(allow("s3:PutObject", REPORTS, Sid="More")))
    reader = ("--principal", account["reader"], "--resource", REPORT, "--policy", str(supposed))
    beside = explain(*reader, "--action", "s3:GetObject", "--action", "s3:PutObject", "--json")
    assert beside.exit_code == ALLOWED, beside.told
    assert beside.json[1]["statements"][0]["policy"] == str(supposed)
    assert beside.json[1]["statements"][0]["sid"] == "More"
    assert explain(*reader, "--action", "s3:GetObject", "--instead").exit_code == DENIED
    assert explain(*reader, "--action", "s3:PutObject", "--instead").exit_code == ALLOWED


@pytest.mark.usefixtures("account")
def test_who_may_not_simulate_is_told_so(served):
    made = served.client("iam").create_access_key(UserName="limited")["AccessKey"]
    environment = served.environment() | {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }
    finished = poolgate(environment, "policy", "explain", "--action", "s3:GetObject")
    assert finished.exit_code == UNDECIDED
    assert "SimulatePrincipalPolicy was refused: AccessDenied" in finished.told
    assert made["SecretAccessKey"] not in finished.told


def test_the_root_is_told_to_need_no_policy(explain):
    finished = explain("--action", "s3:GetObject")
    assert finished.exit_code == UNDECIDED
    assert "root of its account" in finished.told


@pytest.fixture
def offline(tmp_path):
    """Return what explains files; nothing listens where a server would be asked."""
    environment = {"HOME": str(tmp_path), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    def run(*arguments, **documents):
        flags = []
        for name, text in documents.items():
            path = tmp_path / f"{name}.json"
            path.write_text(text)
            flags += [f"--{name.replace('_', '-')}", str(path)]
        return poolgate(environment, "policy", "explain", "--offline", *flags, *arguments)

    return run


ASK = ("--action", "s3:GetObject", "--resource", REPORT)


def test_files_alone_decide_without_a_server(offline):
    wide = document(allow("s3:*")).replace("[", "[\n\n  ")
    finished = offline(*ASK, "--json", policy=wide)
    assert finished.exit_code == ALLOWED, finished.told
    [statement] = finished.json[0]["statements"]
    assert (statement["line"], statement["column"]) == (3, 4)
    narrow = document(allow("s3:PutObject"))
    assert offline(*ASK, policy=wide, boundary=narrow).exit_code == DENIED
    by_session = offline(*ASK, policy=wide, session_policy=narrow)
    assert by_session.exit_code == DENIED
    assert "no session policy allows it" in by_session.output


def test_a_resource_policy_names_the_principal(offline):
    alice = "arn:aws:iam::123456789012:user/alice"
    theirs = document(allow("s3:GetObject", REPORTS, Principal={"AWS": alice}, Sid="Alice"))
    told = offline(*ASK, "--principal", alice, resource_policy=theirs)
    assert told.exit_code == ALLOWED, told.told
    assert 'statement "Alice"' in told.output
    assert "(resource-based)" in told.output
    bob = alice.replace("alice", "bob")
    assert offline(*ASK, "--principal", bob, resource_policy=theirs).exit_code == DENIED


def test_variables_take_the_principals_name(offline):
    home = document(allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*"))
    mine = ("--action", "s3:GetObject", "--resource", "arn:aws:s3:::home/alice/a.txt")
    arn = "arn:aws:iam::123456789012:user/staff/"
    assert offline(*mine, "--principal", f"{arn}alice", policy=home).exit_code == ALLOWED
    assert offline(*mine, "--principal", f"{arn}bob", policy=home).exit_code == DENIED
    unnamed = offline(*mine, "--json", policy=home)
    assert unnamed.exit_code == DENIED
    assert unnamed.json[0]["missing_context_keys"] == ["aws:username"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (("--offline", "--action", "s3:GetObject"), MISTAKEN, "--offline decides by --policy"),
        (("--instead", "--action", "s3:GetObject"), MISTAKEN, "--instead needs the policies"),
        (("--action", "s3:GetObject", "--context", "nothing"), MISTAKEN, "is not KEY=VALUE"),
        (("--offline", "--action", "a:b", "--policy", "absent"), MISTAKEN, "cannot be read"),
        (("--action", "s3:GetObject"), UNDECIDED, "no AWS keys"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(tmp_path, arguments, exit_code, told):
    finished = poolgate({"HOME": str(tmp_path)}, "policy", "explain", *arguments)
    assert finished.exit_code == exit_code
    assert told in finished.told
    assert finished.told.startswith("poolgate: ")


def test_a_file_that_is_no_policy_is_told_with_what_is_wrong(offline):
    finished = offline(*ASK, policy='{"Statement": []}')
    assert finished.exit_code == UNDECIDED
    assert "policy.json: Syntax errors in policy." in finished.told
