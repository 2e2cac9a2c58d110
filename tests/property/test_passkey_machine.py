"""No sequence of calls gets tokens by a passkey that is not the user's, or not enough.

Hypothesis plays users, a thief with copies of passkeys and an administrator. The model beside it
knows which passkeys are whose, how far each has counted, and what a passkey shows.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule
from kits.authenticator import enrol
from kits.passkey_pools import (
    begin,
    complete,
    configure,
    creation_options,
    options_of,
    passkey_app,
    register,
)
from kits.passkeys import ES256, RP_ID, UP, UV, Passkey, b64, new_private_key

from poolgate.testing import LocalPoolgate

NAMES = ("alice", "bob")
WHO = st.sampled_from(NAMES)
# Most of the time something right is done, or little would ever happen.
MOSTLY = st.sampled_from([True, True, True, True, True, True, False])
MULTI = "MULTI_FACTOR_WITH_USER_VERIFICATION"
MODES = st.sampled_from(["OFF", "OPTIONAL", "ON"])
SETTINGS = st.sampled_from(
    [
        {},
        {"UserVerification": "required"},
        {"FactorConfiguration": MULTI},
        {"FactorConfiguration": "SINGLE_FACTOR"},
    ]
)
# Keys are dear to make, and which it is does not matter: the ids differ.
KEY, THIEFS_KEY = new_private_key(ES256), new_private_key(ES256)


@dataclass
class Person:
    """What the model knows of one user."""

    access_token: str
    has_app: bool = False
    counts_twice: bool = False


@dataclass
class Held:
    """A passkey that was registered, and the highest count that was accepted."""

    owner: str
    passkey: Passkey
    accepted: int
    removed: bool = False


@dataclass
class Asked:
    """A challenge that waits, for the owner of a passkey."""

    held: Held
    begun: Any
    used: bool = False


@dataclass(frozen=True)
class How:
    """How a passkey is used: as its owner, by the real key, with a PIN, newer than a copy."""

    own: bool
    honest: bool
    verified: bool
    newer: bool


HOW = st.builds(How, own=MOSTLY, honest=MOSTLY, verified=MOSTLY, newer=MOSTLY)


class PasskeySignIns(RuleBasedStateMachine):
    passkeys = Bundle("passkeys")
    registrations = Bundle("registrations")
    challenges = Bundle("challenges")

    def __init__(self) -> None:
        super().__init__()
        self.poolgate = LocalPoolgate()
        self.app = passkey_app(self.poolgate)
        self.mode, self.settings = "OFF", {}
        self.people: dict[str, Person] = {}

    def teardown(self) -> None:
        self.poolgate.close()

    @initialize(target=passkeys)
    def begin_with_two(self) -> Any:
        for name in NAMES:
            self.app.user(name)
            self.people[name] = Person(self.app.access_token(name))
        passkeys = {name: Passkey(private_key=KEY) for name in NAMES}
        for name, passkey in passkeys.items():
            register(self.app, self.people[name].access_token, passkey)
        return multiple(*(Held(name, passkey, 0) for name, passkey in passkeys.items()))

    @rule(target=registrations, name=WHO)
    def start(self, name: str) -> Any:
        options = self.run(lambda: creation_options(self.app, self.people[name].access_token))
        return multiple() if options is None else (name, options)

    @rule(target=passkeys, own=MOSTLY, begun=registrations, verified=MOSTLY)
    def finish(self, begun: Any, *, own: bool, verified: bool) -> Any:
        owner, options = begun
        name = self.named(owner, own=own)
        passkey = Passkey(private_key=KEY, flags=UP | (UV if verified else 0))
        credential = passkey.create(options)
        token = self.people[name].access_token
        if self.run(lambda: complete(self.app, token, credential) or True) is None:
            return multiple()
        assert name == owner
        assert verified or not self.demands_verification
        return Held(name, passkey, accepted=0)

    @rule(held=passkeys, own=MOSTLY, often=MOSTLY)
    def remove(self, held: Held, *, own: bool, often: bool) -> None:
        if often:
            return
        name = self.named(held.owner, own=own)
        token, shown = self.people[name].access_token, b64(held.passkey.credential_id)
        delete = self.app.cognito.delete_web_authn_credential
        if self.run(lambda: delete(AccessToken=token, CredentialId=shown)) is not None:
            assert (name, held.removed) == (held.owner, False)
            held.removed = True

    @rule(mode=MODES, chosen=SETTINGS)
    def set_pool(self, mode: str, chosen: dict[str, str]) -> None:
        wanted = {"RelyingPartyId": RP_ID, **chosen}
        if self.run(lambda: configure(self.app, mode, **wanted)) is not None:
            assert mode != "ON" or chosen.get("FactorConfiguration") == MULTI
            self.mode, self.settings = mode, chosen

    @rule(name=WHO)
    def set_up_an_app(self, name: str) -> None:
        person = self.people[name]
        if not person.has_app:
            enrol(self.app, person.access_token)
            person.has_app = True

    @rule(name=WHO, enabled=MOSTLY)
    def count_twice(self, name: str, *, enabled: bool) -> None:
        prefer = self.app.cognito.set_user_mfa_preference
        wish = {"WebAuthnMfaSettings": {"Enabled": enabled}}
        person = self.people[name]
        if self.run(lambda: prefer(AccessToken=person.access_token, **wish)) is not None:
            assert not enabled or (person.has_app and self.is_multi)
            person.counts_twice = enabled

    @rule(target=challenges, held=passkeys, how=HOW, again=HOW)
    def sign_in(self, held: Held, how: How, again: How) -> Any:
        """Ask and answer, twice: what was used or refused is tried again."""
        asked = self.ask(held)
        if not isinstance(asked, Asked):
            return asked
        self.answer(asked, held, how)
        self.answer(asked, held, again)
        return asked

    @rule(asked=challenges, held=passkeys, how=HOW)
    def answer(self, asked: Asked, held: Held, how: How) -> None:
        """Answer a challenge, as its user or as another one, by a passkey or a copy of one."""
        copy = replace(
            held.passkey,
            private_key=KEY if how.honest else THIEFS_KEY,
            flags=UP | (UV if how.verified else 0),
            # One is added by the use.
            sign_count=held.accepted if how.newer else max(held.accepted - 1, -1),
            user_handle=None,
        )
        credential = json.dumps(copy.get(options_of(asked.begun)))
        name = self.named(asked.held.owner, own=how.own)
        answered = self.run(
            lambda: self.app.respond(
                "WEB_AUTHN", asked.begun["Session"], USERNAME=name, CREDENTIAL=credential
            )
        )
        if answered is None:
            return
        assert "AuthenticationResult" in answered
        assert name == asked.held.owner == held.owner
        assert how.honest
        assert (held.removed, asked.used) == (False, False)
        assert copy.sign_count > held.accepted or copy.sign_count == held.accepted == 0
        assert how.verified or not self.demands_verification
        assert self.may_begin(name)
        held.accepted, asked.used = copy.sign_count, True

    def ask(self, held: Held) -> Any:
        begun = begin(self.app, held.owner)
        if begun["ChallengeName"] != "WEB_AUTHN":
            return multiple()
        assert self.may_begin(held.owner)
        return Asked(held, begun)

    def named(self, name: str, *, own: bool) -> str:
        """Return the name, or the other one."""
        return name if own else next(other for other in NAMES if other != name)

    @property
    def is_multi(self) -> bool:
        return self.settings.get("FactorConfiguration") == MULTI

    @property
    def demands_verification(self) -> bool:
        return self.is_multi or self.settings.get("UserVerification") == "required"

    def may_begin(self, name: str) -> bool:
        """Tell whether a passkey is enough for the user."""
        person = self.people[name]
        owes_more = self.mode == "ON" or (self.mode == "OPTIONAL" and person.has_app)
        return not owes_more or (self.is_multi and person.counts_twice)

    def run(self, call: Any) -> Any:
        """Return the answer, or None when it was refused as AWS refuses."""
        try:
            return call()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 400:
                raise
            return None


PasskeySignIns.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestPasskeySignIns = PasskeySignIns.TestCase
