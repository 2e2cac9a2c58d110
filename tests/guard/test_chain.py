"""Which credential decides, what two of them do, and delegated calls."""

from dataclasses import replace

import pytest
from kits.guard_world import (
    ACCOUNT,
    ALICE_SUB,
    World,
    access_token,
    basic_header,
    basic_passwords,
    bearer_tokens,
    request,
    role_session,
    signed_requests,
    user_principal,
)

from poolgate.guard import (
    Delegation,
    Forbidden,
    Guard,
    GuardMisconfigured,
    Permission,
    Refusal,
    Roles,
    Unauthenticated,
)

ACTOR = f"arn:aws:iam::{ACCOUNT}:role/team/service"


@pytest.fixture
def world():
    made = World(
        bearer_tokens(),
        basic_passwords(),
        signed_requests(principals=[f"arn:aws:iam::{ACCOUNT}:user/deployer"]),
        delegation=Delegation(actors=[ACTOR]),
        roles=Roles(admin_group_word="Admin", admin_principals=[ACTOR, "*"]),
    )
    made.network.passwords = {"alice": "secret"}
    return made


@pytest.fixture
def actor(world):
    return world.access_key("AKIAACTOR00000000001", role_session())


def refused(world, sent, kind=Unauthenticated):
    with pytest.raises(kind) as caught:
        world.guard.authenticate(sent)
    return caught.value


def delegated(world, actor, token, **changes):
    return world.signed(
        actor, extra=(("X-Subject-Token", token),), sign_extra=("x-subject-token",), **changes
    )


def test_all_methods_work_side_by_side(world):
    assert world.bearer(access_token(world.clock)).kind == "bearer"
    assert world.basic("alice", "secret").kind == "basic"
    assert world.guard.authenticate(world.signed(world.access_key())).kind == "signed"
    assert world.ask().kind == "anonymous"


@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_an_empty_header_is_no_credential(world, value):
    assert world.ask(("Authorization", value)).is_anonymous


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("nonsense", "credentials_malformed"),
        ("Bearer", "credentials_malformed"),
        ("Bearer ", "credentials_malformed"),
        ("AWS4-HMAC-SHA256", "credentials_malformed"),
        ("Digest username=x", "scheme_not_accepted"),
        ("Explicit super", "scheme_not_accepted"),
        ("Proxy arn:aws:iam::123456789012:role/x", "scheme_not_accepted"),
        ("Negotiate abc", "scheme_not_accepted"),
        ("AWS AKIA:signature", "scheme_not_accepted"),
        ("Bearer x, Basic eDp5", "token_invalid"),
        ("Bearer x Basic eDp5", "token_invalid"),
        ("Basic eDp5, Bearer x", "credentials_malformed"),
    ],
)
def test_a_present_but_bad_header_never_counts_as_none(world, value, code):
    refusal = refused(world, request(("Authorization", value), scheme="https"))
    assert refusal.code == code
    assert refusal.status == 401
    assert refusal.www_authenticate


def test_a_bad_credential_does_not_fall_through_to_a_good_one(world):
    good = basic_header("alice", "secret")
    for second in (("X-Api-Key", "x"), ("Cookie", "a=b"), ("Proxy-Authorization", good)):
        sent = request(("Authorization", "Bearer x"), second, scheme="https")
        assert refused(world, sent).code == "token_invalid"


def test_two_authorization_headers_are_refused_even_when_both_are_good(world):
    token = ("Authorization", f"Bearer {access_token(world.clock)}")
    for second in (
        token,
        ("authorization", basic_header("alice", "secret")),
        ("AUTHORIZATION", ""),
    ):
        refusal = refused(world, request(token, second, scheme="https"))
        assert refusal.code == "several_credentials"
        assert 'error="invalid_request"' in refusal.www_authenticate[0]


def test_a_presigned_query_beside_a_header_is_refused(world):
    presigned = world.presigned(world.access_key())
    token = ("Authorization", f"Bearer {access_token(world.clock)}")
    sent = replace(presigned, headers=(*presigned.headers, token))
    assert refused(world, sent).code == "several_credentials"
    for query in (
        "X-Amz-Signature=x",
        "x-amz-algorithm=x",
        "X%2DAmz-Algorithm=",
        "a&X-Amz-Signature",
    ):
        assert refused(world, request(token, query=query)).code == "several_credentials"


