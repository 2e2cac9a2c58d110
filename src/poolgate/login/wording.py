"""What people are told about what went wrong; whatever tells who has an account is left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from poolgate.credentials.attestation import AttestationNotSupported
from poolgate.credentials.cose_keys import AlgorithmNotSupported
from poolgate.credentials.passkeys import (
    OriginNotAllowed,
    PasskeyMalformed,
    RelyingPartyMismatch,
    UserNotVerified,
)
from poolgate.credentials.passwords import WrongPassword
from poolgate.delivery.queue import NoSenderConfigured
from poolgate.foundation.failure import Failure
from poolgate.login.texts import Texts
from poolgate.userpools import (
    account_events,
    attributes,
    auth_sessions,
    challenges,
    choice_sign_in,
    confirmation_codes,
    lockout,
    mfa_codes,
    mfa_preferences,
    passkey_registration,
    passkey_sign_in,
    passkeys,
    password_history,
    password_recovery,
    passwords,
    second_factors,
    sign_up,
    software_tokens,
    threat_protection,
    triggers,
    user_sessions,
    usernames,
    users,
)
from poolgate.userpools.attempt_limits import AttemptLimitExceeded
from poolgate.userpools.auth_flows import ParameterMissing


class AddressMissing(Failure):
    """None of the addresses was typed that a code could go to."""


# By the name of the text.
SIGN_IN_TEXTS: Mapping[type[Failure], str] = {
    WrongPassword: "WRONG_NAME_OR_PASSWORD",
    users.UserNotFound: "WRONG_NAME_OR_PASSWORD",
    # Told only to those who proved the password.
    users.UserDisabled: "DISABLED",
    lockout.LockedOut: "LOCKED",
    challenges.NoSecondFactorPossible: "CANNOT",
    passwords.TemporaryPasswordExpired: "PASSWORD_EXPIRED",
    passwords.PasswordUnfit: "PASSWORD_UNFIT",
    password_history.PasswordUsedBefore: "PASSWORD_USED",
    mfa_codes.WrongMfaCode: "WRONG_CODE",
    software_tokens.WrongSoftwareTokenCode: "WRONG_CODE",
    software_tokens.SoftwareTokenCodeUsed: "WRONG_CODE",
    software_tokens.SoftwareTokenRefused: "WRONG_CODE",
    second_factors.NotAmongChoices: "TOO_OLD",
    # The pool's settings changed since the choice was shown.
    choice_sign_in.FirstFactorNotOffered: "TOO_OLD",
    passkey_sign_in.PasskeyRefused: "PASSKEY_REFUSED",
    PasskeyMalformed: "PASSKEY_REFUSED",
    passkeys.PasskeyUsedMeanwhile: "PASSKEY_REFUSED",
    ParameterMissing: "SOMETHING_MISSING",
    AddressMissing: "ONE_ADDRESS_MISSING",
    AttemptLimitExceeded: "LOCKED",
    account_events.RequestBlocked: "BLOCKED",
    account_events.PasswordCompromised: "COMPROMISED",
    threat_protection.SignInBlocked: "BLOCKED",
}
ACCOUNT_TEXTS: Mapping[type[Failure], str] = {
    users.UsernameTaken: "NAME_TAKEN",
    users.AliasTaken: "NAME_TAKEN",
    usernames.UsernameNotAddress: "ADDRESS_WANTED",
    usernames.UsernameLikeAlias: "NAME_UNFIT",
    usernames.UsernameNotAttribute: "NAME_UNFIT",
    attributes.SchemaMismatch: "ATTRIBUTES_UNFIT",
    attributes.AttributeNotWritable: "CANNOT",
    attributes.AttributeImmutable: "CANNOT",
    attributes.EmailMalformed: "EMAIL_UNFIT",
    attributes.PhoneNumberMalformed: "PHONE_UNFIT",
    attributes.BirthdateMalformed: "BIRTHDATE_UNFIT",
    sign_up.SignUpClosed: "SIGN_UP_CLOSED",
    sign_up.AliasAtSignUp: "NAME_UNFIT",
    sign_up.AlreadyConfirmed: "CONFIRMED_ALREADY",
    sign_up.NotUnconfirmed: "CODE_OVER",
    sign_up.NothingToVerify: "NO_MAIL",
    NoSenderConfigured: "NO_MAIL",
    confirmation_codes.CodeMismatch: "WRONG_CODE",
    confirmation_codes.CodeExpired: "CODE_OVER",
    confirmation_codes.CodeWornOut: "CODE_OVER",
    password_recovery.RecoveryByAdministratorOnly: "NO_RECOVERY",
    password_recovery.NotResettable: "NO_RECOVERY",
    password_recovery.NoRecoveryAddress: "NO_RECOVERY",
}
PASSKEY_TEXTS: Mapping[type[Failure], str] = {
    passkeys.PasskeyKnown: "PASSKEY_KNOWN",
    passkeys.TooManyPasskeys: "TOO_MANY_PASSKEYS",
    passkey_registration.RegistrationNotBegun: "PASSKEY_TOO_LATE",
    passkey_registration.RegistrationOfAnotherClient: "PASSKEY_TOO_LATE",
    UserNotVerified: "PASSKEY_UNVERIFIED",
    OriginNotAllowed: "PASSKEY_FAILED",
    RelyingPartyMismatch: "PASSKEY_FAILED",
    AlgorithmNotSupported: "PASSKEY_FAILED",
    AttestationNotSupported: "PASSKEY_FAILED",
}
_OWN_ACCOUNT_TEXTS: Mapping[type[Failure], str] = {
    mfa_preferences.FactorNotRemovable: "FACTOR_STAYS",
    mfa_preferences.FactorNotUsed: "FACTOR_UNUSED",
    mfa_preferences.FactorNeedsAddress: "FACTOR_UNUSED",
    mfa_preferences.PasskeysNeedAnotherFactor: "FACTOR_STAYS",
    software_tokens.SoftwareTokensOff: "FACTOR_UNUSED",
    software_tokens.SoftwareTokenNotSetUp: "GONE",
    software_tokens.SoftwareTokenNotVerified: "FACTOR_UNUSED",
    user_sessions.OwnSessionRefused: "OWN_SESSION",
}
_FUNCTIONS: Mapping[type[Failure], str] = {
    triggers.TriggerRefused: "REFUSED",
    triggers.TriggerNotInvoked: "FUNCTION_BROKEN",
    triggers.TriggerAnswerUnreadable: "FUNCTION_BROKEN",
}
_TYPED_NAME, _TYPED_CODE = ("username",), ("code", "user_code")
_TYPED_PASSWORD = ("password", "new_password")
# Names of fields, by the text that is about them; a form has one of each at most.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "WRONG_NAME_OR_PASSWORD": (*_TYPED_NAME, "password"),
    "WRONG_CODE": _TYPED_CODE,
    "CODE_OVER": _TYPED_CODE,
    "USER_CODE_WRONG": _TYPED_CODE,
    "PASSWORD_UNFIT": _TYPED_PASSWORD,
    "PASSWORD_USED": _TYPED_PASSWORD,
    "COMPROMISED": _TYPED_PASSWORD,
    "OLD_PASSWORD_WRONG": ("old_password",),
    "NOT_REPEATED": ("repeated",),
    "NAME_TAKEN": _TYPED_NAME,
    "NAME_UNFIT": _TYPED_NAME,
    "ADDRESS_WANTED": _TYPED_NAME,
    "ONE_ADDRESS_MISSING": ("attribute.email", "attribute.phone_number"),
    "EMAIL_UNFIT": ("attribute.email", "email"),
    "PHONE_UNFIT": ("attribute.phone_number",),
    "BIRTHDATE_UNFIT": ("attribute.birthdate",),
}
# After these the sign-in cannot go on where it stood.
OVER: tuple[type[Failure], ...] = (
    auth_sessions.AuthSessionInvalid,
    auth_sessions.AuthSessionExpired,
    auth_sessions.AuthSessionUsed,
)
TEXTS: Mapping[type[Failure], str] = {
    **SIGN_IN_TEXTS,
    **ACCOUNT_TEXTS,
    **PASSKEY_TEXTS,
    **_OWN_ACCOUNT_TEXTS,
    **_FUNCTIONS,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is told, and which of a form's fields it is about, if any of them."""

    text: str
    fields: tuple[str, ...] = ()


