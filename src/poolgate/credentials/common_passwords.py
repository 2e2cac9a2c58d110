"""Passwords that are guessed first, told by what is left of them without their decoration.

What people add to such a word to satisfy a policy (a capital, digits and signs around it, letters
written as digits) is what whoever guesses adds, too, so it is taken off before the word is looked
up.
"""

from poolgate.foundation.secret import Secret

_LISTED_WORDS = """
    abc abcd abcde abcdef abcdefg abcdefgh abcxyz access account admin administrator adminadmin
    amazon america angel apple asdf asdfg asdfgh asdfghjkl azerty azertyuiop banana baseball
    basketball batman biteme blink blue bond broncos buster butterfly cardinal changeme changethis
    charlie cheese chelsea chocolate christmas cognito company computer cookie daniel default
    demo diamond dolphin donald dragon eagle eminem england family ferrari flower football
    freedom friend gandalf george ginger google guest guitar hallo happy harley hello
    helloworld hockey hunter iloveu iloveyou internet january jessica jordan joshua killer king
    letmein liverpool login london love loveme lovely lucky maggie manager manchester master
    matrix matthew merlin michael michelle monday monkey mustang myname mypass mypassword ninja
    nothing november october orange pass passme passphrase passw passwd passwort password
    passwordpassword pepper phoenix pokemon princess private purple qazwsx qazwsxedc qwer qwert
    qwerty qwertyqwerty qwertyu qwertyui qwertyuiop qwertz qwertzuiop ranger root samsung secret
    september server shadow silver slayer soccer spring starwars sterling summer sunshine super
    superman support sysadmin system temp temporary test testing testtest thomas thunder tigger
    tiger trustno trustnoone unknown user username vagrant victory welcome whatever william windows
    winter wizard work yankees yellow zaq zxcvbn zxcvbnm
"""
# Digits alone have no word; these are whole passwords.
_LISTED_WHOLE = """
    000000 00000000 0123456789 0987654321 1111111 11111111 111111111 1111111111 11223344
    112233445566
    12121212 121212121212 123123123 1231231234 12341234 1234512345 123454321 123456 123456123456
    1234567 12345678 123456789 1234567890 12345678910 123456789012 123654789 1357924680 147258369
    159753 19871987 20202020 22222222 2468101214 55555555 66666666 77777777 87654321 88888888
    987654321 9876543210 99999999 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc a1b2c3d4
    a1b2c3d4e5 q1w2e3r4 q1w2e3r4t5 zaq12wsx
"""
_WORDS, _WHOLE = frozenset(_LISTED_WORDS.split()), frozenset(_LISTED_WHOLE.split())
_WRITTEN_FOR = str.maketrans("0134579@$!|", "oieastgasil")
_FROM_DIGITS = str.maketrans({"1": "l"})
_DECORATION = "0123456789 ^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"


class CommonPasswords:
    """Knows the passwords of the list that is shipped."""

    def contains(self, password: Secret) -> bool:
        """Tell whether the password is a common one, or one with the usual decoration."""
        typed = password.reveal().casefold()
        if typed in _WHOLE or typed.strip(" !.?#*$@-_+") in _WHOLE:
            return True
        return any(core in _WORDS for core in _cores(typed))


def _cores(typed: str) -> tuple[str, ...]:
    """Return what may be the word inside, decoration first taken off, then letters restored."""
    stripped = typed.strip(_DECORATION)
    restored = typed.rstrip(_DECORATION).translate(_WRITTEN_FOR).strip(_DECORATION)
    with_l = typed.rstrip(_DECORATION).translate(_FROM_DIGITS).translate(_WRITTEN_FOR)
    return stripped, stripped.translate(_WRITTEN_FOR), restored, with_l.strip(_DECORATION)
