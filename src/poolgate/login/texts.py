"""What the pages say."""

from collections.abc import Mapping

CONFIRMED_TITLE = "Your registration has been confirmed"
CONFIRMED = "You can close this page and sign in now."
LINK_USELESS_TITLE = "This link cannot be used"
# One text for every reason: a link must not tell who has an account, or in which state.
LINK_USELESS = (
    "It is too old, incomplete, or was used before. If you have confirmed your registration "
    "already, sign in; otherwise ask for a new link in the app."
)
TOO_MANY_TITLE = "Too many attempts"
TOO_MANY = "Please try again in an hour."
BROKEN_TITLE = "Something went wrong"
BROKEN = "Please try again later."
ERROR_TITLE = "An error was encountered with the requested page"
# AWS /error: what was wrong is for whoever made the link, in the words of OAuth.
ERROR = "The app that sent you here asked for something that it may not ask for: {error}"
UNNAMED_ERROR = "request"

SIGN_IN_TITLE = SIGN_IN = "Sign in"
SIGN_UP_TITLE = "Make an account"
SIGN_UP = "Sign up"
CONFIRM_TITLE = "Confirm your account"
FORGOT_TITLE = "Forgot your password?"
RESET_TITLE = "Choose a new password"
NEW_PASSWORD_TITLE = "Choose your password"  # noqa: S105 - a title
CODE_TITLE = "One more step"
CHOICE_TITLE = "How do you want to prove that it is you?"
SETUP_TITLE = "Set up a second step"
AUTHENTICATOR_TITLE = "Set up your authenticator app"

NAMES: Mapping[str, str] = {
    "username": "Username",
    "email": "E-mail address",
    "phone_number": "Phone number",
    "preferred_username": "Preferred username",
    "name": "Name",
    "given_name": "Given name",
    "family_name": "Family name",
    "middle_name": "Middle name",
    "nickname": "Nickname",
    "profile": "Profile page",
    "picture": "Picture (URL)",
    "website": "Website",
    "gender": "Gender",
    "birthdate": "Birth date",
    "zoneinfo": "Time zone",
    "locale": "Language",
    "address": "Address",
    "updated_at": "Last change (seconds since 1970)",
}
NAME_OR = "{first} or {last}"
PASSWORD = "Password"  # noqa: S105 - a label
NEW_PASSWORD = "New password"  # noqa: S105 - a label
REPEAT_PASSWORD = "New password once more"  # noqa: S105 - a label
CHANGE_PASSWORD = "Change password"  # noqa: S105 - a label
CODE = "Code"
APP_CODE = "Code that the app shows"
EMAIL = "E-mail address"
GO_ON = "Continue"
CONFIRM = "Confirm"
RESEND = "Send a new code"
RESET = "Reset my password"
BACK = "Back to sign in"
BEGIN_ANEW = "Begin anew"
OTHER_WAYS = "Other ways"
FORGOT_LINK = "Forgot your password?"
NEED_ACCOUNT = "Need an account?"
HAVE_ACCOUNT = "Already have an account?"

DEVICE_TITLE = "Sign in on a device"
DEVICE_WANTED = "Enter the code that your device shows."
CONSENT_TITLE = "Is this your device?"
CONSENT = "A device wants to sign in to {app} as {username}."
CONSENT_WARNING = (
    "Go on only if you began this yourself, and the device shows the code {user_code}. Nobody who "
    "writes or calls you needs it."
)
APPROVE = "Yes, sign the device in"
DENY = "No"
DEVICE_APPROVED_TITLE = "Your device is signed in"
DEVICE_APPROVED = "You can close this page and go on at your device."
DEVICE_DENIED_TITLE = "The device was not signed in"
DEVICE_DENIED = "You can close this page."
USER_CODE_WRONG = "No device waits for this code. Please look again, or begin anew at the device."

NEW_PASSWORD_WANTED = "Your password is temporary. Choose your own one to go on."  # noqa: S105 - a sentence
FORGOT_WANTED = "Enter your name and we send a code to reset your password."
CODE_SENT = "We sent a code to {destination}."
CODE_SENT_SOMEWHERE = "We sent you a code."
CODE_ANEW = "We sent a new code to {destination}."
APP_CODE_WANTED = "Enter the code that your authenticator app shows."
NAMED_APP_CODE_WANTED = "Enter the code that your authenticator app shows for {name}."
EMAIL_WANTED = "Which address shall codes go to?"
SCAN = "Scan the picture with your authenticator app."
PICTURE = "QR code for the authenticator app"
OR_TYPE = "Or type this secret into it:"
FACTORS: Mapping[str, str] = {
    "SMS_MFA": "A code by SMS",
    "EMAIL_OTP": "A code by e-mail",
    "SOFTWARE_TOKEN_MFA": "An authenticator app",
}
FACTOR_WANTED = "Choose one:"
NOW_SIGN_IN = "Your account is confirmed. Sign in now."
PASSWORD_CHANGED = "Your password is changed. Sign in with it now."  # noqa: S105 - a sentence
NO_FIRST_FACTOR = "Nobody can sign in to this app with a name and a password."

PASSWORD_LENGTH = "At least {minimum_length} characters"  # noqa: S105 - a sentence
PASSWORD_NEEDS: Mapping[str, str] = {
    "require_uppercase": "an upper-case letter",
    "require_lowercase": "a lower-case letter",
    "require_numbers": "a digit",
    "require_symbols": "a symbol",
}
PASSWORD_WITH = ", with {needs}"  # noqa: S105 - a sentence

NOT_REPEATED = "The two passwords are not the same."
UNUSABLE = "This is too long, or has characters that cannot be used."
SOMETHING_MISSING = "Please fill in everything."
TOO_OLD = "This took too long, or happened in another window. Please begin anew."
WRONG_NAME_OR_PASSWORD = "Incorrect username or password."  # noqa: S105 - a sentence
LOCKED = "Too many attempts. Please wait a while and try again."
CANNOT = "You cannot sign in with this account. Please ask its administrator."
BLOCKED = "This sign-in was stopped for the safety of the account. Please try again later."
COMPROMISED = "This password is known to strangers. Please reset it or choose another one."
DISABLED = "This account is disabled."
WRONG_CODE = "This code is wrong. Please try again."
CODE_OVER = "This code no longer works. Please ask for a new one."
PASSWORD_UNFIT = "This password does not fit: {reason}"  # noqa: S105 - a sentence
PASSWORD_USED = "This password was used before. Please choose another one."  # noqa: S105 - a sentence
PASSWORD_EXPIRED = "Your temporary password is too old. Please ask for a new one."  # noqa: S105 - a sentence
NAME_TAKEN = "There is an account of this name already."
ATTRIBUTES_UNFIT = "Something does not fit: {faults}"
EMAIL_UNFIT = "This is no e-mail address."
PHONE_UNFIT = "A phone number begins with + and the country."
BIRTHDATE_UNFIT = "A birth date is written like 1990-12-31."
NAME_UNFIT = "Please choose another name."
SIGN_UP_CLOSED = "Only administrators make accounts here."
NO_MAIL = "We cannot send messages at the moment."
NO_RECOVERY = "This password cannot be reset here. Please ask an administrator."
CONFIRMED_ALREADY = "This account is confirmed already. Sign in now."
REFUSED = "{trigger} failed with error {text}."
FUNCTION_BROKEN = "Something in between did not work. Please try again later."

# AWS oauth_login.md 6.2: the notice of the sign-up page, its two links in the middle.
BY_SIGNING_UP, AND = "By signing up, you agree to our", "and"
TERMS_OF_USE, PRIVACY_POLICY = "Terms of use", "Privacy policy"
