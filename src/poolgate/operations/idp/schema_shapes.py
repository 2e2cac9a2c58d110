"""Schema attributes between their shape and the domain's values."""

from collections.abc import Iterable

from poolgate.operations.shapes.idp import SchemaAttributeType
from poolgate.userpools.schema import AttributeDefinition, SchemaAttribute


def attribute_definitions(
    shapes: Iterable[SchemaAttributeType],
) -> tuple[AttributeDefinition, ...]:
    """Return the attributes as a request defines them."""
    return tuple(_definition(shape) for shape in shapes)


def schema_attribute_type(attribute: SchemaAttribute) -> SchemaAttributeType:
    """Return the attribute as AWS describes it."""
    shape = SchemaAttributeType(
        Name=attribute.name,
        AttributeDataType=attribute.data_type,
        DeveloperOnlyAttribute=attribute.developer_only,
        Mutable=attribute.mutable,
        Required=attribute.required,
    )
    if attribute.data_type == "String":
        shape["StringAttributeConstraints"] = {}
        if attribute.min_length is not None:
            shape["StringAttributeConstraints"]["MinLength"] = str(attribute.min_length)
        if attribute.max_length is not None:
            shape["StringAttributeConstraints"]["MaxLength"] = str(attribute.max_length)
    if attribute.data_type == "Number":
        shape["NumberAttributeConstraints"] = {}
        if attribute.min_value is not None:
            shape["NumberAttributeConstraints"]["MinValue"] = attribute.min_value
        if attribute.max_value is not None:
            shape["NumberAttributeConstraints"]["MaxValue"] = attribute.max_value
    return shape


def _definition(shape: SchemaAttributeType) -> AttributeDefinition:
    lengths = shape.get("StringAttributeConstraints", {})
    values = shape.get("NumberAttributeConstraints", {})
    return AttributeDefinition(
        name=shape.get("Name"),
        data_type=shape.get("AttributeDataType"),
        developer_only=shape.get("DeveloperOnlyAttribute", False),
        mutable=shape.get("Mutable", False),
        required=shape.get("Required", False),
        min_length=lengths.get("MinLength"),
        max_length=lengths.get("MaxLength"),
        min_value=values.get("MinValue"),
        max_value=values.get("MaxValue"),
    )
