"""The IAM policy language: parse, match, decide with reasons.

Lives here: policy documents, principals, access requests and the decision.
May import: foundation.
May enter: policy text and plain values; leaves as: Decision.
"""
