"""The gate: authenticate one API request, tell the Caller, decide what it may do.

Lives here: proofs (Bearer, Basic, SigV4, delegated), roles, permissions, middleware.
May import: jose, sigv4, policy, foundation; never a server room.
May enter: requests of somebody's API; leaves as: Caller, or a refusal with status and header.
"""
