"""Whether values fit a pool's schema, and who may read and write them.

Fault texts are AWS's own and are put together here, because AWS joins those of several attributes
into one message.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from poolgate.foundation.failure import Failure
from poolgate.userpools.app_clients import AppClient
from poolgate.userpools.client_settings import NEVER_WRITABLE
from poolgate.userpools.pools import UserPool
from poolgate.userpools.schema import SchemaAttribute

_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)*")
_PHONE_NUMBER = re.compile(r"\+[0-9]{1,15}")
_BIRTHDATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class AttributeFault:
    """What does not fit about one value: AWS's text, and one word for it with the limit."""

    name: str
    kind: str
    text: str
    limit: str = ""


class SchemaMismatch(Failure):
    """Values do not fit the pool's schema. Facts: faults."""

    def __init__(self, attribute_faults: Iterable[AttributeFault]) -> None:
        self.attribute_faults = tuple(attribute_faults)
        super().__init__(faults=" ".join(fault.text for fault in self.attribute_faults))


class AttributeImmutable(Failure):
    """An attribute that is only set at creation would change. Facts: name."""


class AttributeNotWritable(Failure):
    """The app client may not write one of the attributes."""


class EmailMalformed(Failure):
    """An e-mail address has not the form of one."""


class PhoneNumberMalformed(Failure):
    """A phone number is not a plus sign and digits."""


class BirthdateMalformed(Failure):
    """A birth date is not a date."""


class AttributesNotRemovable(Failure):
    """Attributes cannot be removed. Facts: faults."""


def verify_new(pool: UserPool, given: Mapping[str, str], *, writer: AppClient | None) -> None:
    """Raise unless a new user may begin with these attributes; no writer is an administrator."""
    _verify_may_write(given, writer)
    faults = _faults(pool, given, writer)
    # AWS API_AdminCreateUser: what an administrator leaves out the user supplies at first sign-in.
    if writer is not None:
        faults += _required_faults(pool, given)
    _verify_values(given, faults)


def verify_changes(pool: UserPool, given: Mapping[str, str], *, writer: AppClient | None) -> None:
    """Raise unless an existing user may get these values; a blank value removes the attribute."""
    _verify_may_write(given, writer)
    faults = _faults(pool, given, writer)
    schema = _by_name(pool)
    for name in given:
        # AWS: immutable means "only at creation", also when it was never set.
        if name in schema and not schema[name].mutable:
            raise AttributeImmutable(name=name)
    _verify_values(given, faults)
    blank = [name for name, value in given.items() if not value]
    if blank:
        verify_removable(pool, blank, writer=writer)


def verify_removable(pool: UserPool, names: Iterable[str], *, writer: AppClient | None) -> None:
    """Raise unless all the attributes exist in the schema and none of them is required."""
    names = tuple(names)
    schema = _by_name(pool)
    unknown = [name for name in names if name not in schema]
    if unknown:
        raise AttributesNotRemovable(
            faults="".join(
                f"user.{name}: Attribute does not exist in the schema.\n" for name in unknown
            )
        )
    _verify_may_write(names, writer)
    required = [name for name in names if schema[name].required]
    if required:
        raise AttributesNotRemovable(
            faults=" ".join(f"{name}: Required attribute cannot be deleted." for name in required)
        )
    for name in names:
        if not schema[name].mutable:
            raise AttributeImmutable(name=name)


def missing_required(pool: UserPool, stored: Mapping[str, str]) -> tuple[str, ...]:
    """Return the required attributes that have no value yet, in the schema's order."""
    return tuple(
        attribute.name
        for attribute in pool.schema
        if attribute.required and attribute.name != "sub" and not stored.get(attribute.name)
    )


def verify_complete(pool: UserPool, stored: Mapping[str, str]) -> None:
    """Raise SchemaMismatch unless every required attribute has a value."""
    faults = _required_faults(pool, stored)
    if faults:
        raise SchemaMismatch(faults)


