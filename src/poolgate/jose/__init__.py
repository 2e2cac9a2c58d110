"""Sign and verify JSON Web Tokens, key sets and the JWKS cache.

Lives here: JWT signing and verification (RS256), JWK sets, the cache that keeps a remote set fresh.
May import: foundation.
May enter: token text and keys; leaves as: claims, or a failure.
"""