def find_told(
    failure: Failure, texts: Texts, worded: Mapping[type[Failure], str] | None = None
) -> Told | None:
    """Return what a person is told, None for what no page expects.

    `worded` are names of texts that go before the usual ones.
    """
    names = {**TEXTS, **worded} if worded else TEXTS
    for cls in type(failure).__mro__:
        if cls in names:
            name = names[cls]
            text = getattr(texts, name).format_map({**failure.facts, **_facts(failure, texts)})
            return Told(text, FIELDS.get(name, ()))
    return None


def not_repeated(texts: Texts) -> Told:
    """Return what is told of a new password that was typed in two ways."""
    return Told(texts.NOT_REPEATED, FIELDS["NOT_REPEATED"])


def _facts(failure: Failure, texts: Texts) -> Mapping[str, str]:
    """Return the facts in the page's language, where the domain has AWS's words for them."""
    if isinstance(failure, passwords.PasswordUnfit):
        return {"reason": texts.table("PASSWORD_LACKS")[failure.facts["lacks"]]}
    if isinstance(failure, attributes.SchemaMismatch):
        words = texts.table("ATTRIBUTE_FAULTS")
        faults = [
            texts.ATTRIBUTE_FAULT.format(
                attribute=texts.label_of(fault.name),
                fault=words[fault.kind].format(limit=fault.limit),
            )
            for fault in failure.attribute_faults
        ]
        return {"faults": texts.FAULT_SEPARATOR.join(faults)}
    return {}
