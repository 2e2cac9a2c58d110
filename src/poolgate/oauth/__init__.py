"""The OAuth and OIDC door: the endpoints of a domain and the issuer's public documents.

Lives here: authorize, token and its grants, userInfo, revoke, introspect, PAR, logout, discovery.
May import: userpools and below; never operations.
May enter: HTTP requests; leaves as: HTTP responses.
"""
