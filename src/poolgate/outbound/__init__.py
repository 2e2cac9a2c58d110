"""Outbound: documents of other servers.

Lives here: fetching what an administrator names: metadata and discovery of identity providers.
May import: store and below.
May enter: a URL; leaves as: the bytes behind it, or a failure.
"""
