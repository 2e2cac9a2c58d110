"""What people are told about what went wrong; whatever tells who has an account is left out."""

from collections.abc import Mapping

from poolgate.credentials.passwords import WrongPassword
from poolgate.delivery.queue import NoSenderConfigured
from poolgate.foundation.failure import Failure
from poolgate.login import texts
from poolgate.userpools import (
    account_events,
    attributes,
    auth_sessions,
    challenges,
    confirmation_codes,
    lockout,
    mfa_codes,
    password_history,
    password_recovery,
    passwords,
    second_factors,
    sign_up,
    software_tokens,
    threat_protection,
    triggers,
    usernames,
    users,
)
from poolgate.userpools.attempt_limits import AttemptLimitExceeded
from poolgate.userpools.auth_flows import ParameterMissing

SIGN_IN_TEXTS: Mapping[type[Failure], str] = {
    WrongPassword: texts.WRONG_NAME_OR_PASSWORD,
    users.UserNotFound: texts.WRONG_NAME_OR_PASSWORD,
    # Told only to those who proved the password.
    users.UserDisabled: texts.DISABLED,
    lockout.LockedOut: texts.LOCKED,
    challenges.NoSecondFactorPossible: texts.CANNOT,
    passwords.TemporaryPasswordExpired: texts.PASSWORD_EXPIRED,
    passwords.PasswordUnfit: texts.PASSWORD_UNFIT,
    password_history.PasswordUsedBefore: texts.PASSWORD_USED,
    mfa_codes.WrongMfaCode: texts.WRONG_CODE,
    software_tokens.WrongSoftwareTokenCode: texts.WRONG_CODE,
    software_tokens.SoftwareTokenCodeUsed: texts.WRONG_CODE,
    software_tokens.SoftwareTokenRefused: texts.WRONG_CODE,
    second_factors.NotAmongChoices: texts.TOO_OLD,
    ParameterMissing: texts.SOMETHING_MISSING,
    AttemptLimitExceeded: texts.LOCKED,
    account_events.RequestBlocked: texts.BLOCKED,
    account_events.PasswordCompromised: texts.COMPROMISED,
    threat_protection.SignInBlocked: texts.BLOCKED,
}
ACCOUNT_TEXTS: Mapping[type[Failure], str] = {
    users.UsernameTaken: texts.NAME_TAKEN,
    users.AliasTaken: texts.NAME_TAKEN,
    usernames.UsernameNotAddress: texts.NAME_UNFIT,
    usernames.UsernameLikeAlias: texts.NAME_UNFIT,
    usernames.UsernameNotAttribute: texts.NAME_UNFIT,
    attributes.SchemaMismatch: texts.ATTRIBUTES_UNFIT,
    attributes.AttributeNotWritable: texts.CANNOT,
    attributes.AttributeImmutable: texts.CANNOT,
    attributes.EmailMalformed: texts.EMAIL_UNFIT,
    attributes.PhoneNumberMalformed: texts.PHONE_UNFIT,
    attributes.BirthdateMalformed: texts.BIRTHDATE_UNFIT,
    sign_up.SignUpClosed: texts.SIGN_UP_CLOSED,
    sign_up.AliasAtSignUp: texts.NAME_UNFIT,
    sign_up.AlreadyConfirmed: texts.CONFIRMED_ALREADY,
    sign_up.NotUnconfirmed: texts.CODE_OVER,
    sign_up.NothingToVerify: texts.NO_MAIL,
    NoSenderConfigured: texts.NO_MAIL,
    confirmation_codes.CodeMismatch: texts.WRONG_CODE,
    confirmation_codes.CodeExpired: texts.CODE_OVER,
    confirmation_codes.CodeWornOut: texts.CODE_OVER,
    password_recovery.RecoveryByAdministratorOnly: texts.NO_RECOVERY,
    password_recovery.NotResettable: texts.NO_RECOVERY,
    password_recovery.NoRecoveryAddress: texts.NO_RECOVERY,
}
_FUNCTIONS: Mapping[type[Failure], str] = {
    triggers.TriggerRefused: texts.REFUSED,
    triggers.TriggerNotInvoked: texts.FUNCTION_BROKEN,
    triggers.TriggerAnswerUnreadable: texts.FUNCTION_BROKEN,
}
# After these the sign-in cannot go on where it stood.
OVER: tuple[type[Failure], ...] = (
    auth_sessions.AuthSessionInvalid,
    auth_sessions.AuthSessionExpired,
    auth_sessions.AuthSessionUsed,
)
TEXTS: Mapping[type[Failure], str] = {**SIGN_IN_TEXTS, **ACCOUNT_TEXTS, **_FUNCTIONS}


def find_text(failure: Failure) -> str | None:
    """Return what a person is told, None for what no page expects."""
    for cls in type(failure).__mro__:
        if cls in TEXTS:
            return TEXTS[cls].format_map(failure.facts)
    return None
