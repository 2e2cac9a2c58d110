"""Which fields a form has: names of people, attributes, and what a password must be like."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from poolgate.login.texts import Texts
from poolgate.userpools.pool_settings import PasswordPolicy
from poolgate.userpools.pools import UserPool

PREFIX = "attribute."
_TYPES: Mapping[str, str] = {
    "email": "email",
    "phone_number": "tel",
    "birthdate": "date",
    "website": "url",
    "picture": "url",
    "profile": "url",
}
# SPEC HTML "autofill": what browsers know of their user.
_AUTOFILL: Mapping[str, str] = {
    "email": "email",
    "phone_number": "tel",
    "name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "middle_name": "additional-name",
    "nickname": "nickname",
    "birthdate": "bday",
    "website": "url",
    "gender": "sex",
    "address": "street-address",
}


@dataclass(frozen=True, slots=True)
class AttributeField:
    """A form field for one attribute."""

    field: str
    label: str
    type: str
    autocomplete: str


def attribute_fields(texts: Texts, names: Iterable[str]) -> list[AttributeField]:
    """Return the fields for these attributes, in their order."""
    return [
        AttributeField(
            PREFIX + name,
            texts.label_of(name),
            _TYPES.get(name, "text"),
            _AUTOFILL.get(name, "off"),
        )
        for name in names
    ]


def typed_attributes(form: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that a form gives."""
    return {
        name.removeprefix(PREFIX): value for name, value in form.items() if name.startswith(PREFIX)
    }


def login_name_label(texts: Texts, pool: UserPool) -> str:
    """Return what the name that signs in is called."""
    kinds = pool.username_attributes or ("username", *pool.alias_attributes)
    names = [texts.label_of(kind) for kind in kinds if kind != "preferred_username"]
    if len(names) == 1:
        return names[0]
    return texts.NAME_OR.format(first=texts.listed(names[:-1]), last=names[-1])


def sign_up_label(texts: Texts, pool: UserPool) -> str:
    """Return what the name of a new user is called."""
    return login_name_label(texts, pool) if pool.username_attributes else texts.label_of("username")


def sign_up_name(pool: UserPool) -> str:
    """Return which attribute names a new user, `username` where a free name does."""
    return pool.username_attributes[0] if len(pool.username_attributes) == 1 else "username"


def password_rule(texts: Texts, password_policy: PasswordPolicy) -> str:
    """Return in words what a password must be like."""
    rule = texts.PASSWORD_LENGTH.format(minimum_length=password_policy.minimum_length)
    words = texts.table("PASSWORD_NEEDS")
    needs = [word for name, word in words.items() if getattr(password_policy, name)]
    return rule + texts.PASSWORD_WITH.format(needs=texts.listed(needs)) if needs else rule
