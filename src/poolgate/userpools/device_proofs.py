"""The device's part in a sign-in: which one it is, and the proof of a remembered one's secret.

    DEVICE_SRP_AUTH ── SRP_A ──> DEVICE_PASSWORD_VERIFIER ── signature ──> proven

The auth session of DEVICE_SRP_AUTH travels inside the secret block and is used up with the proof,
so a device proves itself only for the sign-in that has proven everything else. Clients may leave
the auth session out: the device's row keeps the latest one, for the address that it was issued to.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import sqlalchemy as sa

from poolgate.credentials import srp
from poolgate.credentials.passwords import WrongPassword
from poolgate.credentials.srp import Proves, Verifier
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import auth_sessions, devices, lockout, users
from poolgate.userpools.auth_sessions import AuthSession, AuthSessionInvalid
from poolgate.userpools.challenge_answers import Answer, Resumed, means, of_presented, resume
from poolgate.userpools.challenges import Challenge, Factor
from poolgate.userpools.devices import Device, DeviceNotFound
from poolgate.userpools.sign_in_progress import Progress, proven_user
from poolgate.userpools.situations import Situation
from poolgate.userpools.spent_proofs import SpentProof
from poolgate.userpools.tables import devices as devices_table
from poolgate.userpools.users import User

_PURPOSE = "device step"


class _Step(msgspec.Struct, frozen=True, array_like=True):
    """A sign-in that waits for its device, and the address that it was issued to."""

    auth_session: str
    address: str


_KEY = sa.and_(
    devices_table.c.pool_id == sa.bindparam("of_pool_id"),
    devices_table.c.sub == sa.bindparam("of_sub"),
    devices_table.c.device_key == sa.bindparam("of_device_key"),
)
_KEEP_STEP = sa.update(devices_table).where(_KEY).values(sealed_step=sa.bindparam("step"))
_SIGNED_IN = (
    sa.update(devices_table)
    .where(_KEY)
    .values(
        sealed_step=None,
        last_address=sa.bindparam("address"),
        last_signed_in_at=sa.bindparam("now"),
    )
)
_SIGNED_IN_REMEMBERED = _SIGNED_IN.where(devices_table.c.remembered.is_(sa.true()))


def named_device(call: Call, progress: Progress) -> Device | None:
    """Return the known device that the sign-in is on, or None.

    Raises DeviceNotFound for one that the request itself names.
    """
    named, pool = progress.situation.device, progress.situation.pool
    if named is None or pool.device_tracking is None:
        return None
    with call.db.reading() as transaction:
        device = devices.find(transaction, progress.user, named.device_key)
    if device is None and named.named_now:
        raise DeviceNotFound
    return device


def keep_step(
    transaction: Transaction, call: Call, user: User, auth_session: AuthSession, sealed: Secret
) -> None:
    """Keep the auth session for clients that answer DEVICE_SRP_AUTH without it."""
    device_key = auth_session.device_key or ""
    step = call.vault.seal(
        msgspec.msgpack.encode(_Step(sealed.reveal(), call.source_address)),
        purpose=_PURPOSE,
        bound_to=devices.row_name(user, device_key),
    )
    transaction.run(_KEEP_STEP, {**devices.key_of(user, device_key), "step": step})


def parameters(user: User, auth_session: AuthSession) -> Mapping[str, str]:
    """Return the parameters of DEVICE_SRP_AUTH."""
    return {"USERNAME": user.username, "DEVICE_KEY": auth_session.device_key or ""}


def begin(call: Call, asker: Situation, answer: Answer) -> Mapping[str, str]:
    """Return the parameters of DEVICE_PASSWORD_VERIFIER; nothing is used up.

    Raises AuthSessionInvalid, -Expired, -Used, LockedOut, DeviceNotFound or SrpPublicValueRefused.
    """
    auth_session = answer.auth_session or _kept_step(call, asker, answer)
    resumed = resume(call, asker, replace(answer, auth_session=auth_session))
    lockout.verify_open(resumed.situation.failures, call.now_millis)
    device = _device_to_prove(call, resumed, answer.responses["DEVICE_KEY"])
    begun = srp.begin(
        call.vault,
        pool_id=device.pool_id,
        client_id=asker.app_client.client_id,
        whom=_verifier_of(call, resumed.user, device),
        srp_a=answer.responses["SRP_A"],
        now=call.now,
        proves=Proves.DEVICE_SECRET,
        carried=auth_session.reveal(),
    )
    return {
        "SALT": begun.salt,
        "SECRET_BLOCK": begun.secret_block,
        "SRP_B": begun.srp_b,
        "USERNAME": resumed.user.username,
        "DEVICE_KEY": device.device_key,
    }


def prove(call: Call, asker: Situation, answer: Answer) -> Progress:
    """Return the sign-in with its device proven; a wrong proof is counted and ends the exchange.

    The auth session stays usable after a wrong proof, as it does after a wrong code. Raises the
    failures of `begin`, and WrongPassword.
    """
    responses, app_client = answer.responses, asker.app_client
    block = srp.open_secret_block(
        call.vault,
        responses["PASSWORD_CLAIM_SECRET_BLOCK"],
        pool_id=app_client.pool_id,
        client_id=app_client.client_id,
        now=call.now,
        lifetime_seconds=app_client.auth_session_seconds,
        proves=Proves.DEVICE_SECRET,
    )
    presented = auth_sessions.open_presented(
        call,
        app_client,
        Secret(block.exchange.carried),
        door=answer.door,
        challenges=frozenset({Challenge.DEVICE_SRP_AUTH}),
    )
    resumed = of_presented(call, asker, presented)
    if not means(asker.pool, resumed.user, responses["USERNAME"]):
        raise WrongPassword
    lockout.verify_open(resumed.situation.failures, call.now_millis)
    device = _device_to_prove(call, resumed, responses["DEVICE_KEY"])
    whom = _verifier_of(call, resumed.user, device)
    lifetime_millis = app_client.auth_session_seconds * 1000
    spent_proof = SpentProof(block.digest, block.exchange.begun_at + lifetime_millis)

    def verify() -> None:
        srp.verify_claim(
            block,
            whom,
            signature=responses["PASSWORD_CLAIM_SIGNATURE"],
            timestamp=responses["TIMESTAMP"],
            now=call.now,
            proves=Proves.DEVICE_SECRET,
        )

    proven_user(call, resumed.situation, verify, spent_proof=spent_proof)
    custom = resumed.custom
    return replace(
        resumed.progress(),
        proven=resumed.proven | {Factor.DEVICE},
        spent_proof=spent_proof,
        custom=custom and custom.after(answer.challenge, succeeded=True),
    )


def record_sign_in(
    transaction: Transaction, call: Call, progress: Progress, device: Device
) -> None:
    """Record who signed in on the device, and whence; raise DeviceNotFound.

    INVARIANT: a device that was forgotten lets nobody in, nor does the proof of one that is no
    longer remembered.
    """
    is_proven = Factor.DEVICE in progress.proven
    statement = _SIGNED_IN_REMEMBERED if is_proven else _SIGNED_IN
    changes = {"address": call.source_address, "now": call.now_millis}
    key = devices.key_of(progress.user, device.device_key)
    if not transaction.run(statement, {**key, **changes}):
        raise DeviceNotFound


def _kept_step(call: Call, asker: Situation, answer: Answer) -> Secret:
    """Return the auth session that the device's row keeps; raise AuthSessionInvalid."""
    device_key = answer.responses["DEVICE_KEY"]
    with call.db.reading() as transaction:
        user = users.find(transaction, asker.pool, answer.responses["USERNAME"])
        device = devices.find(transaction, user, device_key) if user else None
    if user is None or device is None or device.sealed_step is None:
        raise AuthSessionInvalid
    plaintext = call.vault.unseal(
        device.sealed_step, purpose=_PURPOSE, bound_to=devices.row_name(user, device_key)
    )
    step = msgspec.msgpack.decode(plaintext, type=_Step)
    # Who is elsewhere cannot put a stolen device's proof on top of somebody else's password.
    if step.address != call.source_address:
        raise AuthSessionInvalid
    return Secret(step.auth_session)


def _device_to_prove(call: Call, resumed: Resumed, device_key: str) -> Device:
    """Return the device that the sign-in waits for, if it may still prove itself."""
    if device_key != resumed.presented.auth_session.device_key:
        raise DeviceNotFound
    with call.db.reading() as transaction:
        device = devices.get(transaction, resumed.user, device_key)
    if not device.remembered or resumed.situation.pool.device_tracking is None:
        raise AuthSessionInvalid
    return device


def _verifier_of(call: Call, user: User, device: Device) -> Verifier:
    return Verifier(
        user_id=device.device_key,
        sub=user.sub,
        salt=device.salt,
        verifier=devices.unseal_verifier(call, user, device),
    )
