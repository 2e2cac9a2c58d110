"""What the pages say."""

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
