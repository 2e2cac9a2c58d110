"""No sequence of calls reaches tokens without each owed step.

Hypothesis plays attacker, user and administrator at once. The model beside it knows one thing: who
has proven what. Tokens may only come out when the model says that nothing is owed.
"""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
)
from kits.cognito import App

from poolgate.testing import LocalPoolgate

NAMES = ("alice", "bob")
WHO = st.sampled_from(("alice", "alice", "alice", "bob"))
PASSWORDS = ("First-password-1", "Second-password-2")
WRONG_PASSWORD = "Nobodys-password-3"
# Most of the time something right is done, or little would ever happen.
MOSTLY = st.sampled_from([True, True, True, False])
EMAILS = {name: f"{name}@example.com" for name in NAMES}


@dataclass
class Person:
    """What the model knows of one user."""

    status: str
    password: str
    enabled: bool = True
    failures: int = 0
    code: str | None = None
    reset_code: str | None = None
    password_version: int = 0


@dataclass(frozen=True)
class Owed:
    """An auth session that waits for a new password, and what it rests on."""

    name: str
    session: str
    admin: bool
    password_version: int
    begun_at: float


class SignIns(RuleBasedStateMachine):
    sessions = Bundle("sessions")
    used_sessions = Bundle("used_sessions")
    answers = Bundle("answers")

    def __init__(self) -> None:
        super().__init__()
        self.poolgate = LocalPoolgate()
        self.app = App.of(self.poolgate, pool={"AutoVerifiedAttributes": ["email"]})
        self.people: dict[str, Person] = {}
        self.elapsed = 0.0
        self.spent: set[str] = set()

    def teardown(self) -> None:
        self.poolgate.close()

    @initialize()
    def begin_with_somebody(self) -> None:
        self.invite("alice", PASSWORDS[0])

    def password_of(self, name: str, *, right: bool) -> str:
        """Return the user's password, or one that is nobody's."""
        person = self.people.get(name)
        return person.password if person and right else WRONG_PASSWORD

    # -- what happens to users -----------------------------------------------------------------

    @precondition(lambda self: len(self.people) < len(NAMES))
    @rule(name=st.sampled_from(NAMES), password=st.sampled_from(PASSWORDS))
    def sign_up(self, name: str, password: str) -> None:
        answer = self.run(
            "sign_up",
            ClientId=self.app.client_id,
            Username=name,
            Password=password,
            UserAttributes=[{"Name": "email", "Value": EMAILS[name]}],
        )
        assert (answer is not None) is (name not in self.people)
        if answer is not None:
            self.people[name] = Person(
                "UNCONFIRMED", password, code=self.app.last_code(EMAILS[name])
            )

    @precondition(lambda self: len(self.people) < len(NAMES))
    @rule(name=st.sampled_from(NAMES), password=st.sampled_from(PASSWORDS))
    def invite(self, name: str, password: str) -> None:
        answer = self.run(
            "admin_create_user",
            UserPoolId=self.app.pool_id,
            Username=name,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": EMAILS[name]},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        assert (answer is not None) is (name not in self.people)
        if answer is not None:
            self.people[name] = Person("FORCE_CHANGE_PASSWORD", password)

    @rule(name=WHO, right=MOSTLY)
    def confirm(self, name: str, *, right: bool) -> None:
        person = self.people.get(name)
        known = person.code if person and person.code else "000000"
        code = known if right else "999999"
        answer = self.run(
            "confirm_sign_up", ClientId=self.app.client_id, Username=name, ConfirmationCode=code
        )
        if answer is not None:
            assert person is not None
            assert (person.status, person.code) == ("UNCONFIRMED", code)
            person.status, person.code = "CONFIRMED", None

    @rule(name=WHO, password=st.sampled_from(PASSWORDS), permanent=st.booleans())
    def set_password(self, name: str, password: str, *, permanent: bool) -> None:
        answer = self.run(
            "admin_set_user_password",
            UserPoolId=self.app.pool_id,
            Username=name,
            Password=password,
            Permanent=permanent,
        )
        if answer is not None:
            person = self.people[name]
            person.status = "CONFIRMED" if permanent else "FORCE_CHANGE_PASSWORD"
            person.password, person.password_version = password, person.password_version + 1

    @rule(name=WHO, enabled=MOSTLY)
    def switch(self, name: str, *, enabled: bool) -> None:
        operation = "admin_enable_user" if enabled else "admin_disable_user"
        if self.run(operation, UserPoolId=self.app.pool_id, Username=name) is not None:
            self.people[name].enabled = enabled

    @rule(name=WHO)
    def reset(self, name: str) -> None:
        answer = self.run("admin_reset_user_password", UserPoolId=self.app.pool_id, Username=name)
        if answer is not None:
            person = self.people[name]
            assert person.status in {"CONFIRMED", "RESET_REQUIRED"}
            person.status = "RESET_REQUIRED"
            person.reset_code = self.app.last_code(EMAILS[name])

    @rule(name=WHO, password=st.sampled_from(PASSWORDS), right=MOSTLY)
    def recover(self, name: str, password: str, *, right: bool) -> None:
        person = self.people.get(name)
        known = person.reset_code if person and person.reset_code else "000000"
        code = known if right else "999999"
        answer = self.run(
            "confirm_forgot_password",
            ClientId=self.app.client_id,
            Username=name,
            ConfirmationCode=code,
            Password=password,
        )
        if answer is not None:
            assert person is not None
            assert person.reset_code == code
            assert person.enabled
            person.status, person.password, person.reset_code = "CONFIRMED", password, None
            person.password_version += 1

    @precondition(lambda self: len(self.people) == len(NAMES))
    @rule(name=WHO)
    def delete(self, name: str) -> None:
        answer = self.run("admin_delete_user", UserPoolId=self.app.pool_id, Username=name)
        assert (answer is not None) is (name in self.people)
        self.people.pop(name, None)

    @rule(seconds=st.sampled_from([1, 60, 170, 3600]))
    def wait(self, seconds: float) -> None:
        self.poolgate.clock.advance(seconds)
        self.elapsed += seconds

    # -- signing in ----------------------------------------------------------------------------

    @rule(
        target=sessions,
        name=WHO,
        right=MOSTLY,
        admin=st.booleans(),
    )
    def by_password(self, name: str, *, right: bool, admin: bool) -> Any:
        password = self.password_of(name, right=right)
        attempt = {
            "ClientId": self.app.client_id,
            "AuthParameters": {"USERNAME": name, "PASSWORD": password},
        }
        if admin:
            answer = self.run(
                "admin_initiate_auth",
                UserPoolId=self.app.pool_id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                **attempt,
            )
        else:
            answer = self.run("initiate_auth", AuthFlow="USER_PASSWORD_AUTH", **attempt)
        return self.judge(name, password, answer, admin=admin)

    @rule(
        target=answers,
        name=WHO,
        right=MOSTLY,
    )
    def begin_srp(self, name: str, *, right: bool) -> Any:
        password = self.password_of(name, right=right)
        srp = self.app.srp(name, password)
        try:
            begun = self.app.begin_srp(srp)
        except ClientError:
            return multiple()
        assert "AuthenticationResult" not in begun
        proof = srp.process_challenge(begun["ChallengeParameters"], {"USERNAME": name})
        version = self.people[name].password_version
        return (name, password, proof, version, self.people[name])

    @rule(target=sessions, answer=answers)
    def answer_srp(self, answer: tuple[str, str, dict[str, str], int, Person]) -> Any:
        name, password, proof, version, person = answer
        reply = self.run(
            "respond_to_auth_challenge",
            ClientId=self.app.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=proof,
        )
        if reply is not None:
            assert self.people[name] is person
            assert self.people[name].password_version == version
            assert proof["PASSWORD_CLAIM_SIGNATURE"] not in self.spent
            self.spent.add(proof["PASSWORD_CLAIM_SIGNATURE"])
        return self.judge(name, password, reply, admin=False)

    @rule(answer=answers)
    def answer_srp_twice(self, answer: tuple[str, str, dict[str, str], int, Person]) -> None:
        self.answer_srp(answer)
        assert self.answer_srp(answer) == multiple()

    @rule(
        target=used_sessions,
        owed=consumes(sessions),
        password=st.sampled_from(PASSWORDS),
        fair=MOSTLY,
        who=WHO,
        admin=st.booleans(),
    )
    def answer_new_password(
        self, owed: Owed, password: str, who: str, *, fair: bool, admin: bool
    ) -> Any:
        who, admin = (owed.name, owed.admin) if fair else (who, admin)
        answer = self.new_password(owed, password, who, admin=admin)
        person = self.people.get(owed.name)
        if answer is None:
            return owed
        assert "AuthenticationResult" in answer
        assert person is not None
        assert (who, admin) == (owed.name, owed.admin)
        assert person.enabled
        assert person.status == "FORCE_CHANGE_PASSWORD"
        assert person.password_version == owed.password_version
        assert self.elapsed - owed.begun_at < 180
        person.status, person.password = "CONFIRMED", password
        person.password_version += 1
        return Owed(owed.name, owed.session, owed.admin, -1, owed.begun_at)

    @rule(owed=used_sessions, password=st.sampled_from(PASSWORDS))
    def answer_again(self, owed: Owed, password: str) -> None:
        answer = self.new_password(owed, password, owed.name, admin=owed.admin)
        if owed.password_version == -1:
            assert answer is None
        elif answer is not None:
            person = self.people[owed.name]
            assert person.password_version == owed.password_version
            person.status, person.password = "CONFIRMED", password
            person.password_version += 1

    @rule(challenge=st.sampled_from(["PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"]), owed=sessions)
    def forge(self, challenge: str, owed: Owed) -> None:
        answer = self.run(
            "respond_to_auth_challenge",
            ClientId=self.app.client_id,
            ChallengeName=challenge,
            Session=owed.session[:-8] + "AAAAAAAA",
            ChallengeResponses={
                "USERNAME": owed.name,
                "NEW_PASSWORD": PASSWORDS[0],
                "PASSWORD_CLAIM_SIGNATURE": "AAAA",
                "PASSWORD_CLAIM_SECRET_BLOCK": owed.session,
                "TIMESTAMP": "Tue Sep 5 07:09:22 UTC 2023",
            },
        )
        assert answer is None

    # -- the model -----------------------------------------------------------------------------

    def judge(self, name: str, password: str, answer: Any, *, admin: bool) -> Any:
        """Hold what came out against what the model knows; return the new auth session."""
        if answer is None:
            return multiple()
        person = self.people[name]
        assert person.enabled
        assert person.password == password
        if "AuthenticationResult" in answer:
            assert person.status == "CONFIRMED"
            return multiple()
        assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
        assert person.status == "FORCE_CHANGE_PASSWORD"
        return Owed(name, answer["Session"], admin, person.password_version, self.elapsed)

    def new_password(self, owed: Owed, password: str, who: str, *, admin: bool) -> Any:
        members = {
            "ClientId": self.app.client_id,
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "Session": owed.session,
            "ChallengeResponses": {"USERNAME": who, "NEW_PASSWORD": password},
        }
        if admin:
            return self.run(
                "admin_respond_to_auth_challenge", UserPoolId=self.app.pool_id, **members
            )
        return self.run("respond_to_auth_challenge", **members)

    def run(self, operation: str, **members: Any) -> Any:
        """Call and return the answer, or None when it was refused as AWS refuses."""
        try:
            return getattr(self.app.cognito, operation)(**members)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 400:
                raise
            return None


SignIns.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestSignIns = SignIns.TestCase
