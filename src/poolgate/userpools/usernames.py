"""What a new user may be called, by the pool's way of naming users."""

import re
import unicodedata
from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import Sub, Username
from poolgate.userpools.pools import UserPool

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE_NUMBER = re.compile(r"\+[0-9]+")
_MAX_LENGTH = 128
# AWS UsernameType: letters, marks, symbols, numbers and punctuation.
_CATEGORIES = frozenset("LMSNP")
_SHAPES = {"email": _EMAIL, "phone_number": _PHONE_NUMBER}


class UsernameMalformed(Failure):
    """A username has characters, or a length, that no username can have."""


class UsernameNotAddress(Failure):
    """The pool's usernames are addresses, and this is none. Facts: expected."""


class UsernameLikeAlias(Failure):
    """A username may not look like an address that signs in as an alias. Facts: alias."""


class UsernameNotAttribute(Failure):
    """The address given as username and the attribute of that name differ. Facts: attribute."""


_EXPECTED: Mapping[tuple[str, ...], str] = {
    ("email",): "an email",
    ("phone_number",): "a phone number",
}
_EITHER = "either an email or a phone number"


def verify_storable(username: str) -> None:
    """Raise UsernameMalformed for what the service model lets no request name.

    For names that come by another way than a request.
    """
    if not is_storable(username):
        raise UsernameMalformed


def is_storable(username: str) -> bool:
    """Tell whether the service model lets a request name this."""
    if not 0 < len(username) <= _MAX_LENGTH:
        return False
    return all(unicodedata.category(character)[0] in _CATEGORIES for character in username)


def is_address(pool: UserPool, name: str) -> bool:
    """Tell whether `name` looks like an address that signs in to this pool."""
    return any(
        attribute in _SHAPES and _SHAPES[attribute].fullmatch(name)
        for attribute in (*pool.username_attributes, *pool.alias_attributes)
    )


def name_new_user(
    pool: UserPool, typed: str, attributes: Mapping[str, str], sub: Sub
) -> tuple[Username, dict[str, str]]:
    """Return a new user's username and attributes.

    Where addresses are the usernames, the stored name is the sub and the address becomes the
    attribute. Raises UsernameNotAddress, UsernameNotAttribute or UsernameLikeAlias.
    """
    if not pool.username_attributes:
        _verify_unlike_alias(pool, typed)
        return Username(typed), dict(attributes)
    for attribute in pool.username_attributes:
        if _SHAPES[attribute].fullmatch(typed):
            if attributes.get(attribute, typed) != typed:
                raise UsernameNotAttribute(attribute=attribute)
            return Username(sub), {**attributes, attribute: typed}
    raise UsernameNotAddress(expected=_EXPECTED.get(pool.username_attributes, _EITHER))


def _verify_unlike_alias(pool: UserPool, typed: str) -> None:
    for attribute in pool.alias_attributes:
        if attribute in _SHAPES and _SHAPES[attribute].fullmatch(typed):
            raise UsernameLikeAlias(alias=attribute.replace("_", " "))