def test_parts_of_a_presigned_query_are_a_credential(world):
    assert refused(world, request(query="X-Amz-Signature=x")).code == "signature_invalid"
    without_signed = World(bearer_tokens())
    refusal = refused(without_signed, request(query="X-Amz-Algorithm=AWS4-HMAC-SHA256"))
    assert refusal.code == "scheme_not_accepted"
    assert world.ask(query="x-amz-meta=1&a=%20b").is_anonymous


def test_sizes_are_bounded_before_anything_is_parsed(world):
    for sent in (
        request(("Authorization", "Bearer " + "x" * 17_000)),
        request(("X-Subject-Token", "x" * 17_000)),
        request(*[("X-H", "v" * 1000)] * 70),
        request(path="/" + "x" * 40_000),
        request(query="x" * 40_000),
    ):
        refusal = refused(world, sent, Refusal)
        assert (refusal.status, refusal.code) == (431, "request_too_large")
    assert not world.network.asked


def test_all_accepted_methods_are_offered(world):
    caller = world.ask()
    for scheme, offered in (("https", 3), ("http", 2)):
        with pytest.raises(Unauthenticated) as caught:
            world.guard.authorize(request(scheme=scheme), caller, Permission.authenticated())
        assert [value.split()[0] for value in caught.value.www_authenticate] == [
            "Bearer",
            "Basic",
            "AWS4-HMAC-SHA256",
        ][:: 1 if offered == 3 else 2]


def test_a_quote_in_the_realm_cannot_break_out():
    world = World(bearer_tokens(), realm='a"b\\c\r\nd')
    with pytest.raises(Unauthenticated) as caught:
        world.guard.authorize(request(), world.ask(), Permission.authenticated())
    assert caught.value.www_authenticate == ("Bearer realm=\"a'b'c''d\"",)


def test_headers_cannot_open_the_guard(world):
    for header in (
        ("User-Agent", "ELB-HealthChecker/2.0"),
        ("User-Agent", "GoogleHC/1.0"),
        ("X-Forwarded-Uri", "/health"),
        ("X-Original-URI", "/public"),
        ("X-Forwarded-User", "root"),
        ("X-Caller-Id", "root"),
        ("X-Amzn-Oidc-Identity", "root"),
    ):
        assert world.ask(header).is_anonymous


def test_a_delegated_call_has_the_subjects_rights_and_names_the_actor(world, actor):
    token = access_token(world.clock, **{"cognito:groups": ["Readers"]})
    caller = world.guard.authenticate(delegated(world, actor, token))
    assert (caller.kind, caller.id, caller.username) == ("delegated", ALICE_SUB, "alice")
    assert caller.groups == ("Readers",)
    assert caller.actor.principal_arn == ACTOR
    assert caller.principal is None
    # The service alone would be an administrator; the user it acts for is none.
    assert caller.roles == {"user"}
    Permission.with_group("Readers").require(caller)
    # The same token by itself stays an ordinary Bearer caller.
    assert world.bearer(token).actor is None


def test_the_subjects_token_must_be_covered_by_the_signature(world, actor):
    token = access_token(world.clock)
    unsigned = world.signed(actor, extra=(("X-Subject-Token", token),))
    refusal = refused(world, unsigned)
    assert refusal.message == "'x-subject-token' must be a 'SignedHeader' in the AWS Authorization."
    signed = delegated(world, actor, token)
    other = access_token(world.clock, sub="someone-else")
    swapped = tuple(
        (name, other if name == "X-Subject-Token" else value) for name, value in signed.headers
    )
    assert refused(world, replace(signed, headers=swapped)).code == "signature_invalid"
    removed = tuple((n, v) for n, v in signed.headers if n != "X-Subject-Token")
    assert refused(world, replace(signed, headers=removed)).code == "signature_invalid"
    added = (*world.signed(actor).headers, ("X-Subject-Token", token))
    assert refused(world, replace(signed, headers=added)).code == "signature_invalid"


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "Bearer", " Bearer  "])
def test_the_subjects_token_is_bare(world, actor, prefix):
    refusal = refused(world, delegated(world, actor, prefix + access_token(world.clock)))
    assert refusal.status == 401
    assert refusal.code == "credentials_malformed"


def test_a_bad_subject_token_is_told_as_401_whatever_is_wrong(world, actor):
    expired = access_token(world.clock)
    world.clock.advance(3600)
    assert refused(world, delegated(world, actor, expired)).code == "token_expired"
    good = access_token(world.clock)
    others = {"client_id": "o"}, {"cnf": {"jkt": "x"}}
    bad = [access_token(world.clock, **changes) for changes in others]
    for token in ("", "x", good[:-2], good + "," + good, *bad):
        assert refused(world, delegated(world, actor, token)).status == 401


