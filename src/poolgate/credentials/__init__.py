"""Passwords, SRP, codes, secret hashes and sealing.

Lives here: everything that proves or protects a secret.
May import: foundation.
May enter: Secret values and sealed bytes; leaves as: proofs, or a failure.
"""
