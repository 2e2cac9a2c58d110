"""Identity pools: a login becomes an identity, and an identity gets temporary keys of a role.

Lives here: pools, identities, logins, the choice of roles, OpenID tokens of identities.
May import: userpools, iam and below.
May enter: typed values; leaves as: identities, temporary keys, tokens, Failures.
"""
