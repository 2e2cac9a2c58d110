"""Whom a provider's word makes of somebody: found, made, refreshed, linked, or refused."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from kits.cognito import PASSWORD
from kits.federation import PROVIDER, FederatedApp
from kits.functions import FUNCTION, Recorder
from kits.oauth import claims_of
from kits.people import new_call

from poolgate.testing import LocalPoolgate
from poolgate.userpools import browser_sessions, pools, user_transfer
from poolgate.userpools.account_events import RequestBlocked
from poolgate.userpools.attributes import AttributeImmutable, EmailMalformed, SchemaMismatch
from poolgate.userpools.browser_sessions import Upstream
from poolgate.userpools.federated_sign_in import LinkedUserUnconfirmed, ProviderNotOffered
from poolgate.userpools.federated_users import (
    FederatedNameTaken,
    RequiredAttributesMissing,
    SubjectUnusable,
)
from poolgate.userpools.triggers import TriggerRefused
from poolgate.userpools.user_records import parse_line, render_line
from poolgate.userpools.users import UserDisabled

ANNA = "Partner_anna"
PRE, POST = "PreAuthentication_Authentication", "PostAuthentication_Authentication"
SIGN_UP, CONFIRMED = "PreSignUp_ExternalProvider", "PostConfirmation_ConfirmSignUp"
INBOUND = "InboundFederation_ExternalProvider"
TOKENS = "TokenGeneration_HostedAuth"
CASE_SENSITIVE = {"UsernameConfiguration": {"CaseSensitive": True}}
CASE_INSENSITIVE = {"UsernameConfiguration": {"CaseSensitive": False}}


def custom(name: str, **more: object) -> dict[str, object]:
    return {"Name": name, "AttributeDataType": "String", "Mutable": True, **more}


@pytest.fixture
def partner(poolgate: LocalPoolgate) -> FederatedApp:
    return FederatedApp.of(poolgate, pool=CASE_SENSITIVE)


# -- the first time -----------------------------------------------------------------------------


def test_a_first_sign_in_makes_a_user_of_the_provider(partner):
    partner.arrive(email="anna@example.com", given_name="Anna")
    user = partner.user(ANNA)
    assert (user["UserStatus"], user["Enabled"]) == ("EXTERNAL_PROVIDER", True)
    assert user["Attributes"]["email"] == "anna@example.com"
    assert user["Attributes"]["email_verified"] == "false"
    (identity,) = partner.identities(ANNA)
    assert identity["userId"], identity["providerName"] == ("anna", PROVIDER)
    assert (identity["providerType"], identity["issuer"], identity["primary"]) == (
        "OIDC",
        None,
        True,
    )


def test_the_user_is_in_the_providers_group_and_its_tokens_tell_the_identity(partner):
    claims = partner.id_claims(email="anna@example.com")
    assert claims["cognito:groups"] == [f"{partner.pool_id}_{PROVIDER}"]
    assert claims["cognito:username"] == ANNA
    (identity,) = claims["identities"]
    assert (identity["userId"], identity["primary"]) == ("anna", "true")
    assert identity["dateCreated"].isdigit()


def test_its_tokens_are_refreshed_like_any_other(partner):
    tokens = partner.tokens_of(partner.arrive())
    fresh = partner.browser.token(
        grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    ).json
    assert claims_of(fresh["id_token"])["cognito:username"] == ANNA


def test_the_session_remembers_who_vouched_for_the_user(partner):
    signed_in = partner.arrive()
    assert signed_in.browser_session.upstream == Upstream(PROVIDER)
    call = new_call(partner.poolgate)
    with call.db.reading() as transaction:
        found = browser_sessions.find(
            transaction, partner.pool_id, signed_in.cookie, call.now_millis
        )
    assert found == signed_in.browser_session


def test_names_are_lower_case_where_case_does_not_count(poolgate):
    app = FederatedApp.of(poolgate, pool=CASE_INSENSITIVE)
    app.arrive("Anna")
    assert app.user("partner_anna")["Username"] == "partner_anna"


def test_another_person_whose_subject_differs_in_case_only_is_not_this_one(poolgate):
    app = FederatedApp.of(poolgate, pool=CASE_INSENSITIVE)
    app.arrive("Anna")
    with pytest.raises(FederatedNameTaken) as caught:
        app.arrive("anna")
    assert caught.value.facts == {"username": "partner_anna"}


def test_nobody_gets_a_name_that_somebody_chose_at_sign_up(partner):
    partner.browser.app.user(ANNA)
    with pytest.raises(FederatedNameTaken):
        partner.arrive()
    assert partner.user(ANNA)["UserStatus"] == "CONFIRMED"


def test_a_native_user_with_the_same_address_stays_another_user(poolgate):
    app = FederatedApp.of(
        poolgate,
        pool={"UsernameAttributes": ["email"]},
        mapping={"email": "email", "email_verified": "email_verified"},
    )
    app.browser.app.user("anna@example.com")
    app.arrive("anna", email="anna@example.com", email_verified=True)
    assert len(app.users()) == 2
    assert app.user("anna@example.com")["UserStatus"] == "CONFIRMED"
    answer = app.cognito.initiate_auth(
        ClientId=app.browser.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "anna@example.com", "PASSWORD": PASSWORD},
    )
    assert "AuthenticationResult" in answer


@pytest.mark.parametrize("subject", ["with space", "x" * 200, "\u0000"])
def test_a_subject_that_no_username_can_hold_is_refused(partner, subject):
    with pytest.raises(SubjectUnusable):
        partner.arrive(subject)


def test_of_many_first_sign_ins_at_once_one_makes_the_user(partner):
    takers = 8
    together = Barrier(takers)

    def arrive(_number: int) -> str:
        together.wait()
        return partner.arrive(email="anna@example.com").browser_session.user.sub

    with ThreadPoolExecutor(takers) as threads:
        subs = set(threads.map(arrive, range(takers)))
    assert len(subs) == 1
    assert partner.users() == [ANNA]


# -- attributes ---------------------------------------------------------------------------------


def test_every_sign_in_takes_over_what_came_and_keeps_what_did_not(partner):
    partner.arrive(email="anna@example.com", given_name="Anna")
    partner.arrive(email="anna@new.example")
    attributes = partner.attributes(ANNA)
    assert (attributes["email"], attributes["given_name"]) == ("anna@new.example", "Anna")


def test_an_empty_value_clears_the_attribute(partner):
    partner.arrive(email="anna@example.com", given_name="Anna")
    partner.arrive(given_name="")
    assert "given_name" not in partner.attributes(ANNA)


def test_an_address_counts_as_verified_only_if_the_provider_says_so(poolgate):
    mapping = {"email": "email", "email_verified": "verified"}
    app = FederatedApp.of(poolgate, pool=CASE_SENSITIVE, mapping=mapping)
    app.arrive(email="anna@example.com", verified=True)
    assert app.attributes(ANNA)["email_verified"] == "true"
    app.arrive(email="anna@new.example")
    assert app.attributes(ANNA)["email_verified"] == "false"
    app.arrive(email="anna@new.example", verified="True")
    assert app.attributes(ANNA)["email_verified"] == "true"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (["a", "b c", "d,e"], "[a,b+c,d%2Ce]"),
        (["x.y-z*_", "~"], "[x.y-z*_,%7E]"),
        (True, "true"),
        (7, "7"),
        ({"formatted": "Ü 1"}, '{"formatted":"Ü 1"}'),
    ],
)
def test_values_of_every_kind_become_text(poolgate, value, stored):
    pool = {**CASE_SENSITIVE, "Schema": [custom("it")]}
    app = FederatedApp.of(poolgate, pool=pool, mapping={"custom:it": "it"})
    app.arrive(it=value)
    assert app.attributes(ANNA)["custom:it"] == stored


def test_what_the_app_client_may_not_write_is_left_out(poolgate):
    app = FederatedApp.of(poolgate, pool=CASE_SENSITIVE, WriteAttributes=["email"])
    app.arrive(email="anna@example.com", given_name="Anna")
    assert "given_name" not in app.attributes(ANNA)


def test_a_required_attribute_that_does_not_come_is_named(poolgate):
    schema = [
        {"Name": name, "Required": True, "Mutable": True} for name in ("email", "family_name")
    ]
    pool = {**CASE_SENSITIVE, "Schema": schema}
    app = FederatedApp.of(poolgate, pool=pool, mapping={"email": "email", "family_name": "sn"})
    with pytest.raises(RequiredAttributesMissing) as caught:
        app.arrive()
    assert set(caught.value.facts["names"].split(", ")) == {"email", "family_name"}
    app.arrive(email="anna@example.com", sn="A")
    with pytest.raises(RequiredAttributesMissing):
        app.arrive(email="anna@example.com", sn="")


def test_an_immutable_attribute_is_set_once(poolgate):
    pool = {**CASE_SENSITIVE, "Schema": [custom("tenant", Mutable=False)]}
    app = FederatedApp.of(poolgate, pool=pool, mapping={"custom:tenant": "tenant"})
    app.arrive(tenant="a")
    app.arrive(tenant="a")
    with pytest.raises(AttributeImmutable) as caught:
        app.arrive(tenant="b")
    assert caught.value.facts == {"name": "custom:tenant"}


@pytest.mark.parametrize(
    ("claims", "failure"),
    [
        ({"email": "no address"}, EmailMalformed),
        ({"given_name": "x" * 2049}, SchemaMismatch),
    ],
)
def test_a_value_that_does_not_fit_stops_the_sign_in(partner, claims, failure):
    with pytest.raises(failure):
        partner.arrive(**claims)
    assert partner.users() == []


# -- who may not --------------------------------------------------------------------------------


def test_a_disabled_user_is_refused(partner):
    partner.arrive()
    partner.cognito.admin_disable_user(UserPoolId=partner.pool_id, Username=ANNA)
    with pytest.raises(UserDisabled):
        partner.arrive()


def test_an_app_client_that_does_not_take_the_provider_takes_nobody_from_it(partner):
    partner.browser = partner.browser.another()
    with pytest.raises(ProviderNotOffered):
        partner.arrive()


# -- links --------------------------------------------------------------------------------------


def test_a_linked_person_signs_in_as_the_linked_user(partner):
    partner.browser.app.user("anna", email="old@example.com")
    partner.link("anna", "subject-1")
    claims = partner.id_claims("subject-1", email="anna@example.com")
    assert claims["cognito:username"] == "anna"
    assert claims["identities"][0]["userId"] == "subject-1"
    assert partner.users() == ["anna"]
    assert partner.attributes("anna")["email"] == "anna@example.com"


def test_a_link_by_a_mapped_attribute_counts(partner):
    partner.browser.app.user("anna")
    partner.link("anna", "anna@example.com", attribute="email")
    signed_in = partner.arrive("whoever", email="anna@example.com")
    assert signed_in.browser_session.user.username == "anna"


def test_a_value_that_no_link_can_have_links_nobody(poolgate):
    app = FederatedApp.of(poolgate, pool=CASE_SENSITIVE, WriteAttributes=["given_name"])
    assert app.arrive(email="anna\0@example.com").browser_session.user.username == ANNA


def test_a_link_that_was_ended_leads_to_a_profile(partner):
    partner.browser.app.user("anna")
    partner.link("anna", "anna")
    partner.cognito.admin_disable_provider_for_user(
        UserPoolId=partner.pool_id,
        User={
            "ProviderName": PROVIDER,
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "anna",
        },
    )
    assert partner.arrive().browser_session.user.username == ANNA


def test_a_linked_user_who_must_choose_a_password_signs_in_without(partner):
    partner.cognito.admin_create_user(
        UserPoolId=partner.pool_id, Username="anna", MessageAction="SUPPRESS"
    )
    partner.link("anna", "anna")
    assert partner.id_claims()["cognito:username"] == "anna"


def test_a_linked_user_who_never_confirmed_is_refused(partner):
    partner.cognito.sign_up(
        ClientId=partner.browser.client_id,
        Username="anna",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "anna@example.com"}],
    )
    partner.link("anna", "anna")
    with pytest.raises(LinkedUserUnconfirmed):
        partner.arrive()


# -- functions ----------------------------------------------------------------------------------


@pytest.fixture
def watched(poolgate: LocalPoolgate) -> tuple[FederatedApp, Recorder]:
    members = (
        "PreSignUp",
        "PostConfirmation",
        "PreAuthentication",
        "PostAuthentication",
        "PreTokenGeneration",
    )
    functions: dict[str, object] = dict.fromkeys(members, FUNCTION)
    functions["InboundFederation"] = {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}
    recorder = Recorder(poolgate)
    app = FederatedApp.of(poolgate, pool={**CASE_SENSITIVE, "LambdaConfig": functions})
    return app, recorder


def test_functions_are_asked_in_the_order_of_a_sign_up_and_then_of_a_sign_in(watched):
    app, recorder = watched
    app.id_claims(email="anna@example.com")
    assert recorder.sources == [INBOUND, SIGN_UP, CONFIRMED, TOKENS]
    recorder.events.clear()
    app.id_claims(email="anna@example.com")
    assert recorder.sources == [INBOUND, PRE, POST, TOKENS]


def test_the_function_before_a_first_sign_in_sees_the_mapped_attributes(watched):
    app, recorder = watched
    app.arrive(email="anna@example.com")
    event = recorder.event(SIGN_UP)
    assert event["userName"] == ANNA
    assert event["request"]["userAttributes"] == {
        "email": "anna@example.com",
        "email_verified": "false",
        "cognito:email_alias": "",
        "cognito:phone_number_alias": "",
    }
    told = recorder.event(CONFIRMED)["request"]["userAttributes"]
    assert told["cognito:user_status"] == "EXTERNAL_PROVIDER"


def test_it_may_vouch_for_the_address(watched):
    app, recorder = watched
    recorder.response[SIGN_UP] = {"autoConfirmUser": True, "autoVerifyEmail": True}
    app.arrive(email="anna@example.com")
    assert app.attributes(ANNA)["email_verified"] == "true"


def test_it_may_refuse_the_person(watched):
    app, recorder = watched
    recorder.error = "Not here"
    with pytest.raises(TriggerRefused):
        app.arrive(email="anna@example.com")
    assert app.users() == []


def test_it_may_link_the_person_to_a_user(watched):
    app, recorder = watched
    app.browser.app.user("anna")

    def link(event: dict[str, object]) -> object:
        if event["triggerSource"] == SIGN_UP:
            app.link("anna", "subject-1")
        return event

    recorder.instead = link
    assert app.arrive("subject-1").browser_session.user.username == "anna"
    assert app.users() == ["anna"]


def test_the_inbound_function_replaces_the_claims_but_not_the_person(watched):
    app, recorder = watched
    recorder.response[INBOUND] = {
        "userAttributesToMap": {"sub": "somebody else", "email": "other@example.com"}
    }
    app.arrive(email="anna@example.com", given_name="Anna")
    event = recorder.event(INBOUND)
    assert event["request"]["providerName"] == PROVIDER
    assert event["request"]["providerType"] == "OIDC"
    assert event["request"]["attributes"]["userInfo"]["email"] == "anna@example.com"
    attributes = app.attributes(ANNA)
    assert attributes["email"] == "other@example.com"
    assert "given_name" not in attributes


def test_an_inbound_function_that_gives_nothing_keeps_what_came(watched):
    app, _ = watched
    app.arrive(given_name="Anna")
    assert app.attributes(ANNA)["given_name"] == "Anna"


# -- threat protection --------------------------------------------------------------------------


def test_where_the_pool_watches_sign_ins_are_remembered(poolgate):
    pool = {
        **CASE_SENSITIVE,
        "UserPoolTier": "PLUS",
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
    }
    app = FederatedApp.of(poolgate, pool=pool)
    app.arrive()
    app.arrive()
    events = app.cognito.admin_list_user_auth_events(UserPoolId=app.pool_id, Username=ANNA)
    seen = {(event["EventType"], event["EventResponse"]) for event in events["AuthEvents"]}
    assert seen == {("SignUp", "Pass"), ("SignIn", "Pass")}


def test_an_address_that_is_always_blocked_stays_out(poolgate):
    pool = {
        **CASE_SENSITIVE,
        "UserPoolTier": "PLUS",
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
    }
    app = FederatedApp.of(poolgate, pool=pool)
    app.cognito.set_risk_configuration(
        UserPoolId=app.pool_id,
        RiskExceptionConfiguration={"BlockedIPRangeList": ["127.0.0.0/8"]},
    )
    with pytest.raises(RequestBlocked):
        app.arrive()


# -- moving -------------------------------------------------------------------------------------


def test_a_profile_that_moves_to_another_pool_is_still_the_persons(poolgate, partner):
    partner.arrive(email="anna@example.com")
    call = new_call(poolgate)
    (exported,) = user_transfer.records(
        call, partner.pool_id, with_passwords=False, with_mfa_secrets=False
    )
    line = parse_line(render_line(exported.record))
    partner.cognito.admin_delete_user(UserPoolId=partner.pool_id, Username=ANNA)
    with call.db.reading() as transaction:
        pool = pools.get(transaction, partner.pool_id)
    assert user_transfer.put_record(call, pool, line)
    assert partner.arrive().browser_session.user.sub == exported.record.sub
    assert partner.identities(ANNA)[0]["primary"] is True
