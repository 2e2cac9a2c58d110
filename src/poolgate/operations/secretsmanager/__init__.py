"""Operations of secretsmanager: shapes in, values through a domain, shapes out.

Lives here: one function an operation, in modules named for the domain's topics.
May import: its domain rooms, operations.registry, store and below; no other service here.
May enter: validated PascalCase shapes; leaves as: PascalCase shapes.
"""
