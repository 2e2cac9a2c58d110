"""Signing in at a terminal, whatever the pool asks for: a real server, and answers as typed."""

from dataclasses import dataclass, field

import pytest
from kits.serving import PASSWORD, make_user
from kits.signed_in_pools import make_signed_in_pool

from poolgate.client.devices import DeviceCache
from poolgate.client.failures import ServerUnreachable
from poolgate.client.password_sign_in import Flow, SignInRefused, sign_in
from poolgate.client.profiles import Profiles
from poolgate.client.token_sets import unverified_claims
from poolgate.foundation.secret import Secret

NEW_PASSWORD = "Another-Horse-2"
TRACKING = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
REQUIRED_EMAIL = [
    {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True}
]


@dataclass
class Typed:
    """A person who types these answers, in order; an answer may be made when it is asked."""

    answers: list
    heard: list[str] = field(default_factory=list)

    def ask(self, question):
        self.heard.append(question)
        answer = self.answers.pop(0)
        return answer(self) if callable(answer) else answer

    def ask_hidden(self, question):
        return Secret(self.ask(question))

    def choose(self, question, choices):
        chosen = self.ask(question)
        assert chosen in [choice.answer for choice in choices]
        return chosen

    def tell(self, sentence):
        self.heard.append(sentence)


@pytest.fixture(scope="module")
def mfa_pool(pool):
    made = make_signed_in_pool(pool.served, "second")
    made.cognito.set_user_pool_mfa_config(
        UserPoolId=made.pool_id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="ON",
    )
    return made


def signs_in(pool, clock, typed, *, username="alice", password=PASSWORD, **more):
    known = Secret(password) if password is not None else None
    kept = sign_in(pool.profile(), username, known, typed, clock, **more)
    assert not typed.answers
    return kept


def name_of(kept):
    return unverified_claims(kept.tokens.access_token)["username"]


@pytest.mark.parametrize("flow", [Flow.SRP, Flow.PASSWORD])
def test_a_password_is_enough_where_the_pool_asks_no_more(pool, clock, flow):
    kept = signs_in(pool, clock, Typed([]), flow=flow)
    assert name_of(kept) == "alice"
    assert kept.device_key is None


@pytest.mark.parametrize("flow", [Flow.SRP, Flow.PASSWORD])
def test_a_wrong_password_and_nobody_are_refused_alike(pool, clock, flow):
    for username, password in (("alice", "Wrong-Horse-1"), ("nobody", PASSWORD)):
        with pytest.raises(SignInRefused, match=r"^Incorrect username or password\.$"):
            signs_in(pool, clock, Typed([]), username=username, password=password, flow=flow)


def test_an_app_client_with_a_secret_proves_it(pool, clock):
    other = pool.another(secret=True)
    secret = Secret(other.client_secret)
    for flow in (Flow.SRP, Flow.PASSWORD):
        kept = signs_in(other, clock, Typed([]), flow=flow, client_secret=secret)
        assert name_of(kept) == "alice"
    with pytest.raises(SignInRefused, match="SECRET_HASH"):
        signs_in(other, clock, Typed([]))


def test_a_temporary_password_is_replaced_and_what_is_missing_is_asked(pool, clock):
    strict = make_signed_in_pool(pool.served, "strict", Schema=REQUIRED_EMAIL)
    strict.cognito.admin_create_user(
        UserPoolId=strict.pool_id,
        Username="bob",
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
    )
    typed = Typed(["bob@example.com", "short", "short", NEW_PASSWORD, "x", *[NEW_PASSWORD] * 2])
    assert name_of(signs_in(strict, clock, typed, username="bob")) == "bob"
    asked = "A new password is required. Please provide a new password: "
    assert typed.heard[:3] == ["email: ", asked, "The same again: "]
    assert "The two are not the same." in typed.heard
    signs_in(strict, clock, Typed([]), username="bob", password=NEW_PASSWORD)


def test_a_password_that_was_reset_is_chosen_anew(pool, clock):
    make_user(pool.cognito, pool, "carol")
    pool.cognito.admin_reset_user_password(UserPoolId=pool.pool_id, Username="carol")
    code = lambda _: pool.sent_code("carol@example.com")  # noqa: E731 - one of the answers
    typed = Typed([code, NEW_PASSWORD, NEW_PASSWORD])
    assert name_of(signs_in(pool, clock, typed, username="carol")) == "carol"
    assert typed.heard[1:3] == ["Confirmation code: ", "New password: "]


