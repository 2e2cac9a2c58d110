"""Principals, access keys and what they may do.

Lives here: IAM users, access keys, inline policies, authorisation of signed calls.
May import: store and below.
May enter: typed values; leaves as: Principal, Decision, Failures.
"""
