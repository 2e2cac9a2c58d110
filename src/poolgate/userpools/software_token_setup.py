"""Setting up an authenticator app during a sign-in, where the pool demands a second factor.

    MFA_SETUP ──associate──> MFA_SETUP (secret in the auth session) ──verify──> MFA_SETUP (proven)

Each step uses its auth session up and gives the next one; a wrong code uses nothing up. The app
counts from its verification on, even if the sign-in ends there.
"""

from dataclasses import replace

from poolgate.credentials.totp import encode_totp_secret, new_totp_secret
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.userpools import auth_sessions, second_factors, situations, software_tokens
from poolgate.userpools.challenge_answers import Resumed, of_presented
from poolgate.userpools.challenges import Challenge, Factor
from poolgate.userpools.issued_challenges import session_after
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.sign_in_progress import settle
from poolgate.userpools.software_tokens import SoftwareTokenNotSetUp, SoftwareTokensOff


def begin(call: Call, auth_session: Secret) -> tuple[Secret, Secret]:
    """Return a secret for the user's app, and the auth session to verify it with."""
    resumed = _resume(call, auth_session)
    totp_secret = new_totp_secret()
    progress = resumed.progress()
    following = session_after(call, progress, Challenge.MFA_SETUP, totp_secret=totp_secret)
    sealed = auth_sessions.seal(call, following)
    with call.db.writing() as transaction:
        settle(transaction, call, progress)
        auth_sessions.store(transaction, following, sealed)
    return encode_totp_secret(totp_secret), sealed.text


def finish(call: Call, auth_session: Secret, submitted: Secret, *, name: str | None) -> Secret:
    """Make the app the user's, given its code; return the auth session that ends the sign-in.

    Raises SoftwareTokenNotSetUp or SoftwareTokenRefused.
    """
    resumed = _resume(call, auth_session)
    totp_secret = resumed.presented.auth_session.totp_secret
    if totp_secret is None:
        raise SoftwareTokenNotSetUp
    step = software_tokens.step_of_first_code(call, totp_secret, submitted)
    progress = replace(
        resumed.progress(),
        user=software_tokens.with_software_token(call, resumed.user, name=name),
        proven=resumed.proven | {Factor.SOFTWARE_TOKEN_MFA},
    )
    following = session_after(call, progress, Challenge.MFA_SETUP)
    sealed = auth_sessions.seal(call, following)
    with call.db.writing() as transaction:
        settle(transaction, call, progress)
        software_tokens.keep(transaction, call, resumed.user, totp_secret, step=step)
        auth_sessions.store(transaction, following, sealed)
    return sealed.text


def _resume(call: Call, auth_session: Secret) -> Resumed:
    presented = auth_sessions.open_of_challenge(call, auth_session, challenge=Challenge.MFA_SETUP)
    opened = presented.auth_session
    asker = situations.read(call, opened.client_id, pool_id=opened.pool_id)
    resumed = of_presented(call, asker, presented)
    if MfaFactor.SOFTWARE_TOKEN_MFA not in second_factors.verify_setup_owed(resumed).choices:
        raise SoftwareTokensOff
    return resumed
