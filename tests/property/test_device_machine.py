"""A device lets nobody in without its proof, nor instead of more than the pool says.

The model follows each sign-in: whether a second factor was shown, and which device it names. Tokens
may only come out where what the pool demands at that moment was shown.
"""

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from kits.authenticator import enrolled, set_mfa
from kits.cognito import App
from kits.devices import ALWAYS, ASKING, BESIDE_MFA, Device

from poolgate.testing import LocalPoolgate

TOTP = "SOFTWARE_TOKEN_MFA"
NOBODYS = "us-east-1_00000000-0000-4000-8000-000000000000"
CONFIGURATIONS = st.sampled_from([ALWAYS, BESIDE_MFA, ASKING, None])
MODES = st.sampled_from(["OPTIONAL", "ON", "OFF"])
MOSTLY = st.sampled_from([True, True, True, False])
# How far back, counted from the newest.
PICK = st.sampled_from([0, 0, 0, 1, 2, 3])
T = TypeVar("T")


@dataclass(eq=False)
class Known:
    """A device with its secret, and what the pool should know of it."""

    device: Device
    access_token: str
    confirmed: bool = False
    remembered: bool = False

    @property
    def key(self) -> str:
        return self.device.device_key


@dataclass(eq=False)
class Waiting:
    """An auth session, and what its sign-in has shown so far."""

    session: str | None
    named: str | None
    begun_at: float
    second_factor: bool = False
    used: bool = False


@dataclass(eq=False)
class Exchange:
    """A device challenge, of which sign-in it is, if that is known."""

    parameters: dict[str, str]
    device_key: str
    origin: Waiting | None
    used: bool = False


@dataclass
class Seen:
    """What the sign-ins have led to."""

    known: list[Known] = field(default_factory=list)
    asked_codes: list[Waiting] = field(default_factory=list)
    asked_devices: list[Waiting] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    # By device, the sign-in that an answer without its session goes on with.
    newest: dict[str, Waiting] = field(default_factory=dict)


def picked(from_newest: list[T], pick: int) -> T:
    return from_newest[-1 - min(pick, len(from_newest) - 1)]


