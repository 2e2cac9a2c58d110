"""What attributes the users of a pool can have: the standard ones, and how custom ones are defined.

A definition comes from a request with its constraints as text; it becomes a `SchemaAttribute` here
or is refused with AWS's wording of the fault.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from poolgate.foundation.failure import Failure

MAX_LENGTH = 2048
MAX_CUSTOM_ATTRIBUTES = 50
_TYPES = ("Boolean", "Number", "String", "DateTime")


class SchemaAttribute(msgspec.Struct, frozen=True, omit_defaults=True):
    """One attribute that users of a pool can have; `name` includes `custom:` or `dev:custom:`."""

    name: str
    data_type: str = "String"
    developer_only: bool = False
    mutable: bool = True
    required: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_value: str | None = None
    max_value: str | None = None

    @property
    def is_custom(self) -> bool:
        """Tell whether the pool's owner added it."""
        return self.name.startswith(("custom:", "dev:custom:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDefinition:
    """An attribute as a request defines it; None is what the request leaves out."""

    name: str | None = None
    data_type: str | None = None
    developer_only: bool = False
    # OBSERVED 2020-06-18 aws-cdk issue 8624: an attribute that is named in Schema without Mutable
    # becomes immutable, though the same attribute is mutable when it is not named.
    mutable: bool = False
    required: bool = False
    min_length: str | None = None
    max_length: str | None = None
    min_value: str | None = None
    max_value: str | None = None


class InvalidSchema(Failure):
    """An attribute definition has a fault. Facts: fault, in AWS's words."""


class TooManyCustomAttributes(Failure):
    """The pool would have more than fifty custom attributes."""


def _standard(name: str) -> SchemaAttribute:
    return SchemaAttribute(name, min_length=0, max_length=MAX_LENGTH)


STANDARD_ATTRIBUTES: tuple[SchemaAttribute, ...] = (
    SchemaAttribute("sub", mutable=False, required=True, min_length=1, max_length=MAX_LENGTH),
    _standard("name"),
    _standard("given_name"),
    _standard("family_name"),
    _standard("middle_name"),
    _standard("nickname"),
    _standard("preferred_username"),
    _standard("profile"),
    _standard("picture"),
    _standard("website"),
    _standard("email"),
    SchemaAttribute("email_verified", "Boolean"),
    _standard("gender"),
    SchemaAttribute("birthdate", min_length=10, max_length=10),
    _standard("zoneinfo"),
    _standard("locale"),
    _standard("phone_number"),
    SchemaAttribute("phone_number_verified", "Boolean"),
    _standard("address"),
    SchemaAttribute("updated_at", "Number", min_value="0"),
)


def schema_of_new_pool(definitions: Iterable[AttributeDefinition]) -> tuple[SchemaAttribute, ...]:
    """Return the standard attributes, as redefined, and the custom ones after them."""
    standard = {attribute.name: attribute for attribute in STANDARD_ATTRIBUTES}
    custom: list[AttributeDefinition] = []
    for definition in definitions:
        if definition.name in standard:
            standard[definition.name] = _redefined(standard[definition.name], definition)
        else:
            custom.append(definition)
    return with_custom_attributes(tuple(standard.values()), custom)


def with_custom_attributes(
    schema: tuple[SchemaAttribute, ...], definitions: Iterable[AttributeDefinition]
) -> tuple[SchemaAttribute, ...]:
    """Return `schema` with the custom attributes added; raise for a fault or a name in use."""
    extended = list(schema)
    names = {attribute.name for attribute in schema}
    for definition in definitions:
        attribute = _custom_attribute(definition)
        if attribute.name in names:
            raise InvalidSchema(
                fault=f"custom:{definition.name}: Existing attribute already has name "
                f"{attribute.name}."
            )
        names.add(attribute.name)
        extended.append(attribute)
    if sum(attribute.is_custom for attribute in extended) > MAX_CUSTOM_ATTRIBUTES:
        raise TooManyCustomAttributes
    return tuple(extended)


def _redefined(standard: SchemaAttribute, definition: AttributeDefinition) -> SchemaAttribute:
    _verify_type(definition)
    if definition.developer_only or definition.data_type not in {None, standard.data_type}:
        raise InvalidSchema(
            fault="You can not change AttributeDataType or set developerOnlyAttribute "
            f"for standard schema attribute {standard.name}"
        )
    if standard.name == "sub":
        # INVARIANT: a user's sub never changes, whatever a request says.
        return standard
    asked = _constrained(standard.name, standard.data_type, definition)
    return msgspec.structs.replace(
        standard,
        mutable=definition.mutable,
        required=definition.required,
        min_length=standard.min_length if asked.min_length is None else asked.min_length,
        max_length=standard.max_length if asked.max_length is None else asked.max_length,
        min_value=standard.min_value if asked.min_value is None else asked.min_value,
        max_value=standard.max_value if asked.max_value is None else asked.max_value,
    )


def _custom_attribute(definition: AttributeDefinition) -> SchemaAttribute:
    if not definition.name:
        raise InvalidSchema(fault="Invalid attribute name: Name is a required member.")
    _verify_type(definition)
    if definition.data_type is None:
        raise InvalidSchema(
            fault="Invalid AttributeDataType input, "
            "consider using the provided AttributeDataType enum."
        )
    if definition.required:
        raise InvalidSchema(fault="Required custom attributes are not supported currently.")
    prefix = "dev:custom:" if definition.developer_only else "custom:"
    return _constrained(prefix + definition.name, definition.data_type, definition)


def _verify_type(definition: AttributeDefinition) -> None:
    if definition.data_type is not None and definition.data_type not in _TYPES:
        raise InvalidSchema(
            fault=f"Validation error detected: Value '{definition.data_type}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(_TYPES)}]"
        )


def _constrained(name: str, data_type: str, definition: AttributeDefinition) -> SchemaAttribute:
    shortest = _constraint("String", definition, definition.min_length)
    longest = _constraint("String", definition, definition.max_length)
    least = _constraint("Number", definition, definition.min_value)
    most = _constraint("Number", definition, definition.max_value)
    if max(shortest or 0, longest or 0) > MAX_LENGTH:
        raise InvalidSchema(
            fault=f"user.{name}: String attributes cannot have a length of more than {MAX_LENGTH}"
        )
    if min(shortest or 0, longest or 0) < 0:
        raise _invalid_constraints("String", definition)
    if shortest is not None and longest is not None and longest < shortest:
        raise InvalidSchema(fault=f"user.{name}: Max length cannot be less than min length.")
    if least is not None and most is not None and most < least:
        raise InvalidSchema(fault=f"user.{name}: Max value cannot be less than min value.")
    return SchemaAttribute(
        name,
        data_type,
        developer_only=definition.developer_only,
        mutable=definition.mutable,
        min_length=shortest if data_type == "String" else None,
        max_length=longest if data_type == "String" else None,
        min_value=definition.min_value if data_type == "Number" else None,
        max_value=definition.max_value if data_type == "Number" else None,
    )


def _constraint(kind: str, definition: AttributeDefinition, text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.removeprefix("-")
    # Python reads far more spellings of a number than AWS accepts, and huge ones slowly.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(2**63))):
        raise _invalid_constraints(kind, definition)
    return int(text)


def _invalid_constraints(kind: str, definition: AttributeDefinition) -> InvalidSchema:
    return InvalidSchema(
        fault=f"Invalid {kind}AttributeConstraints for schema attribute {definition.name}"
    )
