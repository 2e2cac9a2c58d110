"""The OAuth and OIDC door: for now the issuer's public documents.

Lives here: JWKS and discovery documents of a pool.
May import: userpools and below.
May enter: HTTP requests; leaves as: HTTP responses.
"""