def test_an_app_is_set_up_and_asked_from_then_on(mfa_pool, clock):
    make_user(mfa_pool.cognito, mfa_pool, "dora")

    def key(typed):
        (told,) = [each for each in typed.heard if each.startswith("Add this key")]
        return told.rpartition(" ")[2]

    first = Typed(["000000", lambda typed: mfa_pool.totp(key(typed))])
    assert name_of(signs_in(mfa_pool, clock, first, username="dora")) == "dora"
    assert f"otpauth://totp/default%3Adora?secret={key(first)}&issuer=default" in first.heard
    mfa_pool.advance(30)
    later = Typed(["000000", mfa_pool.totp(key(first))])
    assert name_of(signs_in(mfa_pool, clock, later, username="dora")) == "dora"
    assert later.heard.count("That code is not right.") == 1


def test_three_wrong_codes_are_enough(mfa_pool, clock):
    make_user(mfa_pool.cognito, mfa_pool, "erin")
    with pytest.raises(SignInRefused, match="Code mismatch"):
        signs_in(mfa_pool, clock, Typed(["0", "000000", "111111"]), username="erin")


def test_codes_by_message_and_the_choice_between_factors(pool, clock):
    chosen = make_signed_in_pool(pool.served, "choosing")
    chosen.cognito.set_user_pool_mfa_config(
        UserPoolId=chosen.pool_id,
        EmailMfaConfiguration={},
        SmsMfaConfiguration={
            "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sns"}
        },
        MfaConfiguration="OPTIONAL",
    )
    chosen.cognito.admin_update_user_attributes(
        UserPoolId=chosen.pool_id,
        Username="alice",
        UserAttributes=[
            {"Name": "phone_number", "Value": "+15555550123"},
            {"Name": "phone_number_verified", "Value": "true"},
        ],
    )
    chosen.cognito.admin_set_user_mfa_preference(
        UserPoolId=chosen.pool_id,
        Username="alice",
        EmailMfaSettings={"Enabled": True},
        SMSMfaSettings={"Enabled": True},
    )
    by_email = Typed(["EMAIL_OTP", lambda _: chosen.sent_code("alice@example.com")])
    assert name_of(signs_in(chosen, clock, by_email)) == "alice"
    assert by_email.heard[1:] == [
        "A code was sent to a***@e***.",
        "Please provide the code sent to you via e-mail: ",
    ]
    by_sms = Typed(["SMS_MFA", lambda _: chosen.sent_code("+15555550123")])
    assert name_of(signs_in(chosen, clock, by_sms)) == "alice"
    assert by_sms.heard[-1] == "Please provide the code sent to you via SMS: "


def test_a_pool_offers_how_to_sign_in_first(pool, clock):
    offering = make_signed_in_pool(
        pool.served,
        "offering",
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    ).another(ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    by_password = Typed(["PASSWORD_SRP", PASSWORD])
    kept = signs_in(offering, clock, by_password, password=None, flow=Flow.CHOICE)
    assert name_of(kept) == "alice"
    assert by_password.heard == ["How do you want to sign in?", "Password: "]
    by_email = Typed(["EMAIL_OTP", lambda _: offering.sent_code("alice@example.com")])
    assert name_of(signs_in(offering, clock, by_email, password=None, flow=Flow.CHOICE)) == "alice"
    only = pool.another(ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    assert name_of(signs_in(only, clock, Typed([]), flow=Flow.CHOICE)) == "alice"


def test_this_machine_is_a_device_that_the_pool_remembers(pool, clock, tmp_path):
    tracking = make_signed_in_pool(pool.served, "tracking", DeviceConfiguration=TRACKING)
    devices = DeviceCache(tracking.profile(), Profiles(tmp_path))
    first = signs_in(tracking, clock, Typed([]), devices=devices)
    assert devices.find("alice").device_key == first.device_key
    second = signs_in(tracking, clock, Typed([]), devices=devices)
    assert second.device_key == first.device_key
    source = tracking.source(tmp_path, clock)
    source.keep(second)
    assert unverified_claims(source.refresh().access_token)["device_key"] == first.device_key
    tracking.cognito.admin_forget_device(
        UserPoolId=tracking.pool_id, Username="alice", DeviceKey=first.device_key
    )
    third = signs_in(tracking, clock, Typed([]), devices=devices)
    assert third.device_key not in {None, first.device_key}
    assert devices.find("bob") is None


def test_a_flow_that_is_off_names_the_other_one(pool, clock):
    other = pool.another(ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    with pytest.raises(SignInRefused, match="--auth-flow USER_PASSWORD_AUTH is the other way"):
        signs_in(other, clock, Typed([]))


def test_no_server_and_no_pool_are_told(pool, clock):
    def begin(**changes):
        profile = pool.profile(**changes)
        return sign_in(profile, "alice", Secret(PASSWORD), Typed([]), clock)

    with pytest.raises(ServerUnreachable):
        begin(endpoint_url="http://127.0.0.1:9")
    with pytest.raises(SignInRefused, match="not the issuer of a user pool"):
        begin(issuer="https://accounts.example")
