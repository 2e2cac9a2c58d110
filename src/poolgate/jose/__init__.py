"""Sign and verify JSON Web Tokens; read and write key sets.

Lives here: JWT signing and verification (RS256), JWK sets. Who fetches a remote set keeps it.
May import: foundation.
May enter: token text and keys; leaves as: claims, or a failure.
"""
