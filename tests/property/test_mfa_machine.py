"""Whatever a pool is set to, no sequence of calls gets tokens without the second factor it demands.

The model knows which codes are real: those sent for an auth session, and those of an app's time
steps that nobody used. Tokens may only come out where one was shown or none is demanded.
"""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule
from kits.authenticator import EMAIL, FACTORS, PHONE, Authenticator, set_mfa
from kits.cognito import App

from poolgate.testing import LocalPoolgate

TOTP = "SOFTWARE_TOKEN_MFA"
CODE_CHALLENGES = ("SMS_MFA", TOTP, "EMAIL_OTP")
MEMBERS = {
    "SMS_MFA": "SMSMfaSettings",
    TOTP: "SoftwareTokenMfaSettings",
    "EMAIL_OTP": "EmailMfaSettings",
}
ADDRESSES = {"email": EMAIL, "phone_number": PHONE}
ATTRIBUTE_OF = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}
RECOVERIES = (None, "verified_email", "verified_phone_number", "admin_only")
MOSTLY = st.sampled_from([True, True, True, False])
MODES = st.sampled_from(["ON", "ON", "OPTIONAL", "OPTIONAL", "OFF"])
SOME_FACTORS = st.sets(st.sampled_from(list(FACTORS)), min_size=1)


@dataclass(eq=False)
class Waiting:
    """An auth session: what it asks for, what it would take, and whether it led on."""

    session: str
    challenge: str
    begun_at: float
    sent_code: str | None = None
    app: Authenticator | None = None
    verified: bool = False
    used: bool = False


@dataclass
class Facts:
    """What is true of the pool and of its one user."""

    mode: str = "OFF"
    factors: frozenset[str] = frozenset()
    enabled: set[str] = field(default_factory=set)
    app: Authenticator | None = None
    last_step: int = -1


