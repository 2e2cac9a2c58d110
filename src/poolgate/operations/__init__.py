"""The AWS operations by service: shapes in, shapes out.

Lives here: one thin function an operation, the registry, the failure tables of the AWS door.
May import: the domains and below.
May enter: validated PascalCase shapes; leaves as: PascalCase shapes.
"""
