"""Outbound: what other servers publish and answer.

Lives here: asking where an administrator says: metadata, discovery, tokens of identity providers.
May import: store and below.
May enter: a URL; leaves as: the bytes behind it, or a failure.
"""
