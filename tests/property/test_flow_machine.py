"""Whatever a sign-in begins with, no sequence of calls gets tokens without what is owed.

By choice (USER_AUTH) and with functions (CUSTOM_AUTH), with passwords, codes and second factors
that come and go meanwhile. The model follows each sign-in by what was truly shown on its way: the
right password, the code that was sent for that auth session, right answers to custom challenges.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule
from kits.authenticator import EMAIL, FACTORS, PHONE
from kits.cognito import App
from kits.functions import FUNCTION, Recorder
from kits.people import claims_of

from poolgate.foundation.secret import Secret
from poolgate.testing import LocalPoolgate

PASSWORDS = ("First-password-1", "Second-password-2")
WRONG_PASSWORD = "Nobodys-password-3"
TRIGGERS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
ADDRESSES = {"email": EMAIL, "email_verified": "true", "phone_number": PHONE}
FIRST_CODES = {"EMAIL_OTP": "EMAIL_OTP_CODE", "SMS_OTP": "SMS_OTP_CODE"}
SECOND_CODES = {"EMAIL_OTP": "EMAIL_OTP_CODE", "SMS_MFA": "SMS_MFA_CODE"}
PREFERENCES = {"EMAIL_OTP": "EmailMfaSettings", "SMS_MFA": "SMSMfaSettings"}
CHOICES = ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP")
CUSTOM, VERIFIER = "CUSTOM_CHALLENGE", "PASSWORD_VERIFIER"
PLANS = ((CUSTOM,), (CUSTOM, CUSTOM), (VERIFIER, CUSTOM), (CUSTOM, VERIFIER), (VERIFIER,), ())
EVERY_CHALLENGE = (
    "SELECT_CHALLENGE",
    "PASSWORD",
    "NEW_PASSWORD_REQUIRED",
    "EMAIL_OTP",
    "SMS_OTP",
    "SMS_MFA",
    "SELECT_MFA_TYPE",
    CUSTOM,
)
MOSTLY = st.sampled_from([True, True, True, False])
WHO = st.sampled_from(["alice", "alice", "alice", "nobody"])
LEVELS = st.sampled_from([0, 0, 0, 1, 2, 3, 4])
MODES = st.sampled_from(["OFF", "OPTIONAL", "OPTIONAL", "ON"])


@dataclass
class Facts:
    """What is true of the pool and of alice."""

    password: str | None
    status: str
    mode: str = "OFF"
    first: frozenset[str] = frozenset()
    factors: frozenset[str] = frozenset()
    wanted: set[str] = field(default_factory=set)
    enabled: bool = True

    @property
    def owes_second_factor(self) -> bool:
        active = self.wanted & self.factors
        return self.mode == "ON" or (self.mode == "OPTIONAL" and bool(active))


@dataclass(frozen=True, eq=False)
class Waiting:
    """A sign-in between two calls: what it asks for, and what was truly shown so far."""

    name: str
    challenge: str
    session: str | None
    is_custom: bool
    shown: tuple[str, ...] = ()
    sent_code: str | None = None
    proof: tuple[dict[str, str], bool] | None = None
    target: int = 0


class Flows(RuleBasedStateMachine):
    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.poolgate = LocalPoolgate(frozen=True)
        self.plan: tuple[str, ...] = (CUSTOM,)
        self.granted: list[dict[str, Any]] | None = None
        self.used: set[str] = set()

    def teardown(self) -> None:
        self.poolgate.close()

    @initialize(
        hides=st.booleans(),
        first=st.sets(st.sampled_from(list(FIRST_CODES))),
        status=st.sampled_from(["CONFIRMED", "CONFIRMED", "FORCE_CHANGE_PASSWORD", "UNCONFIRMED"]),
    )
    def begin(self, first: set[str], status: str, *, hides: bool) -> None:
        Recorder(self.poolgate).instead = self.function
        self.app = App.of(
            self.poolgate,
            pool={"LambdaConfig": dict.fromkeys(TRIGGERS, FUNCTION), **self.policy(first)},
            hides=hides,
            ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH"],
        )
        addresses = dict(ADDRESSES)
        if status == "UNCONFIRMED":
            del addresses["email_verified"]
        self.app.user("alice", status=status, **addresses)
        self.facts = Facts("Right-password-1", status, first=frozenset(first))

    def policy(self, first: set[str]) -> dict[str, Any]:
        return {
            "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *sorted(first)]}}
        }

    def function(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer for the pool's three functions; remember on what tokens were granted."""
        request, response = event["request"], {}
        if event["triggerSource"].startswith("Define"):
            rounds = request["session"]
            right = [each["challengeName"] for each in rounds if each["challengeResult"]]
            done = [name for name in right if name in {CUSTOM, VERIFIER}]
            missing = self.plan[len(done) :]
            if len(rounds) - len(right) > 1:
                response = {"failAuthentication": True}
            elif missing:
                response = {"challengeName": missing[0]}
            else:
                self.granted, response = rounds, {"issueTokens": True}
        elif event["triggerSource"].startswith("Create"):
            response = {"privateChallengeParameters": {"answer": "42"}}
        else:
            answer = request["privateChallengeParameters"]["answer"]
            response = {"answerCorrect": request["challengeAnswer"] == answer}
        return {**event, "response": response}

    # -- what happens around -------------------------------------------------------------------

    @rule(plan=st.sampled_from(PLANS))
    def change_plan(self, plan: tuple[str, ...]) -> None:
        self.plan = plan

    @rule(first=st.sets(st.sampled_from(list(FIRST_CODES))), mode=MODES)
    def change_policy(self, first: set[str], mode: str) -> None:
        answer = self.run(
            "update_user_pool",
            UserPoolId=self.app.pool_id,
            MfaConfiguration=mode,
            LambdaConfig=dict.fromkeys(TRIGGERS, FUNCTION),
            **({} if mode == "OFF" else FACTORS["SMS_MFA"]["SmsMfaConfiguration"]),
            **self.policy(first),
        )
        assert not (answer and first and mode == "ON")
        if answer is not None:
            self.facts.first = frozenset(first)
            self.read_factors()

    @rule(factors=st.sets(st.sampled_from(list(PREFERENCES)), min_size=1), mode=MODES)
    def change_factors(self, factors: set[str], mode: str) -> None:
        blocks: dict[str, Any] = {}
        for factor in factors:
            blocks |= FACTORS[factor]
        pool = {"UserPoolId": self.app.pool_id}
        answer = self.run("set_user_pool_mfa_config", **pool, MfaConfiguration=mode, **blocks)
        assert not (answer and self.facts.first and mode == "ON")
        if answer is not None:
            self.read_factors()

    def read_factors(self) -> None:
        configured = self.app.cognito.get_user_pool_mfa_config(UserPoolId=self.app.pool_id)
        members = {"EmailMfaConfiguration": "EMAIL_OTP", "SmsMfaConfiguration": "SMS_MFA"}
        self.facts.mode = configured["MfaConfiguration"]
        self.facts.factors = frozenset(
            factor for member, factor in members.items() if member in configured
        )

    @rule(factor=st.sampled_from(list(PREFERENCES)), wanted=MOSTLY)
    def prefer(self, factor: str, *, wanted: bool) -> None:
        wish = {PREFERENCES[factor]: {"Enabled": wanted, "PreferredMfa": False}}
        user = {"UserPoolId": self.app.pool_id, "Username": "alice"}
        if self.run("admin_set_user_mfa_preference", **user, **wish) is not None:
            (self.facts.wanted.add if wanted else self.facts.wanted.discard)(factor)

    @rule(password=st.sampled_from(PASSWORDS), permanent=MOSTLY)
    def set_password(self, password: str, *, permanent: bool) -> None:
        self.poolgate.clock.advance(0.001)
        user = {"UserPoolId": self.app.pool_id, "Username": "alice"}
        self.app.cognito.admin_set_user_password(**user, Password=password, Permanent=permanent)
        self.facts.password = password
        self.facts.status = "CONFIRMED" if permanent else "FORCE_CHANGE_PASSWORD"

    @rule(enabled=st.sampled_from([True] * 9 + [False]))
    def switch(self, *, enabled: bool) -> None:
        operation = "admin_enable_user" if enabled else "admin_disable_user"
        self.run(operation, UserPoolId=self.app.pool_id, Username="alice")
        self.facts.enabled = enabled

    @rule(seconds=st.sampled_from([1, 30, 60, 3600]))
    def wait(self, seconds: float) -> None:
        self.poolgate.clock.advance(seconds)

    # -- signing in ----------------------------------------------------------------------------

    @rule(
        target=waiting,
        name=WHO,
        preferred=st.sampled_from([None, *CHOICES]),
        level=LEVELS,
        right=st.booleans(),
    )
    def begin_by_choice(self, name: str, preferred: str | None, level: int, *, right: bool) -> Any:
        password = self.password(right=right)
        srp = self.app.srp(name, password)
        parameters = {"PASSWORD": password, "SRP_A": srp.get_auth_params()["SRP_A"]}
        if preferred:
            parameters["PREFERRED_CHALLENGE"] = preferred
        if level:
            parameters["TARGET_ACR_VALUES"] = f"urn:cognito:loa:{level}"
        one = Waiting(name, "", None, is_custom=False, target=level)
        shown = ("password",) if preferred == "PASSWORD" and right else ()
        return self.initiate(one, "USER_AUTH", parameters, shown, srp, right=right)

    @rule(target=waiting, name=WHO, with_srp=st.booleans(), right=MOSTLY)
    def begin_custom(self, name: str, *, with_srp: bool, right: bool) -> Any:
        srp = self.app.srp(name, self.password(right=right))
        parameters = {"CHALLENGE_NAME": "SRP_A", "SRP_A": srp.get_auth_params()["SRP_A"]}
        one = Waiting(name, "", None, is_custom=True)
        return self.initiate(
            one, "CUSTOM_AUTH", parameters if with_srp else {}, (), srp, right=right
        )

    def initiate(
        self,
        one: Waiting,
        flow: str,
        parameters: dict[str, str],
        shown: tuple[str, ...],
        srp: Any,
        *,
        right: bool,
    ) -> Any:
        sent = len(self.poolgate.outbox())
        answer = self.run(
            "initiate_auth",
            ClientId=self.app.client_id,
            AuthFlow=flow,
            AuthParameters={"USERNAME": one.name, **parameters},
        )
        return self.judge(one, answer, shown, sent, srp=(srp, right))

    @rule(
        target=waiting,
        preferred=st.sampled_from([*CHOICES, CUSTOM, CUSTOM]),
        with_srp=st.booleans(),
        steps=st.integers(1, 4),
        level=LEVELS,
    )
    def walk(self, preferred: str, steps: int, level: int, *, with_srp: bool) -> Any:
        """Go several steps of one sign-in, all of them right."""
        if preferred == CUSTOM:
            one = self.begin_custom("alice", with_srp=with_srp, right=True)
        else:
            one = self.begin_by_choice("alice", preferred, level, right=True)
        for _ in range(steps):
            if isinstance(one, Waiting):
                one = self.answer(one, preferred, right=True)
        return one

    @rule(target=waiting, one=waiting, choice=st.sampled_from(CHOICES), right=MOSTLY)
    def answer(self, one: Waiting, choice: str, *, right: bool) -> Any:
        return self.respond(one, one.challenge, self.answers(one, choice, right=right))

    @rule(
        target=waiting,
        one=waiting,
        other=waiting,
        challenge=st.sampled_from(EVERY_CHALLENGE),
        choice=st.sampled_from(CHOICES),
    )
    def mix(self, one: Waiting, other: Waiting, challenge: str, choice: str) -> Any:
        """Answer another challenge than the one that waits, with another sign-in's code."""
        return self.respond(one, challenge, self.answers(other, choice, right=True))

    def answers(self, one: Waiting, choice: str, *, right: bool) -> dict[str, str]:
        """Return an answer to any challenge of that sign-in."""
        code = one.sent_code if right and one.sent_code else "000000"
        second = next(iter(sorted(self.facts.factors)), "SMS_MFA")
        picks = {"SELECT_CHALLENGE": choice, "SELECT_MFA_TYPE": second}
        return {
            "PASSWORD": self.password(right=right),
            "NEW_PASSWORD": PASSWORDS[0],
            "EMAIL_OTP_CODE": code,
            "SMS_OTP_CODE": code,
            "SMS_MFA_CODE": code,
            "ANSWER": picks.get(one.challenge, "42" if right else "41"),
            **(one.proof[0] if one.proof else {}),
        }

    def password(self, *, right: bool) -> str:
        return self.facts.password if right and self.facts.password else WRONG_PASSWORD

    def respond(self, one: Waiting, challenge: str, answers: dict[str, str]) -> Any:
        sent = len(self.poolgate.outbox())
        members = {"Session": one.session} if one.session else {}
        answer = self.run(
            "respond_to_auth_challenge",
            ClientId=self.app.client_id,
            ChallengeName=challenge,
            ChallengeResponses={**answers, "USERNAME": one.name},
            **members,
        )
        if answer is None:
            return multiple()
        fits = challenge == one.challenge or (
            one.challenge == "SELECT_CHALLENGE" and challenge == "PASSWORD"
        )
        assert fits
        key = one.session or str(one.proof)
        assert key not in self.used
        self.used.add(key)
        if challenge == "NEW_PASSWORD_REQUIRED":
            assert "password" in one.shown
            assert self.facts.status == "FORCE_CHANGE_PASSWORD"
            # Whatever comes next, the step is done when the server led on.
            self.facts.password, self.facts.status = answers["NEW_PASSWORD"], "CONFIRMED"
        return self.judge(one, answer, self.shown_by(one, challenge, answers), sent)

    def shown_by(self, one: Waiting, challenge: str, answers: dict[str, str]) -> tuple[str, ...]:
        """Return what the answer truly shows."""
        is_password = challenge == "PASSWORD" or (
            challenge == "SELECT_CHALLENGE" and answers["ANSWER"] == "PASSWORD"
        )
        if is_password:
            return ("password",) if answers["PASSWORD"] == self.facts.password else ()
        if challenge == VERIFIER:
            return ("password",) if one.proof and one.proof[1] else ()
        if challenge == CUSTOM:
            return ("custom",) if answers["ANSWER"] == "42" else ()
        member = {**FIRST_CODES, **SECOND_CODES}.get(challenge)
        if member is None or answers[member] != one.sent_code:
            return ()
        return ("second",) if "password" in one.shown else (f"first {challenge}",)

    # -- the model -----------------------------------------------------------------------------

    def judge(
        self,
        one: Waiting,
        answer: Any,
        shown: tuple[str, ...],
        sent_before: int,
        *,
        srp: tuple[Any, bool] | None = None,
    ) -> Any:
        if answer is None:
            return multiple()
        way = replace(one, shown=(*one.shown, *shown))
        if "AuthenticationResult" in answer:
            self.judge_tokens(way)
            self.judge_level(way, answer["AuthenticationResult"]["AccessToken"])
            return multiple()
        challenge, messages = answer["ChallengeName"], self.poolgate.outbox()[sent_before:]
        if one.name == "nobody":
            assert not messages
        if challenge in {"NEW_PASSWORD_REQUIRED", "SMS_MFA", "SELECT_MFA_TYPE"}:
            assert "password" in way.shown
        proof = None
        if challenge == VERIFIER and srp is not None:
            parameters = answer["ChallengeParameters"]
            named = {"USERNAME": parameters["USERNAME"]}
            claim = srp[0].process_challenge(parameters, named)
            proof = (claim, srp[1] and one.name == "alice")
        return Waiting(
            one.name,
            challenge,
            answer.get("Session"),
            one.is_custom,
            way.shown,
            messages[0].code if messages else None,
            proof,
            one.target,
        )

    def judge_tokens(self, way: Waiting) -> None:
        """Hold the tokens against what was shown for them."""
        facts, shown = self.facts, way.shown
        assert way.name == "alice"
        assert facts.enabled
        firsts = [each for each in shown if each.startswith("first ")]
        if way.is_custom:
            assert self.granted is not None
            told = [each["challengeName"] for each in self.granted if each["challengeResult"]]
            assert told.count(CUSTOM) == shown.count("custom")
            assert (VERIFIER in told) is ("password" in shown)
            assert not firsts
            self.granted = None
        else:
            assert "password" in shown or firsts
        if "password" in shown:
            assert facts.status == "CONFIRMED"
            assert "second" in shown or not facts.owes_second_factor
        for first in firsts:
            assert first.removeprefix("first ") in facts.first
            assert not facts.owes_second_factor
            assert facts.status in {"CONFIRMED", "UNCONFIRMED"}
            facts.status = "CONFIRMED"
        assert facts.status != "UNCONFIRMED"

    def judge_level(self, way: Waiting, access_token: str) -> None:
        """Hold the level that tokens name against what was shown, and what was asked for."""
        if not way.target:
            assert "acr" not in claims_of(Secret(access_token))
            return
        level = 2 if "password" not in way.shown else 3 if "second" in way.shown else 1
        assert level >= way.target
        assert claims_of(Secret(access_token))["acr"] == f"urn:cognito:loa:{level}"

    def run(self, operation: str, **members: Any) -> Any:
        """Call and return the answer, or None when it was refused as AWS refuses."""
        try:
            return getattr(self.app.cognito, operation)(**members)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 400:
                raise
            return None


Flows.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFlows = Flows.TestCase
