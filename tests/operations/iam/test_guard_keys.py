"""What a guard of another service gets from the server."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from poolgate.foundation.secret import Secret
from poolgate.iam import guard_keys
from poolgate.iam.access_keys import AccessKeyNotFound
from poolgate.iam.authorization import AccessDenied
from poolgate.iam.signers import verify_signer
from poolgate.sigv4.failures import SignatureFailure
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import derive_signing_key, sign

REGION, SERVICE = "eu-west-1", "execute-api"
GRANT = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"poolgate:*",'
    '"Resource":"arn:aws:poolgate:eu-west-1:*:scope/execute-api/eu-west-1"}]}'
)
RIGHTS = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*"}]}'


@pytest.fixture
def guard_call(poolgate, user_credentials):
    """A call that a guard has made, which may verify for execute-api in eu-west-1."""
    guard = user_credentials("guard", GRANT)
    installation = poolgate.application.installation
    call = installation.new_call(
        request_id="r", source_address="127.0.0.1", region=None, principal=None
    )
    return replace(call, principal=principal_of(call, guard.access_key_id))


def principal_of(call, access_key_id):
    return verify_signer(
        call.db,
        call.vault,
        call.account_id,
        access_key_id=access_key_id,
        session_token=None,
        now_millis=call.now_millis,
    ).principal


@pytest.fixture
def signer(user_credentials):
    return user_credentials("ada", RIGHTS)


def today(call, days: int = 0) -> str:
    return (call.now + timedelta(days=days)).strftime("%Y%m%d")


def issue(call, credentials, **changes):
    asked = {"date": today(call), "region": REGION, "service": SERVICE, "session_token": None}
    asked |= changes
    return guard_keys.issue_guard_key(call, access_key_id=credentials.access_key_id, **asked)


def signed(credentials, *, now: datetime, service: str = SERVICE) -> RequestParts:
    parts = RequestParts("GET", "/leases", "", (("host", "api.example"),), b"")
    headers = sign(
        parts,
        access_key_id=credentials.access_key_id,
        secret_access_key=Secret(credentials.secret_access_key),
        session_token=None,
        region=REGION,
        service=service,
        now=now,
    )
    return replace(parts, headers=parts.headers + tuple(headers))


def test_a_guard_gets_the_derived_key_the_principal_and_its_policies(guard_call, signer):
    issued = issue(guard_call, signer)
    secret = Secret(signer.secret_access_key)
    assert issued.signing_key == derive_signing_key(secret, today(guard_call), REGION, SERVICE)
    assert issued.principal.username == "ada"
    assert [each.document for each in issued.policies.identity] == [RIGHTS]
    bound = timedelta(seconds=guard_keys.GUARD_KEY_SECONDS)
    assert issued.expires_at == guard_call.now + bound


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_days_beside_today_are_given_out(guard_call, signer, days):
    issue(guard_call, signer, date=today(guard_call, days))


@pytest.mark.parametrize("date", ["20200101", "", "today", "2026-01-01"])
def test_other_dates_are_refused(guard_call, signer, date):
    with pytest.raises(guard_keys.GuardScopeRefused):
        issue(guard_call, signer, date=date)
    with pytest.raises(guard_keys.GuardScopeRefused):
        issue(guard_call, signer, date=today(guard_call, 2))


@pytest.mark.parametrize(
    "service",
    ["cognito-idp", "cognito-identity", "sts", "iam", "secretsmanager", "poolgate", "STS", "a/b"],
)
def test_nobody_gets_a_key_for_the_servers_own_services(poolgate, guard_call, signer, service):
    root = principal_of(guard_call, poolgate.root_credentials.access_key_id)
    with pytest.raises(guard_keys.GuardScopeRefused):
        issue(replace(guard_call, principal=root), signer, service=service)


@pytest.mark.parametrize("changes", [{"service": "lambda"}, {"region": "us-east-1"}])
def test_a_guard_gets_keys_of_its_own_scope_only(guard_call, signer, changes):
    with pytest.raises(AccessDenied):
        issue(guard_call, signer, **changes)


def test_a_user_without_the_permission_gets_no_key(guard_call, signer):
    ada = principal_of(guard_call, signer.access_key_id)
    with pytest.raises(AccessDenied):
        issue(replace(guard_call, principal=ada), signer)


def test_inactive_and_unknown_keys_are_not_given_out(guard_call, signer, iam):
    iam.update_access_key(UserName="ada", AccessKeyId=signer.access_key_id, Status="Inactive")
    with pytest.raises(AccessKeyNotFound):
        issue(guard_call, signer)
    with pytest.raises(AccessKeyNotFound):
        issue(guard_call, replace(signer, access_key_id="AKIAIOSFODNN7EXAMPLE"))


def verified(call, parts, **changes):
    asked = {"service": SERVICE, "region": REGION, "skew_seconds": 300} | changes
    return guard_keys.verify_for_guard(call, parts, **asked)


def test_the_server_verifies_one_signature_for_a_guard(guard_call, signer):
    proven = verified(guard_call, signed(signer, now=guard_call.now))
    assert proven.access_key_id == signer.access_key_id
    assert proven.principal.username == "ada"
    assert [each.document for each in proven.policies.identity] == [RIGHTS]


def test_a_bad_late_foreign_or_inactive_signature_is_refused(guard_call, signer, iam):
    good = signed(signer, now=guard_call.now)
    bad = [
        replace(good, path="/leases/2"),
        replace(good, body=b"x"),
        signed(signer, now=guard_call.now - timedelta(minutes=6)),
        signed(signer, now=guard_call.now, service="sts"),
        signed(replace(signer, secret_access_key="x" * 40), now=guard_call.now),
        signed(replace(signer, access_key_id="AKIAIOSFODNN7EXAMPLE"), now=guard_call.now),
    ]
    for parts in bad:
        with pytest.raises(SignatureFailure):
            verified(guard_call, parts)
    verified(guard_call, good)
    iam.update_access_key(UserName="ada", AccessKeyId=signer.access_key_id, Status="Inactive")
    with pytest.raises(SignatureFailure):
        verified(guard_call, good)


def test_verifying_needs_permission_and_never_for_the_servers_own_services(guard_call, signer):
    parts = signed(signer, now=guard_call.now, service="sts")
    with pytest.raises(AccessDenied):
        verified(guard_call, parts, service="sts")
    ada = principal_of(guard_call, signer.access_key_id)
    with pytest.raises(AccessDenied):
        verified(replace(guard_call, principal=ada), signed(signer, now=guard_call.now))