def readable(app_client: AppClient, stored: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that the client may see; never developer-only ones."""
    allowed = app_client.read_attributes
    return {
        name: value
        for name, value in stored.items()
        if not name.startswith("dev:")
        # `identities` is no attribute of the schema; tokens of linked users always tell of them.
        and (allowed is None or name in allowed or name == "identities")
    }


def is_writable(app_client: AppClient, name: str) -> bool:
    """Tell whether the client may write the attribute."""
    if name in NEVER_WRITABLE or name.startswith(("dev:", "cognito:")) or name == "identities":
        return False
    return app_client.write_attributes is None or name in app_client.write_attributes


def _required_faults(pool: UserPool, stored: Mapping[str, str]) -> list[AttributeFault]:
    return [
        AttributeFault(name, "required", f"{name}: The attribute is required")
        for name in missing_required(pool, stored)
    ]


def _verify_may_write(names: Iterable[str], writer: AppClient | None) -> None:
    if writer is not None and not all(is_writable(writer, name) for name in names):
        raise AttributeNotWritable


def _by_name(pool: UserPool) -> dict[str, SchemaAttribute]:
    return {attribute.name: attribute for attribute in pool.schema}


def _faults(
    pool: UserPool, given: Mapping[str, str], writer: AppClient | None
) -> list[AttributeFault]:
    schema = _by_name(pool)
    faults = []
    for name, value in given.items():
        attribute = schema.get(name)
        if attribute is None:
            text = (
                f"Type for attribute {{{name}}} could not be determined"
                if writer is None
                else f"{name}: Attribute does not exist in the schema."
            )
            faults.append(AttributeFault(name, "unknown", text))
        elif name == "sub":
            raise AttributeImmutable(name=name)
        elif value:
            faults += _value_faults(attribute, value)
    return faults


def _value_faults(attribute: SchemaAttribute, value: str) -> list[AttributeFault]:
    match attribute.data_type:
        case "Number":
            return _number_faults(attribute, value)
        case "Boolean":
            if value.lower() in {"true", "false"}:
                return []
            return [_fault(attribute, "no_truth", "Boolean must be either true or false")]
        case "DateTime":
            if _is_date_time(value):
                return []
            return [_fault(attribute, "no_time", "DateTime must be in ISO 8601 format")]
        case _:
            return _text_faults(attribute, value)


def _text_faults(attribute: SchemaAttribute, value: str) -> list[AttributeFault]:
    shortest, longest = attribute.min_length, attribute.max_length
    if shortest is not None and len(value) < shortest:
        text = f"String must be at least {shortest} characters"
        return [_fault(attribute, "too_short", text, shortest)]
    if longest is not None and len(value) > longest:
        text = f"String must be no longer than {longest} characters"
        return [_fault(attribute, "too_long", text, longest)]
    # PostgreSQL text cannot hold this character.
    if "\0" in value:
        return [_fault(attribute, "unusable", "String must not contain the null character")]
    return []


def _number_faults(attribute: SchemaAttribute, value: str) -> list[AttributeFault]:
    smallest, largest = attribute.min_value, attribute.max_value
    if not _NUMBER.fullmatch(value):
        return [_fault(attribute, "no_number", "Number must be an integer")]
    if smallest is not None and int(value) < int(smallest):
        return [_fault(attribute, "too_small", f"Number must be at least {smallest}", smallest)]
    if largest is not None and int(value) > int(largest):
        return [_fault(attribute, "too_large", f"Number must be no more than {largest}", largest)]
    return []


def _fault(
    attribute: SchemaAttribute, kind: str, text: str, limit: int | str = ""
) -> AttributeFault:
    return AttributeFault(attribute.name, kind, f"{attribute.name}: {text}", str(limit))


def _is_date_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _verify_values(given: Mapping[str, str], faults: list[AttributeFault]) -> None:
    email, phone_number = given.get("email"), given.get("phone_number")
    if email and not _EMAIL.fullmatch(email):
        raise EmailMalformed
    if phone_number and not _PHONE_NUMBER.fullmatch(phone_number):
        raise PhoneNumberMalformed
    if given.get("birthdate") and not _is_birthdate(given["birthdate"]):
        raise BirthdateMalformed
    if faults:
        raise SchemaMismatch(faults)


def _is_birthdate(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return _BIRTHDATE.fullmatch(value) is not None