def test_only_listed_actors_may_act_for_others(world):
    token = access_token(world.clock)
    unlisted = world.access_key()
    refusal = refused(world, delegated(world, unlisted, token), Forbidden)
    assert refusal.code == "actor_not_allowed"
    assert refusal.status == 403
    # A principal of that list may call by itself, which is another right.
    assert world.guard.authenticate(world.signed(unlisted)).kind == "signed"
    # And an actor that is not listed as a caller may not.


def test_an_actor_is_no_caller_by_that(world, actor):
    assert refused(world, world.signed(actor), Forbidden).code == "principal_not_allowed"


def test_a_subject_token_without_a_signature_is_refused(world):
    token = access_token(world.clock)
    header = ("X-Subject-Token", token)
    for sent in (
        request(header),
        request(header, ("Authorization", f"Bearer {token}")),
        request(header, ("Authorization", basic_header("alice", "secret")), scheme="https"),
        request(header, header),
        request(("x-subject-token", "")),
    ):
        assert refused(world, sent).code == "several_credentials"


def test_two_subject_tokens_are_refused(world, actor):
    token = access_token(world.clock)
    sent = delegated(world, actor, token)
    doubled = replace(sent, headers=(*sent.headers, ("x-subject-token", token)))
    assert refused(world, doubled).code == "several_credentials"


def test_a_guard_without_delegation_does_not_overlook_the_header():
    world = World(bearer_tokens(), signed_requests())
    key = world.access_key()
    refusal = refused(world, delegated(world, key, access_token(world.clock)))
    assert refusal.code == "scheme_not_accepted"
    assert not world.network.asked


def test_the_actor_needs_its_own_right_to_invoke():
    world = World(
        bearer_tokens(),
        signed_requests(invoke_arn=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/stage"),
        delegation=Delegation(actors=[ACTOR]),
    )
    key = world.access_key(principal=role_session())
    sent = delegated(world, key, access_token(world.clock))
    assert refused(world, sent, Forbidden).code == "invoke_denied"


def test_a_presigned_delegated_call_does_not_pass_without_the_header_signed(world, actor):
    presigned = world.presigned(actor)
    header = ("X-Subject-Token", access_token(world.clock))
    sent = replace(presigned, headers=(*presigned.headers, header))
    assert refused(world, sent).code == "signature_invalid"


@pytest.mark.parametrize(
    "make",
    [
        Guard,
        lambda: Guard("bearer"),
        lambda: Guard(basic_passwords(), basic_passwords()),
        lambda: Guard(signed_requests(), signed_requests()),
        lambda: Guard(bearer_tokens(), delegation=Delegation(actors=[ACTOR])),
        lambda: Guard(signed_requests(), delegation=Delegation(actors=[ACTOR])),
        lambda: Delegation(actors=[]),
        lambda: Delegation(actors=["*"]),
        lambda: Delegation(actors=["role/service"]),
        lambda: Roles(admin_group_word=""),
        lambda: Roles(admin_group_word=" "),
        lambda: Roles(admin_attribute=("custom:roles", "")),
        lambda: Roles(admin_attribute=("", "Admin")),
        lambda: Roles(admin_attribute=("custom:roles", "a,b")),
        lambda: Roles(admin_principals=["root"]),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(GuardMisconfigured):
        make()


def test_nothing_secret_is_logged(world, actor, caplog):
    caplog.set_level("INFO", "poolgate.guard")
    token = access_token(world.clock)
    sent = delegated(world, actor, token, query="secret=query")
    world.guard.authenticate(sent)
    world.basic("alice", "secret")
    refused(world, request(("Authorization", f"Bearer {token}x")))
    refused(world, request(("Authorization", basic_header("alice", "wr0ng")), scheme="https"))
    shown = "".join(str(vars(record)) for record in caplog.records)
    assert len(caplog.records) == 4
    for secret in (token, token.split(".")[2], "wr0ng", "secret=query", sent.headers[-1][1]):
        assert secret not in shown
    first = caplog.records[0]
    assert (first.caller_id, first.actor) == (ALICE_SUB, role_session()["arn"])
    assert caplog.records[2].code == "token_invalid"
    assert user_principal()["arn"] not in shown