class DeviceSignIns(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.poolgate = LocalPoolgate(frozen=True)
        self.elapsed = 0.0
        self.seen = Seen()

    def teardown(self) -> None:
        self.poolgate.close()

    @initialize(configuration=CONFIGURATIONS, mode=MODES)
    def begin(self, configuration: dict[str, bool] | None, mode: str) -> None:
        self.app = App.of(self.poolgate)
        set_mfa(self.app, "OFF", TOTP)
        self.authenticator = enrolled(self.app)
        self.configure(ALWAYS, mode)
        self.new_device(confirms=True)
        self.configure(configuration, mode)

    # -- what happens around -------------------------------------------------------------------

    @rule(configuration=CONFIGURATIONS, mode=MODES)
    def configure(self, configuration: dict[str, bool] | None, mode: str) -> None:
        given = {} if configuration is None else {"DeviceConfiguration": configuration}
        self.app.cognito.update_user_pool(UserPoolId=self.app.pool_id, **given)
        set_mfa(self.app, mode, TOTP)
        self.configuration, self.mode = configuration, mode

    @rule(confirms=MOSTLY)
    def new_device(self, *, confirms: bool) -> None:
        """Sign in while no second factor is demanded, to get the names of a device."""
        set_mfa(self.app, "OFF", TOTP)
        signed_in = self.app.sign_in()
        set_mfa(self.app, self.mode, TOTP)
        assert ("NewDeviceMetadata" in signed_in["AuthenticationResult"]) == self.tracks
        if self.tracks:
            device = Device.of(self.app, signed_in)
            known = Known(device, signed_in["AuthenticationResult"]["AccessToken"])
            self.seen.known.append(known)
            if confirms:
                self.confirm(0)

    @property
    def tracks(self) -> bool:
        return self.configuration is not None

    @precondition(lambda self: self.seen.known)
    @rule(pick=PICK)
    def confirm(self, pick: int) -> None:
        one = picked(self.seen.known, pick)
        if self.run(one.device.confirm, access_token=one.access_token) is not None:
            assert self.configuration is not None
            assert not one.confirmed
            one.confirmed = True
            one.remembered = not self.configuration["DeviceOnlyRememberedOnUserPrompt"]

    @precondition(lambda self: self.seen.known)
    @rule(pick=PICK, remembered=MOSTLY)
    def set_status(self, pick: int, *, remembered: bool) -> None:
        one = picked(self.seen.known, pick)
        status = "remembered" if remembered else "not_remembered"
        update = self.app.cognito.admin_update_device_status
        if self.run(update, **self.named(one), DeviceRememberedStatus=status) is not None:
            assert one.confirmed
            one.remembered = remembered

    @precondition(lambda self: self.seen.known)
    @rule(pick=PICK)
    def forget(self, pick: int) -> None:
        one = picked(self.seen.known, pick)
        if self.run(self.app.cognito.admin_forget_device, **self.named(one)) is not None:
            self.seen.known.remove(one)
            one.remembered = False

    @rule(seconds=st.sampled_from([1, 60, 170]))
    def wait(self, seconds: float) -> None:
        self.poolgate.clock.advance(seconds)
        self.elapsed += seconds

    # -- signing in ----------------------------------------------------------------------------

    @precondition(lambda self: self.seen.known)
    @rule(pick=PICK, right=MOSTLY, goes_on=MOSTLY)
    def sign_in_on(self, pick: int, *, right: bool, goes_on: bool) -> None:
        self.sign_in(picked(self.seen.known, pick).key, right=right)
        if goes_on and self.seen.asked_codes:
            self.answer_code(0, None, right=True)
        if goes_on and self.seen.asked_devices:
            self.begin_proof(0, None, with_session=True)
        if goes_on and self.seen.exchanges:
            self.prove(0, None, right=True)

    @rule(device_key=st.sampled_from([None, NOBODYS]))
    def sign_in_elsewhere(self, device_key: str | None) -> None:
        self.sign_in(device_key, right=True)

    @precondition(lambda self: self.seen.asked_codes)
    @rule(pick=PICK, right=MOSTLY, renamed=st.one_of(st.none(), PICK))
    def answer_code(self, pick: int, renamed: int | None, *, right: bool) -> None:
        one = picked(self.seen.asked_codes, pick)
        self.wait(30)
        code = self.authenticator.code() if right else self.authenticator.wrong_code()
        answers = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": code}
        if renamed is not None and self.seen.known:
            answers["DEVICE_KEY"] = picked(self.seen.known, renamed).key
        answer = self.run(self.app.respond, challenge=TOTP, session=one.session, **answers)
        if answer is not None:
            assert right
            self.used_up(one)
            named = answers.get("DEVICE_KEY", one.named)
            self.after(answer, replace(one, named=named, second_factor=True))

    @precondition(lambda self: self.seen.asked_devices and self.seen.known)
    @rule(pick=PICK, by=st.one_of(st.none(), st.none(), PICK), with_session=MOSTLY)
    def begin_proof(self, pick: int, by: int | None, *, with_session: bool) -> None:
        one = picked(self.seen.asked_devices, pick)
        known = self.own_or_other(one.named, by)
        session = one.session if with_session else None
        answer = self.run(known.device.begin_proof, session=session)
        if answer is not None:
            assert answer["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
            assert self.tracks
            assert known.remembered
            origin = one if with_session else self.seen.newest[known.key]
            assert (origin.named, origin.used) == (known.key, False)
            parameters = answer["ChallengeParameters"]
            self.seen.exchanges.append(Exchange(parameters, known.key, origin))

    @precondition(lambda self: self.seen.exchanges and self.seen.known)
    @rule(pick=PICK, by=st.one_of(st.none(), st.none(), PICK), right=MOSTLY)
    def prove(self, pick: int, by: int | None, *, right: bool) -> None:
        one = picked(self.seen.exchanges, pick)
        known = self.own_or_other(one.device_key, by)
        claim = known.device.claim(one.parameters, secret=None if right else "guessed")
        answer = self.run(self.app.respond, challenge="DEVICE_PASSWORD_VERIFIER", **claim)
        if answer is not None:
            assert right
            assert one.device_key == known.key
            assert not one.used
            one.used = True
            assert one.origin is not None
            self.used_up(one.origin)
            self.after(answer, one.origin, proven=known)

    # -- the model -----------------------------------------------------------------------------

    def sign_in(self, device_key: str | None, *, right: bool) -> None:
        more = {"DEVICE_KEY": device_key} if device_key else {}
        password = {} if right else {"password": "Wrong-password-1"}
        answer = self.run(self.app.sign_in, **password, **more)
        if answer is not None:
            assert right
            self.after(answer, Waiting(None, device_key, self.elapsed))

    def after(self, answer: Any, before: Waiting, *, proven: Known | None = None) -> None:
        """Check tokens against the model, or keep what waits now."""
        if "AuthenticationResult" in answer:
            self.verify_owes_nothing(before, proven)
            return
        waits = replace(before, session=answer["Session"], begun_at=self.elapsed, used=False)
        if answer["ChallengeName"] == TOTP:
            self.seen.asked_codes.append(waits)
        else:
            assert answer["ChallengeName"] == "DEVICE_SRP_AUTH"
            assert self.remembered(waits.named) is not None
            assert waits.second_factor or self.mode == "OFF" or self.replaces_mfa
            self.seen.asked_devices.append(waits)
            self.seen.newest[waits.named or ""] = waits

    def verify_owes_nothing(self, before: Waiting, proven: Known | None) -> None:
        remembered = self.remembered(before.named)
        assert remembered is proven
        if self.mode != "OFF" and not before.second_factor:
            assert proven is not None
            assert self.replaces_mfa

    @property
    def replaces_mfa(self) -> bool:
        return bool(self.configuration and self.configuration["ChallengeRequiredOnNewDevice"])

    def remembered(self, device_key: str | None) -> Known | None:
        """Return the device that must prove itself, if it is one."""
        if not self.tracks:
            return None
        return next((k for k in self.seen.known if k.key == device_key and k.remembered), None)

    def own_or_other(self, device_key: str | None, by: int | None) -> Known:
        own = [known for known in self.seen.known if known.key == device_key]
        return own[0] if own and by is None else picked(self.seen.known, by or 0)

    def used_up(self, one: Waiting) -> None:
        assert not one.used
        assert self.elapsed - one.begun_at < 180
        one.used = True

    def named(self, one: Known) -> dict[str, str]:
        return {"UserPoolId": self.app.pool_id, "Username": "alice", "DeviceKey": one.key}

    def run(self, operation: Any, **members: Any) -> Any:
        """Call and return the answer, or None when it was refused as AWS refuses."""
        try:
            return operation(**members) or {}
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 400:
                raise
            return None


DeviceSignIns.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestDeviceSignIns = DeviceSignIns.TestCase