class SecondFactors(RuleBasedStateMachine):
    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.poolgate = LocalPoolgate(frozen=True)
        self.facts = Facts()
        self.elapsed = 0.0

    def teardown(self) -> None:
        self.poolgate.close()

    @initialize(
        recovery=st.sampled_from(RECOVERIES),
        attributes=st.sets(st.sampled_from(list(ADDRESSES))),
        mode=MODES,
        factors=SOME_FACTORS,
    )
    def begin(
        self, recovery: str | None, attributes: set[str], mode: str, factors: set[str]
    ) -> None:
        ways = {"RecoveryMechanisms": [{"Name": recovery, "Priority": 1}]}
        self.app = App.of(self.poolgate, pool={"AccountRecoverySetting": ways} if recovery else {})
        self.addresses = {name: ADDRESSES[name] for name in attributes}
        self.app.user("alice", **self.addresses)
        self.configure(mode, factors)

    # -- what happens around -------------------------------------------------------------------

    @rule(mode=MODES, factors=SOME_FACTORS)
    def configure(self, mode: str, factors: set[str]) -> None:
        set_mfa(self.app, mode, *factors)
        self.facts.mode, self.facts.factors = mode, frozenset(factors)

    @rule(factor=st.sampled_from(list(MEMBERS)), enabled=MOSTLY, preferred=st.booleans())
    def prefer(self, factor: str, *, enabled: bool, preferred: bool) -> None:
        wish = {MEMBERS[factor]: {"Enabled": enabled, "PreferredMfa": preferred and enabled}}
        answer = self.run(
            "admin_set_user_mfa_preference",
            UserPoolId=self.app.pool_id,
            Username="alice",
            **wish,
        )
        if answer is not None:
            (self.facts.enabled.add if enabled else self.facts.enabled.discard)(factor)

    @rule(seconds=st.sampled_from([1, 30, 60, 170, 3600]))
    def wait(self, seconds: float) -> None:
        self.poolgate.clock.advance(seconds)
        self.elapsed += seconds

    # -- signing in ----------------------------------------------------------------------------

    @rule(target=waiting, right=MOSTLY)
    def by_password(self, *, right: bool) -> Any:
        sent = len(self.poolgate.outbox())
        try:
            answer = self.app.sign_in() if right else self.app.sign_in(password="Wrong-password-1")
        except ClientError:
            return multiple()
        assert right
        if "AuthenticationResult" in answer:
            assert not self.is_demanded()
            return multiple()
        return self.waits(answer, sent)

    @rule(target=waiting, one=waiting, right=MOSTLY, ahead=st.sampled_from([-30, 0, 0, 30]))
    def answer_code(self, one: Waiting, ahead: int, *, right: bool) -> Any:
        if one.challenge not in CODE_CHALLENGES:
            return multiple()
        code = self.right_code(one, ahead) if right else self.wrong_code(one)
        return self.respond(one, one.challenge, code)

    @rule(
        target=waiting,
        one=waiting,
        other=waiting,
        challenge=st.sampled_from([*CODE_CHALLENGES, "MFA_SETUP", "SELECT_MFA_TYPE"]),
    )
    def mix(self, one: Waiting, other: Waiting, challenge: str) -> Any:
        """Answer any challenge with the code of another sign-in."""
        return self.respond(one, challenge, self.right_code(other, 0))

    @rule(target=waiting, one=waiting, choice=st.sampled_from(CODE_CHALLENGES))
    def choose(self, one: Waiting, choice: str) -> Any:
        if one.challenge != "SELECT_MFA_TYPE":
            return multiple()
        return self.respond(one, "SELECT_MFA_TYPE", choice)

    @rule(target=waiting, one=waiting)
    def finish_setup(self, one: Waiting) -> Any:
        return self.respond(one, "MFA_SETUP", "") if one.challenge == "MFA_SETUP" else multiple()

    @rule(target=waiting, one=waiting)
    def associate(self, one: Waiting) -> Any:
        answer = self.run("associate_software_token", Session=one.session)
        if answer is None:
            return multiple()
        assert one.challenge == "MFA_SETUP"
        self.used_up(one)
        app = Authenticator(self.app, answer["SecretCode"])
        return Waiting(answer["Session"], "MFA_SETUP", self.elapsed, app=app)

    @rule(target=waiting, one=waiting, right=MOSTLY)
    def verify(self, one: Waiting, *, right: bool) -> Any:
        code = "123456" if one.app is None else one.app.code() if right else one.app.wrong_code()
        answer = self.run("verify_software_token", Session=one.session, UserCode=code)
        if answer is None:
            return multiple()
        assert right
        assert one.app is not None
        assert TOTP not in self.facts.enabled or TOTP not in self.facts.factors
        self.used_up(one)
        self.facts.app, self.facts.last_step = one.app, self.step(0)
        self.facts.enabled.add(TOTP)
        return Waiting(answer["Session"], "MFA_SETUP", self.elapsed, verified=True)

    # -- the model -----------------------------------------------------------------------------

    def is_demanded(self) -> bool:
        """Tell whether a sign-in needs a second factor now."""
        active = {
            factor
            for factor in self.facts.enabled & self.facts.factors
            if factor == TOTP or ATTRIBUTE_OF[factor] in self.addresses
        }
        return self.facts.mode == "ON" or (self.facts.mode == "OPTIONAL" and bool(active))

    def respond(self, one: Waiting, challenge: str, code: str) -> Any:
        member = {"SELECT_MFA_TYPE": "ANSWER"}.get(challenge, f"{challenge}_CODE")
        sent = len(self.poolgate.outbox())
        answer = self.run(
            "respond_to_auth_challenge",
            ClientId=self.app.client_id,
            ChallengeName=challenge,
            Session=one.session,
            ChallengeResponses={"USERNAME": "alice", member: code or "-"},
        )
        if answer is None:
            return multiple()
        assert challenge == one.challenge
        self.used_up(one)
        if "AuthenticationResult" not in answer:
            assert challenge == "SELECT_MFA_TYPE"
            assert answer["ChallengeName"] == code
            return self.waits(answer, sent)
        if challenge == TOTP:
            step = self.step_of(code)
            assert step is not None
            assert step > self.facts.last_step
            self.facts.last_step = step
        elif challenge == "MFA_SETUP":
            assert one.verified
        else:
            assert challenge in ATTRIBUTE_OF
            assert code == one.sent_code
        return multiple()

    def waits(self, answer: Any, sent_before: int) -> Waiting:
        messages = self.poolgate.outbox()[sent_before:]
        sends = answer["ChallengeName"] in ATTRIBUTE_OF
        assert len(messages) == (1 if sends else 0)
        return Waiting(
            answer["Session"],
            answer["ChallengeName"],
            self.elapsed,
            sent_code=messages[0].code if sends else None,
        )

    def used_up(self, one: Waiting) -> None:
        assert not one.used
        assert self.elapsed - one.begun_at < 180
        one.used = True

    def right_code(self, one: Waiting, ahead: int) -> str:
        if one.sent_code is not None:
            return one.sent_code
        return self.facts.app.code(ahead) if self.facts.app else "000000"

    def wrong_code(self, one: Waiting) -> str:
        if self.facts.app is not None and one.challenge == TOTP:
            return self.facts.app.wrong_code()
        return "000000" if one.sent_code != "000000" else "000001"

    def step(self, ahead: int) -> int:
        return (int(self.poolgate.clock.now().timestamp()) + ahead) // 30

    def step_of(self, code: str) -> int | None:
        """Return the newest step near now whose code it is."""
        app = self.facts.app
        near = [ahead for ahead in (30, 0, -30) if app is not None and app.code(ahead) == code]
        return self.step(near[0]) if near else None

    def run(self, operation: str, **members: Any) -> Any:
        """Call and return the answer, or None when it was refused as AWS refuses."""
        try:
            return getattr(self.app.cognito, operation)(**members)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 400:
                raise
            return None


SecondFactors.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestSecondFactors = SecondFactors.TestCase
